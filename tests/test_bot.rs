//! A bot to talk to in tests: the real app between a database and the pretend Telegram, all in process, on one clock.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use expect_test::Expect;
use onehook::app::App;
use onehook::bell::Bell;
use onehook::feed::relay::{Relay, replaced};
use onehook::guard::{self, Tick};
use onehook::inbox::database::{Batch, Database, DatabaseError, Statement};
use onehook::isolate::Isolate;
use onehook::notes::Notes;
use onehook::phrases::Phrases;
use onehook::queue::{NotQueued, Queue};
use onehook::reply::Reply;
use onehook::request::{Body, BodyError, HEADERS, Request};
use onehook::routes::{self, Answer};
use onehook::settings::Settings;
use onehook::telegram::transport::{Answer as HttpAnswer, Outgoing, Transport, Unreachable};
use onehook::visit::Boxed;
use serde_json::{Value, json};

use crate::emulator::in_process::{InProcess, Lost};
use crate::emulator::telegram::{self as telegram, Delivered, Options};
use crate::phrases::{english, phrase};
use crate::sqlite_database::SqliteDatabase;

/// The bot's token. It must show up nowhere.
pub const TOKEN: &str = "4242:CANARY_bot_token_CANARY_bot_token_00";
/// The admin token. It must show up nowhere either.
pub const ADMIN_TOKEN: &str = "CANARY_admin_token_CANARY_admin_token";
/// Where the worker lives.
pub const ORIGIN: &str = "http://127.0.0.1:8787";
/// Where alerts are posted, if the setting says so.
pub const ALERT_URL: &str = "https://alerts.example/CANARY_alert_url";
/// Where Telegram lives.
const API_ROOT: &str = "http://127.0.0.1:8081";
/// When the tests begin: 2027-01-15, 08:00 UTC.
pub const START: u64 = 1_800_000_000_000;

/// How far a visit gets before the isolate dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dies {
    /// It does not.
    Never,
    /// After the update was recorded, before anything is committed.
    BeforeHandling,
    /// After the answer, before anything else is written down.
    BeforeSettling,
}

/// A bot with its world.
pub struct TestBot {
    /// Telegram.
    pub telegram: Rc<InProcess>,
    /// The database.
    pub database: Rc<SqliteDatabase>,
    notes: Rc<MemoryNotes>,
    bell: RefCell<Option<Rc<dyn Bell>>>,
    /// The queue before the database, where the deployment has one: the texts that wait in it.
    pub queue: RefCell<Option<Rc<MemoryQueue>>>,
    isolate: RefCell<Rc<Isolate>>,
    settings: RefCell<BTreeMap<String, String>>,
    told: Cell<usize>,
    dies: Rc<Cell<Dies>>,
    /// What was posted to the second channel for alerts.
    pub posts: Rc<RefCell<Vec<String>>>,
    /// The status of every answer to Telegram, in order.
    pub statuses: RefCell<Vec<u16>>,
    /// Everything a visitor got to see, for the canaries.
    pub seen: RefCell<Vec<String>>,
}

impl TestBot {
    /// A bot whose webhook is set and whose owner is Ada.
    pub fn new() -> Self {
        let bot = Self::without_webhook();
        let reply = bot.operator().put("/admin/webhook", "");
        assert_eq!(reply.status, 200, "{}", reply.body);
        bot
    }

    /// A bot nobody has set a webhook for yet.
    pub fn without_webhook() -> Self {
        let telegram = Rc::new(InProcess::new(Options {
            now: START,
            seed: 1,
            first_update_id: Some(100),
            allow_http_and_loopback: true,
            ..Options::default()
        }));
        telegram.add_bot(TOKEN, "onehook_bot", "Onehook");
        let clock = Rc::clone(&telegram);
        let bot = Self {
            telegram,
            database: Rc::new(SqliteDatabase::new(Rc::new(move || clock.now()))),
            notes: Rc::default(),
            bell: RefCell::default(),
            queue: RefCell::default(),
            isolate: RefCell::default(),
            settings: RefCell::default(),
            told: Cell::new(0),
            dies: Rc::new(Cell::new(Dies::Never)),
            posts: Rc::default(),
            statuses: RefCell::default(),
            seen: RefCell::default(),
        };
        for (name, value) in [
            ("TELEGRAM_BOT_TOKEN", TOKEN),
            ("ADMIN_TOKEN", ADMIN_TOKEN),
            ("TELEGRAM_API_ROOT", API_ROOT),
            ("OWNER_IDS", "1001"),
        ] {
            bot.set(name, value);
        }
        bot
    }

    /// Changes a setting.
    pub fn set(&self, name: &str, value: &str) {
        self.settings
            .borrow_mut()
            .insert(name.to_owned(), value.to_owned());
    }

    /// Gives the deployment a bell.
    pub fn hang_up_bell(&self, bell: Rc<dyn Bell>) {
        *self.bell.borrow_mut() = Some(bell);
    }

    /// Goes on in a fresh isolate that remembers nothing.
    pub fn forget_isolate(&self) {
        *self.isolate.borrow_mut() = Rc::default();
    }

    /// Lets isolates die at a certain point from now on.
    pub fn dies(&self, dies: Dies) {
        self.dies.set(dies);
    }

    /// Somebody who chats.
    pub fn person<'a>(&'a self, name: &'a str) -> Person<'a> {
        Person {
            bot: self,
            name,
            chat: None,
            language: None,
        }
    }

    /// Somebody with the admin token.
    pub fn operator(&self) -> Operator<'_> {
        Operator {
            bot: self,
            authorization: Some(format!("Bearer {ADMIN_TOKEN}")),
            headers: Vec::new(),
        }
    }

    /// Lets time pass, with Telegram's deliveries as they fall due.
    pub fn wait_seconds(&self, seconds: u64) {
        for _ in 0..seconds {
            self.telegram.advance(1000);
            self.deliver();
        }
    }

    /// The cron tick.
    pub fn tick(&self) -> Tick {
        let app = self.app();
        let tick = pollster::block_on(guard::tick(&app)).unwrap();
        drop(app);
        self.deliver();
        tick
    }

    /// The next so many calls of a method go wrong at Telegram.
    pub fn fault(&self, method: &str, times: u64, fault: impl Into<Value>) {
        let fault: Value = fault.into();
        let order = json!({"on": "api", "method": method, "times": times, "fault": fault});
        self.telegram.fault(&order).unwrap();
    }

    /// What somebody else with the token asks of Telegram.
    pub fn rival(&self, method: &str, parameters: &Value) -> Value {
        let response = self.telegram.call(rivals_call(method, parameters), 60_000);
        let response = response.unwrap();
        serde_json::from_slice(&response.body).unwrap()
    }

    /// The webhook as Telegram has it, with the bot's `allowed_updates`; its `url` is empty where none is set.
    pub fn webhook(&self) -> Value {
        let bot = &self.telegram.state()["bots"][0];
        let mut webhook = bot["webhook"].clone();
        webhook["allowed_updates"] = bot["allowed_updates"].clone();
        if webhook["url"].is_null() {
            webhook["url"] = json!("");
        }
        webhook
    }

    /// What people saw since the last look.
    pub fn transcript(&self, expect: Expect) {
        let entries = self.telegram.transcript(self.told.get());
        self.told.set(self.told.get() + entries.len());
        let lines: Vec<String> = entries.iter().filter_map(line).collect();
        expect.assert_eq(&(lines.join("\n") + "\n"));
    }

    /// How often a method was called.
    pub fn calls(&self, method: &str) -> usize {
        self.calls_of(method).len()
    }

    /// The parameters of every call of a method.
    pub fn calls_of(&self, method: &str) -> Vec<Value> {
        let state = self.telegram.state();
        let calls = state["bots"][0]["calls"].as_array().expect("calls").clone();
        let ours = calls.into_iter().filter(|call| {
            call["method"]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case(method))
        });
        ours.map(|call| call["parameters"].clone()).collect()
    }

    /// The secret that Telegram was given.
    pub fn secret(&self) -> String {
        self.telegram.state()["bots"][0]["webhook"]["secret_token"]
            .as_str()
            .expect("a secret")
            .to_owned()
    }

    /// Posts a body to the webhook, as Telegram would.
    pub fn post(&self, body: impl AsRef<[u8]>) -> Reply {
        let secret = self.secret();
        self.visit(
            "POST",
            "/webhook",
            &[("x-telegram-bot-api-secret-token", &secret)],
            body.as_ref(),
        )
        .0
    }

    /// Any request. The second value tells whether the body was read.
    pub fn visit(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (Reply, bool) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: method.to_owned(),
            origin: ORIGIN.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers
                .iter()
                .filter_map(|(name, value)| known(name, value))
                .collect(),
        };
        let was_read = Rc::new(Cell::new(false));
        let body = BytesBody {
            bytes: body.to_vec(),
            was_read: Rc::clone(&was_read),
        };
        let reply = pollster::block_on(self.answer(&request, body));
        self.seen
            .borrow_mut()
            .push(format!("{:?}{}", reply.headers, reply.body));
        (reply, was_read.get())
    }

    /// Hands Telegram's due deliveries to the bot until there are none.
    pub fn deliver(&self) {
        loop {
            let deliveries = self.telegram.deliveries();
            if deliveries.is_empty() {
                return;
            }
            for (delivery, _, request) in deliveries {
                let headers: Vec<(&str, &str)> = request
                    .headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                let (reply, _) =
                    self.visit(&request.method, &request.path, &headers, &request.body);
                self.statuses.borrow_mut().push(reply.status);
                self.telegram
                    .delivered(delivery, Delivered::Answered(response(reply)));
            }
        }
    }

    async fn answer(&self, request: &Request, body: BytesBody) -> Reply {
        let bytes = body.bytes.clone();
        let app = Rc::new(self.app());
        match routes::answer(&app, request, body).await {
            Answer::Reply(reply) => reply,
            Answer::Delivered(delivered) => {
                if let Some(rest) = delivered.rest {
                    rest.await;
                }
                delivered.verdict.reply(app.now_ms)
            }
            Answer::Relayed(relay) => self.relayed(&relay, request, bytes),
        }
    }

    /// Passes a reader's request on to Telegram, as the door does.
    fn relayed(&self, relay: &Relay, request: &Request, body: Vec<u8>) -> Reply {
        let path = relay
            .url
            .strip_prefix(API_ROOT)
            .expect("a call to Telegram");
        let content_type = request.header("content-type");
        let content_type = content_type.map(|value| ("Content-Type".to_owned(), value.to_owned()));
        let request = telegram::Request {
            method: request.method.clone(),
            path: path.to_owned(),
            headers: content_type.into_iter().collect(),
            body,
        };
        let Ok(response) = self.telegram.call(request, 60_000) else {
            return Reply::empty(502);
        };
        let body = String::from_utf8_lossy(&response.body).into_owned();
        let headers = response.headers.iter();
        let retry_after = headers
            .filter(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
            .map(|(_, value)| ("retry-after", value.clone()));
        Reply {
            status: response.status,
            headers: retry_after.collect(),
            body: match &relay.stand_in {
                Some(stand_in) => replaced(&body, TOKEN, stand_in),
                None => body,
            },
        }
    }

    /// The app, as one visit has it.
    pub fn app(&self) -> App<DatabasePort, InProcessTransport, NotesPort> {
        let settings = self.settings.borrow();
        let settings = Settings::read(|name| settings.get(name).cloned(), english()).unwrap();
        let database = DatabasePort {
            database: Rc::clone(&self.database),
            dies: Rc::clone(&self.dies),
        };
        let transport = InProcessTransport {
            telegram: Rc::clone(&self.telegram),
            posts: Rc::clone(&self.posts),
            dies: Rc::clone(&self.dies),
        };
        let notes = NotesPort(Rc::clone(&self.notes));
        let ports = (database, transport, notes, phrase as Phrases);
        let mut app = App::new(
            settings,
            ports,
            Rc::clone(&self.isolate.borrow()),
            i64::try_from(self.telegram.now()).unwrap(),
        );
        let bell = self.bell.borrow().clone();
        app.bell = bell.map(|bell| Box::new(BellPort(bell)) as Box<dyn Bell>);
        let queue = self.queue.borrow().clone();
        app.queue = queue.map(|queue| Box::new(QueuePort(queue)) as Box<dyn Queue>);
        app
    }
}

/// A private message, as Telegram would post it.
pub fn message(update_id: i64, chat: i64, text: &str) -> String {
    let person = json!({"id": chat, "is_bot": false, "first_name": "Ada", "language_code": "en"});
    let chat = json!({"id": chat, "type": "private", "first_name": "Ada"});
    let message =
        json!({"message_id": 1, "date": START / 1000, "from": person, "chat": chat, "text": text});
    json!({"update_id": update_id, "message": message}).to_string()
}

/// A call that somebody else with the token makes.
pub fn rivals_call(method: &str, parameters: &Value) -> telegram::Request {
    telegram::Request {
        method: "POST".to_owned(),
        path: format!("/bot{TOKEN}/{method}"),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: parameters.to_string().into_bytes(),
    }
}

/// The JSON of an answer.
#[track_caller]
pub fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap_or_else(|error| panic!("{error}: {}", reply.body))
}

/// Somebody who chats with the bot.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    bot: &'a TestBot,
    name: &'a str,
    chat: Option<&'a str>,
    language: Option<&'a str>,
}

impl<'a> Person<'a> {
    /// The same person, in a group.
    pub fn in_group(self, title: &'a str) -> Self {
        Self {
            chat: Some(title),
            ..self
        }
    }

    /// The same person, with another language.
    pub fn speaking(self, language: &'a str) -> Self {
        Self {
            language: Some(language),
            ..self
        }
    }

    /// Says something.
    pub fn says(self, text: &str) -> Value {
        self.acts(json!({"act": "say", "text": text}))
    }

    /// Answers a message.
    pub fn answers(self, message_id: i64, text: &str) -> Value {
        self.acts(json!({"act": "say", "text": text, "reply_to": message_id}))
    }

    /// Presses a button, counted from 1, of a message.
    pub fn presses(self, message_id: i64, button: usize) -> Value {
        self.acts(json!({"act": "press", "message_id": message_id, "button": button}))
    }

    /// Does anything the pretend Telegram knows.
    pub fn acts(self, mut act: Value) -> Value {
        act["person"] = json!(self.name);
        if let Some(chat) = self.chat {
            act["chat"] = json!(chat);
        }
        if let Some(language) = self.language {
            act["language_code"] = json!(language);
        }
        let acted = self.bot.telegram.act(&act).unwrap();
        self.bot.deliver();
        acted
    }

    /// The number of the bot's last message with buttons, in any chat.
    pub fn last_message_with_buttons(self) -> i64 {
        let entries = self.bot.telegram.transcript(0);
        let with_buttons = |entry: &&Value| {
            entry["buttons"]
                .as_array()
                .is_some_and(|rows| !rows.is_empty())
        };
        let last = entries
            .iter()
            .rev()
            .find(with_buttons)
            .expect("a message with buttons");
        last["message_id"].as_i64().unwrap()
    }
}

/// Somebody with (or without) the admin token.
pub struct Operator<'a> {
    bot: &'a TestBot,
    authorization: Option<String>,
    headers: Vec<(&'a str, &'a str)>,
}

impl<'a> Operator<'a> {
    /// The same, with another token, or with none.
    pub fn with_token(mut self, token: Option<&str>) -> Self {
        self.authorization = token.map(|token| format!("Bearer {token}"));
        self
    }

    /// The same, with a header more.
    pub fn with_header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// `GET`.
    pub fn get(&self, target: &str) -> Reply {
        self.sends("GET", target, "")
    }

    /// `PUT`.
    pub fn put(&self, target: &str, body: &str) -> Reply {
        self.sends("PUT", target, body)
    }

    /// `DELETE`.
    pub fn delete(&self, target: &str) -> Reply {
        self.sends("DELETE", target, "")
    }

    /// Any request.
    pub fn sends(&self, method: &str, target: &str, body: &str) -> Reply {
        let mut headers = self.headers.clone();
        if let Some(authorization) = &self.authorization {
            headers.push(("authorization", authorization));
        }
        self.bot.visit(method, target, &headers, body.as_bytes()).0
    }
}

/// The way to the database, which gives no answer to an isolate that dies.
pub struct DatabasePort {
    database: Rc<SqliteDatabase>,
    dies: Rc<Cell<Dies>>,
}

impl Database for DatabasePort {
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        let is_about = |names: &[&str]| {
            let mut said = statements.iter().map(|statement| statement.name);
            said.any(|name| names.contains(&name))
        };
        let is_the_end = match self.dies.get() {
            Dies::Never => false,
            Dies::BeforeHandling => is_about(&["COMMIT", "COMMIT_AND_CLOSE"]),
            Dies::BeforeSettling => is_about(&["SETTLE"]),
        };
        if is_the_end {
            std::future::pending::<()>().await;
        }
        (&*self.database).batch(statements).await
    }

    async fn pause(&self, _: u32) {}
}

/// The way to the pretend Telegram, and the isolate's clock. For an isolate that dies it stands still.
pub struct InProcessTransport {
    telegram: Rc<InProcess>,
    posts: Rc<RefCell<Vec<String>>>,
    dies: Rc<Cell<Dies>>,
}

impl Transport for InProcessTransport {
    fn now_ms(&self) -> i64 {
        i64::try_from(self.telegram.now()).unwrap()
    }

    async fn carry(&self, request: Outgoing) -> Result<HttpAnswer, Unreachable> {
        if request.url == ALERT_URL {
            let post = String::from_utf8(request.body).unwrap();
            self.posts.borrow_mut().push(post);
            return Ok(HttpAnswer {
                status: 200,
                body: Vec::new(),
            });
        }
        let path = request
            .url
            .strip_prefix(API_ROOT)
            .expect("a call to Telegram")
            .to_owned();
        let content_type = request
            .content_type
            .map(|value| ("Content-Type".to_owned(), value.to_owned()));
        let timeout_ms = u64::from(request.timeout_ms);
        let request = telegram::Request {
            method: request.method.to_owned(),
            path,
            headers: content_type.into_iter().collect(),
            body: request.body,
        };
        match self.telegram.call(request, timeout_ms) {
            Ok(response) => Ok(HttpAnswer {
                status: response.status,
                body: response.body,
            }),
            Err(Lost::TimedOut) => Err(Unreachable::TimedOut),
            Err(Lost::Reset | Lost::Truncated) => Err(Unreachable::Broken),
        }
    }

    async fn pause(&self, milliseconds: u32) {
        if self.dies.get() == Dies::Never {
            self.telegram.advance(u64::from(milliseconds));
        }
    }
}

/// A queue in memory.
#[derive(Default)]
pub struct MemoryQueue {
    /// What waits in it.
    pub texts: RefCell<Vec<String>>,
    /// Whether it takes nothing.
    pub is_down: Cell<bool>,
}

struct BellPort(Rc<dyn Bell>);

impl Bell for BellPort {
    fn ring(&self) -> Boxed<'static, ()> {
        self.0.ring()
    }

    fn wait(&self, known: i64, milliseconds: u32) -> Boxed<'_, Option<i64>> {
        self.0.wait(known, milliseconds)
    }
}

struct QueuePort(Rc<MemoryQueue>);

impl Queue for QueuePort {
    fn send<'a>(&'a self, update: &'a str) -> Boxed<'a, Result<(), NotQueued>> {
        if self.0.is_down.get() {
            return Box::pin(std::future::ready(Err(NotQueued)));
        }
        self.0.texts.borrow_mut().push(update.to_owned());
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Notes in memory.
type MemoryNotes = RefCell<BTreeMap<String, String>>;

pub struct NotesPort(Rc<MemoryNotes>);

impl Notes for NotesPort {
    async fn answers(&self) -> bool {
        true
    }

    async fn read(&self, key: &str) -> Option<String> {
        self.0.borrow().get(key).cloned()
    }

    async fn write(&self, key: &str, text: &str, _: u32) {
        self.0.borrow_mut().insert(key.to_owned(), text.to_owned());
    }
}

/// A body that tells whether it was read.
struct BytesBody {
    bytes: Vec<u8>,
    was_read: Rc<Cell<bool>>,
}

impl Body for BytesBody {
    async fn read(self, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
        self.was_read.set(true);
        if self.bytes.len() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        Ok(self.bytes)
    }
}

/// A header as the door hands it over: only those that are read anywhere, in lower case.
fn known(name: &str, value: &str) -> Option<(&'static str, String)> {
    let known = HEADERS
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))?;
    Some((known, value.to_owned()))
}

fn response(reply: Reply) -> telegram::Response {
    let headers = reply
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    telegram::Response {
        status: reply.status,
        headers: headers.collect(),
        body: reply.body.into_bytes(),
    }
}

/// A line of the transcript, as a person would see it.
fn line(entry: &Value) -> Option<String> {
    let who = entry["who"].as_str()?;
    let text = entry["text"].as_str().unwrap_or_default();
    let chat = entry["chat"].as_str().unwrap_or_default();
    let speaker = if who == "bot" {
        format!("bot → {chat}")
    } else {
        who.to_owned()
    };
    let line = match entry["what"].as_str()? {
        "message" => format!("{speaker}: {text}"),
        "press" => format!("{who} presses {text}"),
        "answer" => format!("{speaker} (notice): {text}"),
        what => format!("{speaker} ({what}): {text}"),
    };
    let buttons: Vec<&str> = entry["buttons"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|row| row.as_array().into_iter().flatten())
        .filter_map(|button| button["text"].as_str())
        .collect();
    Some(match buttons.as_slice() {
        [] => line.trim_end().to_owned(),
        buttons => format!("{line} [{}]", buttons.join("] [")),
    })
}
