//! Seeded runs of the readers of one feed: instances that come, are slow, are killed and miss answers, over a database that fails.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use onehook::inbox::Inbox;
use onehook::inbox::feeds::WantedFeed;
use onehook::secret::Secret;
use onehook::telegram::ids::BotId;
use onehook::telegram::update::Update;
use pollster::block_on;
use serde_json::Value;

use super::{SEEDS, SEEDS_DEEP, number};
use crate::emulator::random::Random;
use crate::sqlite_database::{SqliteDatabase, Trip};
use crate::test_bot::{START, message};

const LEASE_MS: u64 = 20_000;
const STEPS: u64 = 400;

/// A program that reads the feed, as far as it knows itself.
#[derive(Default)]
struct Instance {
    offset: i64,
    /// What it has been given last, by the feed's numbers, and until when that is surely its own.
    batch: Vec<(i64, i64)>,
    until: u64,
    last_number: i64,
}

/// The feed, its readers, and what must not happen.
struct Reading {
    clock: Rc<Cell<u64>>,
    database: SqliteDatabase,
    random: Random,
    feed: i64,
    instances: Vec<Instance>,
    /// The chat of each update that has arrived, by its number at Telegram.
    chats: BTreeMap<i64, i64>,
    first_handed_out: Vec<i64>,
    confirmed: BTreeSet<i64>,
    story: Vec<String>,
}

impl Reading {
    fn new(seed: u64) -> Self {
        let clock = Rc::new(Cell::new(START));
        let database = {
            let clock = Rc::clone(&clock);
            SqliteDatabase::new(Rc::new(move || clock.get()))
        };
        let wanted = WantedFeed {
            is_main: seed.is_multiple_of(2),
            allowed_updates: None,
            methods: None,
            lease_ms: i64::try_from(LEASE_MS).unwrap(),
            from_oldest: false,
        };
        let mut reading = Self {
            clock,
            database,
            random: Random::new(seed),
            feed: 1,
            instances: Vec::new(),
            chats: BTreeMap::new(),
            first_handed_out: Vec::new(),
            confirmed: BTreeSet::new(),
            story: vec![format!("seed {seed}")],
        };
        let token = Secret::new("4242:token".to_owned());
        let made = block_on(reading.inbox().make_feed("echo", &token, wanted));
        assert!(made.unwrap().is_some_and(|made| made.is_mine));
        let count = reading.pick(4) + 1;
        reading.instances.resize_with(count, Instance::default);
        reading
    }

    /// One of so many, counted from 0.
    fn pick(&mut self, count: usize) -> usize {
        let last = u64::try_from(count).unwrap() - 1;
        usize::try_from(self.random.within(0, last)).unwrap()
    }

    /// The inbox, as one visit has it.
    fn inbox(&self) -> Inbox<&SqliteDatabase> {
        Inbox::new(&self.database, BotId(4242), Rc::default())
    }

    fn arrive(&mut self) {
        let id = 500 + i64::try_from(self.chats.len()).unwrap();
        let chat = i64::try_from(self.random.within(1, 6)).unwrap();
        // Telegram brings it again until it is kept.
        let text = message(id, chat, "text");
        let is_kept = || {
            let update = Update::parse(text.as_bytes()).unwrap();
            block_on(self.inbox().record(update, None)).is_ok()
        };
        while !is_kept() {}
        self.chats.insert(id, chat);
    }

    /// One instance polls, behind what it has in hand: that is done. Its answer may be lost on the way to it.
    fn poll(&mut self, who: usize) {
        let faults = [Trip::Works, Trip::FailsBefore, Trip::FailsAfter];
        let trips: Vec<Trip> = (0..self.random.within(0, 2))
            .map(|_| faults[self.pick(3)])
            .collect();
        self.database.next_trips(&trips);
        let limit = i64::try_from(self.random.within(1, 12)).unwrap();
        let offset = self.instances[who].offset;
        let now = self.clock.get();
        let answer = block_on(self.inbox().hand_out(self.feed, offset, limit, None));
        self.story
            .push(format!("{now} {who} polls {offset} {limit}: {answer:?}"));
        let done = self.instances[who].batch.clone();
        let is_late = now >= self.instances[who].until;
        // Within the lease the confirmation counts. After it the batch may be another's by now; and where the database failed, it may
        // have heard of it nevertheless.
        for (_, id) in done {
            if (answer.is_ok() && !is_late) || !self.is_held(id) {
                self.confirmed.insert(id);
            }
        }
        self.instances[who].until = 0;
        let Ok(answer) = answer else { return };
        self.instances[who].batch.clear();
        let updates: Vec<Value> = serde_json::from_str(answer.as_deref().unwrap_or("[]")).unwrap();
        let given: Vec<(i64, i64)> = updates.iter().map(|update| self.given(update)).collect();
        self.check(who, &given, now);
        if self.random.within(0, 9) == 0 {
            // The answer is lost. The instance asks again with the same offset, and nothing it has done is done again.
            let instance = &mut self.instances[who];
            instance.batch.clear();
            instance.until = 0;
            return;
        }
        let instance = &mut self.instances[who];
        if let Some((last, _)) = given.last() {
            assert!(*last > instance.last_number, "numbers grow for each reader");
            instance.last_number = *last;
            instance.offset = last + 1;
            instance.until = now + LEASE_MS;
            instance.batch = given;
        }
    }

    /// Whether the feed still has an update.
    fn is_held(&self, id: i64) -> bool {
        let sql = format!(
            "SELECT count(*) FROM inbox JOIN feed_update USING (seq) WHERE update_id = {id}"
        );
        self.database.value(&sql) != "0"
    }

    /// The number of an update at the feed and at Telegram.
    fn given(&self, update: &Value) -> (i64, i64) {
        let number = update["update_id"].as_i64().unwrap();
        let sql = format!(
            "SELECT update_id FROM inbox JOIN feed_update USING (seq) WHERE number = {number}"
        );
        (number, self.database.value(&sql).parse().unwrap())
    }

    fn check(&mut self, who: usize, given: &[(i64, i64)], now: u64) {
        for (_, id) in given {
            self.require(
                !self.confirmed.contains(id),
                &format!("{id} is confirmed and comes again"),
            );
            let chat = self.chats[id];
            let others = self.instances.iter().enumerate();
            let is_with_another = others
                .filter(|(other, instance)| *other != who && now < instance.until)
                .flat_map(|(_, instance)| &instance.batch)
                .any(|(_, other)| self.chats[other] == chat);
            self.require(
                !is_with_another,
                &format!("chat {chat} of {id} is with another instance"),
            );
            if !self.first_handed_out.contains(id) {
                let earlier = self.first_handed_out.iter().rev();
                let last = earlier.copied().find(|earlier| self.chats[earlier] == chat);
                self.require(
                    last < Some(*id),
                    &format!("{id} comes behind {last:?} of its chat"),
                );
                self.first_handed_out.push(*id);
            }
        }
    }

    #[track_caller]
    fn require(&self, holds: bool, what: &str) {
        let from = self.story.len().saturating_sub(20);
        assert!(holds, "{what}\n\n{}", self.story[from..].join("\n"));
    }

    /// So much of the time passes that leases sometimes run out.
    fn wait(&mut self) {
        let most = if self.random.within(0, 7) == 0 {
            2 * LEASE_MS
        } else {
            3_000
        };
        let passed = self.random.within(1, most);
        self.clock.set(self.clock.get() + passed);
    }

    fn step(&mut self) {
        let who = self.pick(self.instances.len());
        match self.random.within(0, 19) {
            0..=7 => self.arrive(),
            8..=16 => self.poll(who),
            17 => {
                // Killed with what it has in hand, and started again: it knows nothing of that.
                self.story
                    .push(format!("{} {who} is killed", self.clock.get()));
                self.instances[who] = Instance::default();
            }
            _ => self.wait(),
        }
    }

    /// Everything that has arrived is read and confirmed in the end.
    fn end(&mut self) {
        self.database.next_trips(&[]);
        for _ in 0..1_000 {
            for who in 0..self.instances.len() {
                self.poll(who);
            }
            if self.confirmed.len() == self.chats.len() {
                return;
            }
            self.clock.set(self.clock.get() + 1_500);
        }
        let lost: Vec<&i64> = self
            .chats
            .keys()
            .filter(|id| !self.confirmed.contains(id))
            .collect();
        self.require(false, &format!("never confirmed: {lost:?}"));
    }
}

#[test]
fn readers_of_a_feed_lose_nothing_and_get_nothing_twice_that_they_confirmed() {
    let usual = if std::env::var("DEEP").is_ok() {
        SEEDS_DEEP / 10
    } else {
        SEEDS / 5
    };
    let first = number("FIRST_SEED").unwrap_or(1);
    let count = number("SEEDS").unwrap_or(usual);
    let mut updates = 0;
    for seed in first..first + count {
        let mut reading = Reading::new(seed);
        for _ in 0..STEPS {
            reading.step();
        }
        reading.end();
        updates += reading.chats.len();
    }
    eprintln!(
        "figures: {count} seeds of readers, {updates} updates, none lost, none twice that was confirmed"
    );
}
