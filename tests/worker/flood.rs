//! Strangers knock as fast as they can, and those who are let in do not notice.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::account::{self, Interrupted, LEASE};
use super::load::{Connection, Load, people};
use super::running::{Worker, random_hex};
use super::{alone, size};

/// How many strangers knock in a round, each as often as it takes to make 3,000 a second together, or as often as they are answered.
/// The queue at the door is as long as this: where the machine does something else too, fewer of them make all the load it can take.
const STRANGERS: [u32; 3] = [40, 16, 6];
const KNOCKS_PER_SECOND: u32 = 3_000;
const PER_SECOND: f64 = 20.0;
const SLOWEST: Duration = Duration::from_millis(500);

/// A long run: `DEEP=1 cargo test --locked a_flood_of_strangers -- --nocapture`.
#[test]
fn a_flood_of_strangers_costs_nothing_and_delays_nobody() {
    let _alone = alone();
    let seconds = size("FLOOD_SECONDS", 10, 300);
    let worker = Worker::start();
    let chats = people(&worker);
    let start = Instant::now();
    let mut rounds = STRANGERS.into_iter().enumerate();
    let is_fast = rounds.any(|(round, strangers)| {
        let numbers = round * 20 * seconds..(round + 1) * 20 * seconds;
        flood(&worker, &chats, numbers, strangers) <= SLOWEST
    });
    strangers_cost_next_to_no_trip(&worker, start.elapsed());
    assert!(is_fast, "no round in time");
}

/// One round. Returns how long 99 % of the updates took at most.
fn flood(worker: &Worker, chats: &[i64], numbers: Range<usize>, strangers: u32) -> Duration {
    let pause = Duration::from_secs(1) * strangers / KNOCKS_PER_SECOND;
    let is_over = AtomicBool::new(false);
    let start = Instant::now();
    let (knocks, sent) = thread::scope(|scope| {
        let knock = || knock(worker, pause, &is_over);
        let strangers: Vec<_> = (0..strangers).map(|_| scope.spawn(knock)).collect();
        let load = Load::start(worker, chats, numbers, Some(PER_SECOND));
        let sent = load.finish();
        is_over.store(true, Ordering::Relaxed);
        let knocks = strangers
            .into_iter()
            .map(|stranger| stranger.join().unwrap());
        (knocks.sum::<u32>(), sent)
    });
    let took = start.elapsed();
    worker.drains_within(LEASE);
    let figures = account::close(worker, &sent, &Interrupted::default());
    let rate = f64::from(knocks) / took.as_secs_f64();
    eprintln!(
        "figures: a flood of {rate:.0} strangers a second for {:.0} s, all refused; {figures}",
        took.as_secs_f64()
    );
    figures.p99
}

/// Knocks with secrets of its own until it is over. Returns how often it was refused.
fn knock(worker: &Worker, pause: Duration, is_over: &AtomicBool) -> u32 {
    let secret = random_hex();
    let headers = [("X-Telegram-Bot-Api-Secret-Token", secret.as_str())];
    let mut connection = Connection::default();
    let start = Instant::now();
    for count in 0.. {
        if is_over.load(Ordering::Relaxed) {
            return count;
        }
        thread::sleep((pause * count).saturating_sub(start.elapsed()));
        let answer = connection.post(&worker.address, "/webhook", &headers, b"{}");
        assert_eq!(answer.unwrap(), (401, None));
    }
    unreachable!()
}

/// An isolate may look once in a while whether another one has set a new secret; nothing more.
fn strangers_cost_next_to_no_trip(worker: &Worker, lasted: Duration) {
    let visits = worker.visits();
    let refused = visits.iter().filter(|visit| visit["verdict"] == "refused");
    let trips: Vec<u64> = refused
        .map(|visit| visit["trips"].as_u64().unwrap())
        .collect();
    let with_trips = trips.iter().sum::<u64>();
    eprintln!(
        "figures: {} visits of strangers in the log, {with_trips} trips",
        trips.len()
    );
    let looks_max = 1 + lasted.as_secs() / 5;
    assert!(trips.len() > 1_000 && with_trips <= looks_max, "{lasted:?}");
}
