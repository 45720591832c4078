//! Brings updates to the webhook: lanes, connections, retries, and what the answer means (`WebhookActor.cpp:261-689`).

use std::collections::HashSet;

use super::arguments::Arguments;
use super::bot::Bot;
use super::http::reason;
use super::telegram::{Delivered, Event, Request, Response, Telegram, header};
use super::webhook_host::WebhookHost;

const TIMEOUT_MS: u64 = 60_000;
const RETRY_AFTER_SECONDS_MAX: u64 = 3600;
/// A webhook that answers 410 for longer than this is erased (`WebhookActor.h:76`).
const GONE_MS: u64 = 23 * 3_600_000;

/// A delivery on its way.
pub struct Flight {
    bot: i64,
    generation: u64,
    update: i64,
    sent_at: u64,
}

/// The next update of a lane.
struct Head {
    ready_at: u64,
    lane: i64,
    update: i64,
}

impl Bot {
    /// The first update of each lane that is not on its way; at most twice as many lanes as connections are loaded.
    fn heads(&self, now: u64) -> Vec<Head> {
        let Some(webhook) = self
            .webhook
            .as_ref()
            .filter(|webhook| webhook.verified && self.running)
        else {
            return Vec::new();
        };
        let lanes_max = usize::try_from(2 * webhook.max_connections).unwrap_or(usize::MAX);
        let free = webhook.max_connections - webhook.in_flight;
        let mut lanes = HashSet::new();
        let mut heads = Vec::new();
        for update in &self.queue.waiting {
            if free == 0 || lanes.len() == lanes_max {
                break;
            }
            let alive = update.expires_at >= now || update.in_flight;
            if alive && lanes.insert(update.lane) && !update.in_flight {
                heads.push(Head {
                    ready_at: update.ready_at,
                    lane: update.lane,
                    update: update.id,
                });
            }
        }
        heads.sort_by_key(|head| (head.ready_at, head.lane));
        heads.truncate(usize::try_from(free).unwrap_or(usize::MAX));
        heads
    }

    pub fn next_delivery_at(&self) -> Option<u64> {
        self.heads(0).first().map(|head| head.ready_at)
    }
}

impl Telegram {
    /// Sends whatever is ready and has a free connection.
    pub(super) fn send_updates(&mut self, bot: usize) {
        let now = self.now;
        let state = &mut self.bots[bot];
        if state.webhook.is_some() {
            state.queue.drop_expired(now);
        }
        for head in self.bots[bot].heads(now) {
            if head.ready_at <= now {
                self.send_update(bot, head.update);
            }
        }
    }

    fn send_update(&mut self, bot: usize, update: i64) {
        let state = &mut self.bots[bot];
        let (Some(webhook), Some(update)) = (&mut state.webhook, state.queue.find(update)) else {
            return;
        };
        let Some(host) = WebhookHost::read(&webhook.url) else {
            return;
        };
        update.in_flight = true;
        webhook.in_flight += 1;
        self.last_delivery += 1;
        let flight = Flight {
            bot: state.id,
            generation: state.generation,
            update: update.id,
            sent_at: self.now,
        };
        let scheme = if host.secure { "https" } else { "http" };
        let event = Event::Deliver {
            delivery: self.last_delivery,
            url: format!("{scheme}://{}{}", host.host_header(), host.path),
            request: delivery_request(&host, &webhook.secret, &update.text),
        };
        self.flights.insert(self.last_delivery, flight);
        self.schedule(self.now, event);
    }

    /// Whether a delivery has had no outcome yet, and belongs to the webhook that is set now.
    pub fn is_on_its_way(&self, delivery: u64) -> bool {
        self.flights.get(&delivery).is_some_and(|flight| {
            let mut bots = self.bots.iter();
            bots.any(|bot| bot.id == flight.bot && bot.generation == flight.generation)
        })
    }

    /// Says what came of a delivery; one that belongs to a replaced webhook counts for nothing.
    pub fn delivered(&mut self, now: u64, delivery: u64, outcome: Delivered) {
        self.advance(now);
        let Some(flight) = self.flights.remove(&delivery) else {
            return;
        };
        let same = |bot: &Bot| bot.id == flight.bot && bot.generation == flight.generation;
        let Some(bot) = self.bots.iter().position(same) else {
            return;
        };
        if let Some(webhook) = &mut self.bots[bot].webhook {
            webhook.in_flight -= 1;
        }
        // The time runs from the end of the request to the end of the whole response (`WebhookActor.cpp:592-617`).
        let late = now >= flight.sent_at + TIMEOUT_MS;
        match outcome {
            Delivered::Answered(response) if !late => self.answered(bot, flight.update, &response),
            Delivered::Answered(_) | Delivered::TimedOut => {
                self.failed(bot, flight.update, "Read timeout expired");
            }
            Delivered::Failed(text) => self.failed(bot, flight.update, &text),
            Delivered::Closed => self.retry(bot, flight.update, 0),
        }
    }

    fn answered(&mut self, bot: usize, update: i64, response: &Response) {
        let content_type = header(&response.headers, "content-type").unwrap_or("");
        if !(200..300).contains(&response.status) {
            return self.refused_by_webhook(bot, update, response);
        }
        // A 2xx with too much in it cannot be read and counts as a failure (facts §6.4).
        let Ok(arguments) = Arguments::read("", content_type, &response.body) else {
            return self.failed(bot, update, "Request Entity Too Large: too many parameters");
        };
        if let Some(webhook) = &mut self.bots[bot].webhook {
            webhook.gone_since = None;
        }
        self.bots[bot].queue.remove(update);
        let method = arguments.text("method").to_owned();
        if runs_from_webhook(&method) {
            self.perform_from_webhook(bot, &method, &arguments);
        }
    }

    fn refused_by_webhook(&mut self, bot: usize, update: i64, response: &Response) {
        let now = self.now;
        let text = format!(
            "Wrong response from the webhook: {} {}",
            response.status,
            reason(response.status)
        );
        let Some(webhook) = &mut self.bots[bot].webhook else {
            return;
        };
        if response.status == 410 {
            let since = *webhook.gone_since.get_or_insert(now);
            if now > since + GONE_MS {
                self.bots[bot].forget_webhook(now);
                return;
            }
        } else {
            webhook.gone_since = None;
        }
        webhook.last_error = Some((now / 1000, text));
        let retry_after =
            header(&response.headers, "retry-after").and_then(|text| text.trim().parse().ok());
        self.retry(bot, update, retry_after.unwrap_or(0));
    }

    /// Recorded errors stay until the webhook is set anew or removed, whatever succeeds later (facts §6.8).
    fn failed(&mut self, bot: usize, update: i64, text: &str) {
        let date = self.now / 1000;
        if let Some(webhook) = &mut self.bots[bot].webhook {
            webhook.last_error = Some((date, text.to_owned()));
        }
        self.retry(bot, update, 0);
    }

    /// At once, then 2, 4 … 32, at most 64 seconds, then a random minute or two; an update that would
    /// expire meanwhile is dropped (`WebhookActor.cpp:493-523`).
    fn retry(&mut self, bot: usize, update: i64, retry_after: u64) {
        let now = self.now;
        let longest = self.random.within(60, 120);
        let queue = &mut self.bots[bot].queue;
        let Some(update) = queue.find(update) else {
            return;
        };
        let mut wait = retry_after.min(RETRY_AFTER_SECONDS_MAX);
        if wait == 0 && update.failures > 0 {
            update.delay_seconds = (update.delay_seconds * 2).min(longest);
            wait = update.delay_seconds;
        }
        update.failures += 1;
        update.in_flight = false;
        update.ready_at = now + 1000 * wait;
        if update.ready_at > update.expires_at {
            let id = update.id;
            queue.remove(id);
        }
    }
}

/// The complete list of headers, in this order; there is no User-Agent (`WebhookActor.cpp:525-583`).
fn delivery_request(host: &WebhookHost, secret: &str, body: &str) -> Request {
    let mut headers = vec![("Host", host.host_header())];
    if let Some(user) = &host.user {
        headers.push((
            "Authorization",
            format!("Basic {}", base64(user.as_bytes())),
        ));
    }
    if !secret.is_empty() {
        headers.push(("X-Telegram-Bot-Api-Secret-Token", secret.to_owned()));
    }
    headers.push(("Content-Type", "application/json".to_owned()));
    headers.push(("Content-Length", body.len().to_string()));
    headers.push(("Connection", "keep-alive".to_owned()));
    headers.push(("Accept-Encoding", "gzip, deflate".to_owned()));
    Request {
        method: "POST".to_owned(),
        path: host.path.clone(),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        body: body.as_bytes().to_vec(),
    }
}

/// Methods that a webhook cannot call in its answer (`WebhookActor.cpp:619-635`).
fn runs_from_webhook(method: &str) -> bool {
    let method = method.to_lowercase();
    let forbidden = ["", "deletewebhook", "setwebhook", "close", "logout"];
    !forbidden.contains(&method.as_str()) && !method.starts_with("get")
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let octet = |position: usize| u32::from(chunk.get(position).copied().unwrap_or(0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for position in 0..4 {
            let sextet = (bits >> (18 - 6 * position)) as usize & 63;
            text.push(if position > chunk.len() {
                '='
            } else {
                char::from(ALPHABET[sextet])
            });
        }
    }
    text
}
