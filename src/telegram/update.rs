//! What arrives: a tolerant view of an update, narrow enough to stay small in wasm.
//!
//! Only what onehook itself and its handlers read is modelled. The whole text is kept beside it, so nothing is lost:
//! [`Update::raw`] holds what Telegram sent, and [`Update::read`] reads its object into a type of the handler's own.

use serde::de::DeserializeOwned;

use crate::json::{Fields, elements, holds_half_a_character};
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
    /// What the kind's object says, as far as it is modelled.
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
    /// Not JSON.
    #[error("the body is not a JSON object: {0}")]
    NotAnObject(String),
    /// Some readers refuse half of a character, others replace it.
    #[error("an escape in the body stands for half of a character")]
    HalfACharacter,
    /// Readers disagree on which of two equal names counts, so neither does.
    #[error("`update_id` is there twice")]
    TwoIds,
    /// There is no number, or one that is not whole, negative, or above 2^53.
    #[error("`update_id` is not a whole number from 0 to 2^53 - 1")]
    NoId,
    /// There is no kind.
    #[error("the kind of the update is missing")]
    NoKind,
}

impl Update {
    /// Reads an update from the bytes of a request.
    pub fn parse(body: &[u8]) -> Result<Self, Unusable> {
        let text = std::str::from_utf8(body).map_err(|_| Unusable::NotText)?;
        if depth(text) > DEPTH_MAX {
            return Err(Unusable::TooDeep);
        }
        let fields = Fields::of(text).map_err(|error| Unusable::NotAnObject(error.to_string()))?;
        if holds_half_a_character(text) {
            return Err(Unusable::HalfACharacter);
        }
        let ids = fields
            .members()
            .iter()
            .filter(|(name, _)| name == "update_id");
        if ids.count() > 1 {
            return Err(Unusable::TwoIds);
        }
        let id = fields
            .integer("update_id")
            .filter(|id| (0..=INTEGER_MAX).contains(id));
        let id = id.ok_or(Unusable::NoId)?;
        let (kind, content) = kind(&fields).ok_or(Unusable::NoKind)?;
        Ok(Self {
            id: UpdateId(id),
            kind: kind.to_owned(),
            content: Box::new(
                Fields::of(content)
                    .map(|fields| Content::of(&fields))
                    .unwrap_or_default(),
            ),
            raw: text.to_owned(),
        })
    }

    /// The text Telegram sent, byte for byte.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Reads the kind's object into a type of the caller's own, for fields that are not modelled here.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let fields = Fields::of(&self.raw).unwrap_or_default();
        serde_json::from_str(kind(&fields).map_or("null", |(_, content)| content))
    }

    /// The chat it happened in, where there is one.
    pub fn chat(&self) -> Option<&Chat> {
        let message = self.content.message.as_deref();
        let chat = self.content.chat.as_ref();
        chat.or_else(|| message?.chat.as_ref())
    }

    /// The person (or bot) who caused it, where Telegram tells.
    pub fn person(&self) -> Option<&User> {
        self.content.from.as_ref()
    }

    /// When it was made, in milliseconds since 1970. Only for new messages: what is edited, or tells of something older, carries the
    /// older date.
    pub fn made_at_ms(&self) -> Option<i64> {
        let is_message = matches!(
            self.kind.as_str(),
            "message" | "channel_post" | "business_message"
        );
        let date = self.content.date.filter(|_| is_message)?;
        date.checked_mul(1000)
    }

    /// The lane: updates of one lane never overlap. The chat where there is one, else the person, else the poll, else the update itself.
    pub fn lane(&self) -> String {
        if let Some(chat) = self.chat() {
            return chat.id.to_string();
        }
        if let Some(person) = self.person() {
            return person.id.to_string();
        }
        match (self.kind.as_str(), &self.content.id) {
            ("poll" | "poll_answer", Some(poll)) => format!("poll:{poll}"),
            _ => format!("update:{}", self.id),
        }
    }
}

/// The object of any kind of update, as far as handlers read it.
///
/// One shape serves all kinds, since Telegram gives the same thing the same name nearly everywhere.
#[derive(Debug, Default)]
pub struct Content {
    /// The number of a query or a poll, a text.
    pub id: Option<String>,
    /// The number of the message.
    pub message_id: Option<MessageId>,
    /// When it was sent, in seconds since 1970.
    pub date: Option<i64>,
    /// The topic of a forum it was sent in.
    pub topic: Option<i64>,
    /// The chat it happened in.
    pub chat: Option<Chat>,
    /// Who sent or did it: `from`, or `user` for kinds that say so.
    pub from: Option<User>,
    /// The text of a message.
    pub text: Option<String>,
    /// What a pressed button carries.
    pub data: Option<String>,
    /// The message a pressed button belongs to.
    pub message: Option<Box<Content>>,
    /// The message this one answers.
    pub reply_to_message: Option<Box<Content>>,
    /// What the buttons below a message carry.
    pub buttons: Vec<String>,
}

/// A chat.
#[derive(Debug)]
pub struct Chat {
    /// Its number.
    pub id: ChatId,
    /// `private`, `group`, `supergroup` or `channel`.
    pub kind: String,
}

/// A person or a bot.
#[derive(Debug)]
pub struct User {
    /// The number that never changes. Names do: never recognise anybody by `username`.
    pub id: UserId,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// The first name.
    pub first_name: String,
    /// The @name, without the @.
    pub username: Option<String>,
    /// The language of the person's app as an IETF tag, where it is known.
    pub language_code: Option<String>,
}

impl Content {
    fn of(fields: &Fields) -> Self {
        let nested = |name: &str| {
            fields
                .object(name)
                .map(|fields| Box::new(Self::of(&fields)))
        };
        let thread = fields.integer("message_thread_id");
        let is_topic = fields.flag("is_topic_message") == Some(true);
        Self {
            id: fields.text("id").or_else(|| fields.text("poll_id")),
            message_id: fields.integer("message_id").map(MessageId),
            date: fields
                .integer("date")
                .filter(|date| (1..=INTEGER_MAX / 1000).contains(date)),
            topic: thread.filter(|_| is_topic),
            chat: fields.object("chat").and_then(|fields| Chat::of(&fields)),
            from: fields
                .object("from")
                .or_else(|| fields.object("user"))
                .and_then(|fields| User::of(&fields)),
            text: fields.text("text"),
            data: fields.text("data"),
            message: nested("message"),
            reply_to_message: nested("reply_to_message"),
            buttons: fields
                .object("reply_markup")
                .map(|keyboard| buttons(&keyboard))
                .unwrap_or_default(),
        }
    }
}

impl Chat {
    fn of(fields: &Fields) -> Option<Self> {
        Some(Self {
            id: ChatId(number_of(fields)?),
            kind: fields.text("type").unwrap_or_default(),
        })
    }
}

impl User {
    fn of(fields: &Fields) -> Option<Self> {
        Some(Self {
            id: UserId(number_of(fields)?),
            is_bot: fields.flag("is_bot") == Some(true),
            first_name: fields.text("first_name").unwrap_or_default(),
            username: fields.text("username"),
            language_code: fields.text("language_code"),
        })
    }
}

/// The number of a chat or a person. `None`: there is none, or one that the database would round or refuse.
fn number_of(fields: &Fields) -> Option<i64> {
    let number = fields.integer("id")?;
    (-INTEGER_MAX..=INTEGER_MAX)
        .contains(&number)
        .then_some(number)
}

/// The member beside `update_id`: its name is the kind, its value the object.
fn kind<'a>(fields: &'a Fields) -> Option<(&'a str, &'a str)> {
    let mut members = fields.members().iter();
    let kind = members.find(|(name, _)| name != "update_id");
    kind.map(|(name, value)| (name.as_str(), *value))
}

/// What the buttons of an inline keyboard carry, row by row.
fn buttons(keyboard: &Fields) -> Vec<String> {
    let rows = keyboard.list("inline_keyboard").unwrap_or_default();
    let buttons = rows.into_iter().filter_map(elements).flatten();
    buttons
        .filter_map(|button| Fields::of(button).ok()?.text("callback_data"))
        .collect()
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
