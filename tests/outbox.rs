//! What becomes of calls: Telegram's refusals, its silence, and the order of a plan.

use onehook::delivery::inbox::{Standing, State, held_max_ms};
use onehook::delivery::outbox::{CallState, PlannedCall, Remainder, remainder};
use onehook::json::text_of;
use onehook::plan::{OnAmbiguity, Plan};
use onehook::telegram::refusal::{CallError, Refusal};
use onehook::telegram::transport::Unreachable;
use serde_json::json;

use crate::test_bot::TestBot;

fn call(on_ambiguity: OnAmbiguity) -> PlannedCall {
    let mut plan = Plan::new();
    plan.call_raw("aMethod", &json!({"chat_id": 1}), on_ambiguity);
    PlannedCall::new(plan.calls()[0].clone())
}

fn refused(code: u16, description: &str, retry_after: Option<i64>) -> CallError {
    CallError::from(Refusal {
        method: "aMethod".to_owned(),
        code,
        description: description.to_owned(),
        retry_after,
        migrate_to_chat_id: None,
    })
}

fn silent() -> CallError {
    CallError::Unreachable {
        method: "aMethod".to_owned(),
        cause: Unreachable::TimedOut,
    }
}

#[track_caller]
fn check(on_ambiguity: OnAmbiguity, outcomes: &[CallError], state: CallState, tries: i64) {
    let mut call = call(on_ambiguity);
    for outcome in outcomes {
        assert!(call.is_due(), "it came to its end too early: {call:?}");
        call.begin();
        call.ended(Err(outcome.clone()), 20);
    }
    assert_eq!((call.state, call.tries), (state, tries), "{call:?}");
}

#[test]
fn silence_is_met_by_the_policy_of_the_call() {
    check(OnAmbiguity::Park, &[silent()], CallState::Parked, 1);
    check(OnAmbiguity::Resend, &[silent()], CallState::Wait, 1);
    check(
        OnAmbiguity::Resend,
        &[silent(), silent()],
        CallState::Parked,
        2,
    );
    check(
        OnAmbiguity::Repeat,
        &[silent(), silent(), silent(), silent()],
        CallState::Wait,
        4,
    );
    check(
        OnAmbiguity::Repeat,
        &[silent(), silent(), silent(), silent(), silent()],
        CallState::Failed,
        5,
    );
}

#[test]
fn errors_of_the_server_are_as_good_as_silence() {
    check(
        OnAmbiguity::Resend,
        &[refused(502, "Bad Gateway", None)],
        CallState::Wait,
        1,
    );
    check(
        OnAmbiguity::Park,
        &[refused(500, "Internal Server Error: restart", None)],
        CallState::Parked,
        1,
    );
    let html = CallError::NotUnderstood {
        method: "aMethod".to_owned(),
        status: 200,
    };
    check(OnAmbiguity::Park, &[html], CallState::Parked, 1);
}

#[test]
fn refusals_are_final_and_a_pause_costs_no_try() {
    for policy in [OnAmbiguity::Repeat, OnAmbiguity::Resend, OnAmbiguity::Park] {
        check(
            policy,
            &[refused(400, "Bad Request: chat not found", None)],
            CallState::Failed,
            1,
        );
        check(
            policy,
            &[refused(403, "Forbidden: bot was blocked by the user", None)],
            CallState::Failed,
            1,
        );
        check(
            policy,
            &[refused(429, "Too Many Requests: retry after 7", Some(7))],
            CallState::Wait,
            0,
        );
    }
    check(
        OnAmbiguity::Repeat,
        &[refused(
            400,
            "Bad Request: message is not modified: specified new…",
            None,
        )],
        CallState::Sent,
        1,
    );
    check(
        OnAmbiguity::Repeat,
        &[refused(
            400,
            "Bad Request: message to delete not found",
            None,
        )],
        CallState::Sent,
        1,
    );
}

#[test]
fn long_pauses_let_the_lane_go_and_short_ones_hold_it() {
    let standing = |kind, held_ms| Standing {
        state: State::Done,
        attempts: 1,
        is_useful: true,
        held_ms,
        held_max_ms: held_max_ms(kind),
    };
    let after = |kind, held_ms, seconds| {
        let mut call = call(OnAmbiguity::Resend);
        call.begin();
        call.ended(Err(refused(429, "Too Many Requests", Some(seconds))), 20);
        remainder(&[call], &standing(kind, held_ms))
    };
    let (holding, letting_go) = (Remainder::HoldingLane, Remainder::LettingLaneGo);
    assert_eq!(after("message", 0, 5), holding(5_000));
    assert_eq!(after("message", 0, 120), holding(120_000));
    assert_eq!(after("message", 0, 121), letting_go(121_000));
    // Pauses count together, and a pressed button's person is looking at it.
    assert_eq!(after("message", 60_000, 60), holding(60_000));
    assert_eq!(after("message", 60_001, 60), letting_go(60_000));
    assert_eq!(after("callback_query", 0, 30), holding(30_000));
    assert_eq!(after("callback_query", 0, 31), letting_go(31_000));
    assert_eq!(remainder(&[], &standing("message", 0)), Remainder::Nothing);
}

#[test]
fn a_wrong_token_is_told_from_an_unknown_method() {
    let blames = |code, description: &str| match refused(code, description, None) {
        CallError::Refused(refusal) => refusal.blames_the_token(),
        other => panic!("{other:?}"),
    };
    assert!(blames(401, "Unauthorized") && blames(404, "Not Found"));
    assert!(!blames(404, "Not Found: method not found"));
}

#[test]
fn only_a_pause_that_lasts_closes_a_gate() {
    let ended = |outcome| {
        let mut call = call(OnAmbiguity::Repeat);
        call.begin();
        call.ended(outcome, 20);
        call
    };
    let outage = ended(Err(refused(502, "Bad Gateway", None)));
    assert_eq!((outage.state, outage.gate()), (CallState::Wait, None));
    let mut paused = ended(Err(refused(429, "Too Many Requests", Some(5))));
    assert_eq!(paused.gate().map(|gate| gate.wait_ms), Some(5_000));
    paused.skip("a day has passed");
    assert_eq!((paused.state, paused.gate()), (CallState::Failed, None));
}

#[test]
fn a_call_survives_being_written_down() {
    let mut plan = Plan::new();
    let sent = plan.call_raw(
        "sendMessage",
        &json!({"text": "привіт \u{1f44d}"}),
        OnAmbiguity::Park,
    );
    let pinned = plan.call_raw(
        "pinChatMessage",
        &json!({"chat_id": 5, "message_id": 0}),
        OnAmbiguity::Repeat,
    );
    plan.about_message_of(sent, pinned);
    for call in plan.calls() {
        let mut call = PlannedCall::new(call.clone());
        call.begin();
        call.ended(Err(silent()), 20);
        let written = text_of(&call);
        let read = PlannedCall::of(&written).unwrap();
        assert_eq!(text_of(&read), written);
    }
}

#[test]
fn a_call_without_parameters_survives_too() {
    let mut plan = Plan::new();
    plan.call_raw("aMethod", &(), OnAmbiguity::Park);
    let call = PlannedCall::new(plan.calls()[0].clone());
    let read = PlannedCall::of(&text_of(&call)).unwrap();
    assert_eq!(read.parameters(&[]).as_deref(), Some("{}"));
}

#[test]
fn a_later_step_takes_the_number_of_the_message_an_earlier_one_sent() {
    let mut plan = Plan::new();
    let sent = plan.call_raw("sendMessage", &json!({}), OnAmbiguity::Resend);
    let pinned = plan.call_raw(
        "pinChatMessage",
        &json!({"message_id": 0, "chat_id": 5}),
        OnAmbiguity::Repeat,
    );
    plan.about_message_of(sent, pinned);
    let mut calls: Vec<PlannedCall> = plan.calls().iter().cloned().map(PlannedCall::new).collect();
    assert_eq!(
        calls[1].parameters(&calls[..1]),
        None,
        "nothing was sent yet"
    );
    calls[0].begin();
    calls[0].ended(Ok(Some(onehook::telegram::ids::MessageId(77))), 20);
    let parameters = calls[1].parameters(&calls[..1]).unwrap();
    let parameters: serde_json::Value = serde_json::from_str(&parameters).unwrap();
    assert_eq!(parameters, json!({"message_id": 77, "chat_id": 5}));
}

#[test]
fn telegrams_pause_is_kept_and_then_the_message_comes() {
    let bot = TestBot::new();
    bot.fault("sendMessage", 1, json!({"retry_after": 7}));
    bot.person("Ada").says("/ping");
    assert_eq!(bot.calls("sendMessage"), 1);
    bot.telegram.advance(6_000);
    bot.tick();
    assert_eq!(bot.calls("sendMessage"), 1, "not before its time");
    bot.telegram.advance(1_500);
    bot.tick();
    bot.transcript(expect_test::expect![[r#"
        Ada: /ping
        bot → Ada: pong
    "#]]);
}

#[test]
fn what_waits_in_a_chat_is_not_overtaken() {
    let bot = TestBot::new();
    bot.fault("sendMessage", 1, json!({"retry_after": 7}));
    let ada = bot.person("Ada");
    ada.says("/ping");
    ada.says("/id");
    bot.telegram.advance(8_000);
    bot.tick();
    bot.transcript(expect_test::expect![[r#"
        Ada: /ping
        Ada: /id
        bot → Ada: pong
        bot → Ada: Your number is 1001.
    "#]]);
}

#[test]
fn a_reply_lost_after_the_effect_is_doubled_at_most_once() {
    let bot = TestBot::new();
    bot.set("OWNER_IDS", "");
    bot.fault("sendMessage", 9, "reset_after");
    bot.person("Ada").says("/ping");
    for _ in 0..9 {
        bot.telegram.advance(61_000);
        bot.tick();
    }
    assert_eq!(bot.calls("sendMessage"), 2);
    let shown = bot.operator().get("/admin/updates").body;
    assert!(
        shown.contains("Telegram did not answer `sendMessage`: the connection failed"),
        "{shown}"
    );
}

#[test]
fn a_refusal_shows_in_telegrams_own_words() {
    let bot = TestBot::new();
    bot.person("Ada").acts(json!({"act": "block"}));
    let update = bot.person("Ada").acts(json!({"act": "unblock"}));
    assert!(update.is_object());
    bot.fault(
        "sendMessage",
        1,
        json!({"error": [400, "Bad Request: chat not found"]}),
    );
    bot.person("Ada").says("/ping");
    let shown = bot.operator().get("/admin/updates?limit=1").body;
    assert!(
        shown.contains("Telegram refused `sendMessage`: Bad Request: chat not found (400)"),
        "{shown}"
    );
}

/// Lets a group's message be refused with a pause, so that the chat's gate is closed.
fn paused(bot: &TestBot, name: &str, seconds: u64) {
    bot.fault("sendMessage", 1, json!({"retry_after": seconds}));
    bot.person(name).says("/ping");
}

#[test]
fn a_pause_holds_for_its_chat_and_for_no_other() {
    let bot = TestBot::new();
    paused(&bot, "Ada", 300);
    assert_eq!(bot.calls("sendMessage"), 1);
    bot.person("Ada").says("/id");
    assert_eq!(bot.calls("sendMessage"), 1, "Ada's chat is paused");
    bot.person("Bob").says("/id");
    assert_eq!(bot.calls("sendMessage"), 2, "Bob's is not");
    bot.telegram.advance(301_000);
    bot.tick();
    bot.transcript(expect_test::expect![[r#"
        Ada: /ping
        Ada: /id
        Bob: /id
        bot → Bob: Your number is 1002.
        bot → Ada: pong
        bot → Ada: Your number is 1001.
    "#]]);
}

#[test]
fn three_chats_that_are_paused_at_once_pause_the_whole_bot() {
    let bot = TestBot::new();
    for name in ["Ada", "Bob", "Cay"] {
        paused(&bot, name, 60);
    }
    assert_eq!(bot.calls("sendMessage"), 3);
    bot.person("Dan").says("/ping");
    assert_eq!(
        bot.calls("sendMessage"),
        3,
        "the bot is too fast, not a chat"
    );
    bot.telegram.advance(61_000);
    bot.tick();
    assert_eq!(bot.calls("sendMessage"), 7);
    assert_eq!(bot.database.value("SELECT count(*) FROM gate"), "0");
}

#[test]
fn a_call_follows_a_group_that_became_a_supergroup_once() {
    let moved = |to| {
        let mut refusal = match refused(400, "Bad Request: group chat was upgraded", None) {
            CallError::Refused(refusal) => refusal,
            other => panic!("{other}"),
        };
        refusal.migrate_to_chat_id = Some(onehook::telegram::ids::ChatId(to));
        Err(CallError::Refused(refusal))
    };
    let mut call = call(OnAmbiguity::Park);
    call.begin();
    call.ended(moved(-100_777), 20);
    assert_eq!((call.state, call.tries), (CallState::Planned, 0));
    assert_eq!(call.parameters(&[]).unwrap(), r#"{"chat_id":-100777}"#);
    let written = text_of(&call);
    let mut call = PlannedCall::of(&written).unwrap();
    call.begin();
    call.ended(moved(-100_778), 20);
    assert_eq!(call.state, CallState::Failed, "that is done once");
}

#[test]
fn waits_are_spread_so_that_what_failed_together_does_not_come_back_together() {
    let waits = [0, 20, 40].map(|salt| onehook::delivery::backoff_ms(2, salt));
    assert_eq!(waits, [24_000, 30_000, 36_000]);
    assert_eq!(onehook::delivery::backoff_ms(9, 20), 120_000);
    assert_eq!(onehook::delivery::backoff_ms(1, -21), 5_000);
}

#[test]
fn a_call_that_is_paused_for_a_day_is_given_up() {
    let bot = TestBot::new();
    bot.fault("sendMessage", 99, json!({"retry_after": 3600}));
    bot.person("Ada").says("/ping");
    for hour in 1..=26 {
        bot.telegram.advance(3_601_000);
        bot.tick();
        if hour == 23 {
            assert_eq!(bot.calls("sendMessage"), 24, "it is still worth a try");
        }
    }
    let shown = bot.operator().get("/admin/updates/100").body;
    assert!(shown.contains("a day has passed"), "{shown}");
    assert_eq!(
        bot.database
            .value("SELECT open FROM inbox WHERE update_id = 100"),
        "0"
    );
}
