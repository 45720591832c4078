//! The worker is killed again and again in the middle of its work, and nothing it acknowledged is lost.

use std::time::Instant;

use super::account::{self, Interrupted};
use super::load::{Load, people};
use super::running::Worker;
use super::{alone, is_deep, size};

/// A long run: `DEEP=1 cargo test --locked what_was_acknowledged_outlives_every_kill -- --nocapture`.
#[test]
fn what_was_acknowledged_outlives_every_kill() {
    let _alone = alone();
    let (kills, total) = (size("KILLS", 10, 200), size("KILL_UPDATES", 5_500, 220_000));
    let start = Instant::now();
    let mut worker = Worker::start();
    let load = Load::start(&worker, &people(&worker), 0..total, None);
    let mut interrupted = Interrupted::default();
    for kill in 1..=kills {
        load.wait_for(&worker, total * kill / (kills + 1));
        worker.kill();
        interrupted.note(&worker);
        if !is_deep() {
            // Whoever had these leases is dead. A short test need not wait until the database's clock says so.
            worker.sleeps_long();
        }
        worker.run();
        load.goes_to(&worker);
    }
    load.wait_for(&worker, total);
    let figures = account::conclude(&worker, load, &interrupted);
    let seconds = start.elapsed().as_secs();
    eprintln!("figures: {kills} kills: {figures}; {seconds} s in all");
}
