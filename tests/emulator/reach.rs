//! Which chats a bot can reach, and what onlookers hear of it.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::arguments::Arguments;
use super::telegram::{Telegram, refused};

impl Telegram {
    /// The chat of an argument, if the bot may know it.
    pub(super) fn chat_argument(
        &self,
        bot: usize,
        arguments: &Arguments,
        name: &str,
    ) -> Result<i64, Refusal> {
        let text = arguments.text(name);
        if text.is_empty() {
            return Err(Refusal::bad_request(&format!("{name} is empty")));
        }
        let id = text.parse().ok();
        let known = id.filter(|id| self.chats.chat(self.bots[bot].id, *id).is_some());
        known.ok_or_else(|| Refusal::bad_request("chat not found"))
    }

    /// The chat of a call that sends something: its person must not have blocked the bot.
    pub(super) fn chat_to_write_to(
        &self,
        bot: usize,
        arguments: &Arguments,
    ) -> Result<i64, Refusal> {
        let chat = self.chat_argument(bot, arguments, "chat_id")?;
        if self.chats.blocked.contains(&(self.bots[bot].id, chat)) {
            return refused(403, "Forbidden: bot was blocked by the user");
        }
        Ok(chat)
    }

    pub(super) fn chat_value(&self, bot: usize, chat: i64) -> Value {
        self.chats.chat(self.bots[bot].id, chat).unwrap_or_default()
    }

    /// Adds a line to the transcript.
    pub(super) fn tell(&mut self, chat: i64, mut entry: Value) {
        entry["chat_id"] = json!(chat);
        entry["chat"] = json!(self.chats.chat_name(chat));
        self.transcript.add(self.now, entry);
    }

    /// Adds a line of the emulator's own.
    pub(super) fn note(&mut self, text: &str) {
        self.tell(0, json!({"who": "emulator", "what": "note", "text": text}));
    }
}
