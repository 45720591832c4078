//! What was said, as one would see it over the shoulders of the people in the chats.

use serde_json::Value;

#[derive(Default)]
pub struct Transcript {
    entries: Vec<Value>,
}

impl Transcript {
    /// Adds an entry; its number is `n`, counted from 1.
    pub fn add(&mut self, now: u64, mut entry: Value) {
        entry["n"] = Value::from(self.entries.len() + 1);
        entry["at"] = Value::from(now);
        self.entries.push(entry);
    }

    /// The entries after the first `count` ones.
    pub fn after(&self, count: usize) -> Vec<Value> {
        self.entries.iter().skip(count).cloned().collect()
    }
}
