//! Messages as most handlers send them: the text, the place and the buttons.
//!
//! `frankenstein`'s own parameters say all there is to say about a message, and bring the serialisers of every keyboard with them,
//! ten KB of wasm. A handler that needs more turns a [`Message`] into `SendMessageParams`.

use frankenstein::methods::SendMessageParams;
use frankenstein::types::{ChatId as ChatParameter, InlineKeyboardMarkup, ReplyMarkup};
use serde::Serialize;

use crate::telegram::ids::{ChatId, MessageId};
use crate::telegram::methods::{Method, NonIdempotent};

/// A new message.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Where it goes.
    pub chat_id: ChatId,
    /// The topic of a forum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_thread_id: Option<i32>,
    /// The text.
    pub text: String,
    /// The buttons below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<InlineKeyboardMarkup>,
}

/// A copy of a message that does not show where it came from.
#[derive(Clone, Debug, Serialize)]
pub struct MessageCopy {
    /// Where it goes.
    pub chat_id: ChatId,
    /// Where the message is.
    pub from_chat_id: ChatId,
    /// The message.
    pub message_id: MessageId,
    /// The buttons below the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_markup: Option<InlineKeyboardMarkup>,
}

impl Method for Message {
    const NAME: &'static str = "sendMessage";
    type Effect = NonIdempotent;
}

impl Method for MessageCopy {
    const NAME: &'static str = "copyMessage";
    type Effect = NonIdempotent;
}

impl From<Message> for SendMessageParams {
    fn from(message: Message) -> Self {
        let mut parameters = Self::builder()
            .chat_id(ChatParameter::Integer(message.chat_id.0))
            .text(message.text)
            .build();
        parameters.message_thread_id = message.message_thread_id;
        parameters.reply_markup = message.reply_markup.map(ReplyMarkup::InlineKeyboardMarkup);
        parameters
    }
}
