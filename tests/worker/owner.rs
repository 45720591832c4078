//! Real polling bots start beside a bot that onehook owns: the webhook is back with the next cron, and no update is lost.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::running::Worker;
use super::take_over::bot_token;
use super::{open, say};
use crate::emulator::client::wait_until;
use crate::rivals::{PATIENCE, Rival, SET_WEBHOOK, WEBHOOK_IS_ACTIVE, program, someone_waits};

/// How long the cron may take to put the webhook back.
const REPAIR_MAX: Duration = Duration::from_secs(5);

/// A worker whose webhook is set, and a rival that has just been started.
fn meeting(script: &str) -> (Worker, Rival) {
    let worker = Worker::start();
    open(&worker);
    worker.tick();
    say(&worker, "Ada", "/id");
    let token = bot_token(&worker);
    let rival = Rival::spawn(program(script).args([&worker.telegram.url, &token]));
    (worker, rival)
}

/// People write, one after the other.
fn write(worker: &Worker, texts: std::ops::Range<usize>) {
    for text in texts {
        let act =
            serde_json::json!({"person": "Ada", "act": "say", "text": format!("text {text}")});
        worker.telegram.act(&act).unwrap();
    }
}

/// Whether the worker has the update with a text.
fn has(worker: &Worker, text: &str) -> bool {
    let updates = worker.ask("GET /admin/updates?limit=100", "").json();
    let ids = updates["updates"].as_array().unwrap().iter();
    let mut bodies = ids.map(|update| {
        let path = format!("GET /admin/updates/{}", update["update_id"]);
        worker.ask(&path, "").json()["update"]["body"]["message"]["text"].clone()
    });
    bodies.any(|body| body == text)
}

/// A library that deletes the webhook when it starts: what it gets meanwhile is its own, everything else is the worker's.
fn is_evicted(script: &str) {
    let (worker, rival) = meeting(script);
    wait_until("the webhook to be gone", PATIENCE, || {
        worker.webhook_secret().is_none()
    });
    wait_until("the first poll", PATIENCE, || {
        someone_waits(&worker.telegram)
    });
    write(&worker, 0..3);
    rival.wait_for("heard text 2");
    wait_until("the next poll", PATIENCE, || {
        someone_waits(&worker.telegram)
    });
    let start = Instant::now();
    worker.tick();
    assert!(worker.webhook_secret().is_some(), "it is back");
    assert!(start.elapsed() < REPAIR_MAX, "{:?}", start.elapsed());
    rival.wait_for(SET_WEBHOOK);
    write(&worker, 3..6);
    for text in 3..6 {
        let text = format!("text {text}");
        wait_until(&text, PATIENCE, || has(&worker, &text));
    }
    let incidents = worker.ask("GET /admin/incidents", "").json();
    let [incident] = incidents["incidents"].as_array().unwrap().as_slice() else {
        panic!("{incidents}");
    };
    assert_eq!(
        (&incident["drift"], &incident["outcome"]),
        (&Value::from("gone"), &Value::from("restored"))
    );
    let lost: Vec<String> = (0..6)
        .map(|text| format!("text {text}"))
        .filter(|text| !has(&worker, text) && !rival.lines().contains(&format!("heard {text}")))
        .collect();
    assert!(lost.is_empty(), "nobody has {lost:?}");
    worker.has_told_no_secret();
}

#[test]
fn python_telegram_bot_takes_the_webhook_away_until_the_next_cron() {
    is_evicted("telegram_poller.py");
}

#[test]
fn grammy_takes_the_webhook_away_until_the_next_cron() {
    is_evicted("grammy_poller.cjs");
}

#[test]
fn telegraf_takes_the_webhook_away_until_the_next_cron() {
    is_evicted("telegraf_poller.cjs");
}

#[test]
fn aiogram_is_refused_and_takes_nothing() {
    let (worker, rival) = meeting("aiogram_poller.py");
    rival.wait_for(WEBHOOK_IS_ACTIVE);
    write(&worker, 0..3);
    for text in 0..3 {
        let text = format!("text {text}");
        wait_until(&text, PATIENCE, || has(&worker, &text));
    }
    worker.tick();
    let incidents = worker.ask("GET /admin/incidents", "").json();
    assert_eq!(incidents["incidents"], Value::Array(Vec::new()));
    assert!(!rival.lines().iter().any(|line| line.starts_with("heard")));
}
