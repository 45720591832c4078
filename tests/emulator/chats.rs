//! The people, groups, messages and files that the bots can reach.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

const FIRST_PERSON_ID: i64 = 1001;
const FIRST_GROUP_ID: i64 = -1_000_000_000_001;

#[derive(Default)]
pub struct Chats {
    pub people: Vec<Person>,
    pub groups: Vec<Group>,
    /// Which people have spoken to which bot, as (bot, person): a bot cannot write first.
    pub opened: BTreeSet<(i64, i64)>,
    /// Which people have blocked which bot, as (bot, person).
    pub blocked: BTreeSet<(i64, i64)>,
    messages: BTreeMap<Place, BTreeMap<i64, Value>>,
    pub files: Vec<File>,
    pub questions: Vec<Question>,
    last_question: u64,
    people_made: i64,
    groups_made: i64,
}

/// A button press or an inline query that a bot may answer.
pub struct Question {
    pub id: String,
    pub bot: i64,
    pub chat: i64,
    pub asked_at: u64,
}

pub struct Person {
    pub id: i64,
    pub name: String,
    pub language: String,
}

pub struct Group {
    pub id: i64,
    pub title: String,
    pub next_message_id: i64,
}

pub struct File {
    pub id: String,
    pub unique_id: String,
    pub path: String,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Where a message lives: a private chat belongs to one bot, a group to all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub bot: i64,
    pub chat: i64,
}

impl Place {
    pub fn new(bot: i64, chat: i64) -> Self {
        let bot = if chat > 0 { bot } else { 0 };
        Self { bot, chat }
    }
}

impl Person {
    pub fn profile(&self) -> Value {
        json!({
            "id": self.id,
            "is_bot": false,
            "first_name": self.name,
            "username": self.username(),
            "language_code": self.language,
        })
    }

    pub fn username(&self) -> String {
        self.name.to_lowercase().replace(' ', "_")
    }
}

impl Chats {
    /// The person of this name, made on first use.
    pub fn person(&mut self, name: &str) -> &mut Person {
        let position = self.people.iter().position(|person| person.name == name);
        let position = position.unwrap_or_else(|| {
            self.people.push(Person {
                id: FIRST_PERSON_ID + self.people_made,
                name: name.to_owned(),
                language: "en".to_owned(),
            });
            self.people_made += 1;
            self.people.len() - 1
        });
        &mut self.people[position]
    }

    /// The id of the group with this title, made on first use.
    pub fn group(&mut self, title: &str) -> i64 {
        if let Some(group) = self.groups.iter().find(|group| group.title == title) {
            return group.id;
        }
        let id = FIRST_GROUP_ID - self.groups_made;
        self.groups_made += 1;
        self.groups.push(Group {
            id,
            title: title.to_owned(),
            next_message_id: 1,
        });
        id
    }

    /// The chat as a bot sees it, if there is such a chat for this bot.
    pub fn chat(&self, bot: i64, id: i64) -> Option<Value> {
        if let Some(group) = self.groups.iter().find(|group| group.id == id) {
            return Some(json!({"id": id, "title": group.title, "type": "supergroup"}));
        }
        let person = self.people.iter().find(|person| person.id == id)?;
        let opened = self.opened.contains(&(bot, id));
        opened.then(|| json!({"id": id, "first_name": person.name, "username": person.username(), "type": "private"}))
    }

    /// Makes the chat of a message from elsewhere reachable, and the message known.
    pub fn adopt(&mut self, bot: i64, message: &Value) {
        let chat = &message["chat"];
        let Some(id) = chat["id"].as_i64() else {
            return;
        };
        self.keep_message(Place::new(bot, id), message);
        if id > 0 {
            self.opened.insert((bot, id));
        }
        if !self.chat_name(id).is_empty() {
            return;
        }
        let name = chat["first_name"]
            .as_str()
            .or_else(|| chat["title"].as_str());
        let name = name.map_or_else(|| format!("chat {id}"), str::to_owned);
        if id > 0 {
            let language = "en".to_owned();
            self.people.push(Person { id, name, language });
        } else {
            let next_message_id = message["message_id"].as_i64().unwrap_or(0) + 1;
            self.groups.push(Group {
                id,
                title: name,
                next_message_id,
            });
        }
    }

    pub fn chat_name(&self, id: i64) -> String {
        let person = self.people.iter().find(|person| person.id == id);
        let group = self.groups.iter().find(|group| group.id == id);
        let name = person
            .map(|person| &person.name)
            .or(group.map(|group| &group.title));
        name.cloned().unwrap_or_default()
    }

    pub fn message(&self, place: Place, id: i64) -> Option<&Value> {
        self.messages.get(&place)?.get(&id)
    }

    pub fn keep_message(&mut self, place: Place, message: &Value) {
        let id = message["message_id"].as_i64().unwrap_or(0);
        self.messages
            .entry(place)
            .or_default()
            .insert(id, message.clone());
    }

    pub fn delete_message(&mut self, place: Place, id: i64) -> Option<Value> {
        self.messages.get_mut(&place)?.remove(&id)
    }

    /// Keeps a file and returns its place in `files`; a known id is not kept twice.
    pub fn keep_file(&mut self, kind: &str, id: Option<&str>, name: &str, bytes: &[u8]) -> usize {
        if let Some(known) = self
            .files
            .iter()
            .position(|file| Some(file.id.as_str()) == id)
        {
            return known;
        }
        let number = self.files.len();
        let made = format!("{kind}-AgACAgIAAxkBAAI{number:04}");
        let extension = name
            .rsplit_once('.')
            .map_or("jpg", |(_, extension)| extension);
        self.files.push(File {
            id: id.map_or(made, str::to_owned),
            unique_id: format!("AQAD{number:06}"),
            path: format!("{kind}s/file_{number}.{extension}"),
            name: name.to_owned(),
            bytes: bytes.to_vec(),
        });
        number
    }

    pub fn file_at(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Makes an id for a button press; ids are as long as Telegram's.
    pub fn new_question_id(&mut self) -> String {
        self.last_question += 1;
        (4_300_000_000_000_000_000 + self.last_question).to_string()
    }
}
