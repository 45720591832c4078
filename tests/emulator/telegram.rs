//! The pretend Telegram: a state machine without IO, driven by the caller's clock, that answers as the Bot API server does.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::answer::{Refusal, bare};
use super::arguments::Arguments;
use super::bot::Bot;
use super::chats::Chats;
use super::delivery::Flight;
use super::faults::{Fault, Faults};
use super::random::Random;
use super::route::{self, Route};
use super::transcript::Transcript;
use super::webhook_host::Lookups;

/// Expired updates are collected this often (facts §8.2).
const COLLECTION_MS: u64 = 60_000;

/// Choices of the one who starts the emulator.
#[derive(Clone, Default)]
pub struct Options {
    pub seed: u64,
    /// The time of the start, in milliseconds since 1970.
    pub now: u64,
    /// Webhooks may use http, any port, and reserved addresses, as with the server's `--local`.
    pub allow_http_and_loopback: bool,
    /// Answer as the front end of api.telegram.org does where it differs from the published server.
    pub cloud_profile: bool,
    pub first_update_id: Option<i64>,
    /// How the names of webhook hosts resolve; other names resolve at once.
    pub dns: BTreeMap<String, Lookup>,
}

/// The outcome of looking up a host name.
#[derive(Clone, Debug)]
pub struct Lookup {
    pub after_ms: u64,
    /// The IP address, or the text of getaddrinfo.
    pub answer: Result<String, String>,
}

/// An HTTP request, in either direction.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    /// The path with its query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// An HTTP response, in either direction.
#[derive(Clone, Debug, Default)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What the door has to do now.
#[derive(Debug)]
pub enum Event {
    /// Answer a pending API request.
    Answer { request: u64, response: Response },
    /// Cut the connection of a pending API request.
    Reset { request: u64 },
    /// Declare the whole answer, send only the first `send` bytes of its body, cut the connection.
    Truncated {
        request: u64,
        response: Response,
        send: usize,
    },
    /// POST this update to the webhook, then say what came of it with `delivered`.
    Deliver {
        delivery: u64,
        url: String,
        request: Request,
    },
}

/// What came of a delivery.
#[derive(Debug)]
pub enum Delivered {
    Answered(Response),
    TimedOut,
    /// Closed without an answer: nothing is recorded.
    Closed,
    /// The system's text, like `Connection refused`.
    Failed(String),
}

pub struct Telegram {
    pub(super) options: Options,
    pub(super) now: u64,
    pub(super) random: Random,
    pub(super) bots: Vec<Bot>,
    pub(super) chats: Chats,
    pub(super) transcript: Transcript,
    pub(super) lookups: Lookups,
    pub(super) flights: HashMap<u64, Flight>,
    pub(super) last_delivery: u64,
    pub(super) faults: Faults,
    pub(super) last_request: u64,
    pub(super) fates: HashMap<u64, Fault>,
    scheduled: Vec<(u64, Event)>,
    next_collection_at: u64,
}

impl Telegram {
    pub fn new(options: Options) -> Self {
        Self {
            now: options.now,
            random: Random::new(options.seed),
            bots: Vec::new(),
            chats: Chats::default(),
            transcript: Transcript::default(),
            lookups: Lookups::new(options.dns.clone()),
            flights: HashMap::new(),
            last_delivery: 0,
            faults: Faults::default(),
            last_request: 0,
            fates: HashMap::new(),
            scheduled: Vec::new(),
            next_collection_at: options.now + COLLECTION_MS,
            options,
        }
    }

    /// Makes a bot known. A second token for the same bot replaces the first, as after a revocation in `BotFather`:
    /// the webhook is gone, the queue stays (facts §9).
    pub fn add_bot(&mut self, token: &str, username: &str, first_name: &str) {
        let id = token
            .split(':')
            .next()
            .and_then(|id| id.parse().ok())
            .unwrap_or(0);
        let now = self.now;
        if let Some(bot) = self.bots.iter_mut().find(|bot| bot.id == id) {
            token.clone_into(&mut bot.token);
            bot.forget_webhook(now);
            return;
        }
        let names = [token, username, first_name];
        self.bots
            .push(Bot::new(id, names, self.options.first_update_id, now));
    }

    /// An API request arrives; its answer comes out of `due` under the returned number.
    #[allow(clippy::needless_pass_by_value)] // the door has no more use for it
    pub fn request(&mut self, now: u64, request: Request) -> u64 {
        self.advance(now);
        self.last_request += 1;
        let number = self.last_request;
        match route::find(self, &request) {
            Route::Answer(response) => self.schedule(
                now,
                Event::Answer {
                    request: number,
                    response,
                },
            ),
            Route::Call {
                bot,
                method,
                arguments,
            } => self.receive(number, bot, &method, &arguments),
        }
        number
    }

    /// Everything that is due at `now`, in the order of its time.
    pub fn due(&mut self, now: u64) -> Vec<Event> {
        self.advance(now);
        self.scheduled.sort_by_key(|(at, _)| *at);
        let count = self.scheduled.partition_point(|(at, _)| *at <= now);
        self.scheduled
            .drain(..count)
            .map(|(_, event)| event)
            .collect()
    }

    /// When to call `due` again at the latest.
    pub fn next_due(&self) -> Option<u64> {
        let scheduled = self.scheduled.iter().map(|(at, _)| *at);
        scheduled.chain(self.next_timer()).min()
    }

    /// How many updates wait for all bots together, those on their way included.
    pub fn updates_waiting(&self) -> usize {
        self.bots.iter().map(|bot| bot.queue.waiting.len()).sum()
    }

    pub fn fault(&mut self, fault: &Value) -> Result<(), String> {
        self.faults.add(fault)
    }

    pub fn transcript(&self, after: usize) -> Vec<Value> {
        self.transcript.after(after)
    }

    /// The bots with their webhooks, queues, and every API call received, in order.
    pub fn state(&self) -> Value {
        let bots: Vec<Value> = self.bots.iter().map(Bot::state).collect();
        json!({"now": self.now, "bots": bots})
    }

    /// Moves the clock, doing on the way whatever falls due.
    pub(super) fn advance(&mut self, now: u64) {
        while let Some(at) = self.next_timer().filter(|at| *at <= now) {
            self.now = self.now.max(at);
            for bot in 0..self.bots.len() {
                self.finish_verification(bot);
                self.finish_poll(bot);
                self.send_updates(bot);
            }
        }
        self.now = self.now.max(now);
        if self.now >= self.next_collection_at {
            self.next_collection_at = self.now + COLLECTION_MS;
            for bot in &mut self.bots {
                bot.queue.drop_expired(now);
            }
        }
    }

    fn next_timer(&self) -> Option<u64> {
        let pending = self
            .bots
            .iter()
            .filter_map(|bot| Some(bot.pending.as_ref()?.ready_at));
        let polls = self
            .bots
            .iter()
            .filter_map(|bot| Some(bot.poll.as_ref()?.wake_at));
        let updates = self.bots.iter().filter_map(Bot::next_delivery_at);
        pending.chain(polls).chain(updates).min()
    }

    pub(super) fn schedule(&mut self, at: u64, event: Event) {
        self.scheduled.push((at, event));
    }
}

/// Reads the arguments of a request; the error is the bare answer of the HTTP reader.
pub(super) fn arguments_of(request: &Request, query: &str) -> Result<Arguments, Response> {
    let content_type = header(&request.headers, "content-type").unwrap_or("");
    Arguments::read(query, content_type, &request.body).map_err(bare)
}

/// The value of a header; names are compared without regard to case.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers
        .iter()
        .find(|(header, _)| header.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// A refusal in two words.
pub(super) fn refused<T>(code: u16, description: &str) -> Result<T, Refusal> {
    Err(Refusal::new(code, description))
}
