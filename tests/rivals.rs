//! Real polling clients, unmodified, meet the pretend Telegram: the four conflicts reach them as they would in the field.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::emulator::client::{ask, wait_until};
use crate::emulator::server::{self, KnownBot, Running};
use crate::emulator::stage::{TOKEN, call};
use crate::emulator::telegram::{Lookup, Options};

const PACKAGES: &str = include_str!("rivals/package.json");
const REQUIREMENTS: &str = include_str!("rivals/requirements.txt");
/// No one listens there; the emulator sends nothing as long as no one speaks.
const URL: &str = "http://127.0.0.1:9/webhook";
const SLOW_URL: &str = "https://slow.example/webhook";
/// Python starts slowly on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const WEBHOOK_IS_ACTIVE: &str = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const OTHER_GET_UPDATES: &str = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
pub(crate) const SET_WEBHOOK: &str = "Conflict: terminated by setWebhook request";
const OTHER_SET_WEBHOOK: &str = "Conflict: terminated by other setWebhook";

/// A program that uses the same token; it is ended when this is dropped.
pub(crate) struct Rival {
    pub(crate) child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Rival {
    fn start(running: &Running, script: &str, rest: &[&str]) -> Self {
        let mut command = program(script);
        command.args([&running.url, TOKEN]).args(rest);
        Self::spawn(&mut command)
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("python and node are there");
        let output = BufReader::new(child.stdout.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&lines);
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                read.lock().unwrap().push(line);
            }
        });
        Self { child, lines }
    }

    /// What the rival has printed.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Whether the rival has printed a line that ends like this.
    fn printed(&self, end: &str) -> bool {
        self.lines
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.ends_with(end))
    }

    pub(crate) fn wait_for(&self, end: &str) {
        wait_until(end, PATIENCE, || self.printed(end));
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of the programs in `tests/rivals`, without its arguments.
pub(crate) fn program(script: &str) -> Command {
    program_of("tests/rivals", script)
}

/// A program in a folder of the checkout, with the libraries of the rivals.
pub(crate) fn program_of(folder: &str, script: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(script);
    let mut command = if script.extension().is_some_and(|kind| kind == "cjs") {
        let mut node = Command::new("node");
        node.env("NODE_PATH", node_modules());
        node
    } else {
        Command::new(python())
    };
    command.arg(script).env("NO_PROXY", "127.0.0.1");
    command
}

/// The python of a virtual environment with the rivals' libraries, made once and kept while the pins are the same.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| virtual_environment("rivals-venv", REQUIREMENTS).join("bin/python"))
}

/// The same for the libraries of Node.
fn node_modules() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| installed("rivals-node", PACKAGES, install).join("node_modules"))
}

/// A virtual environment in `target` with what some pins ask for.
pub(crate) fn virtual_environment(name: &str, pins: &str) -> PathBuf {
    installed(name, pins, |venv| make(venv, pins))
}

/// A folder in `target` with what some pins ask for.
fn installed(name: &str, pins: &str, install: impl FnOnce(&Path)) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the target folder");
    let lock = File::create(target.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap(); // other test processes may want to make it too
    let folder = target.join(name);
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).ok().as_deref() != Some(pins) {
        install(&folder);
        fs::write(&stamp, pins).unwrap();
    }
    folder
}

fn install(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("package.json"), PACKAGES).unwrap();
    run(
        Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder),
        "check that npm's registry can be reached: `npm view grammy`",
    );
}

fn make(venv: &Path, pins: &str) {
    run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(venv),
        "install Python with `apt-get install python3 python3-venv`",
    );
    let requirements = venv.join("requirements.txt");
    fs::write(&requirements, pins).unwrap();
    run(
        Command::new(venv.join("bin/pip"))
            .args(["install", "--quiet", "--requirement"])
            .arg(requirements),
        "check that PyPI can be reached: `pip download aiogram`",
    );
}

fn run(command: &mut Command, remedy: &str) {
    let done = command.status();
    let succeeded = done.as_ref().is_ok_and(std::process::ExitStatus::success);
    assert!(
        succeeded,
        "the tests need Python, Node and some libraries, but {command:?} gave {done:?}; {remedy}"
    );
}

pub(crate) fn telegram() -> Running {
    let mut options = Options {
        allow_http_and_loopback: true,
        ..Options::default()
    };
    let slow = Lookup {
        after_ms: 3_600_000,
        answer: Ok("104.16.0.1".to_owned()),
    };
    options.dns.insert("slow.example".to_owned(), slow);
    let bot = KnownBot {
        token: TOKEN.to_owned(),
        username: "onehook_bot".to_owned(),
        first_name: "Onehook".to_owned(),
    };
    server::start(options, &[bot], 0).unwrap()
}

fn set_webhook(running: &Running, url: &str) {
    let answer = ask(running, call("setWebhook", &json!({"url": url})));
    assert_eq!(answer["description"], "Webhook was set");
}

fn webhook_url(running: &Running) -> Value {
    ask(running, call("getWebhookInfo", &json!({})))["result"]["url"].clone()
}

/// The calls of one method so far.
fn calls(running: &Running, method: &str) -> Vec<Value> {
    let state = running.state();
    let calls = state["bots"][0]["calls"].as_array().unwrap();
    calls
        .iter()
        .filter(|call| call["method"] == method)
        .cloned()
        .collect()
}

/// Whether a long poll waits for updates just now.
pub(crate) fn someone_waits(running: &Running) -> bool {
    let polls = calls(running, "getUpdates");
    polls.last().is_some_and(|poll| poll["result"].is_null())
}

/// K1, K2 and K3 in one life, for aiogram takes its time to start: it leaves the webhook alone, works when
/// the webhook is gone, and is ended by another poll and by a new webhook.
#[test]
fn aiogram_leaves_the_webhook_alone_and_is_told_of_each_conflict() {
    let running = telegram();
    set_webhook(&running, URL);
    let rival = Rival::start(&running, "aiogram_poller.py", &[]);
    rival.wait_for(WEBHOOK_IS_ACTIVE);
    assert_eq!(webhook_url(&running), URL);
    assert_eq!(calls(&running, "deleteWebhook"), [] as [Value; 0]);
    ask(&running, call("deleteWebhook", &json!({})));
    wait_until("the first poll", PATIENCE, || someone_waits(&running));
    running
        .act(&json!({"person": "Ada", "act": "say", "text": "hello"}))
        .unwrap();
    rival.wait_for("heard hello");
    wait_until("the next poll", PATIENCE, || someone_waits(&running));
    thread::scope(|scope| {
        scope.spawn(|| {
            ask(
                &running,
                call("getUpdates", &json!({"timeout": 50, "offset": -1})),
            )
        });
        rival.wait_for(OTHER_GET_UPDATES);
        wait_until("the poll after it", PATIENCE, || someone_waits(&running));
        running.advance(50_000); // ends our own poll if it still waits
    });
    wait_until("the last poll", PATIENCE, || someone_waits(&running));
    set_webhook(&running, URL);
    rival.wait_for(SET_WEBHOOK);
}

/// The thief: python-telegram-bot deletes the webhook before it polls (`ext/_updater.py:705-713`).
#[test]
fn python_telegram_bot_deletes_the_webhook_when_it_starts() {
    let running = telegram();
    set_webhook(&running, URL);
    let rival = Rival::start(&running, "telegram_poller.py", &[]);
    wait_until("the first poll", PATIENCE, || someone_waits(&running));
    assert_eq!(webhook_url(&running), "");
    assert_eq!(calls(&running, "deleteWebhook").len(), 1);
    running
        .act(&json!({"person": "Ada", "act": "say", "text": "hello"}))
        .unwrap();
    rival.wait_for("heard hello");
}

/// K3 and K1, once python-telegram-bot is running: the webhook came back.
#[test]
fn python_telegram_bot_is_told_that_a_webhook_is_active() {
    let running = telegram();
    let rival = Rival::start(&running, "telegram_poller.py", &[]);
    wait_until("the first poll", PATIENCE, || someone_waits(&running));
    set_webhook(&running, URL);
    rival.wait_for(SET_WEBHOOK);
    rival.wait_for(WEBHOOK_IS_ACTIVE);
}

/// K2: whichever of the two waits is ended by the other.
#[test]
fn two_pollers_end_each_other() {
    let running = telegram();
    let first = Rival::start(&running, "telegram_poller.py", &[]);
    wait_until("the first poll", PATIENCE, || someone_waits(&running));
    let second = Rival::start(&running, "telegram_poller.py", &[]);
    first.wait_for(OTHER_GET_UPDATES);
    second.wait_for(OTHER_GET_UPDATES);
}

/// K4: of two deployments that set the webhook at once, the first is ended.
#[test]
fn of_two_webhooks_being_set_at_once_the_first_is_ended() {
    let running = telegram();
    let first = Rival::start(&running, "webhook_setter.py", &[SLOW_URL]);
    wait_until("the first call", PATIENCE, || {
        calls(&running, "setWebhook").len() == 1
    });
    running.advance(1000);
    let second = Rival::start(&running, "webhook_setter.py", &[URL]);
    first.wait_for(OTHER_SET_WEBHOOK);
    second.wait_for("set: True");
    assert_eq!(webhook_url(&running), URL);
}
