//! What a bot remembers about a person in a chat, from one update to the next.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::telegram::json;
use crate::telegram::update::Update;

/// One JSON document, made of named parts. Each handler file keeps its own part in a type of its own.
///
/// It is committed together with the plan, or not at all.
#[derive(Debug, Default)]
pub struct Session {
    version: i64,
    parts: BTreeMap<String, Box<RawValue>>,
    is_changed: bool,
}

impl Session {
    /// A session as it is stored. A document that cannot be read counts as empty.
    pub fn stored(version: i64, document: &str) -> Self {
        Self {
            version,
            parts: serde_json::from_str(document).unwrap_or_default(),
            is_changed: false,
        }
    }

    /// Reads a part. One that is missing, or was written by older code in another shape, is the type's default.
    pub fn read<T: DeserializeOwned + Default>(&self, part: &str) -> T {
        let part = self.parts.get(part);
        part.and_then(|part| serde_json::from_str(part.get()).ok())
            .unwrap_or_default()
    }

    /// Writes a part.
    pub fn write<T: Serialize>(&mut self, part: &str, value: &T) {
        let text = json(value);
        let is_same = self.parts.get(part).is_some_and(|old| old.get() == text);
        if let (false, Ok(raw)) = (is_same, RawValue::from_string(text)) {
            self.parts.insert(part.to_owned(), raw);
            self.is_changed = true;
        }
    }

    /// Forgets a part.
    pub fn forget(&mut self, part: &str) {
        self.is_changed |= self.parts.remove(part).is_some();
    }

    /// How often it was written before. 0 for a new one.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The document, where something in it was changed.
    pub fn change(&self) -> Option<String> {
        self.is_changed.then(|| json(&self.parts))
    }
}

/// The key of the session an update belongs to: the person in the chat. `None` where Telegram names neither.
///
/// Two updates with the same key are always in the same lane, so they never write at once.
pub fn key(update: &Update) -> Option<String> {
    let person = update.person().map(|person| person.id.to_string());
    match (update.chat(), person) {
        (Some(chat), Some(person)) => Some(format!("{}:{person}", chat.id)),
        (Some(chat), None) => Some(chat.id.to_string()),
        (None, Some(person)) => Some(format!("{person}:{person}")),
        (None, None) => None,
    }
}
