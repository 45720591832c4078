//! Puts a new update into the queue of a bot, if the bot wants its kind.

use serde_json::Value;

use super::json::written;
use super::kinds;
use super::queue::NewUpdate;
use super::telegram::Telegram;

impl Telegram {
    /// Returns the id of the update, or nothing if it was filtered out or the queue is full.
    /// `allowed_updates` holds when an update is created, never later (`Client.cpp:16889-16946`).
    pub(super) fn publish(
        &mut self,
        bot: usize,
        kind: &str,
        payload: &Value,
        id: Option<i64>,
    ) -> Option<i64> {
        let now = self.now;
        let bot = &mut self.bots[bot];
        if !bot.allowed.admits(kind) {
            return None;
        }
        let update = NewUpdate {
            id,
            kind: kind.to_owned(),
            payload: written(payload),
            lane: kinds::lane(kind, payload),
            now,
            expires_at: now + kinds::lifetime_ms(kind),
        };
        let id = bot.queue.push(&mut self.random, update)?;
        if let Some(poll) = &mut bot.poll {
            poll.notice(now);
        }
        Some(id)
    }
}
