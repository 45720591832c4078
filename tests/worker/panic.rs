//! A panic costs one visitor an answer, and nobody else anything.

use super::running::{PATIENCE, Start, Worker, build};
use super::{open, say, shared, shown};
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
    let log = worker.log().join("\n");
    assert!(log.contains("panicked at src/routes.rs:"), "{log}");
}

#[test]
fn the_shipped_worker_has_no_way_to_panic_on_purpose() {
    let worker = shared();
    let reply = worker.get("/panic");
    assert_eq!((reply.status, reply.text().as_str()), (404, "not found\n"));
    assert_eq!(worker.ask("GET /panic", "").status, 404);
    assert_eq!(worker.get("/health").status, 200);
}
