//! Every way in which a call to Telegram can go wrong, under every policy for an outcome that nobody knows.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::checkout::build;
use super::load::people;
use super::running::{Start, Worker};
use super::{calls, message, size};

/// What a call goes through, as the emulator understands it.
#[derive(Clone, Debug)]
enum Fault {
    /// Nobody knows what became of the call. Telegram did it, or not.
    Hidden(Value, bool),
    /// Nobody listens where Telegram should be.
    NobodyThere,
    /// Telegram says no, in these words.
    Refused(u16, &'static str),
    /// Telegram wants a pause of so many seconds.
    Paused(u64),
}

/// A policy: the command that plans a call with it, and the method of that call.
struct Policy {
    command: &'static str,
    method: &'static str,
    /// How often the call is made at most.
    tries_max: usize,
}

/// One fault under one policy, in a chat of its own.
struct Trial {
    fault: Fault,
    policy: &'static Policy,
    chat: i64,
    update_id: i64,
}

const CALL: Policy = Policy {
    command: "/probe_call",
    method: "sendChatAction",
    tries_max: 5,
};
const SEND: Policy = Policy {
    command: "/probe_send",
    method: "sendMessage",
    tries_max: 2,
};
const PARK: Policy = Policy {
    command: "/probe_park",
    method: "sendMessage",
    tries_max: 1,
};
const POLICIES: [&Policy; 3] = [&CALL, &SEND, &PARK];

/// More often than any call is made.
const ALWAYS: u64 = 100;
const FIRST_ID: i64 = 1_300_000_000;
const BETWEEN_TICKS: Duration = Duration::from_millis(500);
/// The longest of these waits: a call of ten seconds, a pause of six, and ten again.
const PATIENCE: Duration = Duration::from_mins(1);

fn hidden_faults() -> Vec<Fault> {
    let error = |code: u16, text: &str| json!({"error": [code, text]});
    vec![
        Fault::Hidden(json!("reset_before"), false),
        Fault::Hidden(json!("reset_after"), true),
        Fault::Hidden(json!({"delay_ms": 40_000}), true),
        Fault::Hidden(json!("truncated"), true),
        Fault::Hidden(json!("bad_json"), true),
        Fault::Hidden(json!("no_code"), true),
        Fault::Hidden(error(500, "Internal Server Error"), false),
        Fault::Hidden(json!("html"), false),
        Fault::Hidden(error(502, "Bad Gateway"), false),
        Fault::Hidden(error(504, "Gateway Timeout"), false),
    ]
}

fn refusals() -> Vec<Fault> {
    vec![
        Fault::Refused(400, "Bad Request: chat not found"),
        Fault::Refused(401, "Unauthorized"),
        Fault::Refused(403, "Forbidden: bot was blocked by the user"),
        Fault::Refused(404, "Not Found"),
        Fault::Refused(409, "Conflict: terminated by other getUpdates request"),
        Fault::Refused(413, "Request Entity Too Large"),
    ]
}

/// A long run: `DEEP=1 cargo test --locked telegram_faults::whatever -- --nocapture`.
#[test]
fn whatever_telegram_does_a_call_is_made_as_often_as_its_policy_allows() {
    let options = "--features probes --out-dir build/probes";
    build(&options.split(' ').collect::<Vec<_>>());
    let (rounds, start) = (size("TELEGRAM_FAULT_ROUNDS", 1, 10), Instant::now());
    let mut trials = 0;
    for _ in 0..rounds {
        let mut stage = Stage::new();
        stage.refused_and_hidden();
        stage.short_pauses();
        stage.nobody_there();
        stage.long_pauses();
        stage.closes();
        trials = stage.trials.len();
    }
    eprintln!(
        "figures: {trials} faults × policies of Telegram, {rounds} times: none sent more often than allowed, none before its time; {} s",
        start.elapsed().as_secs()
    );
}

struct Stage {
    worker: Worker,
    chats: Vec<i64>,
    trials: Vec<Trial>,
}

impl Stage {
    fn new() -> Self {
        let worker = Worker::start_with(&Start {
            entry: Some("build/probes/index.js"),
            ..Start::default()
        });
        Self {
            chats: people(&worker),
            worker,
            trials: Vec::new(),
        }
    }

    /// Most of the faults, all at once. What is hidden stays so for as often as the call is made.
    fn refused_and_hidden(&mut self) {
        let faults = [hidden_faults(), refusals()].concat();
        let range = self.begin(&faults, &POLICIES);
        for trial in &self.trials[range.clone()] {
            self.comes_to(trial, |call| match trial.fault {
                Fault::Refused(..) => call["state"] == "failed" && call["tries"] == 1,
                _ if trial.policy.tries_max == 1 => call["state"] == "parked",
                _ if trial.policy.tries_max == 2 => call["state"] == "parked" && call["tries"] == 2,
                _ => call["tries"].as_u64() >= Some(2) && call["state"] != "sending",
            });
        }
    }

    /// Two chats at a time: from the third on, the worker would keep still in all chats.
    fn short_pauses(&mut self) {
        for policy in POLICIES {
            let range = self.begin(&[Fault::Paused(1), Fault::Paused(5)], &[policy]);
            for trial in &self.trials[range] {
                self.comes_to(trial, |call| call["state"] == "sent");
            }
        }
    }

    /// The worker looks for Telegram where nobody is, and then in the right place.
    fn nobody_there(&mut self) {
        let nobody = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let somebody = std::mem::replace(&mut self.worker.api_root, format!("http://{nobody}"));
        self.worker.restart();
        let range = self.begin(&[Fault::NobodyThere], &POLICIES);
        for trial in &self.trials[range.clone()] {
            let state = if trial.policy.tries_max == 1 {
                "parked"
            } else {
                "wait"
            };
            self.comes_to(trial, |call| call["state"] == state);
        }
        self.worker.api_root = somebody;
        self.after_a_long_time();
        for trial in &self.trials[range] {
            let state = if trial.policy.tries_max == 1 {
                "parked"
            } else {
                "sent"
            };
            self.comes_to(trial, |call| call["state"] == state);
        }
    }

    fn long_pauses(&mut self) {
        let range = self.begin(&[Fault::Paused(60), Fault::Paused(3_600)], &POLICIES);
        for trial in &self.trials[range.clone()] {
            let Fault::Paused(seconds) = trial.fault else {
                unreachable!()
            };
            self.comes_to(trial, |call| {
                call["state"] == "wait" && call["wait_ms"].as_u64() >= Some(seconds * 1000)
            });
        }
        for _ in 0..6 {
            self.worker.tick();
            thread::sleep(BETWEEN_TICKS);
        }
        for trial in &self.trials[range.clone()] {
            assert_eq!(self.tries(trial).len(), 1, "{}: too early", trial.name());
        }
        self.after_a_long_time();
        for trial in &self.trials[range] {
            self.comes_to(trial, |call| call["state"] == "sent");
        }
    }

    fn after_a_long_time(&mut self) {
        self.worker.end();
        self.worker.sleeps_long();
        self.worker.run();
    }

    /// Brings an update for each fault under each policy, and returns which trials these are.
    fn begin(&mut self, faults: &[Fault], policies: &[&'static Policy]) -> std::ops::Range<usize> {
        let first = self.trials.len();
        for fault in faults {
            for policy in policies {
                let place = self.trials.len();
                let trial = Trial {
                    fault: fault.clone(),
                    policy,
                    chat: self.chats[place],
                    update_id: FIRST_ID + i64::try_from(place).unwrap(),
                };
                trial.order(&self.worker);
                self.trials.push(trial);
            }
        }
        let secret = self.worker.webhook_secret().unwrap();
        thread::scope(|scope| {
            for trial in &self.trials[first..] {
                let (worker, secret) = (&self.worker, &secret);
                let body = message(trial.update_id, trial.chat, trial.policy.command);
                scope.spawn(move || {
                    let reply = worker.deliver(secret, body.as_bytes());
                    assert_eq!(reply.status, 200, "{}", trial.name());
                });
            }
        });
        first..self.trials.len()
    }

    /// Lets the cron run until something is so about the trial's call.
    fn comes_to(&self, trial: &Trial, is_so: impl Fn(&Value) -> bool) {
        let start = Instant::now();
        loop {
            let call = self.call(trial);
            if is_so(&call) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{}: {call}", trial.name());
            thread::sleep(BETWEEN_TICKS);
            self.worker.tick();
        }
    }

    fn call(&self, trial: &Trial) -> Value {
        let path = format!("GET /admin/updates/{}", trial.update_id);
        self.worker.ask(&path, "").json()["update"]["calls"][0].clone()
    }

    /// When the trial's call was made.
    fn tries(&self, trial: &Trial) -> Vec<u64> {
        let made = calls(&self.worker, trial.policy.method, trial.chat);
        made.iter()
            .map(|call| call["at"].as_u64().unwrap())
            .collect()
    }

    fn closes(&self) {
        let listed = self.worker.ask("GET /admin/outbox?limit=500", "").text();
        for trial in &self.trials {
            self.close(trial, &listed);
        }
    }

    /// Checks how often a call was made, and that the operator sees what did not end well.
    fn close(&self, trial: &Trial, listed: &str) {
        let (tries, call) = (self.tries(trial), self.call(trial));
        let said = self.copies(trial);
        let name = trial.name();
        let ends_well = match &trial.fault {
            Fault::Hidden(_, is_done) => {
                assert!(tries.len() <= trial.policy.tries_max, "{name}: {tries:?}");
                assert_eq!(
                    said,
                    if *is_done { tries.len() } else { 0 },
                    "{name}: {call}"
                );
                false
            }
            Fault::NobodyThere => {
                assert_eq!(
                    (tries.len(), said),
                    if trial.policy.tries_max == 1 {
                        (0, 0)
                    } else {
                        (1, 1)
                    },
                    "{name}"
                );
                trial.policy.tries_max > 1
            }
            Fault::Refused(code, words) => {
                assert_eq!((tries.len(), said), (1, 0), "{name}: {call}");
                let error = call["error"].as_str().unwrap();
                assert!(
                    error.contains(&format!("{words} ({code})")),
                    "{name}: {error}"
                );
                false
            }
            Fault::Paused(seconds) => {
                assert_eq!((tries.len(), said), (2, 1), "{name}: {call}");
                let waited = tries[1] - tries[0];
                assert!(
                    *seconds > 5 || waited >= seconds * 1000,
                    "{name}: {waited} ms"
                );
                true
            }
        };
        let is_listed = listed.contains(&format!("\"update_id\":{},", trial.update_id));
        assert_eq!(is_listed, !ends_well, "{name}: {call}");
        assert_eq!(call["error"].is_string(), !ends_well, "{name}: {call}");
    }

    /// How often the call had its effect.
    fn copies(&self, trial: &Trial) -> usize {
        let said = self.worker.telegram.transcript(0);
        let is_its = |entry: &&Value| entry["who"] == "bot" && entry["chat_id"] == trial.chat;
        said.iter().filter(is_its).count()
    }
}

impl Trial {
    fn order(&self, worker: &Worker) {
        let (fault, times) = match &self.fault {
            Fault::Hidden(fault, _) => (fault.clone(), ALWAYS),
            Fault::NobodyThere => return,
            Fault::Refused(code, words) => (json!({"error": [code, words]}), ALWAYS),
            Fault::Paused(seconds) => (json!({"retry_after": seconds}), 1),
        };
        let order = json!({"on": "api", "chat_id": self.chat, "times": times, "fault": fault});
        worker.telegram.fault(&order).unwrap();
    }

    fn name(&self) -> String {
        format!("{:?} under {}", self.fault, self.policy.command)
    }
}
