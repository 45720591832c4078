//! The database fails between the worker and the disk: now and then, or entirely for a while.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::account::{self, Interrupted, LEASE};
use super::load::{Acknowledged, Load, Try, people};
use super::running::{Start, Worker};
use super::{alone, size};

/// Long enough for what is on its way when the database goes, or comes back.
const EDGE: Duration = Duration::from_secs(1);
const BEFORE: Duration = Duration::from_secs(5);
const PER_SECOND: f64 = 20.0;

fn worker() -> Worker {
    Worker::start_with(&Start {
        entry: Some("tests/worker/faulty_database.js"),
        ..Start::default()
    })
}

/// Says what happens to the database from now on. Returns how often each fault happened before.
fn order(worker: &Worker, faults: &Value) -> Value {
    let reply = worker.send("POST /__faults", &[], faults.to_string().as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// A long run: `DEEP=1 cargo test --locked a_database_that_fails_now_and_then -- --nocapture`.
#[test]
fn a_database_that_fails_now_and_then_costs_no_update_and_doubles_no_reply() {
    let _alone = alone();
    let total = size("FAULTY_UPDATES", 2_000, 100_000);
    let seed = size("FAULTY_SEED", 1, 1);
    let start = Instant::now();
    let worker = worker();
    let chats = people(&worker);
    let faults = json!({"before": 0.1, "after": 0.1, "slow": 0.05, "slow_ms": 2000, "seed": seed});
    order(&worker, &faults);
    let load = Load::start(&worker, &chats, 0..total, None);
    load.wait_for(&worker, total);
    let sent = load.finish();
    let happened = order(&worker, &json!({}));
    let drained = worker.drains();
    let figures = account::close(&worker, &sent, &Interrupted::default());
    eprintln!(
        "figures: a faulty database (seed {seed}): {figures}; {happened} faults; the last rows were done {:.1} s after the load; \
         {} s in all",
        drained.as_secs_f64(),
        start.elapsed().as_secs()
    );
    for kind in ["before", "after", "slow"] {
        assert!(happened[kind].as_u64().unwrap() > 0, "{kind}: {happened}");
    }
}

/// A long run: `DEEP=1 cargo test --locked while_the_database_is_away -- --nocapture`.
#[test]
fn while_the_database_is_away_telegram_keeps_everything() {
    let seconds = size("OUTAGE_SECONDS", 60, 600);
    let outage = Duration::from_secs(u64::try_from(seconds).unwrap());
    let start = Instant::now();
    let worker = worker();
    let chats = people(&worker);
    // Some seconds before it and some after it.
    let total = 20 * (seconds + 10);
    let load = Load::start(&worker, &chats, 0..total, Some(PER_SECOND));
    thread::sleep(BEFORE);
    order(&worker, &json!({"before": 1}));
    let from = Instant::now() + EDGE;
    // What was sent a moment before and could not be written down: whoever was at it has given up after half a minute.
    thread::sleep(outage / 2);
    let mut interrupted = Interrupted::default();
    interrupted.note(&worker);
    thread::sleep(outage / 2);
    let until = Instant::now();
    order(&worker, &json!({}));
    let back = Instant::now();
    load.wait_for(&worker, total);
    let sent = load.finish();
    worker.drains_within(LEASE);
    let drained = back.elapsed();
    let refused = everyone_was_asked_to_come_again(&sent, from, until);
    let figures = account::close(&worker, &sent, &interrupted);
    eprintln!(
        "figures: {seconds} s without a database: {refused} × 503, nothing else; {figures}; all done {:.1} s after it; {} s in all",
        drained.as_secs_f64(),
        start.elapsed().as_secs()
    );
    // A minute's backlog takes a minute at most, and a longer one no longer than the outage.
    assert!(drained <= outage, "{drained:?}");
}

/// Every delivery from one moment to another got a 503 with a time to come again. Returns how many there were.
fn everyone_was_asked_to_come_again(sent: &[Acknowledged], from: Instant, until: Instant) -> usize {
    let tries = sent.iter().flat_map(|update| &update.tries);
    let during = tries.filter(|attempt| attempt.began > from && attempt.ended < until);
    let during: Vec<&Try> = during.collect();
    assert!(!during.is_empty());
    for attempt in &during {
        assert!(
            matches!(attempt.answer, Some((503, Some(5..=10)))),
            "{attempt:?}"
        );
    }
    during.len()
}
