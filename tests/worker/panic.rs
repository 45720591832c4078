//! After a panic the next visitor is served as if nothing had been.

use serde_json::json;

use super::checkout::build;
use super::running::{PATIENCE, Start, Worker};
use super::{calls, chat_of, open, say, shared, shown};
use crate::emulator::client::wait_until;

#[test]
fn a_panic_is_told_in_the_log_and_the_next_visitor_is_served() {
    let options = "--features probes --out-dir build/probes";
    build(&options.split(' ').collect::<Vec<_>>());
    let worker = Worker::start_with(&Start {
        entry: Some("build/probes/index.js"),
        ..Start::default()
    });
    open(&worker);
    worker.tick(); // nobody else does, and without a cron it is ill after five minutes
    // Twice, because the instance that is rebuilt after the first must be as able to recover.
    for _ in 0..2 {
        let before = times_told(&worker);
        assert_eq!(worker.get("/panic").status, 500);
        let health = worker.get("/health");
        assert_eq!(health.status, 200, "{}", health.text());
        let said = say(&worker, "Bob", "/ping");
        shown(&worker, &said["update_id"], "it is answered", |update| {
            update["calls"][0]["state"] == "sent"
        });
        wait_until("the log tells of the panic", PATIENCE, || {
            times_told(&worker) > before
        });
    }
    who_was_being_served_meanwhile_is_not_forgotten(&worker);
}

/// How often the log names the place of a panic and, right below, its message.
fn times_told(worker: &Worker) -> usize {
    let log = worker.log();
    let places = (0..log.len()).filter(|place| log[*place].contains("panicked at src/routes.rs:"));
    let is_told = |place: &usize| {
        let mut below = log.iter().skip(place + 1).take(2);
        below.any(|line| line.trim() == "a panic on purpose")
    };
    places.filter(is_told).count()
}

/// The panic comes while the bot's answer is on its way in the same isolate. That visit gets no further, so Telegram brings the
/// update again; it was kept, and nothing is sent twice as long as the first try may still be at it.
fn who_was_being_served_meanwhile_is_not_forgotten(worker: &Worker) {
    let slow = json!({"on": "api", "method": "sendMessage", "fault": {"delay_ms": 2000}});
    worker.telegram.fault(&slow).unwrap();
    let act = json!({"person": "Carol", "act": "say", "text": "/ping"});
    let said = worker.telegram.act(&act).unwrap();
    let chat = chat_of(worker, "Carol");
    let made = || calls(worker, "sendMessage", chat).len();
    wait_until("the call", PATIENCE, || made() == 1);
    assert_eq!(worker.get("/panic").status, 500);
    wait_until("the acknowledgement", 2 * PATIENCE, || {
        worker.telegram.state()["bots"][0]["queue"] == json!([])
    });
    let update = shown(worker, &said["update_id"], "it is kept", |_| true);
    assert_eq!(update["state"], "done", "{update}");
    assert_eq!(update["calls"][0]["state"], "sending", "{update}");
    assert_eq!(made(), 1);
}

#[test]
fn the_shipped_worker_has_no_way_to_panic_on_purpose() {
    let worker = shared();
    let reply = worker.get("/panic");
    assert_eq!((reply.status, reply.text().as_str()), (404, "not found\n"));
    assert_eq!(worker.ask("GET /panic", "").status, 404);
    worker.tick();
    assert_eq!(worker.get("/health").status, 200);
}
