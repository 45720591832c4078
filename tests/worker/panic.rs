//! After a panic the next visitor is served as if nothing had been.

use serde_json::json;

use super::running::{PATIENCE, Start, Worker, build};
use super::{calls, chat_of, open, say, shared, shown};
use crate::emulator::client::wait_until;

#[test]
fn a_panic_is_told_in_the_log_and_the_next_visitor_is_served() {
    build(&[
        "--features",
        "panic-probe",
        "--out-dir",
        "build/panic-probe",
    ]);
    let worker = Worker::start_with(&Start {
        entry: Some("build/panic-probe/index.js"),
        ..Start::default()
    });
    open(&worker);
    for round in 1..=2 {
        let reply = worker.get("/panic");
        assert_eq!(reply.status, 500, "{reply:?}");
        let health = worker.get("/health");
        assert_eq!(health.status, 200, "{}", health.text());
        let said = say(&worker, "Bob", "/ping");
        shown(&worker, &said["update_id"], "it is answered", |update| {
            update["calls"][0]["state"] == "sent"
        });
        let told = || {
            worker
                .log()
                .iter()
                .filter(|line| line.contains("a panic on purpose"))
                .count()
        };
        wait_until("the log tells of the panic", PATIENCE, || told() >= round);
    }
    who_was_being_served_meanwhile_is_not_forgotten(&worker);
    let log = worker.log().join("\n");
    assert!(log.contains("panicked at src/routes.rs:"), "{log}");
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
    assert_eq!(worker.get("/health").status, 200);
}
