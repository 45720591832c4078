//! Real polling clients, unmodified: what they print is recognised, and the probe hears them.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use onehook::app::App;
use onehook::doctor::conflict::{Meaning, library};
use onehook::doctor::probe;
use onehook::inbox::database::{Batch, Database, DatabaseError, Statement};
use onehook::notes::Notes;
use onehook::phrases::Phrases;
use onehook::request::Request;
use onehook::settings::Settings;
use onehook::telegram::transport::{Answer, Outgoing, Transport, Unreachable};
use serde_json::{Value, json};

use crate::emulator::client::{ask, wait_until};
use crate::emulator::http;
use crate::emulator::server::{Running, real_now};
use crate::emulator::stage::{TOKEN, call};
use crate::emulator::telegram::Request as HttpRequest;
use crate::phrases::{english, phrase};
use crate::rivals::{PATIENCE, Rival, program, telegram};
use crate::sqlite_database::SqliteDatabase;
use crate::test_bot::body;

/// The libraries, and the program that asks once and does not catch what it is told.
const LIBRARIES: [(&str, &str); 4] = [
    ("aiogram", "crash.py"),
    ("python-telegram-bot", "crash.py"),
    ("grammY", "crash.cjs"),
    ("Telegraf", "crash.cjs"),
];

struct Disk(SqliteDatabase);

impl Database for Disk {
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        (&self.0).batch(statements).await
    }

    async fn pause(&self, milliseconds: u32) {
        thread::sleep(Duration::from_millis(milliseconds.into()));
    }
}

struct NoNotes;

impl Notes for NoNotes {
    async fn answers(&self) -> bool {
        false
    }

    async fn read(&self, _: &str) -> Option<String> {
        None
    }

    async fn write(&self, _: &str, _: &str, _: u32) {}
}

/// The way to the pretend Telegram over HTTP, on the real clock.
struct Wire {
    root: String,
}

impl Wire {
    fn exchange(&self, request: &Outgoing) -> std::io::Result<Answer> {
        let address = self.root.trim_start_matches("http://");
        let mut connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(Duration::from_millis(request.timeout_ms.into())))?;
        let mut headers = vec![
            ("Content-Length".to_owned(), request.body.len().to_string()),
            ("Connection".to_owned(), "close".to_owned()),
        ];
        headers.extend(
            request
                .content_type
                .map(|kind| ("Content-Type".to_owned(), kind.to_owned())),
        );
        let sent = HttpRequest {
            method: request.method.to_owned(),
            path: request.url[self.root.len()..].to_owned(),
            headers,
            body: request.body.clone(),
        };
        http::write_request(&mut connection, &sent)?;
        let mut reader = std::io::BufReader::new(&connection);
        let head = http::read_head(&mut reader)?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let body = http::read_body(&mut reader, &head.headers)?;
        let status = head
            .first_line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Ok(Answer {
            status: status.ok_or(std::io::ErrorKind::InvalidData)?,
            body,
        })
    }
}

impl Transport for Wire {
    fn now_ms(&self) -> i64 {
        i64::try_from(real_now()).unwrap()
    }

    async fn carry(&self, request: Outgoing) -> Result<Answer, Unreachable> {
        self.exchange(&request).map_err(|_| Unreachable::Broken)
    }

    async fn pause(&self, milliseconds: u32) {
        thread::sleep(Duration::from_millis(milliseconds.into()));
    }
}

/// Listens as the worker would, for so many seconds.
fn listen(telegram: &Running, seconds: u32) -> Value {
    let setting = |name: &str| {
        Some(match name {
            "TELEGRAM_BOT_TOKEN" => TOKEN.to_owned(),
            "ADMIN_TOKEN" => "0123456789abcdef0123456789abcdef".to_owned(),
            "TELEGRAM_API_ROOT" => telegram.url.clone(),
            _ => return None,
        })
    };
    let database = Disk(SqliteDatabase::new(Rc::new(real_now)));
    let wire = Wire {
        root: telegram.url.clone(),
    };
    let ports = (database, wire, NoNotes, phrase as Phrases);
    let now_ms = i64::try_from(real_now()).unwrap();
    let app = App::new(
        Settings::read(setting, english()).unwrap(),
        ports,
        Rc::default(),
        now_ms,
    );
    let request = Request {
        method: "POST".to_owned(),
        path: "/admin/doctor/probe".to_owned(),
        query: format!("seconds={seconds}"),
        ..Request::default()
    };
    let reply = pollster::block_on(probe::listen(&app, &request));
    assert_eq!(reply.status, 200, "{}", reply.body);
    body(&reply)["probe"].clone()
}

/// Whether a long poll of a library waits just now.
fn somebody_waits(telegram: &Running) -> bool {
    let state = telegram.state();
    let calls = state["bots"][0]["calls"].as_array().unwrap();
    let mut polls = calls.iter().filter(|call| call["method"] == "getUpdates");
    polls
        .next_back()
        .is_some_and(|poll| poll["result"].is_null())
}

fn rival(telegram: &Running, script: &str) -> Rival {
    let rival = Rival::spawn(
        program(script)
            .args([&telegram.url, TOKEN])
            .stderr(Stdio::null()),
    );
    wait_until("its first poll", PATIENCE, || somebody_waits(telegram));
    rival
}

#[test]
fn what_a_bot_prints_when_it_dies_of_a_conflict_is_recognised() {
    let telegram = telegram();
    let set = ask(
        &telegram,
        call("setWebhook", &json!({"url": "http://127.0.0.1:9/webhook"})),
    );
    assert_eq!(set["ok"], true);
    for (name, script) in LIBRARIES {
        let mut command: Command = program(script);
        let output = command.args([name, &telegram.url, TOKEN]).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(printed.contains("Conflict"), "{name}: {printed}");
        assert_eq!(
            Meaning::of(&printed),
            Meaning::WebhookActive,
            "{name}: {printed}"
        );
        assert_eq!(
            library(&printed).map(|(name, _)| name),
            Some(name),
            "{name}: {printed}"
        );
    }
}

#[test]
fn the_probe_hears_aiogram_again_and_again_and_its_log_is_recognised() {
    let telegram = telegram();
    let aiogram = rival(&telegram, "aiogram_poller.py");
    let heard = listen(&telegram, 15);
    assert_eq!(heard["verdict"], "rival", "{heard}");
    let times = heard["heard_after_ms"].as_array().unwrap().len();
    assert!(times >= 2, "it comes back after a few seconds: {heard}");
    assert!(heard["rhythm"].is_string(), "{heard}");
    let lines = aiogram.lines();
    let line = lines
        .iter()
        .find(|line| line.contains("Conflict"))
        .expect("it was told");
    assert_eq!(Meaning::of(line), Meaning::OtherPoller, "{line}");
    assert_eq!(
        library(line).map(|(name, _)| name),
        Some("aiogram"),
        "{line}"
    );
}

#[test]
fn the_probe_hears_python_telegram_bot_come_back() {
    let telegram = telegram();
    let _rival = rival(&telegram, "telegram_poller.py");
    let heard = listen(&telegram, 12);
    assert_eq!(heard["verdict"], "rival", "{heard}");
}

#[test]
fn a_bot_that_stops_at_a_conflict_is_not_heard_which_is_no_proof() {
    for script in ["grammy_poller.cjs", "telegraf_poller.cjs"] {
        let telegram = telegram();
        let rival = rival(&telegram, script);
        let heard = listen(&telegram, 5);
        assert_eq!(heard["verdict"], "no_proof", "{script}: {heard}");
        rival.wait_for("make sure that only one bot instance is running");
    }
}
