//! The chats of the bot, as people have them.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::running::{OWNER, Worker};
use super::{act, say, shared};

/// What was said in the chats of these people, a line for each thing somebody did.
fn check(worker: &Worker, people: &[&str], expected: &Expect) {
    let transcript = worker.telegram.transcript(0);
    let is_theirs = |entry: &&Value| people.contains(&entry["chat"].as_str().unwrap_or_default());
    let lines: Vec<String> = transcript.iter().filter(is_theirs).map(line).collect();
    expected.assert_eq(&format!("{}\n", lines.join("\n")));
}

fn line(entry: &Value) -> String {
    let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let did = match field("what").as_str() {
        "message" => String::new(),
        what => format!("({what}) "),
    };
    let whom = if field("who") == "bot" {
        format!("bot to {}", field("chat"))
    } else {
        field("who")
    };
    let buttons = entry
        .get("buttons")
        .map_or(String::new(), |buttons| format!(" {buttons}"));
    format!("{whom}: {did}{}{buttons}", field("text"))
        .trim_end()
        .to_owned()
}

/// The last message in somebody's chat.
fn last_message(worker: &Worker, person: &str) -> Value {
    let transcript = worker.telegram.transcript(0);
    let mut entries = transcript.iter().rev();
    let last = entries.find(|entry| entry["chat"] == person && entry["what"] == "message");
    last.unwrap()["message_id"].clone()
}

fn press(worker: &Worker, person: &str, button: u64) {
    let message = last_message(worker, person);
    let press = json!({"person": person, "act": "press", "message_id": message, "button": button});
    act(worker, &press);
}

#[test]
fn a_person_is_greeted_and_told_what_the_bot_understands() {
    let worker = shared();
    for text in [
        "/start",
        "good morning",
        "/weather",
        "/start@onehook_bot",
        "/ping",
    ] {
        say(&worker, "Bob", text);
    }
    check(&worker, &["Bob"], &expect![[r#""#]]);
}

#[test]
fn a_ukrainian_gets_ukrainian() {
    let worker = shared();
    let speaks = json!({"person": "Олена", "act": "say", "text": "/start", "language_code": "uk"});
    act(&worker, &speaks);
    for text in [
        "доброго ранку",
        "/weather",
        "/help",
        "/feedback",
        "Дякую за бота",
        "/cancel",
    ] {
        say(&worker, "Олена", text);
    }
    check(&worker, &["Олена"], &expect![[r#""#]]);
}

#[test]
fn feedback_reaches_the_owner_and_the_answer_finds_its_way_back() {
    let worker = shared();
    for text in ["/feedback", "The plums are ripe"] {
        say(&worker, "Carol", text);
    }
    press(&worker, "Carol", 1);
    let feedback = last_message(&worker, OWNER);
    let answer =
        json!({"person": OWNER, "act": "say", "text": "I am coming!", "reply_to": feedback});
    act(&worker, &answer);
    say(&worker, "Carol", "/feedback");
    say(&worker, "Carol", "Never mind");
    press(&worker, "Carol", 2);
    check(&worker, &["Carol", OWNER], &expect![[r#""#]]);
}
