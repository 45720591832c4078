//! The sixteen scenarios that make the pretend Telegram believable, each with the server's source it mirrors.

use serde_json::{Value, json};

use crate::emulator::stage::{START, Stage, URL, call, dns};
use crate::emulator::telegram::{Delivered, Event};

const K1: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const K2: &str = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const K3: &str = "Conflict: terminated by setWebhook request";
const K4: &str = "Conflict: terminated by other setWebhook";

/// Scenario 1: `Client.cpp:15733-15739` (one a second), `15758-15775` (already set), `Query.h:196-235` (429).
#[test]
fn a_webhook_is_set_once_and_asking_too_often_is_refused() {
    let mut stage = Stage::new();
    let set = json!({"url": URL});
    let first = stage.ask("setWebhook", &set);
    assert_eq!(
        first,
        json!({"ok": true, "result": true, "description": "Webhook was set"})
    );
    stage.wait(999);
    let refused = json!({
        "ok": false,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    });
    assert_eq!(stage.ask("setWebhook", &set), refused);
    stage.wait(1);
    let again = stage.ask("setWebhook", &set);
    assert_eq!(again["description"], "Webhook is already set");
}

/// Scenario 1, the header: `Query.h:196-235`, `HttpConnection.cpp:66-88`.
#[test]
fn a_429_says_its_pause_in_a_header_too() {
    let mut stage = Stage::new();
    stage.ask("setWebhook", &json!({"url": URL}));
    let request = call("setWebhook", &json!({"url": URL}));
    stage.telegram.request(START, request);
    let Some(Event::Answer { response, .. }) = stage.telegram.due(START).pop() else {
        panic!("no answer");
    };
    assert_eq!(response.status, 429);
    assert!(
        response
            .headers
            .contains(&("Retry-After".to_owned(), "1".to_owned()))
    );
}

/// Scenario 2: `Client.cpp:15944-15966` (the old one is erased first), `16001-16060` (then checked).
#[test]
fn a_set_webhook_that_fails_leaves_the_bot_without_a_webhook() {
    let mut stage = Stage::new();
    stage.set_webhook();
    let answer = stage.ask(
        "setWebhook",
        &json!({"url": URL, "secret_token": "not allowed!"}),
    );
    assert_eq!(answer["error_code"], 400);
    assert_eq!(
        answer["description"],
        "Bad Request: secret token contains unallowed characters"
    );
    assert_eq!(stage.info()["url"], "");
}

/// Scenario 3: `Client.cpp:15726-15798`, `16001-16060`.
#[test]
fn deleting_twice_says_so_and_dropping_works_without_a_webhook() {
    let mut stage = Stage::new();
    stage.set_webhook();
    assert_eq!(
        stage.ask("deleteWebhook", &json!({}))["description"],
        "Webhook was deleted"
    );
    assert_eq!(
        stage.ask("deleteWebhook", &json!({}))["description"],
        "Webhook is already deleted"
    );
    stage.say("Ada", "hello");
    assert_eq!(stage.info()["pending_update_count"], 1);
    let answer = stage.ask("deleteWebhook", &json!({"drop_pending_updates": true}));
    assert_eq!(answer["description"], "Webhook is already deleted");
    assert_eq!(stage.info()["pending_update_count"], 0);
}

/// Scenario 4: `Client.cpp:16225-16251`, `16386-16387`.
#[test]
fn of_two_pollers_the_older_is_ended_and_a_second_conflict_waits_three_seconds() {
    let mut stage = Stage::new();
    let poll = json!({"timeout": 50});
    let a = stage.send("getUpdates", &poll);
    stage.wait(1000);
    let b = stage.send("getUpdates", &poll);
    assert_eq!(stage.answer(a).unwrap(), (START + 1000, conflict(K2)));
    stage.wait(2000);
    let c = stage.send("getUpdates", &poll);
    assert_eq!(stage.answer(b), None);
    stage.wait(3000);
    assert_eq!(stage.answer(b).unwrap(), (START + 6000, conflict(K2)));
    assert_eq!(stage.answer(c), None, "the newest waits");
}

/// Scenario 5: `Client.cpp:16321-16404`.
#[test]
fn a_short_poll_with_another_offset_disturbs_no_one() {
    let mut stage = Stage::new();
    let a = stage.send("getUpdates", &json!({"timeout": 50}));
    stage.wait(100);
    let answer = stage.ask("getUpdates", &json!({"timeout": 0, "offset": 90}));
    assert_eq!(answer, json!({"ok": true, "result": []}));
    assert_eq!(stage.answer(a), None);
    stage.wait(50_000);
    assert_eq!(
        stage.answer(a).unwrap(),
        (START + 50_000, json!({"ok": true, "result": []}))
    );
}

/// Scenario 6: `Client.cpp:15779-15781` (K3), `15700-15706` (K1), `16238-16251` (the shared pause).
#[test]
fn setting_a_webhook_ends_the_waiting_poll_and_later_polls_are_refused() {
    let mut stage = Stage::new();
    let poll = stage.send("getUpdates", &json!({"timeout": 50}));
    let set = stage.ask("setWebhook", &json!({"url": URL}));
    assert_eq!(set["description"], "Webhook was set");
    assert_eq!(stage.answer(poll).unwrap(), (START, conflict(K3)));
    stage.wait(1000);
    let held = stage.send("getUpdates", &json!({}));
    stage.wait(2999);
    assert_eq!(stage.answer(held), None);
    stage.wait(1);
    assert_eq!(stage.answer(held).unwrap(), (START + 4000, conflict(K1)));
    stage.wait(3001);
    assert_eq!(stage.ask("getUpdates", &json!({})), conflict(K1));
}

/// Scenario 7: `Client.cpp:15752-15754`.
#[test]
fn deleting_while_a_webhook_is_being_set_ends_the_setting() {
    let mut stage = Stage::with(dns("slow.example", 5000, Ok("104.16.0.1")));
    let set = stage.send("setWebhook", &json!({"url": "https://slow.example/"}));
    stage.wait(1000);
    assert_eq!(stage.answer(set), None);
    assert_eq!(stage.info()["ip_address"], "<unknown>");
    let deleted = stage.ask("deleteWebhook", &json!({}));
    assert_eq!(deleted["description"], "Webhook was deleted");
    assert_eq!(stage.answer(set).unwrap(), (START + 1000, conflict(K4)));
    stage.wait(10_000);
    assert_eq!(stage.info()["url"], "");
}

/// Scenario 8: `WebhookActor.cpp:261-324`, `Client.cpp:17053-17353`.
#[test]
fn messages_of_a_chat_come_one_by_one_and_a_press_overtakes_them() {
    let mut stage = Stage::new();
    let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]});
    stage.say("Ada", "/start");
    stage.ask(
        "sendMessage",
        &json!({"chat_id": 1001, "text": "Sure?", "reply_markup": keyboard}),
    );
    stage.ask("getUpdates", &json!({"offset": 101}));
    stage.set_webhook();
    stage.say("Ada", "one");
    stage.say("Ada", "two");
    stage.act(&json!({"person": "Ada", "act": "press", "message_id": 2, "button": 1}));
    let updates = stage.delivered();
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_eq!(updates[0].2["message"]["text"], "one");
    assert_eq!(updates[1].2["callback_query"]["data"], "yes");
    stage.reply(updates[0].0, 200, &[], "");
    assert_eq!(stage.delivery().2["message"]["text"], "two");
}

/// Scenario 9: `WebhookActor.cpp:493-523`, `803-808`; `Client.cpp:16086-16087`.
#[test]
fn a_failing_webhook_is_tried_after_0_2_and_4_seconds_and_its_error_stays() {
    let mut stage = Stage::new();
    stage.set_webhook();
    let start = stage.now;
    stage.say("Ada", "hello");
    let mut times = Vec::new();
    for status in [500, 500, 500, 200] {
        stage.wait(4000 * u64::from(times.len() > 2) + 2000 * u64::from(times.len() == 2));
        let (delivery, at, update) = stage.delivery();
        assert_eq!(update["update_id"], 100);
        times.push(at - start);
        stage.reply(delivery, status, &[], "");
    }
    assert_eq!(times, [0, 0, 2000, 6000]);
    let info = stage.info();
    assert_eq!(info["pending_update_count"], 0);
    assert_eq!(
        info["last_error_message"],
        "Wrong response from the webhook: 500 Internal Server Error"
    );
    assert_eq!(info["last_error_date"], (start + 2000) / 1000);
}

/// The schedule behind scenario 9: `WebhookActor.h:75`, `107-108`.
#[test]
fn the_pauses_between_tries_grow_to_a_random_minute_or_two() {
    let mut stage = Stage::new();
    stage.set_webhook();
    stage.say("Ada", "hello");
    let mut pauses = Vec::new();
    let mut before = stage.now;
    for _ in 0..12 {
        stage.wait(120_000 * u64::from(stage.deliveries.is_empty()));
        let (delivery, at, _) = stage.delivery();
        pauses.push((at - before) / 1000);
        before = stage.now;
        stage.reply(delivery, 503, &[], "");
    }
    assert_eq!(pauses[..8], [0, 0, 2, 4, 8, 16, 32, 64.min(pauses[7])]);
    assert!(
        pauses[7] >= 60 && pauses[8..].iter().all(|pause| (60..=120).contains(pause)),
        "{pauses:?}"
    );
    assert!(
        pauses[8..].windows(2).any(|pair| pair[0] != pair[1]),
        "{pauses:?}"
    );
}

/// Scenario 10: `WebhookActor.cpp:493-523`; the cap is 3600 s, and only failures are listened to.
#[test]
fn retry_after_is_honoured_on_failures_only_and_capped() {
    let mut stage = Stage::new();
    stage.set_webhook();
    let tries: &[(u16, &str, u64)] = &[
        (503, "30", 30),
        (503, "99999", 3600),
        (503, "soon", 2),
        (503, "0", 4),
    ];
    stage.say("Ada", "hello");
    for (status, pause, expected) in tries {
        let (delivery, before, _) = stage.delivery();
        stage.reply(delivery, *status, &[("Retry-After", pause)], "");
        stage.wait(expected * 1000 - 1);
        assert!(stage.deliveries.is_empty(), "not before {expected} s");
        stage.wait(1);
        assert_eq!(stage.deliveries[0].1, before + expected * 1000);
    }
    let (delivery, ..) = stage.delivery();
    stage.reply(delivery, 200, &[("Retry-After", "30")], "");
    stage.say("Ada", "again");
    assert_eq!(stage.delivery().1, stage.now);
}

/// Scenario 11, the silence: `WebhookActor.cpp:592-617`.
#[test]
fn a_webhook_that_keeps_silent_for_a_minute_is_told_so() {
    let mut stage = Stage::new();
    stage.set_webhook();
    stage.say("Ada", "hello");
    let (delivery, ..) = stage.delivery();
    stage.wait(60_000);
    stage
        .telegram
        .delivered(stage.now, delivery, Delivered::TimedOut);
    assert_eq!(stage.info()["last_error_message"], "Read timeout expired");
    assert_eq!(stage.delivery().1, stage.now, "tried again at once");
}

/// Scenario 11, an answer after the minute: it counts for nothing (`WebhookActor.cpp:592-617`).
#[test]
fn an_answer_after_a_minute_comes_too_late() {
    let mut stage = Stage::new();
    stage.set_webhook();
    stage.say("Ada", "hello");
    let (delivery, ..) = stage.delivery();
    stage.wait(60_000);
    stage.reply(delivery, 200, &[], "");
    assert_eq!(stage.info()["last_error_message"], "Read timeout expired");
    assert_eq!(stage.info()["pending_update_count"], 1);
}

/// Scenario 11, the hang-up: `WebhookActor.cpp:592-689` records nothing.
#[test]
fn a_connection_closed_without_an_answer_leaves_no_error() {
    let mut stage = Stage::new();
    stage.set_webhook();
    stage.say("Ada", "hello");
    let (delivery, ..) = stage.delivery();
    stage
        .telegram
        .delivered(stage.now, delivery, Delivered::Closed);
    assert_eq!(stage.info().get("last_error_message"), None);
    assert_eq!(stage.delivery().1, stage.now);
}

/// Scenario 11, the system's text: `WebhookActor.cpp:592-689`.
#[test]
fn a_refused_connection_is_recorded_in_the_systems_words() {
    let mut stage = Stage::new();
    stage.set_webhook();
    stage.say("Ada", "hello");
    let (delivery, ..) = stage.delivery();
    let outcome = Delivered::Failed("Connection refused".to_owned());
    stage.telegram.delivered(stage.now, delivery, outcome);
    assert_eq!(stage.info()["last_error_message"], "Connection refused");
}

/// Scenario 12: `Client.cpp:17053-17353` (150 s), `WebhookActor.cpp:493-523` (dropped).
#[test]
fn a_button_press_that_keeps_failing_is_dropped_and_the_next_one_comes() {
    let mut stage = Stage::new();
    stage.set_webhook();
    let start = stage.now;
    let press = |id: &str| json!({"act": "update", "update": {"callback_query": {"id": id, "from": {"id": 5}, "data": "x"}}});
    stage.act(&press("first"));
    stage.wait(1000);
    stage.act(&press("second"));
    while stage.now < start + 300_000 {
        for (delivery, _, update) in stage.delivered() {
            if update["callback_query"]["id"] == "second" {
                assert!(
                    stage.now <= start + 150_000,
                    "the first one is given up before its time is over"
                );
                assert!(
                    stage.now > start + 62_000,
                    "and not before it was tried for a minute"
                );
                return;
            }
            stage.reply(delivery, 500, &[], "");
        }
        stage.wait(1000);
    }
    panic!("the second press never came");
}

/// Scenario 13: `WebhookActor.cpp:633-648`, `684-688`; `WebhookActor.h:76`.
#[test]
fn a_webhook_that_is_gone_for_23_hours_is_erased() {
    let mut stage = Stage::new();
    stage.set_webhook();
    let start = stage.now;
    stage.say("Ada", "hello");
    while stage.info()["url"] != "" {
        for (delivery, ..) in stage.delivered() {
            stage.reply(delivery, 410, &[("Retry-After", "3000")], "");
        }
        assert!(stage.now <= start + 24 * 3_600_000, "not erased");
        stage.wait(60_000);
    }
    assert!(stage.now > start + 23 * 3_600_000, "erased too early");
    assert_eq!(stage.info()["pending_update_count"], 1);
}

/// Scenario 13, the other half: any other answer starts the 23 hours anew.
#[test]
fn another_answer_between_two_gones_saves_the_webhook() {
    let mut stage = Stage::new();
    stage.set_webhook();
    stage.say("Ada", "hello");
    for hour in 0..30 {
        let (delivery, ..) = stage.delivery();
        let status = if hour == 12 { 500 } else { 410 };
        stage.reply(delivery, status, &[("Retry-After", "2699")], "");
        stage.wait(2_699_000);
    }
    assert_eq!(stage.info()["url"], URL);
}

/// Scenario 14: `WebhookActor.cpp:619-635`.
#[test]
fn a_method_in_the_answer_is_performed_and_its_failure_is_not_seen() {
    let mut stage = Stage::new();
    stage.set_webhook();
    let json_type = [("Content-Type", "application/json")];
    let replies = [
        json!({"method": "SendMessage", "chat_id": 1001, "text": "hi"}),
        json!({"method": "getMe"}),
        json!({"method": "setWebhook", "url": ""}),
        json!({"method": "logOut"}),
        json!({"method": "sendMessage", "chat_id": 5, "text": "lost"}),
    ];
    for reply in replies {
        stage.say("Ada", "hello");
        let (delivery, ..) = stage.delivery();
        stage.reply(delivery, 200, &json_type, &reply.to_string());
    }
    let seen = stage.telegram.state();
    let calls = seen["bots"][0]["calls"].as_array().unwrap();
    let performed: Vec<&Value> = calls
        .iter()
        .filter(|call| call["in_webhook_answer"] == true)
        .collect();
    assert_eq!(performed.len(), 2, "{performed:?}");
    assert_eq!(performed[0]["method"], "sendMessage");
    assert_eq!(performed[0]["result"]["result"]["text"], "hi");
    assert_eq!(
        performed[1]["result"]["description"],
        "Bad Request: chat not found"
    );
    assert_eq!(stage.info()["url"], URL);
    assert_eq!(stage.info().get("last_error_message"), None);
}

/// Scenario 14, the trap: arguments before a syntax error are kept (`HttpReader.cpp:214-229`).
#[test]
fn a_truncated_answer_still_calls_with_what_was_read() {
    let mut stage = Stage::new();
    stage.set_webhook();
    stage.say("Ada", "hello");
    let (delivery, ..) = stage.delivery();
    let body = "{\"method\":\"sendMessage\",\"text\":\"hi\",\"chat_id\":\"10";
    stage.reply(delivery, 200, &[("Content-Type", "application/json")], body);
    let seen = stage.telegram.state();
    let call = seen["bots"][0]["calls"].as_array().unwrap().last().unwrap();
    assert_eq!(
        call["parameters"],
        json!({"method": "sendMessage", "text": "hi"})
    );
    assert_eq!(
        call["result"]["description"],
        "Bad Request: chat_id is empty"
    );
}

/// Scenario 15: `Client.cpp:16889-16946`, `Client.h:1455-1459`.
#[test]
fn allowed_updates_are_read_leniently_and_shown_in_the_servers_order() {
    let mut stage = Stage::new();
    let listed = json!(["message", "callback_query", "chat_member"]);
    let cases = [
        (
            json!(["chat_member", "CALLBACK_QUERY", "message", "bogus"]),
            Some(&listed),
        ),
        (json!("not json"), Some(&listed)),
        (json!([1]), Some(&listed)),
        (json!(["bogus"]), None),
        (
            json!("[\"chat_member\",\"message\",\"callback_query\"]"),
            Some(&listed),
        ),
        (json!([]), None),
    ];
    for (given, expected) in cases {
        stage.ask("getUpdates", &json!({"allowed_updates": given}));
        stage.wait(3000);
        assert_eq!(
            stage.info().get("allowed_updates"),
            expected,
            "after {given}"
        );
    }
}

/// Scenario 16: `TQueue.cpp:295-313`, `Client.cpp:16339-16360`.
#[test]
fn offsets_keep_confirm_or_do_nothing() {
    let ids_after = |offset: i64| {
        let mut stage = Stage::new();
        for text in ["one", "two", "three"] {
            stage.say("Ada", text);
        }
        let answer = stage.ask("getUpdates", &json!({"offset": offset}));
        let updates = answer["result"].as_array().unwrap();
        let ids: Vec<i64> = updates
            .iter()
            .map(|update| update["update_id"].as_i64().unwrap())
            .collect();
        (ids, stage.info()["pending_update_count"].as_i64().unwrap())
    };
    assert_eq!(ids_after(0), (vec![100, 101, 102], 3));
    assert_eq!(ids_after(-1), (vec![102], 1), "only the last is kept");
    assert_eq!(
        ids_after(102),
        (vec![102], 1),
        "everything before is confirmed"
    );
    assert_eq!(ids_after(103), (vec![], 0), "everything is confirmed");
    assert_eq!(
        ids_after(113),
        (vec![], 0),
        "ten beyond the next id still counts"
    );
    assert_eq!(
        ids_after(114),
        (vec![100, 101, 102], 3),
        "further beyond confirms nothing"
    );
}

fn conflict(text: &str) -> Value {
    json!({"ok": false, "error_code": 409, "description": text})
}
