//! getUpdates: who waits, who is sent away with a 409, and what is answered (`Client.cpp:15700-15724`, `16225-16431`).

use super::answer::Answer;
use super::arguments::Arguments;
use super::bot::{Poll, PreviousPoll};
use super::kinds::AllowedKinds;
use super::queue::Queue;
use super::telegram::Telegram;

/// K1 (`Client.cpp:15700-15706`).
const WEBHOOK_IS_ACTIVE: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
/// K2 (`Client.cpp:16225-16236`).
const OTHER_GET_UPDATES: &str = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
/// One conflict is told at once; the next within this time is held as long (`Client.cpp:16238-16251`).
const CONFLICT_PAUSE_MS: u64 = 3000;
const TIMEOUT_SECONDS_MAX: i64 = 50;
const UPDATES_PER_ANSWER_MAX: i64 = 100;
/// The answer stops before this size (`Client.cpp:16301-16319`).
const ANSWER_BYTES_MAX: usize = 4 << 20;

impl Poll {
    /// The first new update arms a timer of 1 ms; further ones move it to 2 ms after the first (`Client.h:1610-1612`).
    pub fn notice(&mut self, now: u64) {
        let first = *self.first_update_at.get_or_insert(now);
        self.wake_at = (now + 1).min(first + 2).min(self.deadline);
    }
}

impl Telegram {
    pub(super) fn get_updates(&mut self, request: u64, bot: usize, arguments: &Arguments) {
        let now = self.now;
        let state = &mut self.bots[bot];
        if state.webhook.is_some() || state.pending.is_some() {
            return self.conflict(bot, request, WEBHOOK_IS_ACTIVE);
        }
        let offset = arguments.integer("offset", 0, i64::from(i32::MIN), i64::from(i32::MAX));
        let mut limit =
            arguments.integer("limit", UPDATES_PER_ANSWER_MAX, 1, UPDATES_PER_ANSWER_MAX);
        let mut timeout = arguments.integer("timeout", 0, 0, TIMEOUT_SECONDS_MAX);
        if let Some(allowed) = AllowedKinds::read(arguments.text("allowed_updates")) {
            state.allowed = allowed;
        }
        // A client that spins on one offset is slowed down (`Client.cpp:16321-16338`).
        let pause = now - state.previous_poll.started_at;
        if offset == state.previous_poll.offset && pause < 3000 {
            timeout = timeout.max(3);
            limit = if pause < 500 { 1 } else { limit };
        }
        let started_at = now;
        state.previous_poll = PreviousPoll { offset, started_at };
        state.queue.drop_expired(now);
        let poll = Poll {
            request,
            from: state.queue.confirm(offset),
            limit: usize::try_from(limit).expect("clamped above zero"),
            deadline: now + 1000 * timeout.unsigned_abs(),
            first_update_at: None,
            wake_at: now + 1000 * timeout.unsigned_abs(),
        };
        let has_updates = state
            .queue
            .waiting
            .iter()
            .any(|update| update.id >= poll.from);
        if has_updates || timeout == 0 {
            let answer = written_updates(&state.queue, &poll);
            return self.answer(request, &Answer::Written(answer));
        }
        if let Some(older) = state.poll.replace(poll) {
            self.conflict(bot, older.request, OTHER_GET_UPDATES);
        }
    }

    /// Answers with a 409, now or after the pause; one timer for all four texts.
    pub(super) fn conflict(&mut self, bot: usize, request: u64, text: &str) {
        let now = self.now;
        let bot = &mut self.bots[bot];
        let at = if now >= bot.next_conflict_at {
            bot.next_conflict_at = now + CONFLICT_PAUSE_MS;
            now
        } else {
            now + CONFLICT_PAUSE_MS
        };
        self.answer_at(at, request, &Answer::refused(409, text));
    }

    /// Answers the waiting poll if its time has come.
    pub(super) fn finish_poll(&mut self, bot: usize) {
        let now = self.now;
        if self.bots[bot]
            .poll
            .as_ref()
            .is_some_and(|poll| poll.wake_at <= now)
        {
            self.finish_poll_now(bot);
        }
    }

    /// Answers the waiting poll with whatever is there, as when the bot closes (`Client.cpp:9269-9272`).
    pub(super) fn finish_poll_now(&mut self, bot: usize) {
        let now = self.now;
        let state = &mut self.bots[bot];
        state.queue.drop_expired(now);
        if let Some(poll) = state.poll.take() {
            let answer = written_updates(&state.queue, &poll);
            self.answer(poll.request, &Answer::Written(answer));
        }
    }

    pub(super) fn end_poll(&mut self, bot: usize, answer: &Answer) {
        if let Some(poll) = self.bots[bot].poll.take() {
            self.answer(poll.request, answer);
        }
    }
}

fn written_updates(queue: &Queue, poll: &Poll) -> String {
    let mut answer = String::from("[");
    let updates = queue.waiting.iter().filter(|update| update.id >= poll.from);
    for (position, update) in updates.take(poll.limit).enumerate() {
        if position > 0 {
            if answer.len() + update.text.len() > ANSWER_BYTES_MAX {
                break;
            }
            answer.push(',');
        }
        answer.push_str(&update.text);
    }
    answer.push(']');
    answer
}
