//! Seeded runs of the real core in a simulated world: isolates, a database, Telegram, crons and clocks that all fail.
//!
//! `SEEDS=100 FIRST_SEED=1 cargo test --locked simulation` tries so many seeds, `SEED=7 cargo test --locked simulation::one_seed`
//! one of them. `GOES_ON=1` goes on after a failure, `TABLE=1` (with `--nocapture`) shows what was hit how often.

mod database;
mod deliveries;
mod effects;
mod executor;
mod faults;
mod history;
mod ledger;
mod people;
mod ports;
mod readers;
mod scenario;
mod visit;
mod world;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crate::simulation::faults::Coverage;
use crate::simulation::scenario::Report;

/// How many seeds a usual run tries.
const SEEDS: u64 = 300;

/// How many the continuous integration tries.
const SEEDS_OF_CI: u64 = 2_000;

/// So many pairs of a fault point and a kind of fault must each have been hit twenty times: in the usual number of seeds, and in as
/// many as the continuous integration tries.
const PAIRS_MIN: usize = 120;
const PAIRS_MIN_OF_CI: usize = 300;

/// A place that was called so often must have met every kind of fault twenty times.
const CALLS_MIN: u64 = 20_000;

/// How many seeds a deep run tries.
const SEEDS_DEEP: u64 = 100_000;

/// A number out of the environment.
fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

fn run(seed: u64) -> Report {
    let (plan, scenario) = scenario::of_seed(seed);
    scenario::run(seed, plan, scenario)
}

/// What to read when a seed fails, and how to see it again.
fn failure(report: &Report) -> String {
    let mut text = format!("seed {}\n", report.seed);
    for violation in report.violations.iter().take(10) {
        let row = violation
            .row
            .map_or_else(String::new, |row| format!(" (row {row})"));
        writeln!(text, "{}{row}: {}", violation.promise, violation.text).unwrap();
    }
    write!(
        text,
        "\n{}\n\nSEED={} cargo test --release --locked simulation::one_seed -- --nocapture",
        report.story, report.seed
    )
    .unwrap();
    text
}

#[derive(Default)]
struct Sum {
    coverage: Coverage,
    updates: usize,
    decisions: usize,
    port_calls: u64,
    slowest_ms: u64,
    /// For each promise the first failure, and all seeds that failed.
    failures: BTreeMap<&'static str, String>,
    failed: Vec<u64>,
    kinds: BTreeMap<&'static str, usize>,
}

impl Sum {
    fn add(&mut self, report: &Report) {
        self.coverage.add(&report.coverage);
        self.updates += report.updates;
        self.decisions += report.decisions;
        self.port_calls += report.port_calls;
        self.slowest_ms = self.slowest_ms.max(report.quiet_after_ms);
        for violation in &report.violations {
            *self.kinds.entry(violation.promise).or_default() += 1;
        }
        if let Some(first) = report.violations.first() {
            self.failures
                .entry(first.promise)
                .or_insert_with(|| failure(report));
            self.failed.push(report.seed);
        }
    }
}

/// Runs many seeds on two threads, until one fails.
fn run_many(first: u64, count: u64, goes_on: bool) -> Sum {
    let next = AtomicU64::new(first);
    let failed = AtomicBool::new(false);
    let sum = Mutex::new(Sum::default());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut own = Vec::new();
                while !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    let report = run(seed);
                    failed.fetch_or(!goes_on && !report.violations.is_empty(), Ordering::Relaxed);
                    own.push(report);
                    if own.len() == 20 {
                        let mut sum = sum.lock().unwrap();
                        own.drain(..).for_each(|report| sum.add(&report));
                    }
                }
                let mut sum = sum.lock().unwrap();
                own.drain(..).for_each(|report| sum.add(&report));
            });
        }
    });
    sum.into_inner().unwrap()
}

#[test]
fn every_promise_is_kept_in_thousands_of_seeds() {
    let usual = match (env::var("DEEP"), env::var("CI")) {
        (Ok(_), _) => SEEDS_DEEP,
        (_, Ok(_)) => SEEDS_OF_CI,
        _ => SEEDS,
    };
    let count = number("SEEDS").unwrap_or(usual);
    let started = Instant::now();
    let mut sum = run_many(
        number("FIRST_SEED").unwrap_or(1),
        count,
        env::var("GOES_ON").is_ok(),
    );
    let seconds = started.elapsed().as_secs_f64();
    eprintln!(
        "figures: {count} seeds, {} updates, {} decisions, {} port calls in {seconds:.1} s; {} pairs hit 20 times; quiet after {} ms at most",
        sum.updates,
        sum.decisions,
        sum.port_calls,
        sum.coverage.pairs_hit(20),
        sum.slowest_ms
    );
    if !sum.failed.is_empty() {
        sum.failed.sort_unstable();
        let failures: Vec<String> = sum.failures.into_values().collect();
        let (failed, kinds) = (sum.failed.len(), sum.kinds);
        panic!(
            "{failed} seeds failed: {kinds:?}\n\n{}",
            failures.join("\n\n")
        );
    }
    let rarest = sum.coverage.rarest_of_each(1);
    let with = |times: u64| rarest.iter().filter(|(_, rarest)| *rarest >= times).count();
    eprintln!(
        "figures: of {} points {} met each of the five kinds of faults 20 times, {} met each 1,000 times",
        rarest.len(),
        with(20),
        with(1_000)
    );
    let busy = sum.coverage.rarest_of_each(CALLS_MIN);
    let seldom = busy.iter().find(|(_, rarest)| *rarest < 20);
    assert!(
        count < SEEDS || seldom.is_none(),
        "hardly ever met by some kind of fault: {seldom:?}"
    );
    let pairs = sum.coverage.pairs_hit(20);
    let least = match count {
        SEEDS_OF_CI.. => PAIRS_MIN_OF_CI,
        SEEDS.. => PAIRS_MIN,
        _ => 0,
    };
    assert!(pairs >= least, "{pairs} pairs of a point and a fault");
    if env::var("TABLE").is_ok() {
        eprintln!("{}", sum.coverage.table());
    }
}

#[test]
fn one_seed() {
    let seed = number("SEED").unwrap_or(1);
    let report = run(seed);
    assert!(report.violations.is_empty(), "{}", failure(&report));
}

#[test]
fn a_seed_repeats_itself_exactly() {
    for seed in 1..=20 {
        assert_eq!(run(seed).hash, run(seed).hash, "seed {seed}");
    }
}

/// What kills its isolate each time is given up, and hardly anything else: whatever runs in that isolate is killed along with it, and is
/// given up where that happens to it twice in two minutes.
#[test]
fn poison_costs_hardly_anybody_else_anything() {
    let seeds = if env::var("DEEP").is_ok() { 100 } else { 5 };
    let (mut poisoned, mut others, mut others_dead, mut dead_after_ms) = (0, 0, 0, 0);
    for seed in 1..=seeds {
        let report = scenario::run_poisoned(seed, 2_000);
        assert!(report.violations.is_empty(), "{}", failure(&report));
        let done = report.updates - report.dead;
        assert_eq!(report.decisions, done, "seed {seed}");
        poisoned += report.poisoned;
        others += report.updates - report.poisoned;
        others_dead += report.dead - report.poisoned;
        dead_after_ms = dead_after_ms.max(report.dead_after_ms);
    }
    eprintln!(
        "figures: {poisoned} poisoned updates given up, the last {dead_after_ms} ms after it came; of {others} others {others_dead}, \
         killed along with them twice"
    );
    assert!(poisoned > 50);
    // One in fifty thousand, so none in the usual size.
    assert!(others_dead * 50_000 <= others, "{others_dead} of {others}");
    // Two minutes, and the leases that its holders left behind.
    assert!(dead_after_ms <= 240_000);
}

/// Of five crons that overlap one restores the webhook, one incident is written down, and the owners are told of it once.
#[test]
fn of_crons_that_overlap_one_restores_the_webhook() {
    let seeds = if env::var("DEEP").is_ok() { 100 } else { 5 };
    let (thefts, mut restores) = (20, 0);
    for seed in 1..=seeds {
        let (report, figures) = scenario::run_overlapping_crons(seed, thefts);
        assert!(report.violations.is_empty(), "{}", failure(&report));
        assert_eq!(figures, [thefts; 3], "seed {seed}");
        restores += figures[0];
    }
    eprintln!(
        "figures: five crons that overlap: {restores} times somebody took the webhook, each restored once and told once"
    );
}

/// Nobody is killed, so nothing crashed: no update is given up, and no outcome is hidden for good, so no reply is sent twice.
#[test]
fn a_database_that_fails_now_and_then_ends_no_update_and_doubles_no_reply() {
    let seeds = if env::var("DEEP").is_ok() { 50 } else { 5 };
    for seed in 1..=seeds {
        let report = scenario::run_flaky_database(seed, 2_000);
        assert!(report.violations.is_empty(), "{}", failure(&report));
        let figures = (report.updates, report.decisions, report.doubled);
        assert_eq!(figures, (2_000, 2_000, 0), "seed {seed}");
    }
    eprintln!(
        "figures: a database that fails now and then: {} updates, none given up, none answered twice",
        seeds * 2_000
    );
}

/// An isolate that dies before or after each call of a port: alone, and in a deep run with every other.
#[test]
fn an_isolate_may_die_at_any_moment() {
    let (mut single, mut double) = (0, 0);
    for answer_in_response in [false, true] {
        let calls = scenario::run_short(answer_in_response, Vec::new()).port_calls;
        assert!(calls > 30, "{calls} calls");
        for at in 1..=calls {
            for is_after in [false, true] {
                let death = (at, is_after);
                survives(answer_in_response, vec![death]);
                single += 1;
                if env::var("DEEP").is_ok() {
                    let others = (at + 1..=calls + 20).flat_map(|at| [(at, false), (at, true)]);
                    for other in others {
                        survives(answer_in_response, vec![death, other]);
                        double += 1;
                    }
                }
            }
        }
    }
    eprintln!(
        "figures: an isolate died at {single} moments, and at {double} pairs of moments: no promise broken"
    );
}

#[track_caller]
fn survives(answer_in_response: bool, deaths: Vec<(u64, bool)>) {
    let report = scenario::run_short(answer_in_response, deaths.clone());
    let ways = format!("deaths {deaths:?}, answers in the response: {answer_in_response}");
    assert!(report.violations.is_empty(), "{ways}\n{}", failure(&report));
    // A button that waited for two deaths may be too old to be answered.
    let expired_max = deaths.len() - 1;
    assert!(report.decisions + expired_max >= report.updates, "{ways}");
}
