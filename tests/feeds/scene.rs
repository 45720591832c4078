//! People write to a bot that runs in several instances; the instances come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::account::{Account, Answer, End, Part};
use super::clients::Client;
use super::witness::Witness;
use crate::emulator::client::wait_until;
use crate::emulator::server::Running;

/// Python starts slowly on a busy machine, and pyTelegramBotAPI waits for its poll of 20 seconds before it stops.
const PATIENCE: Duration = Duration::from_mins(1);
/// Who is to answer and says nothing for so long will not answer. A lease of 10 seconds and the pause of a library fit into it.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Who says nothing for so long may have nothing left to say.
const SILENCE: Duration = Duration::from_secs(2);
const LINES_SHOWN: usize = 20;

/// A bot, the people of its chats, and everything that happened between them.
pub(crate) struct Scene<'a> {
    telegram: &'a Running,
    client: &'static Client,
    /// The two values that a bot is given.
    root: String,
    token: String,
    /// Every text with its writer, in the order they were written.
    written: Vec<(String, String)>,
    people: usize,
    instances: Vec<Instance>,
}

/// One process of the bot.
struct Instance {
    tag: String,
    process: Child,
    witness: Witness,
    lines: Arc<Mutex<Vec<String>>>,
    status: Option<ExitStatus>,
    end: End,
}

/// How long answers took, in milliseconds from the person's message to the bot's.
#[derive(Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) median: u64,
    pub(crate) p99: u64,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        telegram: &'a Running,
        client: &'static Client,
        root: &str,
        token: &str,
        people: usize,
    ) -> Self {
        Self {
            telegram,
            client,
            root: root.to_owned(),
            token: token.to_owned(),
            written: Vec::new(),
            people,
            instances: Vec::new(),
        }
    }

    /// Starts an instance that signs its answers with a tag.
    pub(crate) fn start(&mut self, tag: &str) {
        self.start_with(tag, &[]);
    }

    /// The same, for a bot that is told to drop the updates that wait.
    pub(crate) fn start_and_drop(&mut self, tag: &str) {
        self.start_with(tag, &["drop"]);
    }

    fn start_with(&mut self, tag: &str, rest: &[&str]) {
        let witness = Witness::of(&self.root);
        let mut command = self.client.command();
        command.args([&witness.root, &self.token, tag]).args(rest);
        let (process, lines) = spawned(&mut command);
        self.instances.push(Instance {
            tag: tag.to_owned(),
            process,
            witness,
            lines,
            status: None,
            end: End::None,
        });
    }

    /// Waits until every instance has asked for updates.
    pub(crate) fn wait_for_polls(&self) {
        for instance in &self.instances {
            let what = format!("the first poll of {} {}", self.client.name, instance.tag);
            wait_until(&what, PATIENCE, || instance.witness.has_seen_a_poll());
        }
    }

    /// Ends an instance without a warning.
    pub(crate) fn kill(&mut self, tag: &str) {
        let instance = self.running(tag);
        instance.process.kill().unwrap();
        instance.end = End::Killed;
        instance.status = Some(instance.process.wait().unwrap());
    }

    /// Asks an instance to stop, and waits until it has.
    pub(crate) fn stop(&mut self, tag: &str) {
        let name = self.client.name;
        let instance = self.running(tag);
        let asked = Command::new("kill")
            .args(["-TERM", &instance.process.id().to_string()])
            .status();
        assert!(asked.is_ok_and(|status| status.success()));
        instance.end = End::Stopped;
        let start = Instant::now();
        while instance.status.is_none() {
            assert!(start.elapsed() < PATIENCE, "{name} {tag} does not stop");
            instance.status = instance.process.try_wait().unwrap();
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn running(&mut self, tag: &str) -> &mut Instance {
        let mut instances = self.instances.iter_mut();
        let found = instances.find(|instance| instance.tag == tag && instance.status.is_none());
        found.unwrap_or_else(|| panic!("no {tag} runs"))
    }

    /// The people write so many messages, in turn.
    pub(crate) fn write(&mut self, count: usize) {
        for _ in 0..count {
            let number = self.written.len();
            let person = format!("Person {}", number % self.people);
            let text = format!("text {number} of {person}");
            let act = json!({"person": person, "act": "say", "text": text});
            self.telegram.act(&act).unwrap();
            self.written.push((person, text));
        }
    }

    /// The same, with a pause after each message.
    pub(crate) fn write_slowly(&mut self, count: usize, pause: Duration) {
        for _ in 0..count {
            self.write(1);
            thread::sleep(pause);
        }
    }

    /// Waits until so many texts have an answer. Goes on when nothing has been answered for long: the account will show it.
    pub(crate) fn wait_for_answers(&self, count: usize) {
        self.wait_for_answers_or(count, || false);
    }

    /// Waits until every text has an answer, but for those that a process took with it when it went.
    pub(crate) fn wait_for_all_answers(&self) {
        self.wait_for_answers_or(self.written.len(), || self.account().has_lost_no_more());
    }

    /// The same, or until something is so while nothing is answered.
    fn wait_for_answers_or(&self, count: usize, is_over: impl Fn() -> bool) {
        let mut answered = BTreeSet::new();
        let mut seen = 0;
        let (mut last, mut looked) = (Instant::now(), Instant::now());
        while answered.len() < count && last.elapsed() < SILENCE_MAX {
            thread::sleep(Duration::from_millis(20));
            let entries = self.telegram.transcript(seen);
            seen += entries.len();
            let before = answered.len();
            answered.extend(entries.iter().filter_map(answer).map(|answer| answer.text));
            if answered.len() > before {
                (last, looked) = (Instant::now(), Instant::now());
            } else if looked.elapsed() > SILENCE {
                looked = Instant::now();
                if is_over() {
                    return;
                }
            }
        }
    }

    /// What everyone did, up to now.
    pub(crate) fn account(&self) -> Account {
        let transcript = self.telegram.transcript(0);
        let part = |instance: &Instance| {
            Part::of(&instance.tag, instance.end, &instance.witness.exchanges())
        };
        Account {
            client: self.client,
            written: self.written.clone(),
            answers: transcript.iter().filter_map(answer).collect(),
            parts: self.instances.iter().map(part).collect(),
        }
    }

    /// The figures of everything that was answered.
    pub(crate) fn latency(&self) -> Latency {
        let transcript = self.telegram.transcript(0);
        let at = |entry: &Value| entry["at"].as_u64().unwrap();
        let written = transcript.iter().filter(|entry| entry["who"] != "bot");
        let written: BTreeMap<_, _> = written
            .map(|entry| (entry["text"].as_str(), at(entry)))
            .collect();
        let answers = transcript.iter().filter_map(|entry| {
            let answer = answer(entry)?;
            Some(at(entry) - written.get(&Some(answer.text.as_str()))?)
        });
        let mut took: Vec<u64> = answers.collect();
        took.sort_unstable();
        let place = |percent: usize| took[(took.len() - 1) * percent / 100];
        Latency {
            median: place(50),
            p99: place(99),
        }
    }

    /// Whether an instance was told something in an answer, such as a secret.
    pub(crate) fn has_been_told(&self, text: &str) -> bool {
        let mut instances = self.instances.iter();
        instances.any(|instance| instance.witness.has_heard(text))
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        for instance in &mut self.instances {
            let _ = instance.process.kill();
            let _ = instance.process.wait();
            if thread::panicking() {
                let lines = instance
                    .lines
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let last = lines.len().saturating_sub(LINES_SHOWN);
                eprintln!(
                    "--- {} {}, {:?}, said at last:\n{}",
                    self.client.name,
                    instance.tag,
                    instance.status,
                    lines[last..].join("\n")
                );
            }
        }
    }
}

/// A process with everything it prints.
fn spawned(command: &mut Command) -> (Child, Arc<Mutex<Vec<String>>>) {
    let (output, input) = io::pipe().unwrap();
    let process = command
        .stdin(Stdio::null())
        .stdout(input.try_clone().unwrap())
        .stderr(input)
        .spawn()
        .expect("python and node are there");
    command.stdout(Stdio::null()).stderr(Stdio::null()); // the command holds the writing end too
    let lines = Arc::new(Mutex::new(Vec::new()));
    let read = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            read.lock().unwrap().push(line);
        }
    });
    (process, lines)
}

/// An entry of the transcript, if a bot answers there.
fn answer(entry: &Value) -> Option<Answer> {
    let said = entry["text"].as_str().filter(|_| entry["who"] == "bot")?;
    let (tag, text) = said.split_once(": ")?;
    Some(Answer {
        tag: tag.to_owned(),
        text: text.to_owned(),
    })
}
