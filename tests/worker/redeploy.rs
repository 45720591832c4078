//! The build before and this one take turns on the same database, as after a deployment and a rollback.

use std::thread;
use std::time::{Duration, Instant};

use super::account::{self, Interrupted};
use super::load::{Load, people};
use super::running::Worker;
use super::{is_deep, previous, size};

const TURN: Duration = Duration::from_secs(10);
/// At 50 a second.
const UPDATES_PER_TURN: usize = 500;

/// A long run: `DEEP=1 cargo test --locked this_build_and_the_one_before -- --nocapture`.
#[test]
fn this_build_and_the_one_before_take_turns_and_lose_nothing() {
    let restarts = size("REDEPLOYS", 5, 60);
    let before = previous::entry();
    let start = Instant::now();
    let mut worker = Worker::start();
    let chats = people(&worker);
    let total = UPDATES_PER_TURN * (restarts + 1);
    let load = Load::start(&worker, &chats, 0..total, Some(50.0));
    let mut interrupted = Interrupted::default();
    let mut turn = Instant::now();
    for restart in 1..=restarts {
        thread::sleep(TURN.saturating_sub(turn.elapsed()));
        worker.end();
        interrupted.note(&worker);
        if !is_deep() {
            // As in `kill.rs`: nobody is left who had a lease.
            worker.sleeps_long();
        }
        worker.entry = (restart % 2 == 1).then(|| before.clone());
        turn = Instant::now();
        worker.run();
        load.goes_to(&worker);
    }
    load.wait_for(&worker, total);
    let figures = account::conclude(&worker, load, &interrupted);
    let seconds = start.elapsed().as_secs();
    eprintln!("figures: {restarts} changes of the build: {figures}; {seconds} s in all");
}
