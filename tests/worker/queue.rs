//! With the queue of `wrangler.toml`: Telegram is answered at once, and the updates are handled when they come out.

use serde_json::{Value, json};

use super::running::{OWNER, PATIENCE, Start, Worker};
use super::{calls, chat_of};
use crate::emulator::client::wait_until;

const PEOPLE: usize = 30;

#[test]
fn through_the_queue_everybody_is_answered_once_and_in_order() {
    let worker = Worker::start_with(&Start {
        switched_on: Some("[[queues.producers]]"),
        ..Start::default()
    });
    assert_eq!(worker.ask("PUT /admin/webhook", "").status, 200);
    say(&worker, OWNER, "/start");
    let people: Vec<String> = (0..PEOPLE).map(|number| format!("P{number}")).collect();
    for text in ["/id", "/ping"] {
        for name in &people {
            say(&worker, name, text);
        }
    }
    wait_until("everybody is answered", 3 * PATIENCE, || {
        people
            .iter()
            .all(|name| calls(&worker, "sendMessage", chat_of(&worker, name)).len() == 2)
    });
    for name in &people {
        let sent = calls(&worker, "sendMessage", chat_of(&worker, name));
        let text = |call: &Value| call["parameters"]["text"].as_str().unwrap().to_owned();
        assert!(text(&sent[0]).starts_with("Your number is"), "{sent:?}");
        assert_eq!(text(&sent[1]), "pong");
    }
    what_the_log_tells(&worker);
}

/// Each delivery was answered without a trip to D1, and batches were kept.
fn what_the_log_tells(worker: &Worker) {
    let visits = worker.visits();
    let deliveries = visits.iter().filter(|visit| visit["visitor"] == "update");
    let queued: Vec<&Value> = deliveries
        .filter(|visit| visit["verdict"] == "queued")
        .collect();
    assert_eq!(queued.len(), 2 * PEOPLE + 1);
    // The first delivery of an isolate reads the secret.
    let trips = queued.iter().filter(|visit| visit["trips"] != 0).count();
    assert!(trips <= 2, "{queued:?}");
    let kept = visits.iter().filter(|visit| visit["visitor"] == "queue");
    let batches = kept.filter_map(|visit| {
        visit["verdict"]
            .as_str()?
            .split(' ')
            .nth(1)?
            .parse::<usize>()
            .ok()
    });
    assert_eq!(batches.sum::<usize>(), 2 * PEOPLE + 1);
}

fn say(worker: &Worker, person: &str, text: &str) {
    let act = json!({"person": person, "act": "say", "text": text});
    worker.telegram.act(&act).unwrap();
}
