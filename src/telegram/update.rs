//! What arrives: a tolerant view of an update, narrow enough to stay small in wasm.
//!
//! Only what onehook itself and its handlers read is modelled. The whole text is kept beside it, so nothing is lost:
//! [`Update::raw`] holds what Telegram sent, and [`Update::read`] reads any part of it into a type of the handler's own.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::telegram::ids::{ChatId, MessageId, UpdateId, UserId};

/// The deepest nesting of objects and arrays that is read. Real updates stay below 20.
const DEPTH_MAX: usize = 64;

/// The largest number that survives a JSON reader which keeps numbers as doubles, as D1 does.
const INTEGER_MAX: i64 = (1 << 53) - 1;

/// One update, as a handler sees it.
#[derive(Debug)]
pub struct Update {
    /// Its number.
    pub id: UpdateId,
    /// Its kind in Telegram's words: `message`, `callback_query`, … Also one that did not exist when this was written.
    pub kind: String,
    /// What the kind's object says, as far as it is modelled. Empty where the object has another shape than expected.
    pub content: Box<Content>,
    raw: String,
}

/// Why a body is not an update.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The bytes are no text.
    #[error("the body is not UTF-8")]
    NotText,
    /// Objects and arrays are nested too deeply.
    #[error("the body is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// Not JSON, or JSON of another shape.
    #[error("the body is not an update: {0}")]
    NotAnUpdate(String),
}

impl Update {
    /// Reads an update from the bytes of a request.
    pub fn parse(body: &[u8]) -> Result<Self, Unusable> {
        let text = std::str::from_utf8(body).map_err(|_| Unusable::NotText)?;
        if depth(text) > DEPTH_MAX {
            return Err(Unusable::TooDeep);
        }
        let envelope: Envelope =
            serde_json::from_str(text).map_err(|error| Unusable::NotAnUpdate(error.to_string()))?;
        let content = serde_json::from_str(envelope.content.get()).unwrap_or_default();
        Ok(Self {
            id: envelope.id,
            kind: envelope.kind,
            content,
            raw: text.to_owned(),
        })
    }

    /// The text Telegram sent, byte for byte.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Reads the kind's object into a type of the caller's own, for fields that are not modelled here.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let envelope: Envelope = serde_json::from_str(&self.raw)?;
        serde_json::from_str(envelope.content.get())
    }

    /// The chat it happened in, where there is one.
    pub fn chat(&self) -> Option<&Chat> {
        let message = self.content.message.as_deref();
        self.content
            .chat
            .as_ref()
            .or_else(|| message?.chat.as_ref())
    }

    /// The person (or bot) who caused it, where Telegram tells.
    pub fn person(&self) -> Option<&User> {
        self.content.from.as_ref().or(self.content.user.as_ref())
    }

    /// The lane: updates of one lane never overlap. The chat where there is one, else the person, else the poll, else the update itself.
    pub fn lane(&self) -> String {
        if let Some(chat) = self.chat() {
            return chat.id.to_string();
        }
        if let Some(person) = self.person() {
            return person.id.to_string();
        }
        let poll = match self.kind.as_str() {
            "poll" => self.content.id.as_deref(),
            "poll_answer" => self.content.poll_id.as_deref(),
            _ => None,
        };
        match poll {
            Some(poll) => format!("poll:{poll}"),
            None => format!("update:{}", self.id),
        }
    }
}

/// The object of any kind of update, as far as handlers read it.
///
/// One shape serves all kinds, since Telegram gives the same thing the same name everywhere.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Content {
    /// `id` of a query or a poll.
    #[serde(deserialize_with = "text_or_nothing")]
    pub id: Option<String>,
    /// The number of the message.
    pub message_id: Option<MessageId>,
    /// The topic of a forum it was sent in.
    pub message_thread_id: Option<i32>,
    /// Whether `message_thread_id` names a topic, rather than a thread of replies.
    pub is_topic_message: Option<bool>,
    /// When, in seconds since 1970. 0 for a message that is no longer accessible.
    pub date: Option<i64>,
    /// The chat it happened in.
    pub chat: Option<Chat>,
    /// Who sent it.
    pub from: Option<User>,
    /// Who did it, for kinds that say `user` instead of `from`.
    pub user: Option<User>,
    /// The text of a message.
    pub text: Option<String>,
    /// What a pressed button carries.
    pub data: Option<String>,
    /// The message a pressed button belongs to.
    #[serde(deserialize_with = "object_or_nothing")]
    pub message: Option<Box<Content>>,
    /// The message this one answers.
    pub reply_to_message: Option<Box<Content>>,
    /// The keyboard below a message.
    pub reply_markup: Option<Keyboard>,
    /// The poll a vote belongs to.
    pub poll_id: Option<String>,
}

/// A chat.
#[derive(Debug, Deserialize)]
pub struct Chat {
    /// Its number.
    pub id: ChatId,
    /// `private`, `group`, `supergroup` or `channel`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its title, for all but private chats.
    #[serde(default)]
    pub title: Option<String>,
}

/// A person or a bot.
#[derive(Debug, Deserialize)]
pub struct User {
    /// The number that never changes. Names do: never recognise anybody by `username`.
    pub id: UserId,
    /// Whether it is a bot.
    #[serde(default)]
    pub is_bot: bool,
    /// The first name.
    #[serde(default)]
    pub first_name: String,
    /// The @name, without the @.
    #[serde(default)]
    pub username: Option<String>,
    /// The language of the person's app as an IETF tag, where it is known.
    #[serde(default)]
    pub language_code: Option<String>,
}

/// An inline keyboard.
#[derive(Debug, Deserialize)]
pub struct Keyboard {
    /// Its rows.
    #[serde(default)]
    pub inline_keyboard: Vec<Vec<Button>>,
}

/// A button of an inline keyboard.
#[derive(Debug, Deserialize)]
pub struct Button {
    /// What it carries, for buttons that call the bot.
    #[serde(default)]
    pub callback_data: Option<String>,
}

/// The outer object: the number, and one further member whose name is the kind.
struct Envelope {
    id: UpdateId,
    kind: String,
    content: Box<RawValue>,
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with `update_id`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Envelope, M::Error> {
        let mut id = None;
        let mut kind = None;
        while let Some(name) = members.next_key::<String>()? {
            if name == "update_id" {
                let number: i64 = members.next_value()?;
                if !(0..=INTEGER_MAX).contains(&number) {
                    return Err(M::Error::custom("`update_id` is out of range"));
                }
                // Readers disagree on which of two equal names counts, so neither does.
                if id.replace(UpdateId(number)).is_some() {
                    return Err(M::Error::custom("`update_id` is there twice"));
                }
            } else if kind.is_none() {
                kind = Some((name, members.next_value()?));
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        let id = id.ok_or_else(|| M::Error::custom("`update_id` is missing"))?;
        let (kind, content) = kind.ok_or_else(|| M::Error::custom("the kind is missing"))?;
        Ok(Envelope { id, kind, content })
    }
}

/// The deepest nesting of objects and arrays in a JSON text, by one scan that needs no stack.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// `id` is a text for queries and polls, and a number elsewhere, where nobody reads it.
fn text_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// `message` is an object in a callback query; a kind of tomorrow may use the name for something else.
fn object_or_nothing<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<Content>>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}
