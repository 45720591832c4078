//! What a bot remembers about a person in a chat, from one update to the next.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json::{self, Fields, object_of, text_of};
use crate::telegram::update::Update;

/// One JSON document, made of named parts. Each handler file keeps its own part in a type of its own.
///
/// It is committed together with the plan, or not at all.
#[derive(Debug, Default)]
pub struct Session {
    version: i64,
    parts: Vec<Part>,
    is_changed: bool,
}

#[derive(Debug)]
struct Part {
    name: String,
    json: String,
}

impl Session {
    /// A session as it is stored. A document that cannot be read counts as empty.
    pub fn stored(version: i64, document: &str) -> Self {
        let fields = Fields::of(document).unwrap_or_default();
        let parts = fields.members().iter().map(|(name, value)| Part {
            name: name.clone(),
            json: (*value).to_owned(),
        });
        Self {
            version,
            parts: parts.collect(),
            is_changed: false,
        }
    }

    /// Reads a part. One that is missing, or was written by older code in another shape, is the type's default.
    pub fn read<T: DeserializeOwned + Default>(&self, name: &str) -> T {
        let part = self.parts.iter().find(|part| part.name == name);
        part.and_then(|part| json::read(&part.json))
            .unwrap_or_default()
    }

    /// Writes a part.
    pub fn write<T: Serialize>(&mut self, name: &str, value: &T) {
        self.replace(name, Some(text_of(value)));
    }

    /// Forgets a part.
    pub fn forget(&mut self, name: &str) {
        self.replace(name, None);
    }

    /// How often it was written before. 0 for a new one.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The document, where something in it was changed.
    pub fn change(&self) -> Option<String> {
        let members: Vec<(&str, &str)> = self
            .parts
            .iter()
            .map(|part| (part.name.as_str(), part.json.as_str()))
            .collect();
        self.is_changed.then(|| object_of(&members))
    }

    fn replace(&mut self, name: &str, json: Option<String>) {
        let place = self.parts.iter().position(|part| part.name == name);
        let old = place.map(|place| self.parts.swap_remove(place));
        self.is_changed |= old.map(|part| part.json) != json;
        if let Some(json) = json {
            let name = name.to_owned();
            self.parts.push(Part { name, json });
        }
    }
}

/// The key of the session an update belongs to: the person in the chat. `None` where Telegram names neither.
///
/// Two updates with the same key are always in the same lane, so they never write at once.
pub fn key(update: &Update) -> Option<String> {
    let person = update.person().map(|person| person.id.0);
    match (update.chat().map(|chat| chat.id.0), person) {
        (Some(chat), Some(person)) => Some(format!("{chat}:{person}")),
        (Some(chat), None) => Some(format!("{chat}:")),
        (None, Some(person)) => Some(format!("{person}:{person}")),
        (None, None) => None,
    }
}
