//! What is stored outlives the worker.

use serde_json::{Value, json};

use super::running::Worker;
use super::updates::body_of;
use super::{calls, chat_of, message, open, say, shown};

#[test]
fn the_secret_the_updates_and_the_session_outlive_the_worker() {
    let mut worker = Worker::start();
    open(&worker);
    let said = say(&worker, "Bob", "/feedback");
    let id = &said["update_id"];
    let before = shown(&worker, id, "it is settled", is_sent);
    let secret = worker.webhook_secret().unwrap();
    worker.restart();
    let listed = worker.ask("GET /admin/updates", "").json();
    let ids = listed["updates"].as_array().unwrap().iter();
    let ids: Vec<&Value> = ids.map(|update| &update["update_id"]).collect();
    assert_eq!((ids.len(), ids[0]), (2, id), "{listed}");
    assert_eq!(shown(&worker, id, "it is there", |_| true), before);
    what_was_answered_is_not_answered_again(&worker, &secret, id);
    a_conversation_goes_on(&worker, &secret);
    assert_eq!(worker.deliver(&"0".repeat(64), b"{}").status, 401);
    let state = worker.telegram.state();
    let calls = state["bots"][0]["calls"].as_array().unwrap().iter();
    let sets = calls.filter(|call| call["method"] == "setWebhook");
    assert_eq!(sets.count(), 1, "nobody set the webhook again");
}

fn what_was_answered_is_not_answered_again(worker: &Worker, secret: &str, id: &Value) {
    let chat = chat_of(worker, "Bob");
    let text = worker.ask(&format!("GET /admin/updates/{id}"), "").text();
    assert_eq!(
        worker.deliver(secret, body_of(&text).as_bytes()).status,
        200
    );
    assert_eq!(calls(worker, "sendMessage", chat).len(), 1);
}

fn a_conversation_goes_on(worker: &Worker, secret: &str) {
    let chat = chat_of(worker, "Bob");
    let written = message(800_000_001, chat, "The pears are ripe");
    assert_eq!(worker.deliver(secret, written.as_bytes()).status, 200);
    shown(worker, &json!(800_000_001), "it is answered", is_sent);
    let transcript = worker.telegram.transcript(0);
    assert_eq!(
        transcript.last().unwrap()["text"],
        "Shall I send this to my owner?"
    );
}

fn is_sent(update: &Value) -> bool {
    update["calls"][0]["state"] == "sent"
}
