//! When calls to Telegram go wrong, the update stays acknowledged and the operator can see what became of the call.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::running::{PATIENCE, Worker};
use super::{calls, chat_of, open, say, shown};
use crate::emulator::client::wait_until;

/// One way for a call to go wrong.
struct Mishap {
    person: &'static str,
    fault: Value,
    /// What is told about the call at first: its state, how its error begins, and the tries it cost.
    then: (&'static str, &'static str, i64),
    /// How often the message arrives in the end, and how often it was sent for that.
    at_last: (usize, usize),
}

const BETWEEN_TICKS: Duration = Duration::from_millis(500);
const BROKEN: &str = "Telegram did not answer `sendMessage`: the connection failed";

fn mishaps() -> Vec<Mishap> {
    let mishap = |person, fault, then, at_last| Mishap {
        person,
        fault,
        then,
        at_last,
    };
    let no_bot_api = "the answer to `sendMessage` is not the Bot API's (HTTP 502)";
    let blocked = "Forbidden: bot was blocked by the user";
    vec![
        mishap("Html", json!("html"), ("wait", no_bot_api, 1), (1, 2)),
        mishap("Truncated", json!("truncated"), ("wait", BROKEN, 1), (2, 2)),
        mishap("Before", json!("reset_before"), ("wait", BROKEN, 1), (1, 2)),
        mishap("After", json!("reset_after"), ("wait", BROKEN, 1), (2, 2)),
        mishap(
            "Often",
            json!({"retry_after": 3}),
            (
                "wait",
                "Telegram refused `sendMessage`: Too Many Requests: retry after 3 (429)",
                0,
            ),
            (1, 2),
        ),
        mishap(
            "Upset",
            json!({"error": [502, "Bad Gateway"]}),
            (
                "wait",
                "Telegram refused `sendMessage`: Bad Gateway (502)",
                1,
            ),
            (1, 2),
        ),
        mishap(
            "Blocked",
            json!({"error": [403, blocked]}),
            (
                "failed",
                "Telegram refused `sendMessage`: Forbidden: bot was blocked by the user (403)",
                1,
            ),
            (0, 1),
        ),
    ]
}

#[test]
fn a_call_that_goes_wrong_is_seen_and_made_again() {
    let worker = Worker::start();
    open(&worker);
    let slow = begin_a_call_without_an_answer(&worker);
    let said: Vec<Value> = mishaps()
        .iter()
        .map(|mishap| meet(&worker, mishap))
        .collect();
    for (mishap, update_id) in mishaps().iter().zip(&said) {
        comes_to_its_end(&worker, mishap, update_id);
    }
    it_was_acknowledged_in_time_and_made_again(&worker, &slow);
    let actual = worker.ask("GET /admin/webhook", "").json()["webhook"]["actual"].clone();
    assert_eq!(actual["pending_update_count"], 0, "{actual}");
    assert_eq!(
        actual["last_error_message"],
        Value::Null,
        "every delivery was acknowledged at once"
    );
}

fn order(worker: &Worker, fault: &Value) {
    let order = json!({"on": "api", "method": "sendMessage", "fault": fault});
    worker.telegram.fault(&order).unwrap();
}

/// Returns the number of the update that was answered in vain.
fn meet(worker: &Worker, mishap: &Mishap) -> Value {
    order(worker, &mishap.fault);
    let said = say(worker, mishap.person, "/ping");
    let (state, error, tries) = mishap.then;
    let update = shown(worker, &said["update_id"], mishap.person, |update| {
        update["calls"][0]["state"] == state
    });
    assert_eq!(update["state"], "done", "{update}");
    // That somebody has blocked the bot is nobody's mistake, so only the call tells of it.
    let complaint = (mishap.person != "Blocked").then_some(error);
    assert_eq!(update["error"], json!(complaint), "{update}");
    let call = &update["calls"][0];
    assert_eq!(
        (&call["error"], &call["tries"]),
        (&json!(error), &json!(tries)),
        "{update}"
    );
    said["update_id"].clone()
}

fn comes_to_its_end(worker: &Worker, mishap: &Mishap, update_id: &Value) {
    let end = if mishap.then.0 == "failed" {
        "failed"
    } else {
        "sent"
    };
    let update = shown(worker, update_id, mishap.person, |update| {
        if update["calls"][0]["state"] == "wait" {
            thread::sleep(BETWEEN_TICKS);
            worker.tick();
        }
        update["calls"][0]["state"] == end
    });
    let chat = chat_of(worker, mishap.person);
    let sent = calls(worker, "sendMessage", chat);
    let transcript = worker.telegram.transcript(0);
    let arrived = transcript
        .iter()
        .filter(|entry| entry["who"] == "bot" && entry["chat_id"] == chat);
    assert_eq!(
        (arrived.count(), sent.len()),
        mishap.at_last,
        "{}: {update}",
        mishap.person
    );
    if let Some(seconds) = mishap.fault["retry_after"].as_u64() {
        let at = |call: &Value| call["at"].as_u64().unwrap();
        let waited = at(&sent[1]) - at(&sent[0]);
        assert!(waited >= seconds * 1000, "sent again after {waited} ms");
    }
}

/// Telegram performs the call, and never says so.
fn begin_a_call_without_an_answer(worker: &Worker) -> Value {
    order(worker, &json!({"delay_ms": 3_600_000}));
    let act = json!({"person": "Slow", "act": "say", "text": "/ping"});
    let said = worker.telegram.act(&act).unwrap();
    let chat = chat_of(worker, "Slow");
    wait_until("the call", PATIENCE, || {
        !calls(worker, "sendMessage", chat).is_empty()
    });
    said["update_id"].clone()
}

fn it_was_acknowledged_in_time_and_made_again(worker: &Worker, update_id: &Value) {
    let visit = worker.visit_of(update_id.as_i64().unwrap());
    assert_eq!(visit["verdict"], "waiting", "{visit}");
    let ms = visit["ms"].as_u64().unwrap();
    assert!((8_000..15_000).contains(&ms), "{visit}");
    let update = shown(worker, update_id, "the call is given up", |update| {
        update["calls"][0]["state"] != "sending"
    });
    assert_eq!(
        (&update["state"], &update["calls"][0]["state"]),
        (&json!("done"), &json!("wait")),
        "{update}"
    );
    let error = "Telegram did not answer `sendMessage`: no answer in time";
    assert_eq!(
        (&update["error"], &update["calls"][0]["error"]),
        (&json!(error), &json!(error))
    );
    let is_sent = || {
        thread::sleep(BETWEEN_TICKS);
        worker.tick();
        worker
            .ask(&format!("GET /admin/updates/{update_id}"), "")
            .json()["update"]["calls"][0]["state"]
            == "sent"
    };
    wait_until("the call is made again", PATIENCE, is_sent);
    assert_eq!(
        calls(worker, "sendMessage", chat_of(worker, "Slow")).len(),
        2
    );
}
