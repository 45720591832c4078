//! A prompt in which people chat with the bot, through the emulator's control door.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const FIRST_PERSON: &str = "Ada";

/// Back to the line's beginning, and nothing left of it.
const CLEAR_LINE: &str = "\r\x1b[K";

const COMMANDS: &str = "\
hello            say it
@bob hello       Bob says it
@bob             be Bob from now on
!1               press button 1 of the last message that has buttons
@bob !1          Bob presses it
?                show this
/quit, Ctrl-D    leave";

/// How long a line from a pipe waits for the bot before the next one is sent.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(3);

/// How long the bot must be silent before its answer counts as complete.
const SILENCE: Duration = Duration::from_millis(300);

/// Runs the prompt until its input ends: `chat --url http://127.0.0.1:PORT`.
#[must_use]
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let [option, url] = arguments else {
        return usage();
    };
    match (option.as_str(), url.strip_prefix("http://")) {
        ("--url", Some(address)) => chat(address.trim_end_matches('/')),
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: emulator chat --url http://127.0.0.1:PORT");
    ExitCode::from(2)
}

fn chat(address: &str) -> ExitCode {
    let door = Door {
        address: address.to_owned(),
    };
    let seen = match door.transcript(0, 0) {
        Ok(entries) => last_number(&entries, 0),
        Err(why) => {
            eprintln!("error: no emulator answers at http://{address}: {why}");
            return ExitCode::FAILURE;
        }
    };
    let screen = Arc::new(Screen::new(io::stdin().is_terminal()));
    let listener = (door.clone(), Arc::clone(&screen));
    thread::spawn(move || listen(&listener.0, &listener.1, seen));
    screen.show_prompt();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        match Line::parse(&line) {
            Line::Quit => break,
            Line::Empty => {}
            Line::Help => screen.print(COMMANDS),
            Line::Become(person) => screen.become_person(person),
            Line::Say(person, text) => {
                act(&door, &screen, person, &json!({"act": "say", "text": text}));
            }
            Line::Press(person, button) => press(&door, &screen, person, button),
        }
        screen.show_prompt();
    }
    ExitCode::SUCCESS
}

/// What a typed line asks for. No person means the current one.
enum Line {
    Empty,
    Help,
    Quit,
    Become(String),
    Say(Option<String>, String),
    Press(Option<String>, u64),
}

impl Line {
    fn parse(line: &str) -> Self {
        let line = line.trim();
        let Some(rest) = line.strip_prefix('@') else {
            return Self::said(None, line);
        };
        match rest.split_once(char::is_whitespace) {
            _ if rest.is_empty() => Self::said(None, line),
            None => Self::Become(capitalised(rest)),
            Some((name, text)) => Self::said(Some(capitalised(name)), text.trim()),
        }
    }

    fn said(person: Option<String>, text: &str) -> Self {
        if let Some(Ok(button)) = text.strip_prefix('!').map(str::parse) {
            return Self::Press(person, button);
        }
        match text {
            "" => Self::Empty,
            "?" => Self::Help,
            "/quit" => Self::Quit,
            _ => Self::Say(person, text.to_owned()),
        }
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn press(door: &Door, screen: &Screen, person: Option<String>, button: u64) {
    let person = person.unwrap_or_else(|| screen.current_person());
    match screen.keyboard(&person) {
        Some(message_id) => {
            let act_of_pressing =
                json!({"act": "press", "message_id": message_id, "button": button});
            act(door, screen, Some(person), &act_of_pressing);
        }
        None => screen.print(&format!("error: {person} sees no buttons")),
    }
}

/// Does what a person does; input from a pipe also waits for the bot's answer.
fn act(door: &Door, screen: &Screen, person: Option<String>, what: &Value) {
    let person = person.unwrap_or_else(|| screen.current_person());
    let mut body = what.clone();
    body["person"] = Value::from(person);
    let heard = screen.heard_times();
    match door.act(&body) {
        Ok(()) if !screen.is_terminal => screen.wait_for_answer(heard),
        Ok(()) => {}
        Err(why) => screen.print(&format!("error: {why}")),
    }
}

/// Prints what happens, as it happens.
fn listen(door: &Door, screen: &Screen, mut seen: u64) {
    loop {
        match door.transcript(seen, 20) {
            Ok(entries) => {
                seen = last_number(&entries, seen);
                for entry in &entries {
                    screen.show(entry);
                }
            }
            Err(why) => {
                screen.print(&format!("the emulator is gone: {why}"));
                std::process::exit(1);
            }
        }
    }
}

fn last_number(entries: &[Value], seen: u64) -> u64 {
    let numbers = entries.iter().filter_map(|entry| entry["n"].as_u64());
    numbers.fold(seen, u64::max)
}

/// The terminal, and what was shown on it.
struct Screen {
    is_terminal: bool,
    shown: Mutex<Shown>,
    changed: Condvar,
}

struct Shown {
    person: String,
    /// Messages with buttons in each person's chat, the newest last.
    keyboards: HashMap<String, Vec<u64>>,
    /// How often the bot was heard, and when it last was.
    heard_times: u64,
    heard_last: Instant,
}

impl Screen {
    fn new(is_terminal: bool) -> Self {
        let shown = Shown {
            person: FIRST_PERSON.to_owned(),
            keyboards: HashMap::new(),
            heard_times: 0,
            heard_last: Instant::now(),
        };
        Self {
            is_terminal,
            shown: Mutex::new(shown),
            changed: Condvar::new(),
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current_person(&self) -> String {
        self.shown().person.clone()
    }

    fn become_person(&self, person: String) {
        self.shown().person = person;
    }

    fn keyboard(&self, person: &str) -> Option<u64> {
        self.shown().keyboards.get(person)?.last().copied()
    }

    fn heard_times(&self) -> u64 {
        self.shown().heard_times
    }

    fn wait_for_answer(&self, before: u64) {
        let deadline = Instant::now() + ANSWER_WAIT_MAX;
        let mut shown = self.shown();
        loop {
            let now = Instant::now();
            let until = if shown.heard_times > before {
                deadline.min(shown.heard_last + SILENCE)
            } else {
                deadline
            };
            if until <= now {
                return;
            }
            let waited = self.changed.wait_timeout(shown, until - now);
            shown = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn show(&self, entry: &Value) {
        let mut shown = self.shown();
        if let Some(text) = described(entry, &shown.person, self.is_terminal) {
            self.print(&text);
            self.show_prompt();
        }
        shown.remember(entry);
        drop(shown);
        self.changed.notify_all();
    }

    fn print(&self, text: &str) {
        let clear = if self.is_terminal { CLEAR_LINE } else { "" };
        write(&format!("{clear}{text}\n"));
    }

    fn show_prompt(&self) {
        if self.is_terminal {
            write(&format!("{CLEAR_LINE}> "));
        }
    }
}

/// Whoever closed our output has seen enough.
fn write(text: &str) {
    let mut output = io::stdout().lock();
    let _ = output.write_all(text.as_bytes());
    let _ = output.flush();
}

impl Shown {
    fn remember(&mut self, entry: &Value) {
        let Some(chat) = entry["chat"].as_str() else {
            return;
        };
        let what = entry["what"].as_str();
        if let (Some("message" | "edit" | "delete"), Some(id)) =
            (what, entry["message_id"].as_u64())
        {
            let keyboards = self.keyboards.entry(chat.to_owned()).or_default();
            keyboards.retain(|keyboard| *keyboard != id);
            if what != Some("delete") && can_be_pressed(entry) {
                keyboards.push(id);
            }
        }
        if entry["who"] == "bot" && what != Some("action") {
            self.heard_times += 1;
            self.heard_last = Instant::now();
        }
    }
}

fn can_be_pressed(entry: &Value) -> bool {
    let rows = entry["buttons"].as_array().into_iter().flatten();
    let mut buttons = rows.filter_map(Value::as_array).flatten();
    buttons.any(|button| button["callback_data"].is_string())
}

/// The lines that show an entry; none for what a person at this terminal typed, and for an answer without words.
fn described(entry: &Value, person: &str, is_terminal: bool) -> Option<String> {
    let chat = entry["chat"].as_str().unwrap_or_default();
    let is_elsewhere = entry["chat_id"] != 0 && chat != person;
    let who = match entry["who"].as_str().unwrap_or_default() {
        "bot" if is_elsewhere => format!("bot → {chat}"),
        name @ ("bot" | "emulator") => name.to_owned(),
        _ if is_terminal => return None,
        name => name.to_owned(),
    };
    let text = entry["text"].as_str().unwrap_or_default();
    let text = text.replace('\n', "\n     ");
    let line = match entry["what"].as_str().unwrap_or_default() {
        "message" => format!("{who}: {text}"),
        "edit" => format!("{who} (edited): {text}"),
        "delete" => format!("{who} (deleted message {})", entry["message_id"]),
        "press" => format!("{who} presses {text}"),
        "answer" if text.is_empty() => return None,
        "answer" => format!("{who} (notice): {text}"),
        other => format!("{who} ({other}): {text}"),
    };
    Some(line + &buttons(entry))
}

/// One line for each row of buttons, numbered through.
fn buttons(entry: &Value) -> String {
    let rows = entry["buttons"].as_array().into_iter().flatten();
    let mut number = 0;
    let mut lines = String::new();
    for row in rows.filter_map(Value::as_array) {
        let labels = row.iter().map(|button| {
            number += 1;
            format!("[{number}] {}", button["text"].as_str().unwrap_or_default())
        });
        lines = lines + "\n  " + &labels.collect::<Vec<_>>().join("   ");
    }
    lines
}

/// The emulator's control door.
#[derive(Clone)]
struct Door {
    address: String,
}

impl Door {
    fn act(&self, body: &Value) -> Result<(), String> {
        let answer = self.request("POST", "/control/act", &body.to_string())?;
        match answer["error"].as_str() {
            Some(why) => Err(why.to_owned()),
            None => Ok(()),
        }
    }

    fn transcript(&self, after: u64, wait_seconds: u64) -> Result<Vec<Value>, String> {
        let path = format!("/control/transcript?after={after}&wait={wait_seconds}");
        let mut answer = self.request("GET", &path, "")?;
        match answer["entries"].take() {
            Value::Array(entries) => Ok(entries),
            _ => Err(format!("it sent no entries: {answer}")),
        }
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Result<Value, String> {
        let answered = self.exchange(method, path, body);
        let answer = answered.map_err(|why| why.to_string())?;
        serde_json::from_slice(&answer).map_err(|why| why.to_string())
    }

    fn exchange(&self, method: &str, path: &str, body: &str) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.address)?;
        let (host, length) = (&self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        body_of(&mut BufReader::new(stream))
    }
}

fn body_of(answer: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut length = None;
    for line in answer.by_ref().lines() {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(("content-length", value)) = line.split_once(':') {
            length = value.trim().parse().ok();
        }
    }
    let mut body = Vec::new();
    answer
        .take(length.unwrap_or(u64::MAX))
        .read_to_end(&mut body)?;
    Ok(body)
}
