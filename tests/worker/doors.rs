//! Who may enter, how much they may bring, and what they hear when they may not.

use std::fmt::Write;

use super::open;
use super::running::{PATIENCE, Worker, random_hex};
use super::visitor::Reply;
use crate::emulator::client::wait_until;

const ADMIN_PATHS: [&str; 7] = [
    "/admin/webhook",
    "/admin/webhook?drop_pending_updates=true",
    "/admin/updates",
    "/admin/updates/1",
    "/admin/updates/1/replay",
    "/admin/",
    "/admin/nothing/here",
];
const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "PATCH"];
const BODY_BYTES_MAX: usize = 1 << 20;

#[test]
fn strangers_stay_outside() {
    let worker = Worker::start();
    open(&worker);
    a_wrong_secret_costs_no_trip_to_the_database(&worker);
    a_body_above_one_mebibyte_is_refused(&worker);
    each_path_knows_its_methods(&worker);
    what_is_not_there_is_nowhere_in_the_same_words(&worker);
    without_the_admin_token_every_admin_route_looks_the_same(&worker);
    whoever_guesses_too_often_is_not_listened_to(&worker);
}

fn a_wrong_secret_costs_no_trip_to_the_database(worker: &Worker) {
    let secret = worker.webhook_secret().unwrap();
    let shorter = &secret[1..];
    let one_off = flipped(&secret);
    let upper = secret.to_uppercase();
    let wrong = [
        random_hex(),
        String::new(),
        "x".repeat(64),
        one_off,
        upper,
        shorter.to_owned(),
    ];
    // The first may send the worker to the database, to see whether another isolate has set a new one.
    assert_eq!(
        worker.deliver(&random_hex(), update(1).as_bytes()).status,
        401
    );
    let is_told = || {
        let visits = worker.visits();
        visits
            .last()
            .is_some_and(|visit| visit["verdict"] == "refused")
    };
    wait_until("its line in the log", PATIENCE, is_told);
    let before = worker.visits().len();
    for secret in &wrong {
        is_empty(&worker.deliver(secret, update(1).as_bytes()), 401);
    }
    is_empty(
        &worker.send("POST /webhook", &[], update(1).as_bytes()),
        401,
    );
    is_empty(
        &worker.send(
            "POST /webhook?secret=1",
            &[("Authorization", "Bearer x")],
            b"",
        ),
        401,
    );
    assert_eq!(worker.deliver(&secret, update(1).as_bytes()).status, 200);
    worker.visit_of(1);
    let visits = worker.visits().split_off(before);
    let (refused, let_in) = visits.split_at(visits.len() - 1);
    assert_eq!(
        (refused.len(), let_in[0]["verdict"].as_str()),
        (wrong.len() + 2, Some("done"))
    );
    for visit in refused {
        assert_eq!(
            (visit["verdict"].as_str(), visit["trips"].as_u64()),
            (Some("refused"), Some(0))
        );
    }
}

fn a_body_above_one_mebibyte_is_refused(worker: &Worker) {
    let secret = worker.webhook_secret().unwrap();
    let fits = padded(2, BODY_BYTES_MAX);
    assert_eq!(worker.deliver(&secret, fits.as_bytes()).status, 200);
    let too_large = padded(3, BODY_BYTES_MAX + 1);
    is_empty(&worker.deliver(&secret, too_large.as_bytes()), 413);
    let in_chunks = chunked(&too_large);
    is_empty(&deliver_in_chunks(worker, &secret, &in_chunks), 413);
    is_empty(&deliver_in_chunks(worker, &random_hex(), &in_chunks), 401);
    let in_chunks = chunked(&padded(4, BODY_BYTES_MAX));
    assert_eq!(deliver_in_chunks(worker, &secret, &in_chunks).status, 200);
    let updates = worker.ask("GET /admin/updates", "").text();
    assert!(
        !updates.contains("\"update_id\":3,"),
        "it was kept: {updates}"
    );
    for kept in ["\"update_id\":2,", "\"update_id\":4,"] {
        assert!(updates.contains(kept), "it is not there: {updates}");
    }
}

fn each_path_knows_its_methods(worker: &Worker) {
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        allows(
            &worker.send(&format!("{method} /webhook"), &[], b""),
            "POST",
        );
    }
    for method in ["POST", "PUT", "DELETE"] {
        allows(&worker.send(&format!("{method} /health"), &[], b""), "GET");
    }
    is_empty(&worker.send("HEAD /health", &[], b""), 200);
    allows(&worker.ask("POST /admin/webhook", ""), "GET, PUT, DELETE");
    allows(&worker.ask("DELETE /admin/updates", ""), "GET");
    allows(&worker.ask("PUT /admin/updates/1", ""), "GET");
}

fn what_is_not_there_is_nowhere_in_the_same_words(worker: &Worker) {
    let expected = seen(&worker.get("/"));
    assert!(
        expected.starts_with("404 ") && expected.ends_with("\nnot found\n"),
        "{expected}"
    );
    let elsewhere = [
        "/favicon.ico",
        "/webhook/",
        "/webhook/1",
        "/Health",
        "/admin",
        "/.env",
        "//webhook",
        "/?x=/health",
    ];
    for path in elsewhere {
        for method in ["GET", "POST", "PUT"] {
            let what = format!("{method} {path}");
            assert_eq!(seen(&worker.send(&what, &[], b"")), expected, "{what}");
        }
    }
    assert_eq!(seen(&worker.ask("GET /admin/nothing", "")), expected);
    assert_eq!(seen(&worker.ask("POST /admin/updates/1/2", "")), expected);
    let bad = worker.ask("GET /admin/updates/seven", "");
    assert_eq!(bad.status, 400, "{}", bad.text());
}

/// With no token at all, so that the guesses stay few; then some wrong ones.
fn without_the_admin_token_every_admin_route_looks_the_same(worker: &Worker) {
    let expected = seen(&worker.send("GET /admin/webhook", &[], b""));
    assert!(expected.starts_with("401 "), "{expected}");
    assert!(expected.ends_with("\nunauthorized\n"), "{expected}");
    for path in ADMIN_PATHS {
        for method in METHODS {
            let what = format!("{method} {path}");
            assert_eq!(seen(&worker.send(&what, &[], b"")), expected, "{what}");
        }
        let token = format!("Bearer {}", random_hex());
        let reply = worker.send(&format!("GET {path}"), &[("Authorization", &token)], b"");
        assert_eq!(seen(&reply), expected, "{path}");
    }
    let right = worker.admin_token.clone();
    let wrong = [
        right.clone(),
        format!("Basic {right}"),
        format!("Bearer {}", flipped(&right)),
        format!("Bearer {}", &right[1..]),
        format!("Bearer {right}{right}"),
        "Bearer ".to_owned(),
        String::new(),
    ];
    for token in wrong {
        let reply = worker.send("DELETE /admin/webhook", &[("Authorization", &token)], b"");
        assert_eq!(seen(&reply), expected);
    }
    let secret = worker.webhook_secret().unwrap();
    let header = ("X-Telegram-Bot-Api-Secret-Token", secret.as_str());
    let reply = worker.send("GET /admin/webhook", &[header], b"");
    assert_eq!(
        seen(&reply),
        expected,
        "the webhook's secret opens nothing else"
    );
    assert_eq!(worker.ask("GET /admin/updates", "").status, 200);
}

fn whoever_guesses_too_often_is_not_listened_to(worker: &Worker) {
    let refused = seen(&worker.send("GET /admin/webhook", &[], b""));
    for _ in 0..100 {
        let token = format!("Bearer {}", random_hex());
        let reply = worker.send("GET /admin/webhook", &[("Authorization", &token)], b"");
        assert_eq!(seen(&reply), refused);
    }
    assert_eq!(seen(&worker.ask("GET /admin/webhook", "")), refused);
    let secret = worker.webhook_secret().unwrap();
    assert_eq!(
        worker.deliver(&secret, update(5).as_bytes()).status,
        200,
        "Telegram is"
    );
}

fn is_empty(reply: &Reply, status: u16) {
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (status, ""),
        "{reply:?}"
    );
}

fn allows(reply: &Reply, methods: &str) {
    assert_eq!(
        (reply.status, reply.header("allow")),
        (405, methods),
        "{reply:?}"
    );
}

/// Status, headers and body, as a stranger sees them.
fn seen(reply: &Reply) -> String {
    let mut seen = format!("{} ", reply.status);
    for (name, value) in reply
        .headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("date"))
    {
        writeln!(seen, "{name}: {value}").unwrap();
    }
    seen + &reply.text()
}

/// The same text with another last digit.
fn flipped(secret: &str) -> String {
    let (start, last) = secret.split_at(secret.len() - 1);
    format!("{start}{}", if last == "0" { "1" } else { "0" })
}

fn update(id: i64) -> String {
    format!(r#"{{"update_id":{id},"poll":{{"id":"{id}"}}}}"#)
}

/// An update of so many bytes.
fn padded(id: i64, bytes: usize) -> String {
    let update = update(id);
    let (start, end) = update.split_at(update.len() - 1);
    format!("{start}{}{end}", " ".repeat(bytes - update.len()))
}

fn chunked(body: &str) -> Vec<u8> {
    let mut chunks = Vec::new();
    for chunk in body.as_bytes().chunks(64 * 1024) {
        chunks.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        chunks.extend(chunk);
        chunks.extend(b"\r\n");
    }
    chunks.extend(b"0\r\n\r\n");
    chunks
}

fn deliver_in_chunks(worker: &Worker, secret: &str, chunks: &[u8]) -> Reply {
    let headers = [
        ("X-Telegram-Bot-Api-Secret-Token", secret),
        ("Transfer-Encoding", "chunked"),
    ];
    worker.exchange("POST /webhook", &headers, chunks)
}
