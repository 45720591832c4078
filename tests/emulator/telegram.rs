//! The pretend Telegram: a state machine without IO, driven by the caller's clock, that answers as the Bot API server does.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, bare};
use super::arguments::Arguments;
use super::bot::{Bot, Call};
use super::chats::Chats;
use super::delivery::Flight;
use super::faults::{self, Fault, Faults};
use super::methods;
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
    last_request: u64,
    fates: HashMap<u64, Fault>,
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

    /// Answers a call now.
    pub(super) fn answer(&mut self, request: u64, answer: &Answer) {
        self.answer_at(self.now, request, answer);
    }

    /// Answers a call, unless a fault has other plans for it.
    pub(super) fn answer_at(&mut self, at: u64, request: u64, answer: &Answer) {
        let response = answer.response();
        let result: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if let Some(call) = self.bots.iter_mut().find_map(|bot| bot.call(request)) {
            call.result = result;
            if call.in_webhook_answer {
                return;
            }
        }
        match self.fates.remove(&request) {
            Some(Fault::ResetAfter) => self.schedule(at, Event::Reset { request }),
            Some(Fault::Delay(delay)) => {
                self.schedule(at + delay, Event::Answer { request, response });
            }
            Some(Fault::Truncated) => {
                let send = response.body.len() / 2;
                self.schedule(
                    at,
                    Event::Truncated {
                        request,
                        response,
                        send,
                    },
                );
            }
            _ => self.schedule(at, Event::Answer { request, response }),
        }
    }

    fn receive(&mut self, request: u64, bot: usize, method: &str, arguments: &Arguments) {
        let fault = self.faults.take(method);
        let shown = fault
            .as_ref()
            .map_or(Value::Null, |(_, shown)| shown.clone());
        self.record_call(request, bot, method, arguments, shown);
        match fault.map(|(fault, _)| fault) {
            Some(Fault::Instead(refusal)) => {
                let response = faults::instead(&refusal);
                self.schedule(self.now, Event::Answer { request, response });
            }
            Some(Fault::Html) => {
                let response = faults::html();
                self.schedule(self.now, Event::Answer { request, response });
            }
            Some(Fault::ResetBefore) => self.schedule(self.now, Event::Reset { request }),
            Some(later) => {
                self.fates.insert(request, later);
                self.perform(request, bot, method, arguments);
            }
            None => self.perform(request, bot, method, arguments),
        }
    }

    /// Performs a method that came in the answer to a delivery: no one sees its result (`WebhookActor.cpp:619-635`).
    pub(super) fn perform_from_webhook(&mut self, bot: usize, method: &str, arguments: &Arguments) {
        self.last_request += 1;
        let request = self.last_request;
        self.record_call(request, bot, method, arguments, Value::Null);
        if let Some(call) = self.bots[bot].call(request) {
            call.in_webhook_answer = true;
        }
        self.perform(request, bot, method, arguments);
    }

    fn perform(&mut self, request: u64, bot: usize, method: &str, arguments: &Arguments) {
        if let Err(refusal) = self.wake(bot, method) {
            return self.answer(request, &Answer::Refused(refusal));
        }
        match method.to_lowercase().as_str() {
            "getupdates" => self.get_updates(request, bot, arguments),
            "setwebhook" => self.set_webhook(request, bot, arguments.text("url"), arguments),
            "deletewebhook" => self.set_webhook(request, bot, "", arguments),
            "logout" => self.log_out(request, bot),
            "close" => self.close(request, bot),
            lower => {
                let answer = methods::perform(self, bot, lower, arguments).into();
                self.answer(request, &answer);
            }
        }
    }

    fn record_call(
        &mut self,
        request: u64,
        bot: usize,
        method: &str,
        arguments: &Arguments,
        fault: Value,
    ) {
        let call = Call {
            request,
            at: self.now,
            method: methods::spelling(method),
            parameters: arguments.shown(),
            result: Value::Null,
            fault,
            in_webhook_answer: false,
        };
        self.bots[bot].calls.push(call);
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
