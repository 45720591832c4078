//! The chats of the bot, as people have them.
#![allow(clippy::needless_raw_string_hashes)] // expect-test writes them

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::running::{OWNER, Worker};
use super::{act, say, shared, shown};

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
    let buttons = entry["buttons"].as_array().into_iter().flatten();
    let buttons = buttons.filter_map(Value::as_array).flatten();
    let buttons: Vec<_> = buttons
        .filter_map(|button| button["text"].as_str())
        .collect();
    let buttons = if buttons.is_empty() {
        String::new()
    } else {
        format!(" [{}]", buttons.join("] ["))
    };
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

fn press(worker: &Worker, person: &str, button: u64) -> Value {
    let message = last_message(worker, person);
    let press = json!({"person": person, "act": "press", "message_id": message, "button": button});
    act(worker, &press)
}

fn all_calls_were_made(worker: &Worker, done: &Value, methods: &[&str]) {
    let update = shown(worker, &done["update_id"], "it is settled", |update| {
        update["calls"][0]["state"] != "sending"
    });
    let calls = update["calls"].as_array().unwrap().iter();
    let made: Vec<_> = calls
        .map(|call| {
            (
                call["call"]["method"].as_str().unwrap(),
                call["state"].as_str().unwrap(),
            )
        })
        .collect();
    let expected: Vec<_> = methods.iter().map(|method| (*method, "sent")).collect();
    assert_eq!(made, expected, "{update}");
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
    check(
        &worker,
        &["Bob"],
        &expect![[r#"
        Bob: /start
        bot to Bob: Hello, Bob! Send /help to see what I can do.
        Bob: good morning
        bot to Bob: I understand commands only. Send /help to see them.
        Bob: /weather
        bot to Bob: I do not know /weather. Send /help to see what I can do.
        Bob: /start@onehook_bot
        bot to Bob: Hello, Bob! Send /help to see what I can do.
        Bob: /ping
        bot to Bob: pong
    "#]],
    );
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
    check(
        &worker,
        &["Олена"],
        &expect![[r#"
            Олена: /start
            bot to Олена: Вітаю, Олена! Надішліть /help, щоб побачити, що я вмію.
            Олена: доброго ранку
            bot to Олена: Я розумію лише команди. Надішліть /help, щоб їх побачити.
            Олена: /weather
            bot to Олена: Я не знаю /weather. Надішліть /help, щоб побачити, що я вмію.
            Олена: /help
            bot to Олена: /start – привітатися
            /help – показати, що я вмію
            /ping – перевірити, чи я тут
            /id – показати ваш номер і номер чату
            /feedback – написати моєму власнику
            /cancel – припинити розпочате
            Олена: /feedback
            bot to Олена: Що ви хочете сказати моєму власнику? Напишіть одне повідомлення або надішліть /cancel.
            Олена: Дякую за бота
            bot to Олена: Надіслати це моєму власнику? [Надіслати] [Відкинути]
            Олена: /cancel
            bot to Олена: Гаразд, забуто.
        "#]],
    );
}

#[test]
fn feedback_reaches_the_owner_and_the_answer_finds_its_way_back() {
    let worker = shared();
    for text in ["/feedback", "The plums are ripe"] {
        say(&worker, "Carol", text);
    }
    let pressed = press(&worker, "Carol", 1);
    let closing = [
        "answerCallbackQuery",
        "copyMessage",
        "deleteMessage",
        "sendMessage",
    ];
    all_calls_were_made(&worker, &pressed, &closing);
    let feedback = last_message(&worker, OWNER);
    let answer =
        json!({"person": OWNER, "act": "say", "text": "I am coming!", "reply_to": feedback});
    let answered = act(&worker, &answer);
    all_calls_were_made(&worker, &answered, &["copyMessage", "setMessageReaction"]);
    say(&worker, "Carol", "/feedback");
    say(&worker, "Carol", "Never mind");
    press(&worker, "Carol", 2);
    check(
        &worker,
        &["Carol", OWNER],
        &expect![[r#"
            Ada: /start
            bot to Ada: Hello, Ada! Send /help to see what I can do.
            Carol: /feedback
            bot to Carol: What would you like to tell my owner? Write one message, or send /cancel.
            Carol: The plums are ripe
            bot to Carol: Shall I send this to my owner? [Send] [Discard]
            Carol: (press) feedback:send
            bot to Carol: (answer)
            bot to Ada: The plums are ripe [✉ Carol (@carol)]
            bot to Carol: (delete)
            bot to Carol: Sent. Thank you!
            Ada: I am coming!
            bot to Carol: I am coming!
            Carol: /feedback
            bot to Carol: What would you like to tell my owner? Write one message, or send /cancel.
            Carol: Never mind
            bot to Carol: Shall I send this to my owner? [Send] [Discard]
            Carol: (press) feedback:discard
            bot to Carol: (answer)
            bot to Carol: (delete)
            bot to Carol: Discarded.
        "#]],
    );
}
