//! What bots do with messages: send, edit, delete, forward, copy, pin, react.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::arguments::{Arguments, lenient_integer};
use super::chats::Place;
use super::formatting;
use super::keyboard::{buttons, reply_markup};
use super::telegram::Telegram;

const TEXT_UNITS_MAX: usize = 4096;
const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly \
the same as a current content and reply markup of the message";

impl Telegram {
    pub(super) fn send_message(
        &mut self,
        bot: usize,
        arguments: &Arguments,
    ) -> Result<Value, Refusal> {
        let content = text_content(arguments)?;
        let chat = self.chat_to_write_to(bot, arguments)?;
        check_length(&content)?;
        self.send(bot, chat, arguments, content)
    }

    /// Sends whatever content to a chat, as a reply and with buttons if the call says so.
    pub(super) fn send(
        &mut self,
        bot: usize,
        chat: i64,
        arguments: &Arguments,
        mut content: Value,
    ) -> Result<Value, Refusal> {
        let markup = reply_markup(arguments)?;
        if let Some(replied) = self.replied_message(bot, chat, arguments)? {
            content["reply_to_message"] = replied;
        }
        if let Some(markup) = markup
            .as_ref()
            .filter(|markup| markup["inline_keyboard"].is_array())
        {
            content["reply_markup"] = markup.clone();
        }
        let message = self.put_message(bot, chat, self.bots[bot].profile(), content);
        let mut entry = json!({"who": "bot", "what": "message", "message_id": message["message_id"], "text": spoken(&message)});
        if let Some(markup) = markup {
            entry["buttons"] = buttons(&markup);
        }
        self.tell(chat, entry);
        Ok(message)
    }

    /// Gives a message its id, date and place, and keeps it.
    pub(super) fn put_message(
        &mut self,
        bot: usize,
        chat: i64,
        from: Value,
        content: Value,
    ) -> Value {
        let mut message = content;
        message["message_id"] = json!(self.take_message_id(bot, chat));
        message["date"] = json!(self.now / 1000);
        message["from"] = from;
        message["chat"] = self.chat_value(bot, chat);
        let place = Place::new(self.bots[bot].id, chat);
        self.chats.keep_message(place, &message);
        message
    }

    pub(super) fn edit_text(
        &mut self,
        bot: usize,
        arguments: &Arguments,
    ) -> Result<Value, Refusal> {
        let content = text_content(arguments)?;
        let mut edited = self.own_message(bot, arguments)?;
        check_length(&content)?;
        edited["text"] = content["text"].clone();
        replace(&mut edited, "entities", content.get("entities").cloned());
        replace(&mut edited, "reply_markup", reply_markup(arguments)?);
        self.keep_edit(bot, edited)
    }

    pub(super) fn edit_reply_markup(
        &mut self,
        bot: usize,
        arguments: &Arguments,
    ) -> Result<Value, Refusal> {
        let mut edited = self.own_message(bot, arguments)?;
        replace(&mut edited, "reply_markup", reply_markup(arguments)?);
        self.keep_edit(bot, edited)
    }

    fn keep_edit(&mut self, bot: usize, mut edited: Value) -> Result<Value, Refusal> {
        let chat = edited["chat"]["id"].as_i64().unwrap_or(0);
        let place = Place::new(self.bots[bot].id, chat);
        let id = edited["message_id"].as_i64().unwrap_or(0);
        if self.chats.message(place, id) == Some(&edited) {
            return Err(Refusal::bad_request(NOT_MODIFIED));
        }
        edited["edit_date"] = json!(self.now / 1000);
        self.chats.keep_message(place, &edited);
        let markup = buttons(&edited["reply_markup"]);
        self.tell(
            chat,
            json!({"who": "bot", "what": "edit", "message_id": id, "text": spoken(&edited), "buttons": markup}),
        );
        Ok(edited)
    }

    /// The message of the bot's own that a call wants to edit.
    fn own_message(&self, bot: usize, arguments: &Arguments) -> Result<Value, Refusal> {
        if !arguments.text("inline_message_id").is_empty() {
            return Err(Refusal::bad_request("MESSAGE_ID_INVALID"));
        }
        let chat = self.chat_argument(bot, arguments, "chat_id")?;
        if arguments.text("message_id").is_empty() {
            return Err(Refusal::bad_request("message identifier is not specified"));
        }
        let message = self.find_message(bot, chat, arguments, "message to edit not found")?;
        if message["from"]["id"] != json!(self.bots[bot].id) {
            return Err(Refusal::bad_request("message can't be edited"));
        }
        Ok(message)
    }

    pub(super) fn delete_message(
        &mut self,
        bot: usize,
        arguments: &Arguments,
    ) -> Result<Value, Refusal> {
        let chat = self.chat_argument(bot, arguments, "chat_id")?;
        let place = Place::new(self.bots[bot].id, chat);
        let id = lenient_integer(arguments.text("message_id"));
        if self.chats.delete_message(place, id).is_none() {
            return Err(Refusal::bad_request("message to delete not found"));
        }
        self.tell(
            chat,
            json!({"who": "bot", "what": "delete", "message_id": id}),
        );
        Ok(json!(true))
    }

    pub(super) fn forward_message(
        &mut self,
        bot: usize,
        arguments: &Arguments,
    ) -> Result<Value, Refusal> {
        let (chat, original) = self.original(bot, arguments, "message to forward not found")?;
        let mut content = content_of(&original);
        content["forward_origin"] = forward_origin(&original);
        self.send(bot, chat, &Arguments::default(), content)
    }

    pub(super) fn copy_message(
        &mut self,
        bot: usize,
        arguments: &Arguments,
    ) -> Result<Value, Refusal> {
        let (chat, original) = self.original(bot, arguments, "message to copy not found")?;
        let copy = self.send(bot, chat, arguments, content_of(&original))?;
        Ok(json!({"message_id": copy["message_id"]}))
    }

    /// The target chat and the message of `from_chat_id` that is to go there.
    fn original(
        &self,
        bot: usize,
        arguments: &Arguments,
        missing: &str,
    ) -> Result<(i64, Value), Refusal> {
        let chat = self.chat_to_write_to(bot, arguments)?;
        let from = self.chat_argument(bot, arguments, "from_chat_id")?;
        Ok((chat, self.find_message(bot, from, arguments, missing)?))
    }

    /// Methods that need a message and leave nothing to see.
    pub(super) fn touch_message(
        &mut self,
        bot: usize,
        arguments: &Arguments,
        missing: &str,
    ) -> Result<Value, Refusal> {
        let chat = self.chat_argument(bot, arguments, "chat_id")?;
        self.find_message(bot, chat, arguments, missing)?;
        Ok(json!(true))
    }

    fn find_message(
        &self,
        bot: usize,
        chat: i64,
        arguments: &Arguments,
        missing: &str,
    ) -> Result<Value, Refusal> {
        let place = Place::new(self.bots[bot].id, chat);
        let id = lenient_integer(arguments.text("message_id"));
        let message = self.chats.message(place, id).cloned();
        message.ok_or_else(|| Refusal::bad_request(missing))
    }

    fn replied_message(
        &self,
        bot: usize,
        chat: i64,
        arguments: &Arguments,
    ) -> Result<Option<Value>, Refusal> {
        let parameters = arguments.json("reply_parameters").unwrap_or_default();
        let old_style = Some(lenient_integer(arguments.text("reply_to_message_id")));
        let Some(id) = parameters["message_id"]
            .as_i64()
            .or(old_style)
            .filter(|id| *id != 0)
        else {
            return Ok(None);
        };
        let place = Place::new(self.bots[bot].id, chat);
        let optional = parameters["allow_sending_without_reply"] == true
            || arguments.boolean("allow_sending_without_reply");
        match self.chats.message(place, id) {
            Some(message) => Ok(Some(as_replied(message))),
            None if optional => Ok(None),
            None => Err(Refusal::bad_request("message to be replied not found")),
        }
    }

    /// Private messages are numbered over all chats of a bot, messages of a group in the group.
    fn take_message_id(&mut self, bot: usize, chat: i64) -> i64 {
        let group = self.chats.groups.iter_mut().find(|group| group.id == chat);
        let counter = group.map_or(&mut self.bots[bot].next_message_id, |group| {
            &mut group.next_message_id
        });
        let id = *counter;
        *counter += 1;
        id
    }
}

fn text_content(arguments: &Arguments) -> Result<Value, Refusal> {
    let formatted = formatting::read(arguments.text("text"), arguments.text("parse_mode"))?;
    let mut content = json!({"text": formatted.text});
    if !formatted.entities.is_empty() {
        content["entities"] = json!(formatted.entities);
    }
    Ok(content)
}

fn check_length(content: &Value) -> Result<(), Refusal> {
    let text = content["text"].as_str().unwrap_or("");
    if formatting::length(text) > TEXT_UNITS_MAX {
        return Err(Refusal::bad_request("message is too long"));
    }
    Ok(())
}

/// Puts a field into a message, or takes it out.
pub fn replace(message: &mut Value, name: &str, value: Option<Value>) {
    if let Some(fields) = message.as_object_mut() {
        fields.remove(name);
    }
    if let Some(value) = value {
        message[name] = value;
    }
}

/// A message as it is shown inside its reply: with its buttons, without what it replied to.
pub fn as_replied(message: &Value) -> Value {
    let mut replied = message.clone();
    replace(&mut replied, "reply_to_message", None);
    replied
}

/// What a copy of a message takes along.
pub fn content_of(message: &Value) -> Value {
    let mut content = json!({});
    for name in ["text", "entities", "photo", "document", "caption"] {
        if !message[name].is_null() {
            content[name] = message[name].clone();
        }
    }
    content
}

pub fn forward_origin(message: &Value) -> Value {
    json!({"type": "user", "sender_user": message["from"], "date": message["date"]})
}

/// What an onlooker reads: the text, or what was sent and its caption.
pub fn spoken(message: &Value) -> String {
    let caption = message["caption"].as_str().unwrap_or("");
    let shown = if message["photo"].is_array() {
        format!("[photo] {caption}")
    } else if message["document"].is_object() {
        format!("[document] {caption}")
    } else {
        message["text"].as_str().unwrap_or("").to_owned()
    };
    shown.trim_end().to_owned()
}
