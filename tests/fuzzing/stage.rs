//! The world around the core as an input describes it: what the database and Telegram answer, line by line.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use onehook::app::App;
use onehook::feed::relay::Relay;
use onehook::inbox::database::{Batch, Database, DatabaseError, Row, Statement, Value};
use onehook::isolate::Isolate;
use onehook::language::Language;
use onehook::notes::Notes;
use onehook::phrases::{Phrases, Voice};
use onehook::reply::Reply;
use onehook::request::{Body, BodyError, HEADERS, Request};
use onehook::routes;
use onehook::secret::{hex, sha256};
use onehook::settings::Settings;
use onehook::telegram::transport::{Answer, Outgoing, Transport, Unreachable};
use serde::de::IgnoredAny;

/// What the stage says, whatever it is asked to say.
const PHRASES: Phrases = |_, _| Some("what\n{}\nremedy".to_owned());

/// The bot's token. It must show up nowhere.
pub const TOKEN: &str = "4242:CANARY_bot_token_CANARY_bot_token_00";
/// What opens the admin routes.
pub const ADMIN: &str = "CANARY_admin_token_CANARY_admin_token";
/// What a delivery carries.
pub const SECRET: &str = "CANARY_webhook_secret_CANARY_webhook_secret_CANARY_webhook_secre";
/// What opens the feed.
pub const FEED: &str = "4242:CANARY_feed_token_CANARY_feed_token_CANARY_feed_token_CANARY_fee";
/// Where the worker lives.
pub const ORIGIN: &str = "https://onehook.example.workers.dev";

/// When a visitor comes.
const NOW_MS: i64 = 1_800_000_000_000;

/// What happened on the stage.
#[derive(Default)]
pub struct Stage {
    rows: RefCell<VecDeque<Vec<u8>>>,
    answers: RefCell<VecDeque<Vec<u8>>>,
    now_ms: Cell<u64>,
    timers: RefCell<Vec<u64>>,
    /// Trips to the database.
    pub trips: Cell<u64>,
    /// Whether somebody asked for the body.
    pub body_was_read: Cell<bool>,
    /// What left for Telegram.
    pub sent: RefCell<Vec<Outgoing>>,
    /// What the database was asked.
    pub asked: RefCell<Vec<Statement>>,
}

/// All ports at once.
#[derive(Clone)]
pub struct Ports(pub Rc<Stage>);

/// A body that is there at once.
pub struct Bytes(pub Vec<u8>, pub Rc<Stage>);

/// What a visitor got.
pub struct Outcome {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
    /// Where the request was passed on to, if it was.
    pub relay: Option<Relay>,
}

impl Outcome {
    /// What holds for every answer.
    pub fn check(&self, data: &[u8]) {
        // 403, 501: to a feed's reader. 502: Telegram said no to the operator's wish. 410 would make Telegram delete the webhook.
        let statuses = [200, 201, 400, 401, 403, 404, 405, 409, 413, 501, 502, 503];
        assert!(statuses.contains(&self.status), "{}", self.status);
        let mut shown = self.body.clone();
        for (name, value) in &self.headers {
            assert!(value.bytes().all(|byte| byte >= b' '), "{name}: {value:?}");
            shown.push_str(value);
        }
        for canary in [
            "CANARY_bot",
            "CANARY_admin",
            "CANARY_webhook",
            "CANARY_feed",
        ] {
            let brought = data
                .windows(canary.len())
                .any(|part| part == canary.as_bytes());
            assert!(brought || !shown.contains(canary), "{canary} shows");
        }
        let is_json = |(name, value): &(&str, String)| {
            *name == "content-type" && value.starts_with("application/json")
        };
        if self.headers.iter().any(is_json) {
            let read = serde_json::from_str::<IgnoredAny>(&self.body);
            assert!(read.is_ok(), "{}", self.body);
        }
    }

    /// What holds for a refusal: it says what to do.
    pub fn names_a_remedy(&self) {
        let told: serde_json::Value = serde_json::from_str(&self.body).expect("an answer in JSON");
        let remedy = told["error"]["remedy"].as_str();
        assert!(remedy.is_some_and(|remedy| !remedy.is_empty()));
    }
}

impl Stage {
    /// A stage with one line for each statement and one for each answer of Telegram. After the last line the database has no
    /// more rows and Telegram says yes.
    ///
    /// A statement's line holds its rows, divided by `|`, their values by tabs; `~` is NULL and `!` a failed trip. An answer is a
    /// status and a body; `?` is silence.
    pub fn new(rows: &[u8], answers: &[u8]) -> Rc<Self> {
        let lines = |text: &[u8]| {
            let lines = text.split(|byte| *byte == b'\n');
            lines
                .filter(|line| !line.is_empty())
                .map(<[u8]>::to_vec)
                .collect()
        };
        Rc::new(Self {
            rows: RefCell::new(lines(rows)),
            answers: RefCell::new(lines(answers)),
            ..Self::default()
        })
    }

    /// Lets a visitor in and waits until nothing is left to do.
    pub fn visit(self: &Rc<Self>, request: &Request, body: &[u8]) -> Outcome {
        let settings = Settings::read(
            |name| match name {
                "TELEGRAM_BOT_TOKEN" => Some(TOKEN.to_owned()),
                "ADMIN_TOKEN" => Some(ADMIN.to_owned()),
                "OWNER_IDS" => Some("1001".to_owned()),
                _ => None,
            },
            Voice::new(Language::English, PHRASES),
        );
        let ports = (
            Ports(self.clone()),
            Ports(self.clone()),
            Ports(self.clone()),
            PHRASES,
        );
        let app = App::new(
            settings.expect("good settings"),
            ports,
            Rc::<Isolate>::default(),
            NOW_MS,
        );
        let app = Rc::new(app);
        let body = Bytes(body.to_vec(), self.clone());
        let (reply, relay) = self.wait(async {
            let reply = match routes::answer(&app, request, body).await {
                routes::Answer::Reply(reply) => reply,
                routes::Answer::Delivered(delivered) => {
                    if let Some(rest) = delivered.rest {
                        rest.await;
                    }
                    delivered.verdict.reply(app.now_ms)
                }
                routes::Answer::Relayed(relay) => return (Reply::empty(200), Some(relay)),
            };
            (reply, None)
        });
        Outcome {
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
            relay,
        }
    }

    /// Waits for something, and lets the clock jump to the next timer whenever nothing else can go on.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            self.timers.borrow_mut().clear();
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            let next = self.timers.borrow().iter().min().copied();
            self.now_ms.set(next.expect("it waits for a timer"));
        }
    }

    async fn pause(&self, milliseconds: u32) {
        let end = self.now_ms.get() + u64::from(milliseconds);
        poll_fn(|_| {
            if self.now_ms.get() >= end {
                return Poll::Ready(());
            }
            self.timers.borrow_mut().push(end);
            Poll::Pending
        })
        .await;
    }

    fn rows_of(&self, statement: &Statement) -> Result<Vec<Row>, DatabaseError> {
        let line = self.rows.borrow_mut().pop_front();
        if line.as_deref() == Some(b"!") {
            return Err(DatabaseError("D1_ERROR: overloaded".to_owned()));
        }
        if statement.name == "WEBHOOK" {
            let text = |text: &str| Value::Text(text.to_owned());
            let values = vec![
                Value::Null,
                text(SECRET),
                Value::Null,
                Value::Null,
                text("onehook_bot"),
            ];
            return Ok(vec![Row(values)]);
        }
        let line = line.unwrap_or_default();
        if statement.name == "OPEN_FEED" {
            let digest = hex(&sha256(FEED.as_bytes()));
            let methods = match line.as_slice() {
                b"" => Value::Null,
                methods => Value::Text(String::from_utf8_lossy(methods).into_owned()),
            };
            let is_right = statement.values[2] == Value::from(digest.as_str());
            let feed = is_right.then(|| Row(vec![Value::Integer(1), methods]));
            return Ok(feed.into_iter().collect());
        }
        let rows = line.split(|byte| *byte == b'|');
        let mut rows: Vec<Row> = rows.filter(|row| !row.is_empty()).map(row).collect();
        // The database itself makes JSON in some places.
        let made_of_json = match statement.name {
            "INCIDENTS" => Some(4),
            "OUTBOX" => Some(1),
            "FEEDS" | "SHOW_FEED" | "HANDED_OUT" => Some(0),
            _ => None,
        };
        if let Some(column) = made_of_json {
            let is_json = |text: String| serde_json::from_str::<IgnoredAny>(&text).is_ok();
            rows.retain(|row| is_json(row.clone().text(column)));
        }
        Ok(rows)
    }
}

impl Database for Ports {
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        self.0.trips.set(self.0.trips.get() + 1);
        self.0.asked.borrow_mut().extend_from_slice(statements);
        let rows: Result<Vec<_>, _> = statements
            .iter()
            .map(|statement| self.0.rows_of(statement))
            .collect();
        Ok(Batch {
            rows: rows?,
            rows_written: 1,
        })
    }

    async fn pause(&self, milliseconds: u32) {
        self.0.pause(milliseconds).await;
    }
}

impl Transport for Ports {
    async fn carry(&self, request: Outgoing) -> Result<Answer, Unreachable> {
        let is_about_webhook = request.url.ends_with("/getWebhookInfo");
        self.0.sent.borrow_mut().push(request);
        let line = self.0.answers.borrow_mut().pop_front();
        match line.as_deref() {
            None if is_about_webhook => Ok(answer(b"200 {\"ok\":true,\"result\":{}}")),
            None => Ok(answer(
                b"200 {\"ok\":true,\"result\":{\"id\":4242,\"message_id\":7}}",
            )),
            Some(b"?") => Err(Unreachable::TimedOut),
            Some(line) => Ok(answer(line)),
        }
    }

    async fn pause(&self, milliseconds: u32) {
        self.0.pause(milliseconds).await;
    }

    fn now_ms(&self) -> i64 {
        NOW_MS + self.0.now_ms.get().cast_signed()
    }
}

impl Notes for Ports {
    async fn answers(&self) -> bool {
        true
    }

    async fn read(&self, _: &str) -> Option<String> {
        None
    }

    async fn write(&self, _: &str, _: &str, _: u32) {}
}

impl Body for Bytes {
    async fn read(self, bytes_max: usize) -> Result<Vec<u8>, BodyError> {
        self.1.body_was_read.set(true);
        if self.0.len() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        Ok(self.0)
    }
}

/// An answer as a line: the status, a space, the body.
pub fn answer(line: &[u8]) -> Answer {
    let (status, body) = line.split_at(line.len().min(4));
    let status = std::str::from_utf8(status).unwrap_or_default();
    Answer {
        status: status.trim().parse().unwrap_or(200),
        body: body.to_vec(),
    }
}

fn row(text: &[u8]) -> Row {
    let values = text.split(|byte| *byte == b'\t').map(|value| {
        let text = String::from_utf8_lossy(value);
        match (text.as_ref(), text.parse::<i64>()) {
            ("~", _) => Value::Null,
            // Numbers in the database are ours: below 2^53.
            (_, Ok(number)) if number.unsigned_abs() < 1 << 53 => Value::Integer(number),
            _ => Value::Text(text.into_owned()),
        }
    });
    Row(values.collect())
}

/// A request out of lines: `GET /path?query`, then `name: value`.
pub fn request(head: &str) -> Request {
    let mut lines = head.lines();
    let (method, target) = lines
        .next()
        .and_then(|line| line.split_once(' '))
        .unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let value = value.replace("$ADMIN", ADMIN).replace("$SECRET", SECRET);
        let known = HEADERS
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(name))?;
        Some((known, value))
    });
    Request {
        method: method.to_owned(),
        origin: ORIGIN.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.collect(),
    }
}

/// The parts of an input, divided by lines of `%%`.
pub struct Parts<'a>(pub &'a [u8]);

impl<'a> Parts<'a> {
    /// The next of them; an empty one after the last.
    pub fn next(&mut self) -> &'a [u8] {
        let (part, rest) = cut(self.0, b"\n%%\n");
        self.0 = rest;
        part
    }
}

/// What stands before the first place of a divider, and what behind it.
pub fn cut<'a>(data: &'a [u8], divider: &[u8]) -> (&'a [u8], &'a [u8]) {
    let place = data
        .windows(divider.len())
        .position(|window| window == divider);
    match place {
        Some(place) => (&data[..place], &data[place + divider.len()..]),
        None => (data, &[]),
    }
}
