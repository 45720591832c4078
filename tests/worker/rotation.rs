//! A new secret while Telegram delivers: what carries the old one is taken, and what carries the new one too.

use std::thread;
use std::time::Duration;

use super::account::{self, Interrupted, LEASE};
use super::load::{Load, people};
use super::running::Worker;
use super::{alone, size};

/// At 20 a second.
const PER_SECOND: f64 = 20.0;
const UPDATES_PER_TURN: usize = 160;

/// Isolates of the old one learn of the new one within that time, and a second rotation may follow.
const BETWEEN: Duration = Duration::from_secs(61);

/// A long run: `ROTATIONS=200 cargo test --locked a_rotation_under_load -- --nocapture`.
#[test]
fn a_rotation_under_load_refuses_nobody() {
    let _alone = alone();
    let rotations = size("ROTATIONS", 1, 20);
    let worker = Worker::start();
    let chats = people(&worker);
    for rotation in 0..rotations {
        if rotation > 0 {
            thread::sleep(BETWEEN);
        }
        let first = 2 * rotation * UPDATES_PER_TURN;
        let turn = |from: usize| {
            Load::start(
                &worker,
                &chats,
                from..from + UPDATES_PER_TURN,
                Some(PER_SECOND),
            )
        };
        let old = worker.webhook_secret().unwrap();
        let load = turn(first);
        thread::sleep(Duration::from_secs(3));
        let rotated = worker.ask("POST /admin/webhook/rotate", "");
        assert_eq!(rotated.status, 200, "{}", rotated.text());
        assert_ne!(worker.webhook_secret().unwrap(), old);
        // What is on its way carries the old one, and what follows the new one.
        let with_new = turn(first + UPDATES_PER_TURN);
        let mut sent = load.finish();
        sent.extend(with_new.finish());
        let mut answers = sent.iter().flat_map(|update| &update.tries);
        assert!(
            answers.all(|attempt| matches!(attempt.answer, Some((200, _)))),
            "somebody was refused"
        );
        worker.drains_within(LEASE);
        let figures = account::close(&worker, &sent, &Interrupted::default());
        eprintln!("figures: a rotation at {PER_SECOND} updates a second: {figures}");
    }
}
