//! The spine: every verdict, redelivery, lanes, isolates that die, and databases that break.

use std::rc::Rc;

use onehook::delivery::inbox::{Duty, Standing, State, duty, held_max_ms};
use onehook::delivery::outbox::PlannedCall;
use onehook::inbox::{Committed, Inbox, Open, Reach, Recorded, Settlement};
use onehook::plan::{OnAmbiguity, Plan};
use onehook::telegram::ids::{BotId, UpdateId};
use onehook::telegram::transport::{Answer, Outgoing, Transport, Unreachable};
use onehook::telegram::update::{Unusable, Update};
use onehook::webhook::watch::{Stage, Watch};
use serde_json::{Value, json};

use crate::fixtures;
use crate::sqlite_database::Trip;
use crate::test_bot::{Dies, START, TestBot, message};

/// Somebody's message is recorded, its handler crashes, and the lease ends.
fn handler_crashes(bot: &TestBot, update_id: i64, chat: i64) {
    bot.dies(Dies::BeforeHandling);
    bot.post(message(update_id, chat, "/ping"));
    bot.dies(Dies::Never);
    bot.telegram.advance(61_000);
}

/// Lets the next visit record its update, and then nothing more, however often it tries.
fn commits_fail(bot: &TestBot) {
    bot.database.next_trips(&[Trip::Works]);
    bot.database.next_trips(&[Trip::FailsBefore; 11]);
}

fn state(bot: &TestBot, update_id: i64) -> String {
    bot.database.value(&format!(
        "SELECT state FROM inbox WHERE update_id = {update_id}"
    ))
}

fn updates(bot: &TestBot) -> String {
    bot.database.value("SELECT count(*) FROM inbox")
}

#[test]
fn refused_a_wrong_secret_costs_neither_a_trip_nor_a_byte_of_the_body() {
    let bot = TestBot::new();
    let body = message(1, 1001, "/ping");
    let wrong = "f".repeat(64);
    bot.visit(
        "POST",
        "/webhook",
        &[("x-telegram-bot-api-secret-token", &wrong)],
        body.as_bytes(),
    );
    let trips = bot.database.trips();
    for secret in [
        "",
        "wrong",
        &wrong,
        &bot.secret()[..63],
        &format!("{}0", bot.secret()),
    ] {
        let (reply, was_read) = bot.visit(
            "POST",
            "/webhook",
            &[("x-telegram-bot-api-secret-token", secret)],
            body.as_bytes(),
        );
        assert_eq!(
            (reply.status, reply.body.as_str(), was_read),
            (401, "", false),
            "{secret}"
        );
    }
    let (reply, was_read) = bot.visit("POST", "/webhook", &[], body.as_bytes());
    assert_eq!((reply.status, was_read), (401, false));
    assert_eq!(bot.database.trips(), trips);
    assert_eq!(updates(&bot), "0");
}

#[test]
fn too_large_bodies_are_refused_by_their_length_and_by_their_bytes() {
    let bot = TestBot::new();
    let secret = bot.secret();
    let headers = [
        ("x-telegram-bot-api-secret-token", secret.as_str()),
        ("content-length", "1048577"),
    ];
    let (reply, was_read) = bot.visit("POST", "/webhook", &headers, b"");
    assert_eq!((reply.status, was_read), (413, false));
    assert_eq!(bot.post(vec![b' '; (1 << 20) + 1]).status, 413);
    assert_ne!(bot.post(vec![b' '; 1 << 20]).status, 413);
}

#[test]
fn unavailable_a_database_that_is_down_gets_telegram_to_come_back() {
    let bot = TestBot::new();
    bot.database.set_down(true);
    let reply = bot.post(message(1, 1001, "/ping"));
    assert_eq!(reply.status, 503);
    let (name, seconds) = &reply.headers[0];
    assert_eq!(*name, "retry-after");
    assert!((5..=10).contains(&seconds.parse::<i64>().unwrap()));
    bot.database.set_down(false);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 200);
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn an_outage_of_the_database_only_delays() {
    let bot = TestBot::new();
    bot.database.set_down(true);
    bot.person("Ada").says("/ping");
    bot.person("Bob").says("/id");
    bot.wait_seconds(20);
    assert_eq!(bot.calls("sendMessage"), 0);
    bot.database.set_down(false);
    bot.wait_seconds(11);
    bot.transcript(expect_test::expect![[r#"
        Ada: /ping
        Bob: /id
        bot → Ada: pong
        bot → Bob: Your number is 1002.
    "#]]);
    let statuses = bot.statuses.borrow();
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 503)),
        "{statuses:?}"
    );
    assert!(
        statuses.len() <= 12,
        "Retry-After is honoured: {statuses:?}"
    );
}

#[test]
fn quarantined_bodies_are_kept_and_acknowledged() {
    let bot = TestBot::new();
    let unusable = fixtures::unusable();
    assert!(unusable.len() >= 20);
    for (name, body) in &unusable {
        assert_eq!(bot.post(body).status, 200, "{name}");
        let newest = bot
            .database
            .value("SELECT state FROM inbox ORDER BY seq DESC LIMIT 1");
        assert_eq!(newest, "quarantined", "{name}");
    }
    assert_eq!(updates(&bot), unusable.len().to_string());
    assert_eq!(bot.post([0xff, 0xfe]).status, 200);
    assert_eq!(
        bot.database
            .value("SELECT body FROM inbox ORDER BY seq DESC LIMIT 1"),
        "fffe"
    );
    assert_eq!(bot.calls("sendMessage"), 0);
}

#[test]
fn done_every_kind_of_update_is_stored_as_it_came() {
    let bot = TestBot::new();
    for (name, body) in fixtures::updates() {
        let body = fixtures::sent_at(&body, START / 1000);
        assert_eq!(bot.post(&body).status, 200, "{name}");
        let update: Value = serde_json::from_slice(&body).unwrap();
        let id = update["update_id"].as_i64().unwrap();
        let stored = bot
            .database
            .value(&format!("SELECT body FROM inbox WHERE update_id = {id}"));
        assert_eq!(stored.as_bytes(), body, "{name}");
        assert_eq!(state(&bot, id), "done", "{name}");
    }
    let chat = bot.database.value("SELECT min(chat_id) FROM inbox");
    assert_eq!(
        chat, "-4503599627370495",
        "the largest chat id Telegram allows"
    );
}

#[test]
fn repeated_updates_are_answered_once() {
    let bot = TestBot::new();
    for _ in 0..5 {
        assert_eq!(bot.post(message(7, 1001, "/ping")).status, 200);
    }
    assert_eq!(bot.calls("sendMessage"), 1);
    assert_eq!(updates(&bot), "1");
}

#[test]
fn the_same_number_with_other_bytes_is_another_update() {
    let bot = TestBot::new();
    bot.post(message(7, 1001, "/ping"));
    bot.post(message(7, 1001, "/ping "));
    assert_eq!(bot.calls("sendMessage"), 2);
}

#[test]
fn answered_a_plan_of_one_call_travels_in_the_answer_and_again_when_repeated() {
    let bot = TestBot::new();
    bot.set("ANSWER_IN_RESPONSE", "true");
    let first = bot.post(message(7, 1001, "/ping"));
    let call: Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(
        (&call["method"], &call["text"]),
        (&json!("sendMessage"), &json!("pong"))
    );
    assert_eq!(bot.post(message(7, 1001, "/ping")), first);
    assert_eq!(bot.calls("sendMessage"), 0, "it is not sent besides");
}

#[test]
fn an_answer_in_the_response_is_json_whatever_a_handler_made_of_the_call() {
    for (method, parameters) in [
        ("sendDice", "{}"),
        ("sendDice", " { \"chat_id\" : 1 } "),
        ("sendDice", "[1]"),
        ("send\"Dice", "{\"text\":\"}\"}"),
    ] {
        let bot = TestBot::new();
        let body = message(1, 1001, "/nothing");
        bot.post(&body);
        let call = format!(
            r#"[{{"call":{{"method":{},"parameters":{parameters},"on_ambiguity":"park"}},"state":"sent","tries":0,"is_in_response":true}}]"#,
            json!(method)
        );
        bot.database
            .execute(&format!("UPDATE inbox SET plan = '{call}', open = 0"));
        let answer: Value = serde_json::from_str(&bot.post(&body).body).unwrap();
        assert_eq!(answer["method"], method);
        let parameters: Value = serde_json::from_str(parameters).unwrap();
        for (name, value) in parameters.as_object().into_iter().flatten() {
            assert_eq!(&answer[name], value);
        }
    }
}

#[test]
fn an_answer_in_the_response_reaches_the_person() {
    let bot = TestBot::new();
    bot.set("ANSWER_IN_RESPONSE", "true");
    bot.person("Ada").says("/ping");
    bot.transcript(expect_test::expect![[r#"
        Ada: /ping
        bot → Ada: pong
    "#]]);
}

#[test]
fn a_call_of_an_update_that_was_taken_over_is_sent_and_travels_in_no_answer() {
    let bot = TestBot::new();
    bot.set("ANSWER_IN_RESPONSE", "true");
    handler_crashes(&bot, 7, 1001);
    assert_eq!(bot.post(message(7, 1001, "/ping")).body, "");
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn waiting_an_update_behind_a_busy_lane_is_kept_and_handled_next() {
    let bot = TestBot::new();
    bot.dies(Dies::BeforeHandling);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 200);
    bot.dies(Dies::Never);
    assert_eq!(bot.post(message(2, 1001, "/id")).status, 200);
    assert_eq!(bot.post(message(3, 1002, "/ping")).status, 200);
    assert_eq!(
        (state(&bot, 1), state(&bot, 2), state(&bot, 3)),
        ("leased".into(), "stored".into(), "done".into())
    );
    bot.telegram.advance(61_000);
    assert_eq!(
        bot.tick().taken_up,
        2,
        "the head of the lane, and the rest of the lane after it"
    );
    assert_eq!(
        (state(&bot, 1), state(&bot, 2)),
        ("done".into(), "done".into())
    );
    let texts: Vec<String> = bot
        .calls_of("sendMessage")
        .iter()
        .map(|call| call["text"].to_string())
        .collect();
    assert_eq!(
        texts,
        [r#""pong""#, r#""pong""#, r#""Your number is 1001.""#],
        "in order of arrival"
    );
}

#[test]
fn a_live_lease_is_not_taken_over() {
    let bot = TestBot::new();
    bot.dies(Dies::BeforeHandling);
    bot.post(message(1, 1001, "/ping"));
    bot.dies(Dies::Never);
    bot.telegram.advance(59_000);
    assert_eq!(bot.tick().taken_up, 0);
    assert_eq!(
        bot.post(message(1, 1001, "/ping")).status,
        200,
        "Telegram repeats it"
    );
    assert_eq!(bot.calls("sendMessage"), 0);
    bot.telegram.advance(2_000);
    bot.post(message(1, 1001, "/ping"));
    assert_eq!(
        bot.calls("sendMessage"),
        1,
        "a repeated delivery takes an abandoned update over"
    );
}

#[test]
fn dead_an_update_that_kills_every_isolate_is_given_up_and_its_lane_goes_on() {
    let bot = TestBot::new();
    bot.dies(Dies::BeforeHandling);
    bot.set("OWNER_IDS", "");
    for _ in 0..6 {
        bot.post(message(1, 1001, "/ping"));
        bot.telegram.advance(61_000);
    }
    bot.post(message(2, 1001, "/ping"));
    bot.dies(Dies::Never);
    bot.telegram.advance(61_000);
    bot.tick();
    assert_eq!(
        (state(&bot, 1), state(&bot, 2)),
        ("dead".into(), "done".into())
    );
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn expired_a_button_pressed_too_long_ago_is_not_answered() {
    let bot = TestBot::new();
    let person = json!({"id": 1001, "is_bot": false, "first_name": "Ada"});
    let query = json!({"id": "9", "from": person, "chat_instance": "1", "data": "x"});
    let body = json!({"update_id": 4, "callback_query": query}).to_string();
    bot.dies(Dies::BeforeHandling);
    bot.post(body.as_bytes());
    bot.dies(Dies::Never);
    bot.telegram.advance(151_000);
    bot.tick();
    assert_eq!(state(&bot, 4), "expired");
    assert_eq!(bot.calls("answerCallbackQuery"), 0);
}

#[test]
fn a_lost_answer_to_the_insert_is_asked_for_again() {
    let bot = TestBot::new();
    bot.database.next_trips(&[Trip::FailsAfter]);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 200);
    let attempts = bot.database.value("SELECT attempts FROM inbox");
    assert_eq!((state(&bot, 1), attempts), ("done".into(), "1".into()));
    assert_eq!(bot.calls("sendMessage"), 1);
}

/// The answers to two claims in a row are lost, and neither counts as an attempt that crashed.
#[test]
fn a_lost_answer_to_a_claim_finds_the_same_row_again() {
    let bot = TestBot::new();
    bot.dies(Dies::BeforeHandling);
    for id in [1, 2] {
        bot.post(message(id, 1000 + id, "/ping"));
    }
    bot.dies(Dies::Never);
    bot.telegram.advance(61_000);
    let claim = [
        Trip::Works, // the heartbeat
        Trip::Works, // the alerts
        Trip::FailsAfter,
        Trip::FailsAfter,
    ];
    bot.database.next_trips(&claim);
    bot.tick();
    let attempts = bot
        .database
        .value("SELECT group_concat(attempts) FROM inbox");
    assert_eq!(attempts, "2,2", "of both rows");
    assert_eq!(bot.calls("sendMessage"), 2);
}

/// A visit that took a row up does not leave it for the next lease because one trip fails.
#[test]
fn a_session_that_cannot_be_read_at_once_costs_no_attempt() {
    let bot = TestBot::new();
    handler_crashes(&bot, 1, 1001);
    let session_fails = [
        Trip::Works, // the heartbeat
        Trip::Works, // the alerts
        Trip::Works, // the claim
        Trip::FailsBefore,
        Trip::FailsAfter,
    ];
    bot.database.next_trips(&session_fails);
    bot.tick();
    let attempts = bot.database.value("SELECT attempts FROM inbox");
    assert_eq!((state(&bot, 1), attempts), ("done".into(), "2".into()));
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn an_insert_whose_answer_is_lost_for_good_loses_nothing() {
    let bot = TestBot::new();
    bot.database
        .next_trips(&[Trip::FailsAfter, Trip::FailsBefore, Trip::FailsBefore]);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 503);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 200);
    assert_eq!(
        bot.calls("sendMessage"),
        0,
        "the lease of the lost visit still runs"
    );
    bot.telegram.advance(61_000);
    bot.tick();
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn a_lost_answer_to_the_commit_makes_no_second_plan() {
    let bot = TestBot::new();
    bot.database.next_trips(&[Trip::Works, Trip::FailsAfter]);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 200);
    assert_eq!(
        (state(&bot, 1), bot.calls("sendMessage")),
        ("done".into(), 1)
    );
}

#[test]
fn a_commit_that_fails_is_taken_up_by_the_cron() {
    let bot = TestBot::new();
    commits_fail(&bot);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 200);
    assert_eq!(
        (state(&bot, 1), bot.calls("sendMessage")),
        ("leased".into(), 0)
    );
    bot.telegram.advance(61_000);
    bot.tick();
    assert_eq!(
        (state(&bot, 1), bot.calls("sendMessage")),
        ("done".into(), 1)
    );
}

#[test]
fn an_isolate_that_dies_after_sending_may_send_once_more_and_no_oftener() {
    let bot = TestBot::new();
    bot.dies(Dies::BeforeSettling);
    bot.post(message(1, 1001, "/ping"));
    bot.dies(Dies::Never);
    for _ in 0..5 {
        bot.telegram.advance(61_000);
        bot.tick();
    }
    assert_eq!(
        bot.calls("sendMessage"),
        2,
        "nobody knows whether the first was sent"
    );
    assert_eq!(bot.database.value("SELECT open FROM inbox"), "0");
}

#[test]
fn a_session_goes_with_its_plan_or_not_at_all() {
    let bot = TestBot::new();
    commits_fail(&bot);
    bot.post(message(1, 1001, "/feedback"));
    assert_eq!(bot.database.value("SELECT count(*) FROM session"), "0");
    bot.telegram.advance(61_000);
    bot.tick();
    assert_eq!(bot.database.value("SELECT version FROM session"), "1");
    assert_eq!(bot.calls("sendMessage"), 1);
}

#[test]
fn a_session_written_by_somebody_else_meanwhile_is_not_overwritten() {
    let bot = TestBot::new();
    bot.post(message(1, 1001, "/feedback"));
    let inbox = Inbox::new(&*bot.database, BotId(4242), Rc::default());
    let update = Update::parse(message(2, 1001, "/cancel").as_bytes()).unwrap();
    let recorded = pollster::block_on(inbox.record(update, Some("1001:1001"))).unwrap();
    let Recorded::Ours(claimed, mut session) = recorded else {
        panic!("{recorded:?}");
    };
    session.forget("feedback");
    bot.database.execute("UPDATE session SET version = 9");
    let commit = || {
        let session = Some(("1001:1001", &session));
        pollster::block_on(inbox.commit(&claimed, &[], false, session, Reach::Lane)).unwrap()
    };
    assert!(matches!(commit(), Committed::No));
    assert_eq!(
        (
            state(&bot, 2),
            bot.database.value("SELECT version FROM session")
        ),
        ("leased".into(), "9".into())
    );
    bot.database.execute("UPDATE session SET version = 1");
    assert!(matches!(commit(), Committed::Yes { next: None, .. }));
}

#[test]
fn whoever_lost_the_claim_changes_nothing() {
    let bot = TestBot::new();
    let inbox = Inbox::new(&*bot.database, BotId(4242), Rc::default());
    let update = Update::parse(message(2, 1001, "/ping").as_bytes()).unwrap();
    let recorded = pollster::block_on(inbox.record(update, None)).unwrap();
    let Recorded::Ours(stale, _) = recorded else {
        panic!("{recorded:?}");
    };
    bot.telegram.advance(60_001);
    let fresh = pollster::block_on(inbox.claim_unfinished("", Reach::Anywhere))
        .unwrap()
        .expect("the lease is over");
    assert!(matches!(
        pollster::block_on(inbox.commit(&stale, &[], false, None, Reach::Lane)).unwrap(),
        Committed::No
    ));
    pollster::block_on(inbox.end(&stale, State::Dead, "", Reach::Lane)).unwrap();
    pollster::block_on(inbox.release(&stale, 0, "")).unwrap();
    let nothing = Settlement {
        plan: &[],
        open: Open::Closed,
        wait_ms: 0,
        error: None,
    };
    pollster::block_on(inbox.settle(&stale, &nothing, Reach::Lane)).unwrap();
    let resumed = pollster::block_on(inbox.resume(&stale, &[])).unwrap();
    assert_eq!(resumed, None);
    assert_eq!(
        bot.database
            .value("SELECT state || fence || attempts FROM inbox"),
        "leased22"
    );
    assert!(matches!(
        pollster::block_on(inbox.commit(&fresh, &[], false, None, Reach::Lane)).unwrap(),
        Committed::Yes { next: None, .. }
    ));
}

/// D1 may say that a trip failed and still let it take effect seconds later.
#[test]
fn a_resumption_that_takes_effect_late_does_not_undo_what_was_settled() {
    let bot = TestBot::new();
    let inbox = Inbox::new(&*bot.database, BotId(4242), Rc::default());
    let update = Update::parse(message(2, 1001, "/ping").as_bytes()).unwrap();
    let recorded = pollster::block_on(inbox.record(update, None)).unwrap();
    let Recorded::Ours(claimed, _) = recorded else {
        panic!("{recorded:?}");
    };
    let mut plan = Plan::new();
    plan.call_raw("sendMessage", &json!({}), OnAmbiguity::Resend);
    let mut calls = vec![PlannedCall::new(plan.calls()[0].clone())];
    calls[0].begin();
    pollster::block_on(inbox.commit(&claimed, &calls, false, None, Reach::Lane)).unwrap();
    let sending = calls.clone();
    calls[0].ended(Ok(None), 0);
    let settlement = Settlement {
        plan: &calls,
        open: Open::HoldsLane,
        wait_ms: 1000,
        error: None,
    };
    pollster::block_on(inbox.settle(&claimed, &settlement, Reach::Nothing)).unwrap();
    let resumed = pollster::block_on(inbox.resume(&claimed, &sending)).unwrap();
    assert_eq!(resumed, None);
    let state = "SELECT plan ->> '$[0].state' FROM inbox";
    assert_eq!(bot.database.value(state), "sent");
}

#[test]
fn a_claim_that_takes_effect_late_does_not_shut_out_the_visit_that_made_it() {
    let bot = TestBot::new();
    let inbox = Inbox::new(&*bot.database, BotId(4242), Rc::default());
    let record = || {
        let update = Update::parse(message(2, 1001, "/ping").as_bytes()).unwrap();
        match pollster::block_on(inbox.record(update, None)).unwrap() {
            Recorded::Ours(claimed, _) => claimed,
            other => panic!("{other:?}"),
        }
    };
    let (at_work, late) = (record(), record());
    assert_eq!(late.fence, at_work.fence);
    assert!(matches!(
        pollster::block_on(inbox.commit(&at_work, &[], false, None, Reach::Lane)).unwrap(),
        Committed::Yes { .. }
    ));
    assert_eq!(bot.database.value("SELECT attempts FROM inbox"), "1");
}

#[test]
fn a_fresh_isolate_reads_the_secret_once_and_then_needs_two_trips_an_update() {
    let bot = TestBot::new();
    bot.forget_isolate();
    let trips = |bot: &TestBot, update_id| {
        let before = bot.database.trips();
        bot.post(message(update_id, 1001, "/ping"));
        bot.database.trips() - before
    };
    assert_eq!(trips(&bot, 1), 4, "the secret, record, commit, settle");
    assert_eq!(
        trips(&bot, 2),
        3,
        "record, commit, settle (after the answer)"
    );
}

/// A 401 would say that the secret is wrong, which nobody knows yet.
#[test]
fn an_isolate_that_knows_no_secret_yet_asks_telegram_to_come_again_while_the_database_is_away() {
    let bot = TestBot::new();
    bot.forget_isolate();
    bot.database.set_down(true);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 503);
    bot.database.set_down(false);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 200);
}

#[test]
fn a_secret_changed_elsewhere_is_learnt_at_a_bounded_rate() {
    let bot = TestBot::new();
    bot.post(message(1, 1001, "/ping"));
    let fresh = "0123456789abcdef".repeat(4);
    bot.database
        .execute(&format!("UPDATE webhook SET secret = '{fresh}'"));
    bot.telegram.advance(10_000);
    let knock = |secret: &str| {
        bot.visit(
            "POST",
            "/webhook",
            &[("x-telegram-bot-api-secret-token", secret)],
            message(2, 1001, "/ping").as_bytes(),
        )
        .0
        .status
    };
    assert_eq!(knock(&fresh), 200);
    let trips = bot.database.trips();
    for _ in 0..100 {
        assert_eq!(knock(&"e".repeat(64)), 401);
    }
    assert_eq!(
        bot.database.trips(),
        trips,
        "a flood does not reach the database"
    );
    bot.telegram.advance(5_001);
    assert_eq!(knock(&"e".repeat(64)), 401);
    assert_eq!(bot.database.trips(), trips + 1);
}

#[test]
fn secrets_of_a_rotation_under_way_are_accepted_as_long_as_they_should() {
    let bot = TestBot::new();
    let (next, old) = ("a".repeat(64), "b".repeat(64));
    let until = bot.telegram.now() + 60_000;
    bot.database.execute(&format!("UPDATE webhook SET next_secret = '{next}', old_secret = '{old}', old_secret_until = {until}"));
    let knock = |secret: &str| {
        bot.forget_isolate();
        bot.visit(
            "POST",
            "/webhook",
            &[("x-telegram-bot-api-secret-token", secret)],
            message(2, 1001, "/ping").as_bytes(),
        )
        .0
        .status
    };
    assert_eq!(
        [knock(&bot.secret()), knock(&old), knock(&next)],
        [200, 200, 200]
    );
    bot.telegram.advance(60_001);
    assert_eq!(
        [knock(&bot.secret()), knock(&next), knock(&old)],
        [200, 200, 401]
    );
}

#[test]
fn a_webhook_that_was_never_set_lets_nobody_in() {
    let bot = TestBot::without_webhook();
    for secret in ["", &"0".repeat(64)] {
        let (reply, _) = bot.visit(
            "POST",
            "/webhook",
            &[("x-telegram-bot-api-secret-token", secret)],
            b"{}",
        );
        assert_eq!(reply.status, 401);
    }
}

#[test]
fn old_updates_are_forgotten_and_unfinished_ones_are_not() {
    let bot = TestBot::new();
    bot.set("OWNER_IDS", "");
    bot.post(message(1, 1001, "/ping"));
    bot.post(b"not an update");
    bot.post(message(3, 1003, "/ping"));
    bot.post(message(4, 1004, "/ping"));
    bot.database.execute(
        "UPDATE inbox SET state = 'dead' WHERE update_id = 3; UPDATE inbox SET bot = 17 WHERE update_id = 4",
    );
    bot.dies(Dies::BeforeHandling);
    bot.post(message(2, 1002, "/ping"));
    bot.telegram.advance(73 * 3_600_000);
    bot.database
        .execute("UPDATE inbox SET lease_until = 9e15 WHERE update_id = 2");
    bot.tick();
    assert_eq!(
        bot.database.value("SELECT group_concat(state) FROM inbox"),
        "quarantined,dead,leased"
    );
    bot.telegram.advance(28 * 24 * 3_600_000);
    bot.tick();
    assert_eq!(
        bot.database.value("SELECT group_concat(state) FROM inbox"),
        "leased"
    );
}

#[test]
fn old_updates_are_forgotten_a_bite_at_a_time() {
    let bot = TestBot::new();
    bot.post(message(1, 1001, "/ping"));
    bot.database.execute(
        "WITH RECURSIVE more(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM more WHERE n < 400) INSERT INTO inbox SELECT * FROM
         (SELECT n, bot, n, sha256, kind, lane, chat_id, state, open, attempts, fence, epoch, received_at, useful_until,
         lease_until, not_before, plan, error, body, began_at, acknowledged, holder FROM inbox, more)",
    );
    bot.telegram.advance(73 * 3_600_000);
    let left = || bot.database.value("SELECT count(*) FROM inbox");
    bot.tick();
    assert_eq!(left(), "100");
    bot.tick();
    assert_eq!(left(), "0");
}

#[test]
fn hostile_bodies_are_told_from_updates() {
    let deep = |levels: usize| {
        format!(
            r#"{{"update_id":1,"message":{}1{}}}"#,
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    assert!(Update::parse(deep(64).as_bytes()).is_ok());
    assert_eq!(
        Update::parse(deep(65).as_bytes()).unwrap_err(),
        Unusable::TooDeep
    );
    assert_eq!(Update::parse(&[0xc3, 0x28]).unwrap_err(), Unusable::NotText);
    assert_eq!(
        Update::parse(br#"{"update_id":1,"update\u005fid":1,"message":{}}"#).unwrap_err(),
        Unusable::TwoIds
    );
    for half in [r"\ud83d", r"\udc4d", r"\udc4d\ud83d", r"\uD83D \uDC4D"] {
        for body in [
            format!(r#"{{"update_id":1,"message":{{"text":"{half}"}}}}"#),
            format!(r#"{{"update_id":1,"message":{{}},"ignored":{{"{half}":1}}}}"#),
        ] {
            let unusable = Update::parse(body.as_bytes()).unwrap_err();
            assert_eq!(unusable, Unusable::HalfACharacter, "{body}");
        }
    }
    let pair = r#"{"update_id":1,"message":{"text":"\ud83d\udc4d \\ud83d"}}"#;
    assert!(Update::parse(pair.as_bytes()).is_ok());
    for bad in [
        "1.0",
        "1e3",
        "-1",
        "\"1\"",
        "true",
        "null",
        "9007199254740992",
        "[1]",
    ] {
        let body = format!(r#"{{"update_id":{bad},"message":{{}}}}"#);
        assert_eq!(
            Update::parse(body.as_bytes()).unwrap_err(),
            Unusable::NoId,
            "{bad}"
        );
    }
    assert_eq!(
        Update::parse(br#"{"update_id":1}"#).unwrap_err(),
        Unusable::NoKind
    );
    let brackets_in_text = format!(
        r#"{{"update_id":1,"message":{{"text":"{}\"{}"}}}}"#,
        "[".repeat(500),
        "{".repeat(500)
    );
    assert!(Update::parse(brackets_in_text.as_bytes()).is_ok());
}

#[test]
fn an_update_of_an_unexpected_shape_is_still_an_update() {
    let odd = br#"{"update_id":5,"message":{"chat":"a text","from":{"id":"x"},"text":["not a text"],"message_id":3.5}}"#;
    let update = Update::parse(odd).unwrap();
    assert_eq!(
        (update.kind.as_str(), update.lane().as_str()),
        ("message", "update:5")
    );
    assert!(update.chat().is_none() && update.content.text.is_none());
    let bot = TestBot::new();
    assert_eq!(bot.post(odd).status, 200);
    assert_eq!(state(&bot, 5), "done");
}

#[test]
fn messages_and_buttons_of_one_chat_share_a_lane() {
    let lane = |text: &str| Update::parse(text.as_bytes()).unwrap().lane();
    assert_eq!(
        lane(r#"{"update_id":1,"message":{"chat":{"id":-100},"from":{"id":7}}}"#),
        "-100"
    );
    assert_eq!(
        lane(
            r#"{"update_id":1,"callback_query":{"from":{"id":7},"message":{"chat":{"id":-100}}}}"#
        ),
        "-100"
    );
    assert_eq!(
        lane(r#"{"update_id":1,"callback_query":{"from":{"id":7},"inline_message_id":"x"}}"#),
        "7"
    );
    assert_eq!(
        lane(r#"{"update_id":1,"message_reaction":{"chat":{"id":-100},"user":{"id":7}}}"#),
        "-100"
    );
    assert_eq!(
        lane(r#"{"update_id":1,"inline_query":{"id":"1","from":{"id":7}}}"#),
        "7"
    );
    assert_eq!(lane(r#"{"update_id":1,"poll":{"id":"55"}}"#), "poll:55");
    assert_eq!(
        lane(r#"{"update_id":1,"poll_answer":{"poll_id":"55","user":{"id":7}}}"#),
        "7"
    );
    assert_eq!(
        lane(r#"{"update_id":1,"something_new":{"x":1}}"#),
        "update:1"
    );
}

#[test]
fn what_waited_behind_a_busy_lane_is_sent_since_its_delivery_was_acknowledged_long_ago() {
    let bot = TestBot::new();
    bot.set("ANSWER_IN_RESPONSE", "true");
    bot.dies(Dies::BeforeHandling);
    bot.post(message(1, 1001, "/ping"));
    bot.dies(Dies::Never);
    let waiting = bot.post(message(2, 1001, "/id"));
    assert_eq!((waiting.status, waiting.body.as_str()), (200, ""));
    bot.telegram.advance(61_000);
    bot.tick();
    assert_eq!(bot.calls("sendMessage"), 2, "nobody waits for an answer");
}

#[test]
fn a_delivery_that_was_acknowledged_meanwhile_takes_no_call_along_in_its_answer() {
    let bot = TestBot::new();
    let visit = || Inbox::new(&*bot.database, BotId(4242), Rc::default());
    let inbox = visit();
    let update = || Update::parse(message(2, 1001, "/ping").as_bytes()).unwrap();
    let Recorded::Ours(claimed, session) =
        pollster::block_on(inbox.record(update(), None)).unwrap()
    else {
        panic!("it is new");
    };
    let repeated = pollster::block_on(visit().record(update(), None)).unwrap();
    assert!(
        matches!(repeated, Recorded::Waiting),
        "Telegram is told 200"
    );
    let commit = |must_travel| {
        let session = Some(("1001:1001", &session));
        let commit = inbox.commit(&claimed, &[], must_travel, session, Reach::Lane);
        pollster::block_on(commit).unwrap()
    };
    assert!(matches!(commit(true), Committed::AnsweredAlready));
    assert_eq!(state(&bot, 2), "leased", "nothing is committed");
    assert!(matches!(commit(false), Committed::Yes { .. }));
}

#[test]
fn an_answer_that_may_be_committed_is_not_acknowledged_without_it() {
    let bot = TestBot::new();
    bot.set("ANSWER_IN_RESPONSE", "true");
    bot.database.next_trips(&[Trip::Works, Trip::FailsAfter]);
    bot.database.next_trips(&[Trip::FailsBefore; 10]);
    assert_eq!(bot.post(message(1, 1001, "/ping")).status, 503);
    let again = bot.post(message(1, 1001, "/ping"));
    assert!(again.body.contains(r#""text":"pong""#), "{again:?}");
    assert_eq!(bot.calls("sendMessage"), 0);
}

#[test]
fn a_visit_takes_up_to_two_rows_of_other_lanes_along() {
    let bot = TestBot::new();
    bot.dies(Dies::BeforeHandling);
    for chat in 1002..=1005 {
        bot.post(message(chat, chat, "/ping"));
    }
    bot.dies(Dies::Never);
    bot.telegram.advance(61_000);
    let trips = bot.database.trips();
    bot.post(message(1, 1001, "/ping"));
    let done = bot
        .database
        .value("SELECT count(*) FROM inbox WHERE state = 'done'");
    assert_eq!(done, "3", "its own and two more");
    assert_eq!(
        bot.database.trips() - trips,
        10,
        "three each, and the door once a minute"
    );
}

#[test]
fn expired_an_old_request_that_somebody_repeats_is_not_answered() {
    let bot = TestBot::new();
    let old = message(1, 1001, "/ping");
    bot.telegram.advance(26 * 3_600_000);
    assert_eq!(bot.post(&old).status, 200);
    assert_eq!(
        (state(&bot, 1), bot.calls("sendMessage")),
        ("expired".into(), 0)
    );
    let young = fixtures::sent_at(
        message(2, 1001, "/ping").as_bytes(),
        bot.telegram.now() / 1000 - 24 * 3600,
    );
    bot.post(&young);
    assert_eq!(
        (state(&bot, 2), bot.calls("sendMessage")),
        ("done".into(), 1)
    );
    let edited = message(3, 1001, "/ping");
    let edited = edited.replace(r#""message":"#, r#""edited_message":"#);
    bot.post(edited.as_bytes());
    assert_eq!(
        state(&bot, 3),
        "done",
        "an edited message carries the date of the first"
    );
}

#[test]
fn a_kept_body_that_cannot_be_read_any_more_is_given_up_and_blocks_nobody() {
    let bot = TestBot::new();
    bot.set("OWNER_IDS", "");
    bot.dies(Dies::BeforeHandling);
    bot.post(message(1, 1001, "/ping"));
    bot.post(message(2, 1002, "/ping"));
    bot.dies(Dies::Never);
    bot.database
        .execute("UPDATE inbox SET body = '{}' WHERE update_id = 1");
    bot.telegram.advance(61_000);
    bot.tick();
    assert_eq!(
        (state(&bot, 1), state(&bot, 2)),
        ("dead".into(), "done".into())
    );
}

#[test]
fn one_crash_alone_proves_nothing_and_two_in_two_minutes_do() {
    let standing = |attempts, held_ms| Standing {
        state: State::Leased,
        attempts,
        is_useful: true,
        held_ms,
        held_max_ms: held_max_ms("message"),
    };
    assert_eq!(duty(&standing(2, 3_600_000)), Duty::Handle);
    assert_eq!(duty(&standing(3, 120_000)), Duty::Handle);
    assert_eq!(duty(&standing(3, 120_001)), Duty::Bury);
    assert_eq!(duty(&standing(6, 0)), Duty::Bury);
    assert_eq!(held_max_ms("callback_query"), 30_000);
}

#[test]
fn whoever_comes_behind_a_crash_in_the_same_chat_takes_it_up_without_the_cron() {
    let bot = TestBot::new();
    handler_crashes(&bot, 1, 1001);
    assert_eq!(bot.post(message(2, 1001, "/id")).status, 200);
    let texts: Vec<String> = bot
        .calls_of("sendMessage")
        .iter()
        .map(|call| call["text"].to_string())
        .collect();
    assert_eq!(texts, [r#""pong""#, r#""Your number is 1001.""#]);
}

#[test]
fn a_commit_that_does_not_take_effect_claims_nothing_that_would_be_forgotten() {
    let bot = TestBot::new();
    handler_crashes(&bot, 1, 1002);
    let inbox = Inbox::new(&*bot.database, BotId(4242), Rc::default());
    let update = Update::parse(message(2, 1001, "/cancel").as_bytes()).unwrap();
    let recorded = pollster::block_on(inbox.record(update, Some("1001:1001"))).unwrap();
    let Recorded::Ours(claimed, mut session) = recorded else {
        panic!("{recorded:?}");
    };
    session.write("part", &1);
    bot.database.execute(
        "INSERT INTO session (bot, key, version, document) VALUES (4242, '1001:1001', 9, '{}')",
    );
    let session = Some(("1001:1001", &session));
    let commit = inbox.commit(&claimed, &[], false, session, Reach::Anywhere);
    assert!(matches!(pollster::block_on(commit).unwrap(), Committed::No));
    let fence = "SELECT fence FROM inbox WHERE update_id = 1";
    assert_eq!(bot.database.value(fence), "1", "nobody took it along");
}

/// A transport on whose clock everything is over at once.
struct NoTime;

impl Transport for NoTime {
    fn now_ms(&self) -> i64 {
        0
    }

    async fn carry(&self, _: Outgoing) -> Result<Answer, Unreachable> {
        Err(Unreachable::TimedOut)
    }

    async fn pause(&self, _: u32) {}
}

#[test]
fn a_visit_takes_up_what_it_has_requests_and_rows_and_time_for() {
    let watch = Watch::of_delivery();
    let reaches = [0, 24, 25, 1_000].map(|requests| watch.reach(requests));
    let (anywhere, nothing) = (Reach::Anywhere, Reach::Nothing);
    assert_eq!(reaches, [anywhere, anywhere, nothing, nothing]);
    watch.took_up(true);
    watch.took_up(true);
    assert_eq!((watch.reach(0), watch.taken_up()), (Reach::Lane, 2));
    (0..8).for_each(|_| watch.took_up(false));
    assert_eq!((watch.reach(0), watch.taken_up()), (nothing, 10));

    let watch = Watch::of_cron();
    assert!(watch.may_begin());
    let work = std::future::pending::<()>();
    assert_eq!(pollster::block_on(watch.limits(&NoTime, work)), None);
    assert_eq!((watch.may_begin(), watch.reach(0)), (false, nothing));
}

#[test]
fn a_visit_knows_its_update_as_soon_as_that_is_kept() {
    let watch = Watch::of_delivery();
    assert_eq!((watch.stage(), watch.update_id()), (Stage::Receiving, None));
    watch.is_kept(UpdateId(7));
    let kept = (watch.stage(), watch.update_id());
    assert_eq!(kept, (Stage::Working, Some(UpdateId(7))));
    watch.enters(Stage::Answered);
    watch.enters(Stage::Answering);
    assert_eq!(watch.stage(), Stage::Answered, "what was answered stays so");
}
