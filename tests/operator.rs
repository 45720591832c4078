//! The operator's questions and decisions: what happened to an update, what waits, once more, and what the owners are told unasked.

use expect_test::expect;
use onehook::delivery::outbox::PlannedCall;
use onehook::plan::{OnAmbiguity, Plan};
use serde_json::{Value, json};

use crate::sqlite_database::Trip;
use crate::test_bot::{Dies, TestBot, body, message};

/// Lets an update's handler crash until it is given up.
pub(crate) fn bury(bot: &TestBot, update_id: i64, chat: i64) {
    bot.dies(Dies::BeforeHandling);
    for _ in 0..3 {
        bot.post(message(update_id, chat, "/ping"));
        bot.telegram.advance(61_000);
    }
    bot.dies(Dies::Never);
}

/// Loses the answers to both sends of a reply, so that it is parked. The number of its update.
pub(crate) fn park(bot: &TestBot, name: &str) -> i64 {
    bot.fault("sendMessage", 2, "reset_after");
    let said = bot.person(name).says("/ping");
    bot.telegram.advance(7_000);
    bot.tick();
    said["update_id"].as_i64().unwrap()
}

fn texts(bot: &TestBot) -> Vec<String> {
    let calls = bot.calls_of("sendMessage");
    calls
        .iter()
        .map(|call| call["text"].as_str().unwrap().to_owned())
        .collect()
}

#[track_caller]
fn story(bot: &TestBot, target: &str, expect: expect_test::Expect) {
    let reply = bot
        .operator()
        .with_header("accept", "text/plain")
        .get(target);
    let words: Vec<&str> = reply
        .body
        .lines()
        .take_while(|line| !line.is_empty())
        .collect();
    expect.assert_eq(&format!("{} {}\n", reply.status, words.join("\n")));
}

#[test]
fn what_happened_to_an_update_is_told_in_words() {
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    story(
        &bot,
        "/admin/updates/100",
        expect![[r#"
        200 Update 100 (message, lane 1001) was received at 2027-01-15 08:00:00 UTC.
        It was handled, and nothing is left to do. Attempts: 1.
        Call 1.0, sendMessage: was made. Tries: 1.
    "#]],
    );
    story(
        &bot,
        "/admin/updates/100?lang=uk",
        expect![[r#"
        200 Оновлення 100 (message, смуга 1001) надійшло 2027-01-15 08:00:00 UTC.
        Його оброблено, більше нічого робити. Спроб: 1.
        Виклик 1.0, sendMessage: виконано. Спроб: 1.
    "#]],
    );
    bot.fault(
        "sendMessage",
        1,
        json!({"error": [400, "Bad Request: chat not found"]}),
    );
    bot.person("Ada").says("/id");
    story(
        &bot,
        "/admin/updates/101",
        expect![[r#"
        200 Update 101 (message, lane 1001) was received at 2027-01-15 08:00:00 UTC.
        It was handled, and nothing is left to do. Attempts: 1.
        What went wrong: Telegram refused `sendMessage`: Bad Request: chat not found (400).
        Call 2.0, sendMessage: failed. Tries: 1. Telegram refused `sendMessage`: Bad Request: chat not found (400)
    "#]],
    );
    bury(&bot, 7, 1002);
    story(
        &bot,
        "/admin/updates/7",
        expect![[r#"
        200 Update 7 (message, lane 1002) was received at 2027-01-15 08:00:00 UTC.
        It was given up, and its lane went on. Attempts: 3. Once more: POST /admin/updates/7/replay
        What went wrong: no attempt came to its end.
    "#]],
    );
    story(
        &bot,
        "/admin/updates/7?lang=uk",
        expect![[r#"
        200 Оновлення 7 (message, смуга 1002) надійшло 2027-01-15 08:00:00 UTC.
        Від нього відмовилися, смуга пішла далі. Спроб: 3. Ще раз: POST /admin/updates/7/replay
        Що пішло не так: no attempt came to its end.
    "#]],
    );
}

#[test]
fn every_state_of_an_update_and_of_a_call_has_its_words() {
    let bot = TestBot::new();
    let parked = park(&bot, "Bob");
    story(
        &bot,
        &format!("/admin/updates/{parked}"),
        expect![[r#"
        200 Update 100 (message, lane 1001) was received at 2027-01-15 08:00:00 UTC.
        It was handled, and nothing is left to do. Attempts: 1.
        What went wrong: Telegram did not answer `sendMessage`: the connection failed.
        Call 1.0, sendMessage: has an unknown outcome and waits for you: POST /admin/outbox/1.0/resend or …/drop. Tries: 2. Telegram did not answer `sendMessage`: the connection failed
    "#]],
    );
    bot.fault("sendMessage", 1, json!({"retry_after": 30}));
    bot.person("Cay").says("/ping");
    story(
        &bot,
        "/admin/updates/101",
        expect![[r#"
        200 Update 101 (message, lane 1002) was received at 2027-01-15 08:00:07 UTC.
        It was handled, and calls are left to make. Attempts: 1.
        What went wrong: Telegram refused `sendMessage`: Too Many Requests: retry after 30 (429).
        Call 2.0, sendMessage: waits to be made again. Tries: 0. Telegram refused `sendMessage`: Too Many Requests: retry after 30 (429)
    "#]],
    );
    bot.dies(Dies::BeforeHandling);
    bot.post(message(7, 1009, "/ping"));
    bot.post(message(8, 1009, "/ping"));
    bot.dies(Dies::Never);
    story(
        &bot,
        "/admin/updates/7",
        expect![[r#"
        200 Update 7 (message, lane 1009) was received at 2027-01-15 08:00:07 UTC.
        It is being handled right now, or whoever did so crashed and it is taken up within two minutes. Attempts so far: 1.
    "#]],
    );
    story(
        &bot,
        "/admin/updates/8",
        expect![[r#"
        200 Update 8 (message, lane 1009) was received at 2027-01-15 08:00:07 UTC.
        It waits for its lane or for the next attempt. Attempts so far: 0.
    "#]],
    );
    bot.post(b"no update");
    let listed = body(&bot.operator().get("/admin/updates?state=quarantined"));
    let id = listed["updates"][0]["update_id"].as_i64().unwrap();
    let told = bot
        .operator()
        .with_header("accept", "text/plain")
        .get(&format!("/admin/updates/{id}"))
        .body;
    assert!(told.contains("It is no update"), "{told}");
    assert!(
        told.ends_with("\n\n\"no update\"\n"),
        "the body is at the end: {told}"
    );
}

#[test]
fn what_is_under_way_too_old_or_replayed_has_its_words_too() {
    let bot = TestBot::new();
    bot.dies(Dies::BeforeSettling);
    bot.post(message(7, 1002, "/ping"));
    bot.dies(Dies::Never);
    story(
        &bot,
        "/admin/updates/7",
        expect![[r#"
        200 Update 7 (message, lane 1002) was received at 2027-01-15 08:00:00 UTC.
        It was handled, and calls are left to make. Attempts: 1.
        Call 1.0, sendMessage: is being made, or whoever made it crashed. Tries: 1.
    "#]],
    );
    bot.telegram.advance(26 * 3_600_000);
    bot.post(message(10, 1004, "/ping"));
    story(
        &bot,
        "/admin/updates/10",
        expect![[r#"
        200 Update 10 (message, lane 1004) was received at 2027-01-16 10:00:00 UTC.
        It was too old to be answered. Attempts: 0.
    "#]],
    );
    bury(&bot, 11, 1005);
    bot.operator().sends("POST", "/admin/updates/11/replay", "");
    story(
        &bot,
        "/admin/updates/11",
        expect![[r#"
        200 Update 11 (message, lane 1005) was received at 2027-01-16 10:00:00 UTC.
        It was handled, and nothing is left to do. Attempts: 1.
        An operator had it handled again, times: 1.
        What went wrong: Telegram refused `sendMessage`: Bad Request: chat not found (400).
        Call 3.0, sendMessage: failed. Tries: 1. Telegram refused `sendMessage`: Bad Request: chat not found (400)
    "#]],
    );
    let bob = bot.person("Bob");
    bob.says("/feedback");
    bob.says("Well done");
    bot.fault("copyMessage", 1, json!({"retry_after": 30}));
    let pressed = bob.presses(bob.last_message_with_buttons(), 1);
    let pressed = pressed["update_id"].as_i64().unwrap();
    story(
        &bot,
        &format!("/admin/updates/{pressed}"),
        expect![[r#"
        200 Update 102 (callback_query, lane 1001) was received at 2027-01-16 10:03:03 UTC.
        It was handled, and calls are left to make. Attempts: 1.
        What went wrong: Telegram refused `copyMessage`: Too Many Requests: retry after 30 (429).
        Call 6.0, answerCallbackQuery: was made. Tries: 1.
        Call 6.1, copyMessage: waits to be made again. Tries: 0. Telegram refused `copyMessage`: Too Many Requests: retry after 30 (429)
        Call 6.2, deleteMessage: is planned. Tries: 0.
        Call 6.3, sendMessage: is planned. Tries: 0.
    "#]],
    );
    bot.set("ANSWER_IN_RESPONSE", "true");
    let asked = bot.person("Cay").says("/ping")["update_id"].as_i64();
    let asked = asked.unwrap();
    story(
        &bot,
        &format!("/admin/updates/{asked}"),
        expect![[r#"
        200 Update 103 (message, lane 1002) was received at 2027-01-16 10:03:03 UTC.
        It was handled, and nothing is left to do. Attempts: 1.
        Call 7.0, sendMessage: travelled in the answer to Telegram. Tries: 0.
    "#]],
    );
}

#[test]
fn a_dead_update_is_told_to_the_owner_and_handled_when_it_is_replayed() {
    let bot = TestBot::new();
    bury(&bot, 7, 1002);
    bot.tick();
    assert_eq!(
        texts(&bot),
        [
            "⚠ Updates given up: 1. The last is 7.\nWhy: GET /admin/updates/7\nAgain: POST /admin/updates/7/replay\nAll: GET /admin/updates?state=dead"
        ]
    );
    assert_eq!(bot.calls_of("sendMessage")[0]["chat_id"], 1001);
    let replayed = body(&bot.operator().sends("POST", "/admin/updates/7/replay", ""));
    assert_eq!(replayed["update"]["state"], "done");
    assert_eq!(replayed["update"]["epoch"], 1);
    assert_eq!(texts(&bot)[1], "pong");
}

#[test]
fn the_owner_is_told_once_in_ten_minutes_and_then_of_all_of_them() {
    let bot = TestBot::new();
    bury(&bot, 7, 1002);
    bot.tick();
    bury(&bot, 8, 1003);
    bury(&bot, 9, 1004);
    bot.tick();
    bot.tick();
    assert_eq!(texts(&bot).len(), 1, "{:?}", texts(&bot));
    bot.telegram.advance(600_000);
    bot.tick();
    bot.tick();
    assert_eq!(texts(&bot).len(), 2, "{:?}", texts(&bot));
    assert!(
        texts(&bot)[1].starts_with("⚠ Updates given up: 2. The last is 9."),
        "{:?}",
        texts(&bot)
    );
}

#[test]
fn two_crons_at_once_tell_the_owner_once() {
    let bot = TestBot::new();
    bury(&bot, 7, 1002);
    let app = bot.app();
    let both = async {
        let untold = app.inbox.untold().await.unwrap();
        let mut plan = Plan::new();
        plan.call_raw("aMethod", &json!({"chat_id": 1}), OnAmbiguity::Resend);
        let plan = [PlannedCall::new(plan.calls()[0].clone())];
        [
            app.inbox.tell(&untold[0], &plan).await.unwrap(),
            app.inbox.tell(&untold[0], &plan).await.unwrap(),
        ]
    };
    assert_eq!(pollster::block_on(both), [true, false]);
    let alerts = "SELECT count(*) FROM inbox WHERE kind = 'alert'";
    assert_eq!(bot.database.value(alerts), "1");
}

#[test]
fn without_an_owner_alerts_wait_until_there_is_one() {
    let bot = TestBot::new();
    bot.set("OWNER_IDS", "");
    bury(&bot, 7, 1002);
    bot.tick();
    assert_eq!(bot.calls("sendMessage"), 0);
    bot.set("OWNER_IDS", "1001,1005");
    bot.tick();
    let chats: Vec<Value> = bot
        .calls_of("sendMessage")
        .iter()
        .map(|call| call["chat_id"].clone())
        .collect();
    assert_eq!(chats, [json!(1001), json!(1005)]);
}

#[test]
fn an_unusable_body_is_kept_and_told_once_however_often_it_comes() {
    let bot = TestBot::new();
    for _ in 0..3 {
        assert_eq!(bot.post(b"no update").status, 200);
    }
    bot.tick();
    assert_eq!(
        bot.database
            .value("SELECT count(*) FROM inbox WHERE state = 'quarantined'"),
        "1"
    );
    let told = texts(&bot);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("are no updates: 1."), "{told:?}");
}

#[test]
fn a_replay_keeps_what_became_of_the_earlier_calls() {
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    let shown = body(
        &bot.operator()
            .sends("POST", "/admin/updates/100/replay", ""),
    );
    let states: Vec<&Value> = shown["update"]["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["state"])
        .collect();
    assert_eq!(states, ["sent", "sent"]);
    assert_eq!(bot.calls("sendMessage"), 2);
    assert_eq!(
        bot.operator()
            .sends("POST", "/admin/updates/5/replay", "")
            .status,
        404
    );
    assert_eq!(
        bot.operator()
            .sends("POST", "/admin/updates/x/replay", "")
            .status,
        400
    );
}

#[test]
fn steps_of_a_replayed_plan_depend_on_each_other_and_not_on_the_first_plan() {
    let bot = TestBot::new();
    bot.person("Bob").says("/feedback");
    bot.person("Bob").says("The pears are ripe");
    let question = bot.person("Bob").last_message_with_buttons();
    let pressed = bot.person("Bob").presses(question, 1);
    let id = pressed["update_id"].as_i64().unwrap();
    bot.operator()
        .sends("POST", &format!("/admin/updates/{id}/replay"), "");
    let shown = body(&bot.operator().get(&format!("/admin/updates/{id}")));
    let calls = shown["update"]["calls"].as_array().unwrap().clone();
    let after: Vec<Option<u64>> = calls
        .iter()
        .map(|call| call["call"]["after"].as_u64())
        .collect();
    let first = after.iter().flatten().max().unwrap();
    assert!(calls.len() > 4 && *first < 4, "{after:?}");
    assert!(calls.iter().all(|call| call["state"] == "sent"), "{shown}");
}

#[test]
fn what_still_waits_is_not_replayed() {
    let bot = TestBot::new();
    bot.fault("sendMessage", 1, json!({"retry_after": 30}));
    bot.person("Ada").says("/ping");
    let reply = bot
        .operator()
        .sends("POST", "/admin/updates/100/replay", "");
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert_eq!(
        body(&reply)["error"]["why"],
        "something is still left to do on it"
    );
}

#[test]
fn a_quarantined_body_stays_what_it_is_when_it_is_replayed() {
    let bot = TestBot::new();
    bot.set("OWNER_IDS", "");
    bot.post(b"no update");
    let listed = body(&bot.operator().get("/admin/updates?state=quarantined"));
    let id = &listed["updates"][0]["update_id"];
    let shown = body(
        &bot.operator()
            .sends("POST", &format!("/admin/updates/{id}/replay"), ""),
    );
    assert_eq!(shown["update"]["state"], "dead");
    assert!(
        shown["update"]["error"]
            .as_str()
            .unwrap()
            .starts_with("the kept body cannot be read: the body is not a JSON object"),
        "{shown}"
    );
}

#[test]
fn a_parked_call_is_told_listed_and_resent() {
    let bot = TestBot::new();
    let update = park(&bot, "Bob");
    assert_eq!(bot.calls("sendMessage"), 2);
    let listed = body(&bot.operator().get("/admin/outbox?state=parked"));
    let call = &listed["calls"][0];
    assert_eq!(
        (
            &call["update_id"],
            &call["planned"]["state"],
            &listed["next"]
        ),
        (&json!(update), &json!("parked"), &Value::Null)
    );
    bot.tick();
    assert!(
        texts(&bot)[2].starts_with(&format!(
            "⚠ Calls that wait for your decision: 1. The last belongs to update {update}."
        )),
        "{:?}",
        texts(&bot)
    );
    let target = format!("/admin/outbox/{}/resend", call["id"].as_str().unwrap());
    let decided = bot.operator().sends("POST", &target, "");
    assert_eq!(decided.status, 200, "{}", decided.body);
    assert_eq!(texts(&bot)[3], "pong");
    let listed = body(&bot.operator().get("/admin/outbox"));
    assert_eq!(listed["calls"], json!([]));
    let again = bot.operator().sends("POST", &target, "");
    assert_eq!(again.status, 409, "{}", again.body);
    assert_eq!(body(&again)["error"]["why"], "it is `sent`");
}

#[test]
fn a_call_that_was_parked_for_days_is_made_when_the_operator_says_so() {
    let bot = TestBot::new();
    let update = park(&bot, "Bob");
    bot.telegram.advance(50 * 3_600_000);
    let listed = body(&bot.operator().get("/admin/outbox?state=parked"));
    let id = listed["calls"][0]["id"].as_str().unwrap();
    let target = format!("/admin/outbox/{id}/resend");
    let in_words = bot.operator().with_header("accept", "text/plain");
    let decided = in_words.sends("POST", &target, "");
    assert_eq!(decided.status, 200);
    assert_eq!(decided.body, format!("{id}\tresend\n"));
    let shown = body(&bot.operator().get(&format!("/admin/updates/{update}")));
    assert_eq!(shown["update"]["calls"][0]["state"], "sent", "{shown}");
}

#[test]
fn what_waits_for_the_operator_is_kept_for_a_month() {
    let bot = TestBot::new();
    let update = park(&bot, "Bob");
    bot.person("Ada").says("/ping");
    bot.telegram.advance(29 * 24 * 3_600_000);
    bot.tick();
    let kept = "SELECT ifnull(group_concat(update_id), 'none') FROM inbox WHERE kind <> 'alert'";
    assert_eq!(bot.database.value(kept), update.to_string());
    bot.telegram.advance(2 * 24 * 3_600_000);
    bot.tick();
    assert_eq!(bot.database.value(kept), "none");
}

/// The plan is written down and nobody hears of it, so it is written once more: that is one call still.
#[test]
fn a_lost_answer_counts_a_parked_call_once() {
    let bot = TestBot::new();
    bot.set("OWNER_IDS", "");
    bot.dies(Dies::BeforeSettling);
    bot.post(message(1, 1001, "/ping"));
    bot.telegram.advance(61_000);
    bot.tick();
    bot.dies(Dies::Never);
    bot.telegram.advance(61_000);
    let answer_is_lost = [
        Trip::Works, // the heartbeat
        Trip::Works, // the claim
        Trip::FailsAfter,
    ];
    bot.database.next_trips(&answer_is_lost);
    bot.tick();
    let parked = "SELECT plan ->> '$[0].state' FROM inbox";
    assert_eq!(bot.database.value(parked), "parked");
    let count = "SELECT count FROM alert WHERE kind = 'parked'";
    assert_eq!(bot.database.value(count), "1");
}

#[test]
fn an_operators_decision_keeps_the_rest_of_the_plan_in_its_place() {
    let bot = TestBot::new();
    bot.fault("sendMessage", 1, json!({"retry_after": 30}));
    bot.person("Ada").says("/ping");
    let twice = "UPDATE inbox SET plan = json_array(json(plan -> 0), json(plan -> 0))";
    bot.database.execute(twice);
    let dropped = bot.operator().sends("POST", "/admin/outbox/1.0/drop", "");
    assert_eq!(dropped.status, 200, "{}", dropped.body);
    let open = || bot.database.value("SELECT open FROM inbox");
    assert_eq!(open(), "1", "the lane waits for the other call");
    bot.operator().sends("POST", "/admin/outbox/1.1/drop", "");
    assert_eq!(open(), "0");
}

#[test]
fn a_dropped_call_is_never_made_again() {
    let bot = TestBot::new();
    bot.fault("sendMessage", 1, json!({"retry_after": 30}));
    bot.person("Ada").says("/ping");
    let listed = body(&bot.operator().get("/admin/outbox"));
    let call = &listed["calls"][0];
    assert_eq!(call["planned"]["state"], "wait");
    let target = format!("/admin/outbox/{}/drop", call["id"].as_str().unwrap());
    assert_eq!(bot.operator().sends("POST", &target, "").status, 200);
    bot.telegram.advance(120_000);
    bot.tick();
    assert_eq!(bot.calls("sendMessage"), 1);
    let shown = body(&bot.operator().get("/admin/updates/100"));
    let error = shown["update"]["calls"][0]["error"].as_str().unwrap();
    assert!(
        error.starts_with(
            "dropped by an operator. Telegram refused `sendMessage`: Too Many Requests"
        ),
        "{error}"
    );
}

#[test]
fn the_outbox_is_read_page_by_page_and_bad_questions_get_a_remedy() {
    let bot = TestBot::new();
    bot.fault(
        "sendMessage",
        5,
        json!({"error": [400, "Bad Request: chat not found"]}),
    );
    for name in ["Ada", "Bob", "Cay", "Dan", "Eve"] {
        bot.person(name).says("/ping");
    }
    let mut target = "/admin/outbox?limit=2".to_owned();
    let mut ids = Vec::new();
    loop {
        let page = body(&bot.operator().get(&target));
        let calls = page["calls"].as_array().unwrap();
        ids.extend(calls.iter().map(|call| call["update_id"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        target = format!("/admin/outbox?limit=2&before={next}");
    }
    assert_eq!(ids, [104, 103, 102, 101, 100]);
    for bad in ["state=gone", "limit=0", "before=5", "before=x.y"] {
        let reply = bot.operator().get(&format!("/admin/outbox?{bad}"));
        assert_eq!(reply.status, 400, "{bad}");
        assert!(!body(&reply)["error"]["remedy"].as_str().unwrap().is_empty());
    }
    for (target, status) in [
        ("/admin/outbox/1/drop", 400),
        ("/admin/outbox/999.0/drop", 404),
        ("/admin/outbox/1.9/drop", 404),
        ("/admin/outbox/1.-1/resend", 404),
        ("/admin/outbox//resend", 404),
        ("/admin/outbox/1.0/forget", 404),
    ] {
        assert_eq!(
            bot.operator().sends("POST", target, "").status,
            status,
            "{target}"
        );
    }
    assert_eq!(bot.operator().get("/admin/outbox/1.0/drop").status, 405);
    assert_eq!(
        bot.operator()
            .with_token(None)
            .sends("POST", "/admin/outbox/1.0/drop", "")
            .status,
        401
    );
}

#[test]
fn metrics_count_updates_calls_refusals_and_the_cost() {
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    bot.fault(
        "sendMessage",
        1,
        json!({"error": [403, "Forbidden: bot was kicked"]}),
    );
    bot.person("Bob").says("/ping");
    bot.fault("sendMessage", 1, json!({"retry_after": 30}));
    bot.person("Cay").says("/ping");
    bot.post(message(100, 1001, "again"));
    bot.telegram.advance(20_000);
    let reply = bot.operator().get("/admin/metrics");
    assert_eq!(reply.status, 200);
    let samples: Vec<&str> = reply
        .body
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    expect![[r#"
        onehook_updates{state="done"} 4
        onehook_attempts{state="done"} 4
        onehook_calls{state="failed",code="403"} 1
        onehook_calls{state="sent",code=""} 2
        onehook_calls{state="wait",code="429"} 1
        onehook_oldest_open_seconds 20
        onehook_isolate_deliveries_total{verdict="done"} 4
        onehook_isolate_database_trips_total{visitor="other"} 6
        onehook_isolate_database_trips_total{visitor="update"} 12
        onehook_isolate_rows_written_total{visitor="other"} 3
        onehook_isolate_rows_written_total{visitor="update"} 13
    "#]]
    .assert_eq(&(samples.join("\n") + "\n"));
    for line in reply.body.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(reply.body.contains(&format!("# TYPE {name} ")), "{line}");
        assert!(reply.body.contains(&format!("# HELP {name} ")), "{line}");
    }
}

#[test]
fn somebody_who_blocked_the_bot_is_nobodys_mistake() {
    let bot = TestBot::new();
    bot.fault(
        "sendMessage",
        1,
        json!({"error": [403, "Forbidden: bot was blocked by the user"]}),
    );
    bot.person("Ada").says("/ping");
    let shown = body(&bot.operator().get("/admin/updates/100"));
    assert_eq!(shown["update"]["error"], Value::Null);
    assert_eq!(shown["update"]["calls"][0]["state"], "failed");
    assert!(
        shown["update"]["calls"][0]["error"]
            .as_str()
            .unwrap()
            .contains("bot was blocked by the user")
    );
}
