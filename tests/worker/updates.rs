//! What arrives is kept as it arrived, and answered once.

use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use onehook::secret::hex;
use serde_json::{Value, json};

use crate::fixtures::sent_at;

use super::account::{LEASE, TAKEN_UP_WITHIN};
use super::checkout::checkout;
use super::running::Worker;
use super::{calls, chat_of, message, open, say, shared, shown};

/// The files of a folder of fixtures, with their names.
fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = checkout().join("tests/fixtures").join(folder);
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .map(|path| {
            (
                path.file_name().unwrap().display().to_string(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    assert!(files.len() > 20, "the fixtures are gone");
    files
}

/// The text of the body in the answer about one update.
pub(super) fn body_of(shown: &str) -> &str {
    let start = shown.find("\"body\":").expect("there is a body") + "\"body\":".len();
    shown[start..].strip_suffix("}}").unwrap()
}

#[test]
fn every_kind_of_update_is_kept_byte_for_byte() {
    let worker = shared();
    let secret = worker.webhook_secret().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    for (name, body) in fixtures("updates") {
        // What is older than a day would not be handled.
        let body = sent_at(&body, now.as_secs());
        let reply = worker.deliver(&secret, &body);
        assert_eq!(reply.status, 200, "{name}");
        let body = String::from_utf8(body).unwrap();
        let sent: Value = serde_json::from_str(&body).unwrap();
        let id = &sent["update_id"];
        let reply = worker.ask(&format!("GET /admin/updates/{id}"), "");
        let text = reply.text();
        assert_eq!(body_of(&text), body.trim(), "{name}");
        let update = &reply.json()["update"];
        assert_eq!(
            (&update["body"], &update["update_id"]),
            (&sent, id),
            "{name}"
        );
        let kind = sent
            .as_object()
            .unwrap()
            .keys()
            .find(|key| *key != "update_id");
        assert_eq!(update["kind"].as_str(), kind.map(String::as_str), "{name}");
        shown(&worker, id, "it is handled", |update| {
            update["state"] == "done"
        });
    }
    let far = worker.ask("GET /admin/updates/100000103", "").json();
    assert_eq!(far["update"]["chat_id"], -4_503_599_627_370_495_i64);
    let emoji = worker.ask("GET /admin/updates/100000101", "").json();
    let text = emoji["update"]["body"]["message"]["text"].as_str().unwrap();
    assert!(
        text.starts_with("Hi 👩🏽‍🌾! ") && text.contains("cafe\u{301} n\u{303}"),
        "{text}"
    );
}

#[test]
fn what_is_no_update_is_acknowledged_and_quarantined() {
    let worker = shared();
    let secret = worker.webhook_secret().unwrap();
    let files = fixtures("unusable");
    for (name, body) in &files {
        assert_eq!(worker.deliver(&secret, body).status, 200, "{name}");
    }
    let listed = worker
        .ask("GET /admin/updates?state=quarantined&limit=500", "")
        .json();
    let listed = listed["updates"].as_array().unwrap();
    assert_eq!(listed.len(), files.len());
    // Newest first, so from the end in the order of the files.
    for ((name, body), listed) in files.iter().zip(listed.iter().rev()) {
        assert_eq!(listed["state"], "quarantined", "{name}");
        assert!(
            listed["error"]
                .as_str()
                .is_some_and(|error| !error.is_empty()),
            "{name}"
        );
        let id = listed["update_id"].as_i64().unwrap();
        assert!(id < 0, "{name}");
        let kept = worker.ask(&format!("GET /admin/updates/{id}"), "");
        assert_eq!(kept.status, 200, "{name}");
        let text = kept.text();
        match std::str::from_utf8(body)
            .ok()
            .filter(|body| !body.contains('\0'))
        {
            None => assert_eq!(kept.json()["update"]["body"], hex(body), "{name}"),
            Some(body) if serde_json::from_str::<Value>(body).is_ok() => {
                assert_eq!(body_of(&text), body.trim(), "{name}");
            }
            Some(body) => {
                let kept: Value = serde_json::from_str(body_of(&text)).unwrap_or_default();
                assert!(
                    kept == body || body_of(&text) == body.trim(),
                    "{name}: {text}"
                );
            }
        }
    }
}

#[test]
fn an_update_delivered_again_is_answered_once() {
    let worker = shared();
    let secret = worker.webhook_secret().unwrap();
    let said = say(&worker, "Gus", "/ping");
    let chat = chat_of(&worker, "Gus");
    shown(&worker, &said["update_id"], "it is handled", |update| {
        update["calls"][0]["state"] == "sent"
    });
    let text = worker
        .ask(&format!("GET /admin/updates/{}", said["update_id"]), "")
        .text();
    let same = body_of(&text).as_bytes();
    for _ in 0..2 {
        let again = worker.deliver(&secret, same);
        assert_eq!((again.status, again.text().as_str()), (200, ""));
    }
    assert_eq!(calls(&worker, "sendMessage", chat).len(), 1);
}

#[test]
fn an_update_delivered_ten_times_at_once_is_answered_once() {
    let worker = shared();
    let secret = worker.webhook_secret().unwrap();
    say(&worker, "Hal", "/ping");
    let chat = chat_of(&worker, "Hal");
    for id in [800_000_001, 800_000_002, 800_000_003] {
        let before = calls(&worker, "sendMessage", chat).len();
        let body = message(id, chat, "/ping");
        let statuses = at_once(&worker, &secret, &body, 10);
        assert_eq!(statuses, [200; 10]);
        shown(&worker, &json!(id), "it is handled", |update| {
            update["calls"][0]["state"] == "sent"
        });
        assert_eq!(calls(&worker, "sendMessage", chat).len(), before + 1);
    }
}

/// Messages of one chat that come in at once are answered one after the other, and none is forgotten.
#[test]
fn a_chat_that_sends_ten_messages_at_once_gets_ten_answers() {
    let worker = shared();
    let secret = worker.webhook_secret().unwrap();
    say(&worker, "Ida", "/ping");
    let chat = chat_of(&worker, "Ida");
    let ids = 810_000_001..810_000_011_i64;
    thread::scope(|scope| {
        for id in ids.clone() {
            let (worker, secret) = (&worker, &secret);
            let body = message(id, chat, "/ping");
            scope.spawn(move || assert_eq!(worker.deliver(secret, body.as_bytes()).status, 200));
        }
    });
    // On a slow machine the visits may stop before the tenth; what they leave is the cron's, when their lease is over.
    let is_sent = |id: &i64| {
        let update = shown(&worker, &json!(id), "it is kept", |_| true);
        update["calls"][0]["state"] == "sent"
    };
    let start = Instant::now();
    while !ids.clone().all(|id| is_sent(&id)) {
        assert!(start.elapsed() < LEASE + TAKEN_UP_WITHIN);
        worker.tick();
        thread::sleep(Duration::from_secs(2));
    }
    assert_eq!(calls(&worker, "sendMessage", chat).len(), 11);
}

/// What an update costs up to its acknowledgement, in an isolate that knows its door.
#[test]
fn an_acknowledgement_costs_two_trips_at_most() {
    let worker = shared();
    let secret = worker.webhook_secret().unwrap();
    say(&worker, "Joy", "/ping");
    let ping = || {
        let said = say(&worker, "Joy", "/ping");
        worker.visit_of(said["update_id"].as_i64().unwrap())
    };
    let poll = |id: i64| {
        let silent = format!(r#"{{"update_id":{id},"poll":{{"id":"1"}}}}"#);
        assert_eq!(worker.deliver(&secret, silent.as_bytes()).status, 200);
        worker.visit_of(id)
    };
    // Of two in a row one at most reads the door, as is done once a minute.
    let cheaper = |visits: [Value; 2]| {
        let cost = |visit: &Value| visit["trips"].as_u64().unwrap();
        visits.into_iter().min_by_key(cost).unwrap()
    };
    let with_reply = cheaper([ping(), ping()]);
    let without_reply = cheaper([poll(820_000_001), poll(820_000_002)]);
    for (name, visit) in [
        ("without a reply", without_reply),
        ("with one reply", with_reply),
    ] {
        let (trips, rows) = (
            visit["trips"].as_u64().unwrap(),
            visit["rows_written"].as_u64().unwrap(),
        );
        eprintln!(
            "an update {name}: {trips} trips, {rows} rows written, {} ms",
            visit["ms"]
        );
        assert!((1..=2).contains(&trips), "{name}: {visit}");
        assert!((1..=8).contains(&rows), "{name}: {visit}");
    }
}

/// What a whole life costs: received, answered, settled and forgotten, as D1 bills it.
#[test]
fn an_update_with_its_reply_costs_six_rows_deletion_included() {
    const UPDATES: u64 = 10;
    let mut worker = Worker::start();
    open(&worker);
    let ping = |worker: &Worker| {
        let said = say(worker, "Kim", "/ping");
        let is_settled = |update: &Value| update["is_open"] == false;
        shown(worker, &said["update_id"], "it is settled", is_settled);
    };
    ping(&worker);
    let before = rows_written(&worker);
    for _ in 0..UPDATES {
        ping(&worker);
    }
    let kept = rows_written(&worker) - before;
    worker.end();
    worker.sleeps_a_month();
    worker.run();
    let before = rows_written(&worker);
    worker.tick();
    assert!(worker.rows().is_empty());
    let forgotten = rows_written(&worker) - before;
    eprintln!(
        "{UPDATES} updates with a reply each: {kept} rows written, and {forgotten} to forget them"
    );
    assert_eq!(kept, 5 * UPDATES);
    // The ping before, the owner's arrival, and what the cron writes each time.
    assert!((UPDATES..UPDATES + 6).contains(&forgotten));
}

/// How many rows the worker has written since it was started, by its own account.
fn rows_written(worker: &Worker) -> u64 {
    let metrics = worker.ask("GET /admin/metrics", "").text();
    let samples = metrics.lines().filter_map(|line| {
        let sample = line.strip_prefix("onehook_isolate_rows_written_total{")?;
        sample.split_once("} ")?.1.parse::<u64>().ok()
    });
    samples.sum()
}

fn at_once(worker: &Worker, secret: &str, body: &str, times: usize) -> Vec<u16> {
    thread::scope(|scope| {
        let deliver = || worker.deliver(secret, body.as_bytes()).status;
        let deliveries: Vec<_> = (0..times).map(|_| scope.spawn(deliver)).collect();
        deliveries
            .into_iter()
            .map(|delivery| delivery.join().unwrap())
            .collect()
    })
}
