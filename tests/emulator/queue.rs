//! The updates that wait for one bot: their ids, their limits, their end (`TQueue.cpp`).

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::random::Random;

const UPDATES_MAX: usize = 100_000;
const BYTES_MAX: usize = 128 << 20;
const UPDATE_BYTES_MAX: usize = 512 << 10;
const ID_MAX: i64 = 2_000_000_000;
/// Offsets further than this beyond the next id are ignored (`TQueue.cpp:295-313`).
const FUTURE_IDS: i64 = 10;
const PAST_IDS: i64 = 100_000;

/// One update in the queue, with the state of its delivery.
pub struct Waiting {
    pub id: i64,
    pub kind: String,
    /// The exact bytes, the same on every try.
    pub text: String,
    pub lane: i64,
    pub expires_at: u64,
    pub ready_at: u64,
    pub failures: u32,
    pub delay_seconds: u64,
    pub in_flight: bool,
}

pub struct Queue {
    pub waiting: VecDeque<Waiting>,
    next_id: Option<i64>,
    bytes: usize,
}

impl Queue {
    pub fn new(first_id: Option<i64>) -> Self {
        Self {
            waiting: VecDeque::new(),
            next_id: first_id,
            bytes: 0,
        }
    }

    /// Stores an update and returns its id, or nothing when the queue is full: the newest are lost (`TQueue.cpp:137-157`).
    pub fn push(&mut self, random: &mut Random, update: NewUpdate) -> Option<i64> {
        let id = self.take_next_id(random, update.id);
        let text = format!(
            "{{\"update_id\":{id},\n\"{}\":{}}}",
            update.kind, update.payload
        );
        let full = self.waiting.len() >= UPDATES_MAX || self.bytes + text.len() > BYTES_MAX;
        if full || text.len() > UPDATE_BYTES_MAX {
            return None;
        }
        self.next_id = Some(id + 1);
        self.bytes += text.len();
        self.waiting.push_back(Waiting {
            id,
            kind: update.kind,
            text,
            lane: update.lane.unwrap_or(i64::MIN + id),
            expires_at: update.expires_at,
            ready_at: update.now,
            failures: 0,
            delay_seconds: 1,
            in_flight: false,
        });
        Some(id)
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
    }

    pub fn find(&mut self, id: i64) -> Option<&mut Waiting> {
        self.waiting.iter_mut().find(|update| update.id == id)
    }

    pub fn remove(&mut self, id: i64) {
        self.retain(|update| update.id != id);
    }

    /// Drops what has expired and is not on its way just now.
    pub fn drop_expired(&mut self, now: u64) {
        if self.waiting.iter().any(|update| update.expires_at < now) {
            self.retain(|update| update.expires_at >= now || update.in_flight);
        }
    }

    /// A new webhook knows nothing of the tries of the one before.
    pub fn forget_deliveries(&mut self, now: u64) {
        for update in &mut self.waiting {
            update.ready_at = now;
            update.failures = 0;
            update.delay_seconds = 1;
            update.in_flight = false;
        }
    }

    /// Applies the offset of a getUpdates call and returns the id to start at (`TQueue.cpp:295-313`, `Client.cpp:16339-16360`).
    pub fn confirm(&mut self, offset: i64) -> i64 {
        let head = self.waiting.front().map_or(i64::MIN, |update| update.id);
        if offset < 0 {
            let kept = usize::try_from(-offset).unwrap_or(usize::MAX);
            while self.waiting.len() > kept {
                self.pop();
            }
            return i64::MIN;
        }
        let next_id = self.next_id.unwrap_or(0);
        let out_of_range = offset > next_id + FUTURE_IDS
            || offset >= ID_MAX
            || offset < head.saturating_sub(PAST_IDS);
        if offset == 0 || out_of_range {
            return i64::MIN;
        }
        while self
            .waiting
            .front()
            .is_some_and(|update| update.id < offset)
        {
            self.pop();
        }
        offset
    }

    /// Ids count up by one; near the end the queue is emptied and a new random start is chosen (`TQueue.cpp:137-189`).
    fn take_next_id(&mut self, random: &mut Random, wanted: Option<i64>) -> i64 {
        if let Some(id) = wanted {
            return id;
        }
        match self.next_id {
            Some(id) if id < ID_MAX => id,
            _ => {
                self.clear();
                let id = random.within(2_000_001, 1_000_000_000);
                i64::try_from(id).expect("a milliard fits")
            }
        }
    }

    fn pop(&mut self) {
        if let Some(update) = self.waiting.pop_front() {
            self.bytes -= update.text.len();
        }
    }

    fn retain(&mut self, keeps: impl Fn(&Waiting) -> bool) {
        self.waiting.retain(keeps);
        self.bytes = self.waiting.iter().map(|update| update.text.len()).sum();
    }
}

impl Waiting {
    pub fn state(&self) -> Value {
        json!({
            "update_id": self.id,
            "kind": self.kind,
            "failures": self.failures,
            "expires_at": self.expires_at,
            "update": serde_json::from_str::<Value>(&self.text).unwrap_or_default(),
        })
    }
}

/// An update that is about to be stored.
pub struct NewUpdate {
    pub id: Option<i64>,
    pub kind: String,
    pub payload: String,
    pub lane: Option<i64>,
    pub now: u64,
    pub expires_at: u64,
}
