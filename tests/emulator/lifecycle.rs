//! The life of a bot on the server: started by its first request, closed, logged out (facts §1.1, §9).

use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::telegram::{Telegram, refused};

const START_OF_CLOSING_MS: u64 = 600_000;
const FRESH_LOGIN_MS: u64 = 1_800_000;

impl Telegram {
    /// Starts the bot if it does not run, or says why it cannot serve.
    pub(super) fn wake(&mut self, bot: usize, method: &str) -> Result<(), Refusal> {
        let now = self.now;
        let bot = &mut self.bots[bot];
        if bot.logged_out_until.is_some_and(|until| now < until) {
            return refused(400, "Logged out");
        }
        if bot.running {
            return Ok(());
        }
        let method = method.to_lowercase();
        if method == "close" {
            return Err(Refusal::bad_request("the bot has already been closed"));
        }
        // The webhook is restored unless this request is about to replace it (`ClientManager.cpp:138-152`).
        if matches!(method.as_str(), "setwebhook" | "deletewebhook") {
            bot.forget_webhook(now);
        }
        bot.start(now);
        Ok(())
    }

    /// Clears the queue and erases the webhook; the instance lingers and refuses everything (`Client.cpp:9326-9343`).
    pub(super) fn log_out(&mut self, request: u64, bot: usize) {
        let now = self.now;
        self.end_poll(bot, &Answer::refused(400, "Logged out"));
        let bot = &mut self.bots[bot];
        bot.queue.clear();
        bot.forget_webhook(now);
        bot.running = false;
        let is_old = now.saturating_sub(bot.started_at) > FRESH_LOGIN_MS;
        bot.logged_out_until = Some(now + if is_old { 1000 } else { FRESH_LOGIN_MS });
        self.answer(request, &Answer::Success(Value::from(true)));
    }

    /// Refused for ten minutes after a start, if the server is older than that (`Client.cpp:12641-12645`).
    pub(super) fn close(&mut self, request: u64, bot: usize) {
        let started_at = self.bots[bot].started_at;
        let uptime = self.now.saturating_sub(started_at);
        let late_start = started_at > self.options.now + START_OF_CLOSING_MS;
        if late_start && uptime < START_OF_CLOSING_MS {
            let seconds = (START_OF_CLOSING_MS - uptime) / 1000;
            return self.answer(request, &Answer::Refused(Refusal::too_many(seconds)));
        }
        self.finish_poll_now(bot);
        let now = self.now;
        let bot = &mut self.bots[bot];
        bot.running = false;
        bot.generation += 1;
        bot.queue.forget_deliveries(now);
        if let Some(webhook) = &mut bot.webhook {
            webhook.in_flight = 0;
        }
        self.answer(request, &Answer::Success(Value::from(true)));
    }
}
