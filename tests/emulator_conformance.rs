//! The promises of the pretend Telegram, each with the place in the server's source that it mirrors.

use serde_json::{Value, json};

use crate::emulator::telegram::{Delivered, Event, Lookup, Options, Request, Response, Telegram};

const TOKEN: &str = "4242:TEST_TOKEN_FOR_THE_EMULATOR_0000000";
const START: u64 = 1_800_000_000_000;
const URL: &str = "http://127.0.0.1:8787/webhook";

const K1: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const K2: &str = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const K3: &str = "Conflict: terminated by setWebhook request";
const K4: &str = "Conflict: terminated by other setWebhook";

/// The emulator with a clock and a memory of what it did.
struct Stage {
    telegram: Telegram,
    now: u64,
    answers: Vec<(u64, u64, Value)>,
    deliveries: Vec<(u64, u64, Request)>,
}

impl Stage {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let mut telegram = Telegram::new(Options {
            seed: 7,
            now: START,
            allow_http_and_loopback: true,
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
    fn send(&mut self, method: &str, parameters: &Value) -> u64 {
        let number = self.telegram.request(self.now, call(method, parameters));
        self.look();
        number
    }

    /// Sends a call that is answered at once.
    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        let number = self.send(method, parameters);
        let (at, answer) = self.answer(number).expect("answered at once");
        assert_eq!(at, self.now, "answered at once");
        answer
    }

    /// Moves the clock in steps to everything that falls due.
    fn wait(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(next) = self.telegram.next_due().filter(|next| *next <= end) {
            self.now = next;
            self.look();
        }
        self.now = end;
        self.look();
    }

    fn look(&mut self) {
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
    fn answer(&self, number: u64) -> Option<(u64, Value)> {
        let answer = self
            .answers
            .iter()
            .find(|(request, ..)| *request == number)?;
        Some((answer.1, answer.2.clone()))
    }

    fn say(&mut self, person: &str, text: &str) -> Value {
        self.act(&json!({"person": person, "act": "say", "text": text}))
    }

    fn act(&mut self, act: &Value) -> Value {
        let outcome = self.telegram.act(self.now, act).unwrap();
        self.look();
        outcome
    }

    fn set_webhook(&mut self) {
        let answer = self.ask("setWebhook", &json!({"url": URL, "secret_token": "s3cret"}));
        assert_eq!(answer["description"], "Webhook was set");
        self.wait(1000);
    }

    /// The deliveries since the last look, as (number, time since the start, update).
    fn delivered(&mut self) -> Vec<(u64, u64, Value)> {
        let deliveries = std::mem::take(&mut self.deliveries);
        let parsed = deliveries.into_iter().map(|(number, at, request)| {
            let update = serde_json::from_slice(&request.body).unwrap();
            (number, at, update)
        });
        parsed.collect()
    }

    /// The one delivery since the last look.
    fn delivery(&mut self) -> (u64, u64, Value) {
        let mut deliveries = self.delivered();
        assert_eq!(deliveries.len(), 1, "one delivery: {deliveries:?}");
        deliveries.remove(0)
    }

    fn reply(&mut self, delivery: u64, status: u16, headers: &[(&str, &str)], body: &str) {
        let response = response(status, headers, body);
        self.telegram
            .delivered(self.now, delivery, Delivered::Answered(response));
        self.look();
    }

    fn info(&mut self) -> Value {
        self.ask("getWebhookInfo", &json!({}))["result"].clone()
    }
}

fn call(method: &str, parameters: &Value) -> Request {
    Request {
        method: "POST".to_owned(),
        path: format!("/bot{TOKEN}/{method}"),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: parameters.to_string().into_bytes(),
    }
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Response {
        status,
        headers: headers.collect(),
        body: body.as_bytes().to_vec(),
    }
}

fn dns(host: &str, after_ms: u64, answer: Result<&str, &str>) -> Options {
    let answer = answer.map(str::to_owned).map_err(str::to_owned);
    let mut options = Options::default();
    options
        .dns
        .insert(host.to_owned(), Lookup { after_ms, answer });
    options
}

/// Scenario 1: `Client.cpp:15733-15739` (one a second), `15758-15775` (already set), `Query.h:196-235` (429).
#[test]
fn a_webhook_is_set_once_and_asking_too_often_is_refused() {
    let mut stage = Stage::new();
    let set = json!({"url": URL});
    let first = stage.ask("setWebhook", &set);
    assert_eq!(
        first,
        json!({"ok": true, "result": true, "description": "Webhook was set"})
    );
    stage.wait(999);
    let refused = json!({
        "ok": false,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    });
    assert_eq!(stage.ask("setWebhook", &set), refused);
    stage.wait(1);
    let again = stage.ask("setWebhook", &set);
    assert_eq!(again["description"], "Webhook is already set");
}

/// Scenario 1, the header: `Query.h:196-235`, `HttpConnection.cpp:66-88`.
#[test]
fn a_429_says_its_pause_in_a_header_too() {
    let mut stage = Stage::new();
    stage.ask("setWebhook", &json!({"url": URL}));
    let request = call("setWebhook", &json!({"url": URL}));
    stage.telegram.request(START, request);
    let Some(Event::Answer { response, .. }) = stage.telegram.due(START).pop() else {
        panic!("no answer");
    };
    assert_eq!(response.status, 429);
    assert!(
        response
            .headers
            .contains(&("Retry-After".to_owned(), "1".to_owned()))
    );
}

/// Scenario 2: `Client.cpp:15944-15966` (the old one is erased first), `16001-16060` (then checked).
#[test]
fn a_set_webhook_that_fails_leaves_the_bot_without_a_webhook() {
    let mut stage = Stage::new();
    stage.set_webhook();
    let answer = stage.ask(
        "setWebhook",
        &json!({"url": URL, "secret_token": "not allowed!"}),
    );
    assert_eq!(answer["error_code"], 400);
    assert_eq!(
        answer["description"],
        "Bad Request: secret token contains unallowed characters"
    );
    assert_eq!(stage.info()["url"], "");
}

/// Scenario 3: `Client.cpp:15726-15798`, `16001-16060`.
#[test]
fn deleting_twice_says_so_and_dropping_works_without_a_webhook() {
    let mut stage = Stage::new();
    stage.set_webhook();
    assert_eq!(
        stage.ask("deleteWebhook", &json!({}))["description"],
        "Webhook was deleted"
    );
    assert_eq!(
        stage.ask("deleteWebhook", &json!({}))["description"],
        "Webhook is already deleted"
    );
    stage.say("Ada", "hello");
    assert_eq!(stage.info()["pending_update_count"], 1);
    let answer = stage.ask("deleteWebhook", &json!({"drop_pending_updates": true}));
    assert_eq!(answer["description"], "Webhook is already deleted");
    assert_eq!(stage.info()["pending_update_count"], 0);
}

/// Scenario 4: `Client.cpp:16225-16251`, `16386-16387`.
#[test]
fn of_two_pollers_the_older_is_ended_and_a_second_conflict_waits_three_seconds() {
    let mut stage = Stage::new();
    let poll = json!({"timeout": 50});
    let a = stage.send("getUpdates", &poll);
    stage.wait(1000);
    let b = stage.send("getUpdates", &poll);
    assert_eq!(stage.answer(a).unwrap(), (START + 1000, conflict(K2)));
    stage.wait(2000);
    let c = stage.send("getUpdates", &poll);
    assert_eq!(stage.answer(b), None);
    stage.wait(3000);
    assert_eq!(stage.answer(b).unwrap(), (START + 6000, conflict(K2)));
    assert_eq!(stage.answer(c), None, "the newest waits");
}

/// Scenario 5: `Client.cpp:16321-16404`.
#[test]
fn a_short_poll_with_another_offset_disturbs_no_one() {
    let mut stage = Stage::new();
    let a = stage.send("getUpdates", &json!({"timeout": 50}));
    stage.wait(100);
    let answer = stage.ask("getUpdates", &json!({"timeout": 0, "offset": 90}));
    assert_eq!(answer, json!({"ok": true, "result": []}));
    assert_eq!(stage.answer(a), None);
    stage.wait(50_000);
    assert_eq!(
        stage.answer(a).unwrap(),
        (START + 50_000, json!({"ok": true, "result": []}))
    );
}

/// Scenario 6: `Client.cpp:15779-15781` (K3), `15700-15706` (K1), `16238-16251` (the shared pause).
#[test]
fn setting_a_webhook_ends_the_waiting_poll_and_later_polls_are_refused() {
    let mut stage = Stage::new();
    let poll = stage.send("getUpdates", &json!({"timeout": 50}));
    let set = stage.ask("setWebhook", &json!({"url": URL}));
    assert_eq!(set["description"], "Webhook was set");
    assert_eq!(stage.answer(poll).unwrap(), (START, conflict(K3)));
    stage.wait(1000);
    let held = stage.send("getUpdates", &json!({}));
    stage.wait(2999);
    assert_eq!(stage.answer(held), None);
    stage.wait(1);
    assert_eq!(stage.answer(held).unwrap(), (START + 4000, conflict(K1)));
    stage.wait(3001);
    assert_eq!(stage.ask("getUpdates", &json!({})), conflict(K1));
}

/// Scenario 7: `Client.cpp:15752-15754`.
#[test]
fn deleting_while_a_webhook_is_being_set_ends_the_setting() {
    let mut stage = Stage::with(dns("slow.example", 5000, Ok("104.16.0.1")));
    let set = stage.send("setWebhook", &json!({"url": "https://slow.example/"}));
    stage.wait(1000);
    assert_eq!(stage.answer(set), None);
    assert_eq!(stage.info()["ip_address"], "<unknown>");
    let deleted = stage.ask("deleteWebhook", &json!({}));
    assert_eq!(deleted["description"], "Webhook was deleted");
    assert_eq!(stage.answer(set).unwrap(), (START + 1000, conflict(K4)));
    stage.wait(10_000);
    assert_eq!(stage.info()["url"], "");
}

/// Scenario 8: `WebhookActor.cpp:261-324`, `Client.cpp:17053-17353`.
#[test]
fn messages_of_a_chat_come_one_by_one_and_a_press_overtakes_them() {
    let mut stage = Stage::new();
    let keyboard = json!({"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]});
    stage.say("Ada", "/start");
    stage.ask(
        "sendMessage",
        &json!({"chat_id": 1001, "text": "Sure?", "reply_markup": keyboard}),
    );
    stage.ask("getUpdates", &json!({"offset": 101}));
    stage.set_webhook();
    stage.say("Ada", "one");
    stage.say("Ada", "two");
    stage.act(&json!({"person": "Ada", "act": "press", "message_id": 2, "button": 1}));
    let updates = stage.delivered();
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_eq!(updates[0].2["message"]["text"], "one");
    assert_eq!(updates[1].2["callback_query"]["data"], "yes");
    stage.reply(updates[0].0, 200, &[], "");
    assert_eq!(stage.delivery().2["message"]["text"], "two");
}

/// Scenario 9: `WebhookActor.cpp:493-523`, `803-808`; `Client.cpp:16086-16087`.
#[test]
fn a_failing_webhook_is_tried_after_0_2_and_4_seconds_and_its_error_stays() {
    let mut stage = Stage::new();
    stage.set_webhook();
    let start = stage.now;
    stage.say("Ada", "hello");
    let mut times = Vec::new();
    for status in [500, 500, 500, 200] {
        stage.wait(4000 * u64::from(times.len() > 2) + 2000 * u64::from(times.len() == 2));
        let (delivery, at, update) = stage.delivery();
        assert_eq!(update["update_id"], 100);
        times.push(at - start);
        stage.reply(delivery, status, &[], "");
    }
    assert_eq!(times, [0, 0, 2000, 6000]);
    let info = stage.info();
    assert_eq!(info["pending_update_count"], 0);
    assert_eq!(
        info["last_error_message"],
        "Wrong response from the webhook: 500 Internal Server Error"
    );
    assert_eq!(info["last_error_date"], (start + 2000) / 1000);
}

/// The schedule behind scenario 9: `WebhookActor.h:75`, `107-108`.
#[test]
fn the_pauses_between_tries_grow_to_a_random_minute_or_two() {
    let mut stage = Stage::new();
    stage.set_webhook();
    stage.say("Ada", "hello");
    let mut pauses = Vec::new();
    let mut before = stage.now;
    for _ in 0..12 {
        stage.wait(120_000 * u64::from(stage.deliveries.is_empty()));
        let (delivery, at, _) = stage.delivery();
        pauses.push((at - before) / 1000);
        before = stage.now;
        stage.reply(delivery, 503, &[], "");
    }
    assert_eq!(pauses[..8], [0, 0, 2, 4, 8, 16, 32, 64.min(pauses[7])]);
    assert!(
        pauses[7] >= 60 && pauses[8..].iter().all(|pause| (60..=120).contains(pause)),
        "{pauses:?}"
    );
    assert!(
        pauses[8..].windows(2).any(|pair| pair[0] != pair[1]),
        "{pauses:?}"
    );
}

fn conflict(text: &str) -> Value {
    json!({"ok": false, "error_code": 409, "description": text})
}
