//! Breadth-first exploration, the properties that every state must have, and the way to one that has not.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::time::Instant;

use onehook::delivery::inbox::State;
use onehook::delivery::outbox::CallState;
use onehook::plan::OnAmbiguity;

use super::visit::Futures;
use super::world::{Faults, Model, World};

/// What was found.
pub struct Explored {
    /// What was explored.
    pub name: String,
    /// How many different states there are.
    pub states: usize,
    /// How the updates end, and in how many end states.
    pub ends: BTreeMap<String, usize>,
    /// What went wrong first, and how it came to that.
    pub violation: Option<String>,
    seconds: f64,
}

impl fmt::Display for Explored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            states,
            seconds,
            ..
        } = self;
        writeln!(
            formatter,
            "{name}: {states} states in {seconds:.1} s; end states:"
        )?;
        for (end, count) in &self.ends {
            writeln!(formatter, "  {count:>8}  {end}")?;
        }
        Ok(())
    }
}

/// A quick hash of 64 bits: each word that is mixed in keeps different states different, as a permutation does.
#[derive(Default)]
struct Mixer(u64);

impl Mixer {
    fn mix(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 29;
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.mix(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    fn write_i32(&mut self, number: i32) {
        self.mix(u64::from(number.cast_unsigned()));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_isize(&mut self, number: isize) {
        self.mix(number.cast_unsigned() as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Everything that can happen, breadth first. A state is known again by 64 bits of its hash.
pub fn explore(model: &Model) -> Explored {
    let started = Instant::now();
    let hasher = BuildHasherDefault::<Mixer>::default();
    let mut known = HashSet::new();
    let mut worlds = vec![(World::new(), 0_u32)];
    known.insert(hasher.hash_one(worlds[0].0));
    let mut explored = Explored {
        name: name(model),
        states: 0,
        ends: BTreeMap::new(),
        violation: None,
        seconds: 0.0,
    };
    let mut place = 0;
    while place < worlds.len() && explored.violation.is_none() {
        let world = worlds[place].0;
        let futures = Futures::of(model, &world);
        if futures.is_empty() {
            *explored.ends.entry(end(model, &world)).or_default() += 1;
        }
        if let Some(complaint) = complaint(model, &world, futures.is_empty()) {
            explored.violation = Some(format!("{complaint}\n{}", way(&worlds, place)));
        }
        for future in futures {
            if known.insert(hasher.hash_one(future)) {
                worlds.push((future, u32::try_from(place).unwrap()));
            }
        }
        place += 1;
    }
    explored.states = worlds.len();
    explored.seconds = started.elapsed().as_secs_f64();
    explored
}

fn name(model: &Model) -> String {
    let travels = if model.travels { ", in the answer" } else { "" };
    format!(
        "{:?} × {} {:?}{travels}",
        model.design, model.updates, model.on_ambiguity
    )
}

/// How a world came to be.
fn way(worlds: &[(World, u32)], mut place: usize) -> String {
    let mut steps = Vec::new();
    loop {
        steps.push(format!("{:?}", worlds[place].0));
        if place == 0 {
            steps.reverse();
            return steps.join("\n");
        }
        place = worlds[place].1 as usize;
    }
}

/// What became of the updates in the end.
fn end(model: &Model, world: &World) -> String {
    let ends = (0..model.updates).map(|update| {
        let seen = world.seen[update];
        let acknowledged = if seen.is_acknowledged {
            ""
        } else {
            " (still Telegram's)"
        };
        format!("{}{acknowledged}", fate(world, update))
    });
    ends.collect::<Vec<_>>().join(", ")
}

fn fate(world: &World, update: usize) -> String {
    let Some(row) = world.rows[update] else {
        return "never kept".to_owned();
    };
    match (row.state, row.call) {
        (State::Done, Some(call)) if call.is_in_response => {
            format!("answered × {}", world.seen[update].copies)
        }
        (State::Done, Some(call)) => {
            format!("{} × {}", call.state.name(), world.seen[update].copies)
        }
        (state, _) => state.name().to_owned(),
    }
}

/// What is wrong with a state, if anything is.
fn complaint(model: &Model, world: &World, is_end: bool) -> Option<&'static str> {
    if world.is_order_broken {
        return Some("a later update of the lane came first");
    }
    (0..model.updates).find_map(|update| {
        let wrong = is_wrong_at_any_time(model, world, update);
        wrong.or_else(|| is_end.then(|| is_wrong_in_the_end(world, update)).flatten())
    })
}

fn is_wrong_at_any_time(model: &Model, world: &World, update: usize) -> Option<&'static str> {
    let seen = world.seen[update];
    let call = world.rows[update].and_then(|row| row.call);
    let copies_max = match model.on_ambiguity {
        _ if call.is_some_and(|call| call.is_in_response) => 1,
        OnAmbiguity::Park => 1,
        OnAmbiguity::Resend => 2,
        OnAmbiguity::Repeat => 5,
    };
    match () {
        () if seen.plans > 1 => Some("two plans were committed"),
        () if seen.copies > copies_max => Some("there are more copies than the policy allows"),
        () if seen.copies > 1 + seen.ambiguities + world.spent.zombies => {
            Some("there are more copies than ambiguities and zombies explain")
        }
        () => None,
    }
}

fn is_wrong_in_the_end(world: &World, update: usize) -> Option<&'static str> {
    let seen = world.seen[update];
    let Some(row) = world.rows[update] else {
        return seen
            .is_acknowledged
            .then_some("an acknowledged update was never kept");
    };
    let is_visible = match (row.state, row.call) {
        (State::Dead | State::Expired, _) => true,
        (State::Done, Some(call)) => match call.state {
            CallState::Sent => seen.copies > 0,
            CallState::Parked | CallState::Failed => call.has_error,
            _ => false,
        },
        _ => false,
    };
    if seen.is_acknowledged && !is_visible {
        return Some("an acknowledged update is lost");
    }
    if row.open > 0 {
        return Some("nobody can go on with the row");
    }
    let is_clean = world.spent == Faults::default();
    (is_clean && seen.is_acknowledged && seen.copies != 1)
        .then_some("nothing went wrong, but there is not exactly one effect")
}
