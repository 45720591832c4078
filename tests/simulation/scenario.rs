//! What happens in a run: who says what and when, what the weather is, when crons come, when it ends.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::json;

use crate::emulator::random::Random;
use crate::simulation::faults::{Coverage, Weather};
use crate::simulation::history::Who;
use crate::simulation::ledger::{Row, Violation};
use crate::simulation::people::name;
use crate::simulation::world::{Kind, Plan, World};
use crate::test_bot::START;

/// How long after the last fault everything must be finished.
const QUIET_AFTER_MS: u64 = 180_000;

/// A backlog that is left then takes longer: the cron alone, with as many requests as the free plan allows, takes up so many rows.
const ROWS_A_MINUTE: u64 = 4;

/// What still goes wrong so long after the last planned fault holds nothing up any more: who kills isolates again and again is stopped
/// before this.
const NEVER_QUIET_MS: u64 = 12 * MINUTE_MS;

/// How long after the last fault people go on chatting.
const CHATTING_MS: u64 = 120_000;

const MINUTE_MS: u64 = 60_000;

/// How often somebody takes the webhook away where crons overlap: so seldom that it is no war, and that the owners are told of each.
const THEFT_EACH_MS: u64 = 15 * MINUTE_MS;

/// What is fixed about a run beside the chances.
pub struct Scenario {
    pub updates: u64,
    pub people: u64,
    pub groups: u64,
    /// When the last update is made and the last thing goes wrong.
    pub until: u64,
    pub crons: u64,
    /// When no cron comes at all.
    pub no_cron: Option<(u64, u64)>,
    pub wrong_clocks: bool,
    pub poison_in_thousand: u64,
    pub is_odd: bool,
    /// How often somebody else takes the webhook away.
    pub rivals: u64,
}

impl Scenario {
    /// A cron each minute and nothing odd. Whoever runs it says what people do.
    fn plain(people: u64, until: u64) -> Self {
        Self {
            updates: 0,
            people,
            groups: 1,
            until,
            crons: 1,
            no_cron: None,
            wrong_clocks: false,
            poison_in_thousand: 0,
            is_odd: false,
            rivals: 0,
        }
    }
}

/// What a run came to.
pub struct Report {
    pub seed: u64,
    pub hash: u64,
    pub violations: Vec<Violation>,
    pub coverage: Coverage,
    pub updates: usize,
    pub decisions: usize,
    /// How many calls that make something new Telegram got more than once.
    pub doubled: usize,
    /// How many updates kill their isolate each time.
    pub poisoned: usize,
    /// How many updates were given up, and how long after its arrival the last of them.
    pub dead: usize,
    pub dead_after_ms: u64,
    pub port_calls: u64,
    /// How long after the last fault it was quiet.
    pub quiet_after_ms: u64,
    pub story: String,
}

/// The run of a seed.
pub fn of_seed(seed: u64) -> (Plan, Scenario) {
    let mut random = Random::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x51);
    let no_cron = random.within(1, 5) == 1;
    let minutes = if no_cron { 17 } else { random.within(4, 12) };
    let until = START + minutes * MINUTE_MS;
    let weather = Weather::of(&mut random, START, until);
    let is_calm = weather.until == 0;
    let mut one_in = |number: u64| random.within(1, number) == 1;
    let plan = Plan {
        weather,
        answer_in_response: one_in(4),
        duplicates: if one_in(3) || is_calm && one_in(2) {
            0
        } else {
            20
        },
        duplicates_until: until,
        isolates: if one_in(3) {
            4
        } else {
            2 + usize::from(one_in(2))
        },
        deaths: Vec::new(),
    };
    let scenario = Scenario {
        updates: 200,
        people: 3 + random.within(1, 13),
        groups: random.within(1, 4),
        until,
        crons: random.within(1, 5),
        no_cron: (no_cron && !is_calm).then_some((START + 2 * MINUTE_MS, START + 17 * MINUTE_MS)),
        wrong_clocks: random.within(0, 1) == 1,
        poison_in_thousand: if !is_calm && random.within(0, 1) == 1 {
            10
        } else {
            0
        },
        is_odd: random.within(0, 2) > 0,
        rivals: if is_calm { 0 } else { random.within(0, 3) },
    };
    (plan, scenario)
}

/// Runs it to the end.
pub fn run(seed: u64, plan: Plan, scenario: Scenario) -> Report {
    let stage = Stage::new(seed, plan, scenario);
    stage.set_up();
    stage.finish(seed)
}

/// Runs a short conversation in which the isolate dies at certain calls of its ports.
pub fn run_short(answer_in_response: bool, deaths: Vec<(u64, bool)>) -> Report {
    let plan = Plan {
        answer_in_response,
        deaths,
        ..Plan::only(Weather::calm(), 1)
    };
    let stage = Stage::new(1, plan, Scenario::plain(3, START + 12_000));
    stage.act_at(1_000, |stage| stage.says("P0", "/start"));
    stage.act_at(1_000, |stage| stage.says("P1", "/start"));
    stage.act_at(2_000, |stage| stage.says("P2", "/feedback"));
    stage.act_at(4_000, |stage| stage.says("P2", "hello"));
    stage.act_at(6_000, |stage| stage.presses("P2"));
    stage.finish(1)
}

/// Runs a conversation with many people beside a database that fails now and then, and nothing else that goes wrong.
pub fn run_flaky_database(seed: u64, updates: u64) -> Report {
    let until = START + 10 * MINUTE_MS;
    let plan = Plan::only(Weather::flaky_database(until), 2);
    let stage = Stage::new(seed, plan, Scenario::plain(200, until));
    stage.pings(updates);
    stage.finish(seed)
}

/// Runs a conversation with many people in which one update in a hundred kills its isolate each time, and nothing else goes wrong.
pub fn run_poisoned(seed: u64, updates: u64) -> Report {
    let until = START + 10 * MINUTE_MS;
    let scenario = Scenario {
        poison_in_thousand: 10,
        ..Scenario::plain(200, until)
    };
    let stage = Stage::new(seed, Plan::only(Weather::calm(), 4), scenario);
    stage.pings(updates);
    stage.chat_on(until);
    stage.finish(seed)
}

/// Runs crons that overlap, five each minute for hours, while somebody takes the webhook away from time to time, and nothing else goes
/// wrong. Beside the report: how many visits set the webhook, how many incidents were written down, and how many of them the owners
/// were told of.
pub fn run_overlapping_crons(seed: u64, thefts: usize) -> (Report, [usize; 3]) {
    let until = START + thefts as u64 * THEFT_EACH_MS;
    let scenario = Scenario {
        crons: 5,
        ..Scenario::plain(3, until)
    };
    let stage = Stage::new(seed, Plan::only(Weather::calm(), 2), scenario);
    for theft in 0..thefts {
        let at = theft as u64 * THEFT_EACH_MS + stage.world.within(5 * MINUTE_MS, 7 * MINUTE_MS);
        stage.act_at(at, |stage| stage.world.take_webhook());
    }
    let report = stage.finish(seed);
    let world = &stage.world;
    let count = |sql| world.database.sqlite.value(sql).parse().unwrap();
    let restores = world.history.borrow().visits_at("setWebhook");
    let incidents = count("SELECT count(*) FROM incident");
    let told = count("SELECT coalesce(sum(told), 0) FROM alert WHERE kind = 'webhook'");
    (report, [restores, incidents, told])
}

/// A run under way.
pub struct Stage {
    pub world: Rc<World>,
    pub scenario: Scenario,
    /// The last message with buttons in each chat, by its name.
    pub buttons: RefCell<HashMap<String, i64>>,
    pub told: Cell<usize>,
    pub said: Cell<u64>,
    pub is_over: Cell<bool>,
    pub quiet_at: Cell<Option<u64>>,
    /// How much longer than usual the backlog takes that was left at the usual end.
    patience_ms: Cell<u64>,
}

impl Stage {
    fn new(seed: u64, plan: Plan, scenario: Scenario) -> Rc<Self> {
        Rc::new(Self {
            world: World::new(seed, plan),
            scenario,
            buttons: RefCell::default(),
            told: Cell::new(0),
            said: Cell::new(0),
            is_over: Cell::new(false),
            quiet_at: Cell::new(None),
            patience_ms: Cell::new(0),
        })
    }

    /// Lets everything happen, and sums up.
    fn finish(self: &Rc<Self>, seed: u64) -> Report {
        self.cron_in(START + MINUTE_MS);
        let stage = Rc::clone(self);
        let until = self.scenario.until + 1_000;
        let executor = &self.world.executor;
        executor.at(until, move || stage.look_whether_quiet());
        while !self.is_over.get() && executor.step() {}
        let report = self.report(seed);
        // What is left to do holds the world, and the world holds it.
        executor.forget();
        report
    }

    fn act_at(self: &Rc<Self>, after_ms: u64, act: impl FnOnce(&Rc<Self>) + 'static) {
        let stage = Rc::clone(self);
        self.world
            .executor
            .at(START + after_ms, move || act(&stage));
    }

    /// Somebody says something, so often, at any time.
    fn pings(self: &Rc<Self>, count: u64) {
        for _ in 0..count {
            let at = self.world.within(0, self.scenario.until - START);
            self.act_at(at, |stage| {
                let person = name(stage.world.within(0, stage.scenario.people - 1));
                stage.says(&person, "/ping");
            });
        }
    }

    fn set_up(self: &Rc<Self>) {
        for person in 0..self.scenario.people {
            self.act(&json!({"act": "say", "person": name(person), "text": "/start"}));
        }
        let first = START + 5_000;
        let bursts: Vec<u64> = (0..5)
            .map(|_| self.world.within(first, self.scenario.until))
            .collect();
        for _ in self.scenario.people..self.scenario.updates {
            let at = if self.world.chance(40) {
                self.world.pick(&bursts) + self.world.within(0, 3_000)
            } else {
                self.world.within(first, self.scenario.until)
            };
            let stage = Rc::clone(self);
            self.world.executor.at(at, move || stage.somebody_acts());
        }
        self.set_clocks();
        for _ in 0..self.scenario.rivals {
            let at = self.world.within(first, self.scenario.until);
            let world = Rc::clone(&self.world);
            self.world.executor.at(at, move || world.take_webhook());
        }
        self.chat_on(self.scenario.until);
    }

    /// People go on chatting a little when nothing goes wrong any more: their visits take along what was left behind.
    fn chat_on(self: &Rc<Self>, at: u64) {
        let stage = Rc::clone(self);
        self.world.executor.at(at, move || {
            let world = &stage.world;
            let now = world.now();
            if now > world.last_fault.get() + CHATTING_MS {
                return;
            }
            let person = name(world.within(0, stage.scenario.people - 1));
            stage.says(&person, world.pick(&["/ping", "/id", ""]));
            stage.chat_on(now + world.within(1_000, 6_000));
        });
    }

    /// Sets the clocks of the isolates wrong, again and again.
    fn set_clocks(self: &Rc<Self>) {
        if !self.scenario.wrong_clocks {
            return;
        }
        for _ in 0..self.world.within(2, 6) {
            let at = self.world.within(START, self.scenario.until);
            let stage = Rc::clone(self);
            self.world.executor.at(at, move || {
                let world = &stage.world;
                let isolates = world.isolates.borrow().len() as u64;
                let isolate = usize::try_from(world.within(0, isolates - 1)).unwrap();
                let skew_ms = world.pick(&SKEWS_MS);
                world.note(Who::World, "clock set", "", -1, skew_ms);
                world.isolates.borrow_mut()[isolate].skew_ms = skew_ms;
            });
        }
    }

    /// The crons of one minute, and of all later ones.
    fn cron_in(self: &Rc<Self>, at: u64) {
        let stage = Rc::clone(self);
        self.world.executor.at(at, move || {
            let world = &stage.world;
            let now = world.now();
            let is_calm = now >= stage.scenario.until;
            let is_missing = stage
                .scenario
                .no_cron
                .is_some_and(|(from, until)| (from..until).contains(&now));
            let crons = match (is_missing, is_calm) {
                (true, _) => 0,
                (_, true) => 1,
                _ => stage.scenario.crons,
            };
            if is_missing {
                world.fault_until(now);
            }
            for _ in 0..crons {
                let later = if is_calm { 0 } else { world.within(0, 4_000) };
                let world = Rc::clone(world);
                let executor = Rc::clone(&world.executor);
                executor.at(now + later, move || world.cron());
            }
            stage.cron_in(now + MINUTE_MS);
        });
    }

    /// Ends the run when nothing is left to do, or when it takes too long.
    fn look_whether_quiet(self: &Rc<Self>) {
        let world = &self.world;
        let now = world.now();
        let visits = world.visits.borrow();
        // A cron that hangs holds nothing up: the next one comes.
        let runs = visits
            .iter()
            .any(|visit| !visit.is_over && visit.kind != Kind::Cron);
        drop(visits);
        let is_quiet = !runs
            && world.strays_waiting.get() == 0
            && world.telegram.borrow().updates_waiting() == 0
            && world.database.unfinished() == 0;
        let until = self.scenario.until;
        let last_fault = world.last_fault.get().clamp(until, until + NEVER_QUIET_MS);
        let backlog = u64::try_from(world.database.unfinished()).unwrap();
        if now > last_fault + QUIET_AFTER_MS && self.patience_ms.get() == 0 {
            // The first of those minutes may just have begun, and the last one be under way.
            let minutes = backlog.div_ceil(ROWS_A_MINUTE) + 2;
            self.patience_ms.set(minutes * MINUTE_MS);
        }
        let patience_ms = QUIET_AFTER_MS + self.patience_ms.get();
        if is_quiet {
            self.quiet_at.set(Some(now));
            self.is_over.set(true);
        } else if now > last_fault + patience_ms {
            let unfinished = world.database.unfinished();
            let waiting = world.telegram.borrow().updates_waiting();
            let text = format!(
                "{unfinished} rows, {waiting} at Telegram, {} strays, a visit runs: {runs}",
                world.strays_waiting.get()
            );
            world.violate("I11", None, text);
            self.is_over.set(true);
        } else {
            let stage = Rc::clone(self);
            world
                .executor
                .at(now + 1_000, move || stage.look_whether_quiet());
        }
    }

    fn report(&self, seed: u64) -> Report {
        let world = &self.world;
        let quiet_at = self.quiet_at.get();
        self.check_acknowledged();
        self.check_canaries();
        let acked: HashMap<(i64, String), bool> = world
            .posts
            .borrow()
            .iter()
            .map(|post| {
                let key = (post.update_id.unwrap_or(0), post.sha256.clone());
                (key, post.is_acked_by_telegram)
            })
            .collect();
        let is_acked = |row: &Row| {
            let key = (row.update_id, row.sha256.clone());
            acked.get(&key).copied().unwrap_or_default()
        };
        let now = world.now();
        let mut ledger = world.ledger.borrow_mut();
        ledger.finish(now, quiet_at.is_some(), is_acked);
        let violations = std::mem::take(&mut ledger.violations);
        let history = world.history.borrow();
        let until = self.scenario.until;
        let last_fault = world.last_fault.get().clamp(until, until + NEVER_QUIET_MS);
        let story = violations.first().map_or_else(String::new, |violation| {
            let row = violation.row.map_or_else(String::new, |row| {
                let known = format!("{:#?}", ledger.rows.get(&row));
                format!(
                    "\nthe row {row}:\n{known}\n{}",
                    history.tail(START, 40, Some(row))
                )
            });
            let until = history
                .lines
                .partition_point(|line| line.at <= violation.at);
            let tail = history.tail_before(START, 60, until);
            format!("{tail}\n{row}")
        });
        let dead = || ledger.rows.values().filter_map(|row| row.dead_after_ms);
        Report {
            seed,
            hash: history.hash(),
            violations,
            coverage: world.coverage.take(),
            updates: ledger.rows.len(),
            decisions: ledger.rows.values().map(|row| row.decisions as usize).sum(),
            doubled: ledger.doubled(),
            poisoned: world.poison.borrow().len(),
            dead: dead().count(),
            dead_after_ms: dead().max().unwrap_or_default(),
            port_calls: world.port_calls.get(),
            quiet_after_ms: quiet_at.unwrap_or(now).saturating_sub(last_fault),
            story,
        }
    }

    /// Whatever was acknowledged is there.
    fn check_acknowledged(&self) {
        let world = &self.world;
        for post in world.posts.borrow().iter().filter(|post| post.is_acked) {
            let ledger = world.ledger.borrow();
            let is_kept = match post.update_id {
                Some(id) => ledger.seq(id, &post.sha256).is_some(),
                None => ledger.rows.values().any(|row| row.sha256 == post.sha256),
            };
            drop(ledger);
            if !is_kept {
                let text = format!(
                    "update {:?} was acknowledged and is not there",
                    post.update_id
                );
                world.violate("I1", None, text);
            }
        }
    }

    fn check_canaries(&self) {
        let database = &self.world.database.sqlite;
        let leaks = "SELECT count(*) FROM inbox WHERE coalesce(error, '') || coalesce(plan, '') LIKE '%CANARY%'";
        if database.value(leaks) != "0" {
            self.world
                .violate("I10", None, "a secret in the inbox".to_owned());
        }
    }
}

/// How wrong clocks are: hardly, 5 minutes, 26 hours, years back, and beyond 2038.
const SKEWS_MS: [i64; 8] = [
    0,
    -700,
    300_000,
    -300_000,
    93_600_000,
    -93_600_000,
    -94_608_000_000,
    378_432_000_000,
];
