//! The real worker, as it is shipped, under workerd: the wasm, D1 and KV on disk, and a pretend Telegram beside it.

mod account;
mod checkout;
mod load;
mod previous;
mod running;
mod visitor;

mod broken;
mod chats;
mod database_faults;
mod description;
mod doors;
mod faults;
mod feeds;
mod flood;
mod kill;
mod owner;
mod panic;
mod persistence;
mod prompt;
mod queue;
mod redeploy;
mod rotation;
mod take_over;
mod telegram_faults;
mod telegram_faults_mixed;
mod updates;
mod webhook;

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use serde_json::{Value, json};

use crate::emulator::client::wait_until;
use running::{OWNER, PATIENCE, Worker};

/// The worker of all tests that do not disturb each other. It ends with the test process.
struct Shared(&'static Worker);

fn shared() -> Shared {
    static SHARED: OnceLock<Worker> = OnceLock::new();
    Shared(SHARED.get_or_init(|| {
        let worker = Worker::start();
        open(&worker);
        worker
    }))
}

impl Deref for Shared {
    type Target = Worker;

    fn deref(&self) -> &Worker {
        self.0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if thread::panicking() {
            return self.show_log();
        }
        self.has_told_no_secret();
    }
}

/// Tests with as much load as the machine takes come one after the other, or they would measure each other.
fn alone() -> MutexGuard<'static, ()> {
    static LOAD: Mutex<()> = Mutex::new(());
    LOAD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How much of something a test does: what the environment says by this name, or the usual, or much more with `DEEP=1`.
fn size(name: &str, usual: usize, deep: usize) -> usize {
    match std::env::var(name) {
        Ok(count) => count.parse().expect(name),
        Err(_) if is_deep() => deep,
        Err(_) => usual,
    }
}

fn is_deep() -> bool {
    std::env::var("DEEP").is_ok_and(|deep| deep == "1")
}

/// Sets the webhook, for an owner who wrote before that.
fn open(worker: &Worker) {
    let act = json!({"person": OWNER, "act": "say", "text": "/start"});
    let said = worker.telegram.act(&act).unwrap();
    let set = worker.ask("PUT /admin/webhook", "");
    assert_eq!(set.status, 200, "{}", set.text());
    worker.visit_of(said["update_id"].as_i64().unwrap());
}

/// What somebody does, with everything the bot does about it before Telegram has its answer.
fn act(worker: &Worker, act: &Value) -> Value {
    let done = worker.telegram.act(act).unwrap();
    let visit = worker.visit_of(done["update_id"].as_i64().unwrap());
    assert_eq!(visit["verdict"], "done", "{visit}");
    done
}

fn say(worker: &Worker, person: &str, text: &str) -> Value {
    act(
        worker,
        &json!({"person": person, "act": "say", "text": text}),
    )
}

/// An update as the operator sees it, once something is so about it.
fn shown(worker: &Worker, update_id: &Value, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let path = format!("GET /admin/updates/{update_id}");
    let look = || worker.ask(&path, "").json()["update"].clone();
    wait_until(&format!("{what}: {}", look()), PATIENCE, || is_so(&look()));
    look()
}

/// The calls of one method for one chat, in their order.
fn calls(worker: &Worker, method: &str, chat: i64) -> Vec<Value> {
    let state = worker.telegram.state();
    let calls = state["bots"][0]["calls"].as_array().unwrap();
    let is_it = |call: &&Value| {
        call["method"] == method
            && call["parameters"]["chat_id"]
                .to_string()
                .contains(&chat.to_string())
    };
    calls.iter().filter(is_it).cloned().collect()
}

/// The number of somebody's chat with the bot.
fn chat_of(worker: &Worker, person: &str) -> i64 {
    let transcript = worker.telegram.transcript(0);
    let entry = transcript.iter().find(|entry| entry["who"] == person);
    entry.unwrap()["chat_id"].as_i64().unwrap()
}

/// A message as Telegram would bring it.
fn message(id: i64, chat: i64, text: &str) -> String {
    let person = json!({"id": chat, "is_bot": false, "first_name": "Hal", "language_code": "en"});
    let chat = json!({"id": chat, "type": "private", "first_name": "Hal"});
    let message =
        json!({"message_id": 1, "date": 1_800_000_000, "from": person, "chat": chat, "text": text});
    json!({"update_id": id, "message": message}).to_string()
}
