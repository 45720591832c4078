//! A stage for tests of the pretend Telegram: a clock, one bot, and a memory of answers and deliveries.

use serde_json::{Value, json};

use super::telegram::{Delivered, Event, Lookup, Options, Request, Response, Telegram};

pub const TOKEN: &str = "4242:TEST_TOKEN_FOR_THE_EMULATOR_0000000";
pub const START: u64 = 1_800_000_000_000;
pub const URL: &str = "http://127.0.0.1:8787/webhook";

/// The emulator with a clock and a memory of what it did.
pub struct Stage {
    pub telegram: Telegram,
    pub now: u64,
    answers: Vec<(u64, u64, Value)>,
    pub deliveries: Vec<(u64, u64, Request)>,
}

impl Stage {
    /// Allows webhooks on this machine.
    pub fn new() -> Self {
        Self::with(Options {
            allow_http_and_loopback: true,
            ..Options::default()
        })
    }

    pub fn with(options: Options) -> Self {
        let mut telegram = Telegram::new(Options {
            seed: 7,
            now: START,
            first_update_id: options.first_update_id.or(Some(100)),
            ..options
        });
        telegram.add_bot(TOKEN, "onehook_bot", "Onehook");
        Self {
            telegram,
            now: START,
            answers: Vec::new(),
            deliveries: Vec::new(),
        }
    }

    /// Sends a call and returns its number; the answer comes when it comes.
    pub fn send(&mut self, method: &str, parameters: &Value) -> u64 {
        let number = self.telegram.request(self.now, call(method, parameters));
        self.look();
        number
    }

    /// Sends a call that is answered at once.
    pub fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        let number = self.send(method, parameters);
        let (at, answer) = self.answer(number).expect("answered at once");
        assert_eq!(at, self.now, "answered at once");
        answer
    }

    /// Moves the clock in steps to everything that falls due.
    pub fn wait(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(next) = self.telegram.next_due().filter(|next| *next <= end) {
            self.now = next;
            self.look();
        }
        self.now = end;
        self.look();
    }

    pub fn look(&mut self) {
        for event in self.telegram.due(self.now) {
            match event {
                Event::Answer { request, response } => {
                    let body = serde_json::from_slice(&response.body).unwrap();
                    self.answers.push((request, self.now, body));
                }
                Event::Deliver {
                    delivery, request, ..
                } => self.deliveries.push((delivery, self.now, request)),
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// When and what a call was answered.
    pub fn answer(&self, number: u64) -> Option<(u64, Value)> {
        let answer = self
            .answers
            .iter()
            .find(|(request, ..)| *request == number)?;
        Some((answer.1, answer.2.clone()))
    }

    pub fn say(&mut self, person: &str, text: &str) -> Value {
        self.act(&json!({"person": person, "act": "say", "text": text}))
    }

    pub fn act(&mut self, act: &Value) -> Value {
        let outcome = self.telegram.act(self.now, act).unwrap();
        self.look();
        outcome
    }

    pub fn set_webhook(&mut self) {
        let answer = self.ask("setWebhook", &json!({"url": URL, "secret_token": "s3cret"}));
        assert_eq!(answer["description"], "Webhook was set");
        self.wait(1000);
    }

    /// The deliveries since the last look, as (number, time since the start, update).
    pub fn delivered(&mut self) -> Vec<(u64, u64, Value)> {
        let deliveries = std::mem::take(&mut self.deliveries);
        let parsed = deliveries.into_iter().map(|(number, at, request)| {
            let update = serde_json::from_slice(&request.body).unwrap();
            (number, at, update)
        });
        parsed.collect()
    }

    /// The one delivery since the last look.
    pub fn delivery(&mut self) -> (u64, u64, Value) {
        let mut deliveries = self.delivered();
        assert_eq!(deliveries.len(), 1, "one delivery: {deliveries:?}");
        deliveries.remove(0)
    }

    pub fn reply(&mut self, delivery: u64, status: u16, headers: &[(&str, &str)], body: &str) {
        let response = response(status, headers, body);
        self.telegram
            .delivered(self.now, delivery, Delivered::Answered(response));
        self.look();
    }

    /// Sends any request that is answered at once.
    pub fn ask_with(&mut self, request: Request) -> Value {
        let number = self.telegram.request(self.now, request);
        self.look();
        self.answer(number).expect("answered at once").1
    }

    pub fn get(&mut self, path: &str) -> Response {
        let request = Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            ..Request::default()
        };
        self.telegram.request(self.now, request);
        match self.telegram.due(self.now).pop() {
            Some(Event::Answer { response, .. }) => response,
            other => panic!("unexpected {other:?}"),
        }
    }

    /// The body of an answer, byte for byte.
    pub fn bytes(&mut self, method: &str) -> String {
        let response = self.get(&format!("/bot{TOKEN}/{method}"));
        String::from_utf8(response.body).unwrap()
    }

    pub fn info(&mut self) -> Value {
        self.ask("getWebhookInfo", &json!({}))["result"].clone()
    }
}

pub fn call(method: &str, parameters: &Value) -> Request {
    Request {
        method: "POST".to_owned(),
        path: format!("/bot{TOKEN}/{method}"),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: parameters.to_string().into_bytes(),
    }
}

pub fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Response {
        status,
        headers: headers.collect(),
        body: body.as_bytes().to_vec(),
    }
}

pub fn dns(host: &str, after_ms: u64, answer: Result<&str, &str>) -> Options {
    let answer = answer.map(str::to_owned).map_err(str::to_owned);
    let mut options = Options::default();
    options
        .dns
        .insert(host.to_owned(), Lookup { after_ms, answer });
    options
}
