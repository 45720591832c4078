//! What may go wrong where: fates, the weather of a run, and the table of what was hit.

use std::collections::{BTreeMap, BTreeSet};

use crate::emulator::random::Random;

/// What becomes of a call of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Works,
    /// An error, and no effect.
    FailsBefore,
    /// The effect, and an error.
    FailsAfter,
    /// An error, and the effect after that.
    FailsEarly,
    /// The effect and its answer come late.
    Delayed,
    /// The effect comes when somebody else has just taken over the lease.
    Late,
    /// It never comes back. Its effect may come.
    Hangs,
    /// The isolate dies, without the effect.
    DiesBefore,
    /// The isolate dies, after the effect.
    DiesAfter,
    /// Telegram does it, 40 seconds late.
    Slow,
    /// Telegram does it, and half of the answer comes.
    Truncated,
    /// A page that is not the Bot API's, perhaps after the effect.
    Garbage,
    /// Refused with 429 for so many seconds.
    TooMany(u16),
    /// Refused with another status; from 500 on perhaps after the effect.
    Status(u16),
}

impl Fate {
    pub fn name(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::FailsBefore => "error before",
            Self::FailsAfter => "error after",
            Self::FailsEarly => "effect after error",
            Self::Delayed => "delay",
            Self::Late => "a lease too late",
            Self::Hangs => "hang",
            Self::DiesBefore => "kill before",
            Self::DiesAfter => "kill after",
            Self::Slow => "slow 40 s",
            Self::Truncated => "truncated",
            Self::Garbage => "garbage",
            Self::TooMany(1) => "429 (1 s)",
            Self::TooMany(5) => "429 (5 s)",
            Self::TooMany(_) => "429 (60 s)",
            Self::Status(400) => "400",
            Self::Status(403) => "403",
            Self::Status(500) => "500",
            Self::Status(_) => "502",
        }
    }
}

/// A named place where something may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// `webhook` before the answer, `rest` after it, `cron`, or `world`.
    pub place: &'static str,
    /// A statement, a method of the Bot API, or another port.
    pub name: &'static str,
    /// What is called there.
    pub port: Port,
}

/// What a call is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    Database,
    Telegram,
    Body,
    Pause,
    Answer,
}

/// How often things go wrong in a run, in thousandths.
pub struct Weather {
    pub database: u64,
    /// What goes wrong with the database then.
    pub database_kinds: &'static [Fate],
    /// Between how many milliseconds it comes late.
    pub database_late_ms: (u64, u64),
    pub telegram: u64,
    pub body: u64,
    pub answer: u64,
    pub kill: u64,
    /// The points where a third of all calls fail, by a sum of their names.
    pub hot: Option<u64>,
    pub outages: Vec<(u64, u64, Port)>,
    /// Whether what is written for a claimed row often comes a lease too late, or only at the third try.
    pub zombies: bool,
    pub until: u64,
}

impl Weather {
    /// No cloud.
    pub fn calm() -> Self {
        Self {
            database: 0,
            database_kinds: kinds(Port::Database),
            database_late_ms: (1_000, 35_000),
            telegram: 0,
            body: 0,
            answer: 0,
            kill: 0,
            hot: None,
            outages: Vec::new(),
            zombies: false,
            until: 0,
        }
    }

    /// Until then one trip to the database in five fails, half of those after their effect, and one in twenty comes two
    /// seconds late.
    pub fn flaky_database(until: u64) -> Self {
        Self {
            database: 250,
            database_kinds: &[
                Fate::FailsBefore,
                Fate::FailsBefore,
                Fate::FailsAfter,
                Fate::FailsAfter,
                Fate::Delayed,
            ],
            database_late_ms: (2_000, 2_000),
            until,
            ..Self::calm()
        }
    }

    /// Some weather between `start` and `until`. One run in ten has none.
    pub fn of(random: &mut Random, start: u64, until: u64) -> Self {
        if random.within(1, 10) == 1 {
            return Self::calm();
        }
        let mut some = |most: u64| {
            let is_there = random.within(0, 2) > 0;
            let amount = random.within(1, most);
            if is_there { amount } else { 0 }
        };
        let mut weather = Self {
            database: some(120),
            database_kinds: kinds(Port::Database),
            database_late_ms: (1_000, 35_000),
            telegram: some(250),
            body: some(60),
            answer: some(80),
            kill: some(12),
            hot: None,
            outages: Vec::new(),
            zombies: false,
            until,
        };
        if random.within(0, 2) > 0 {
            weather.hot = Some(random.within(0, 15));
        }
        weather.zombies = random.within(1, 6) == 1;
        for port in [Port::Database, Port::Telegram, Port::Answer] {
            if random.within(0, 3) == 0 {
                let from = random.within(start, until);
                let longest = random.within(10_000, 120_000);
                weather
                    .outages
                    .push((from, until.min(from + longest), port));
            }
        }
        weather
    }

    /// What becomes of a call.
    pub fn fate(&self, random: &mut Random, now: u64, port: Port, point: Point) -> Fate {
        if now >= self.until {
            return Fate::Works;
        }
        let is_out = |(from, until, which): &(u64, u64, Port)| {
            *which == port && (*from..*until).contains(&now)
        };
        if self.outages.iter().any(is_out) {
            return match (port, random.within(0, 3)) {
                (Port::Database, 0) => Fate::Delayed,
                (Port::Telegram, 0) => Fate::Slow,
                (Port::Telegram, 1) => Fate::Status(502),
                _ => Fate::FailsBefore,
            };
        }
        if port != Port::Answer && random.within(1, 1000) <= self.kill {
            let is_after = random.within(0, 1) == 1 && port != Port::Body && port != Port::Pause;
            return if is_after {
                Fate::DiesAfter
            } else {
                Fate::DiesBefore
            };
        }
        let is_fenced = ["commit", "settle", "resume", "end", "release"];
        if self.zombies && is_fenced.iter().any(|name| point.name.starts_with(name)) {
            match random.within(1, 10) {
                1..=2 => return Fate::Late,
                3..=5 => return Fate::FailsBefore,
                _ => {}
            }
        }
        let usual = match port {
            Port::Database => self.database,
            Port::Telegram => self.telegram,
            Port::Body => self.body,
            Port::Answer => self.answer,
            Port::Pause => 0,
        };
        let is_hot = port != Port::Pause && self.hot == Some(sum(point.name) % 16);
        let share = if is_hot { usual.max(300) } else { usual };
        if random.within(1, 1000) > share {
            return Fate::Works;
        }
        let kinds = match port {
            Port::Database => self.database_kinds,
            _ => kinds(port),
        };
        kinds[usize::try_from(random.within(0, kinds.len() as u64 - 1)).unwrap()]
    }
}

/// What may go wrong with a port, apart from death. What is twice here happens twice as often.
fn kinds(port: Port) -> &'static [Fate] {
    match port {
        Port::Database => &[
            Fate::FailsBefore,
            Fate::FailsBefore,
            Fate::FailsAfter,
            Fate::FailsAfter,
            Fate::FailsEarly,
            Fate::Delayed,
            Fate::Late,
            Fate::Hangs,
        ],
        Port::Telegram => &[
            Fate::FailsBefore,
            Fate::FailsAfter,
            Fate::Hangs,
            Fate::Slow,
            Fate::Truncated,
            Fate::Garbage,
            Fate::TooMany(1),
            Fate::TooMany(5),
            Fate::TooMany(60),
            Fate::Status(400),
            Fate::Status(403),
            Fate::Status(500),
            Fate::Status(502),
        ],
        Port::Body => &[Fate::FailsBefore, Fate::Delayed, Fate::Hangs],
        Port::Answer => &[Fate::FailsBefore, Fate::FailsAfter, Fate::Delayed],
        Port::Pause => &[Fate::Works],
    }
}

fn sum(text: &str) -> u64 {
    text.bytes().fold(7, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte)) >> 1
    })
}

/// How often each fate befell each point.
#[derive(Default)]
pub struct Coverage(BTreeMap<(Point, &'static str), u64>);

impl Coverage {
    pub fn count(&mut self, point: Point, fate: Fate) {
        *self.0.entry((point, fate.name())).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (pair, count) in &other.0 {
            *self.0.entry(*pair).or_default() += count;
        }
    }

    /// How many pairs of a point and something that goes wrong there were hit so often.
    pub fn pairs_hit(&self, times: u64) -> usize {
        let pairs = self.0.iter();
        pairs
            .filter(|((_, fate), count)| *fate != "works" && **count >= times)
            .count()
    }

    /// The places of the database and of Telegram that were called so often, each with how often it met the rarest of the five kinds
    /// of faults there: before, after, late, hanging, killing.
    pub fn rarest_of_each(&self, calls_min: u64) -> Vec<(Point, u64)> {
        const KINDS: [&[&str]; 5] = [
            &["error before"],
            &["error after"],
            &["delay", "slow 40 s"],
            &["hang"],
            &["kill before", "kill after"],
        ];
        let points: BTreeSet<Point> = self.0.keys().map(|(point, _)| *point).collect();
        let is_faulty = |point: &Point| matches!(point.port, Port::Database | Port::Telegram);
        let count = |point: Point, fates: &[&str]| {
            let of_point = self.0.iter().filter(|((at, _), _)| *at == point);
            let meant = of_point.filter(|((_, fate), _)| fates.is_empty() || fates.contains(fate));
            meant.map(|(_, count)| count).sum::<u64>()
        };
        points
            .into_iter()
            .filter(|point| is_faulty(point) && count(*point, &[]) >= calls_min)
            .map(|point| {
                let counts = KINDS.map(|fates| count(point, fates));
                (point, counts.into_iter().min().unwrap_or_default())
            })
            .collect()
    }

    pub fn table(&self) -> String {
        let rows = self.0.iter();
        let rows = rows.map(|((point, fate), count)| {
            format!("{:10} {:24} {fate:18} {count:>9}", point.place, point.name)
        });
        rows.collect::<Vec<_>>().join("\n")
    }
}
