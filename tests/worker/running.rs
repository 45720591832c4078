//! The real worker under workerd, beside a pretend Telegram: started on free ports, ended with all its processes.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, PipeReader, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use onehook::secret::hex;
use serde_json::Value;

use super::checkout::{checkout, copy, fresh_folder, in_checkout, migrated, with};
use crate::emulator::server::{self, KnownBot, Running};
use crate::emulator::telegram::Options;

/// The bot's owner, the first person who says something to the pretend Telegram.
pub(super) const OWNER: &str = "Ada";
pub(super) const OWNER_ID: i64 = 1001;
/// Starting takes about five seconds, and building what it starts two minutes.
const START_MAX: Duration = Duration::from_mins(5);
/// How long a line of the log, or an answer of the bot, may be on its way on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a command and ends it, with all it has started, when the standard input closes: because a test is over, has
/// failed, or because the whole test process was killed.
const UNTIL_INPUT_ENDS: &str = r#"
"$@" </dev/null &
exec >/dev/null 2>&1
cat
trap '' TERM
kill -TERM 0
tries=0
while kill -0 $! && [ $tries -lt 30 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -KILL 0
"#;

const LOG_LINES_SHOWN: usize = 60;

/// How a worker is started.
pub(super) struct Start {
    /// What is run; the shipped build unless it says otherwise.
    pub entry: Option<&'static str>,
    /// Whether the database has its tables.
    pub is_migrated: bool,
    /// Whether the secrets are set.
    pub has_secrets: bool,
    /// What `wrangler.toml` describes in a comment and this worker has: the first table of it.
    pub switched_on: Option<&'static str>,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            entry: None,
            is_migrated: true,
            has_secrets: true,
            switched_on: None,
        }
    }
}

/// A running worker and its Telegram; both end when this is dropped.
pub(super) struct Worker {
    pub telegram: Running,
    pub admin_token: String,
    /// The host and port it listens on.
    pub address: String,
    bot_token: String,
    pub(super) folder: PathBuf,
    pub(super) entry: Option<String>,
    /// Where it looks for Telegram.
    pub(super) api_root: String,
    process: Option<Child>,
    log: Arc<Mutex<Vec<String>>>,
    pub(super) heard: Mutex<Vec<String>>,
}

impl Worker {
    pub(super) fn start() -> Self {
        Self::start_with(&Start::default())
    }

    pub(super) fn start_with(start: &Start) -> Self {
        assert!(
            checkout().join("build/index.js").exists(),
            "there is no build/index.js to test; run: scripts/build"
        );
        let (bot_token, admin_token) = (format!("4242:{}", random_hex()), random_hex());
        let folder = fresh_folder();
        if start.is_migrated {
            copy(migrated(), &folder.join("state"));
        }
        let secrets = if start.has_secrets {
            format!("TELEGRAM_BOT_TOKEN={bot_token}\nADMIN_TOKEN={admin_token}\n")
        } else {
            String::new()
        };
        fs::write(folder.join("worker.env"), secrets).unwrap();
        if let Some(first_table) = start.switched_on {
            fs::write(folder.join("wrangler.toml"), with(first_table)).unwrap();
        }
        let telegram = telegram(&bot_token);
        let mut worker = Self {
            api_root: telegram.url.clone(),
            telegram,
            admin_token,
            address: String::new(),
            bot_token,
            folder,
            entry: start.entry.map(str::to_owned),
            process: None,
            log: Arc::default(),
            heard: Mutex::default(),
        };
        worker.run();
        worker
    }

    /// Ends all its processes and starts it again on what it has stored.
    pub(super) fn restart(&mut self) {
        self.end();
        self.run();
    }

    /// Starts it on what it has stored.
    pub(super) fn run(&mut self) {
        let state = self.folder.join("state");
        let mut wrangler = vec![OsString::from("wrangler"), "dev".into()];
        let own = self.folder.join("wrangler.toml");
        if own.exists() {
            wrangler.extend(["--config".into(), own.into()]);
        }
        wrangler.extend(self.entry.as_ref().map(OsString::from));
        let options = "--ip 127.0.0.1 --port 0 --inspector-port 0 --show-interactive-dev-session=false --persist-to";
        wrangler.extend(options.split(' ').map(OsString::from));
        wrangler.extend([state.into(), "--env-file".into()]);
        wrangler.push(self.folder.join("worker.env").into());
        for variable in [
            format!("TELEGRAM_API_ROOT:{}", self.api_root),
            format!("OWNER_IDS:{OWNER_ID}"),
        ] {
            wrangler.extend(["--var".into(), variable.into()]);
        }
        let (output, input) = io::pipe().unwrap();
        let mut command = in_checkout("sh", &self.folder);
        command
            .args(["-c", UNTIL_INPUT_ENDS, "sh"])
            .args(wrangler)
            .stdin(Stdio::piped())
            .stdout(input.try_clone().unwrap())
            .stderr(input)
            .process_group(0);
        self.process = Some(command.spawn().expect("there is a shell"));
        drop(command); // it holds the writing end of the log
        let earlier = self.log().len();
        let has_ended = follow(output, Arc::clone(&self.log));
        self.address = self.wait_until_ready(earlier, &has_ended);
    }

    fn wait_until_ready(&self, earlier: usize, has_ended: &thread::JoinHandle<()>) -> String {
        let start = Instant::now();
        loop {
            let log = self.log();
            let mut lines = log.iter().skip(earlier);
            if let Some(address) = lines.find_map(|line| line.split_once("Ready on http://")) {
                return address
                    .1
                    .trim_end_matches(|c: char| !c.is_ascii_digit())
                    .to_owned();
            }
            assert!(
                !has_ended.is_finished() && start.elapsed() < START_MAX,
                "wrangler did not start the worker; it said:\n{}",
                log.join("\n")
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills the runtime in the middle of whatever it does, and then everything around it.
    pub(super) fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        let mut doomed = runtimes_below(process.id());
        assert!(!doomed.is_empty(), "no workerd runs");
        doomed.push(format!("-{}", process.id()));
        let killed = Command::new("kill")
            .args(["-KILL", "--"])
            .args(&doomed)
            .status();
        assert!(killed.is_ok_and(|status| status.success()), "{doomed:?}");
        process.wait().unwrap();
    }

    /// Ends all its processes.
    pub(super) fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }

    /// Everything that was printed so far.
    pub(super) fn log(&self) -> Vec<String> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// For whoever has to find out why a test failed.
    pub(super) fn show_log(&self) {
        let log = self.log();
        let last = log.len().saturating_sub(LOG_LINES_SHOWN);
        eprintln!(
            "--- the end of the worker's log:\n{}",
            log[last..].join("\n")
        );
    }

    /// The lines about visitors, in their order.
    pub(super) fn visits(&self) -> Vec<Value> {
        let log = self.log();
        let lines = log.iter().filter_map(|line| {
            let start = line.find("{\"visitor\"")?;
            serde_json::from_str(&line[start..]).ok()
        });
        lines.collect()
    }

    /// The log's line about one delivery of an update, when it is there.
    pub(super) fn visit_of(&self, update_id: i64) -> Value {
        let start = Instant::now();
        loop {
            let mut visits = self.visits().into_iter();
            if let Some(visit) = visits.find(|visit| visit["update_id"] == update_id) {
                return visit;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "the log has no line about {update_id}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The secret that Telegram was given with the webhook.
    pub(super) fn webhook_secret(&self) -> Option<String> {
        let state = self.telegram.state();
        let secret = state["bots"][0]["webhook"]["secret_token"].as_str();
        secret
            .filter(|secret| !secret.is_empty())
            .map(str::to_owned)
    }

    /// Every secret Telegram was ever given, and both tokens, must be in no line of the log and in no answer.
    pub(super) fn has_told_no_secret(&self) {
        let mut secrets = HashSet::from([self.admin_token.clone()]);
        secrets.extend(self.bot_token.split(':').next_back().map(str::to_owned));
        let state = self.telegram.state();
        let calls = state["bots"][0]["calls"].as_array().unwrap();
        let given = calls.iter().map(|call| &call["parameters"]["secret_token"]);
        secrets.extend(given.filter_map(Value::as_str).map(str::to_owned));
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        for text in heard.iter().chain(&self.log()) {
            let told = secrets.iter().find(|secret| text.contains(secret.as_str()));
            assert!(told.is_none(), "a secret was told: {text}");
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
        if thread::panicking() {
            return self.show_log();
        }
        self.has_told_no_secret();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The runtimes among the descendants of a process.
fn runtimes_below(ancestor: u32) -> Vec<String> {
    let listed = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,comm="])
        .output()
        .expect("there is `ps`; install procps");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let processes = listed.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?, words.next()?))
    });
    let processes: Vec<_> = processes.collect();
    let mut family = vec![ancestor.to_string()];
    let mut runtimes = Vec::new();
    while let Some(parent) = family.pop() {
        for (pid, _, name) in processes.iter().filter(|(_, above, _)| *above == parent) {
            family.push((*pid).to_owned());
            if name.ends_with("workerd") {
                runtimes.push((*pid).to_owned());
            }
        }
    }
    runtimes
}

/// A random text of 64 hexadecimal digits.
pub(super) fn random_hex() -> String {
    let mut bytes = [0; 32];
    let mut source = File::open("/dev/urandom").unwrap();
    source.read_exact(&mut bytes).unwrap();
    hex(&bytes)
}

fn telegram(bot_token: &str) -> Running {
    let options = Options {
        allow_http_and_loopback: true,
        ..Options::default()
    };
    let bot = KnownBot {
        token: bot_token.to_owned(),
        username: "onehook_bot".to_owned(),
        first_name: "Onehook".to_owned(),
    };
    server::start(options, &[bot], 0).unwrap()
}

/// Keeps the lines of a log; it is over when the last process that could write there is.
fn follow(output: PipeReader, log: Arc<Mutex<Vec<String>>>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(text);
            line.clear();
        }
    })
}
