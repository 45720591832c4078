//! `docs/openapi.json` against the worker: a thousand requests made up from it, good ones and bad ones, are answered as it says.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::running::{OWNER, Worker};
use super::{open, say, size};
use crate::description::description;
use crate::emulator::client::ask;
use crate::emulator::telegram::Request;
use crate::rivals::virtual_environment;

const REQUIREMENTS: &str = include_str!("requirements.txt");

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,negative_data_rejection,allow_header_conformance";

#[test]
fn a_thousand_made_up_requests_are_answered_as_described() {
    let worker = Worker::start();
    open(&worker);
    let fault = json!({"error": [400, "Bad Request: message text is empty"]});
    let order = json!({"on": "api", "method": "sendMessage", "times": 1, "fault": fault});
    worker.telegram.fault(&order).unwrap();
    let update = say(&worker, OWNER, "/ping")["update_id"].clone();
    steal_the_webhook(&worker);
    worker.tick();

    let folder = worker.folder.join("schemathesis");
    fs::create_dir_all(&folder).unwrap();
    let mut described = description().to_string();
    // Made-up numbers are of nothing; these are there.
    let call = worker.ask("GET /admin/outbox?state=failed", "").json()["calls"][0]["id"].clone();
    described = described.replace(
        "\"format\":\"int64\"",
        &format!("\"examples\":[{update}],\"format\":\"int64\""),
    );
    described = described.replace("[\"12.0\"]", &format!("[{call}]"));
    assert!(described.contains(&format!("[{update}]")) && described.contains(&format!("[{call}]")));
    fs::write(folder.join("openapi.json"), described).unwrap();

    let is_over = AtomicBool::new(false);
    let output = thread::scope(|scope| {
        // Telegram's clock hurries, so that whoever listens need not wait, and a webhook may be set again at once.
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                worker.telegram.advance(60_000);
                thread::sleep(Duration::from_millis(20));
            }
        });
        let examples = size("SCHEMATHESIS_EXAMPLES", 60, 2_000).to_string();
        let output =
            Command::new(virtual_environment("schemathesis-venv", REQUIREMENTS).join("bin/st"))
                .args(["run", "openapi.json", "--url"])
                .arg(format!("http://{}", worker.address))
                .args([
                    "--header",
                    &format!("Authorization: Bearer {}", worker.admin_token),
                ])
                .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
                .args([
                    "--max-examples",
                    &examples,
                    "--seed",
                    "409",
                    "--request-timeout",
                    "60",
                ])
                .args(["--suppress-health-check", "all", "--warnings", "off"])
                .env("NO_PROXY", "127.0.0.1")
                .env("NO_COLOR", "1")
                .env("COLUMNS", "200")
                .current_dir(&folder)
                .output();
        is_over.store(true, Ordering::Relaxed);
        output.expect("st is in the virtual environment")
    });
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let generated = said
        .lines()
        .find(|line| line.contains(" generated"))
        .expect("how many cases");
    let digits: String = generated
        .split(" generated")
        .next()
        .unwrap()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    assert!(digits.parse::<usize>().unwrap() >= 1_000, "{said}");
    // And it lives on.
    assert_eq!(worker.ask("GET /admin/webhook", "").status, 200);
}

/// Somebody deletes the webhook, so that there is an incident to tell of.
fn steal_the_webhook(worker: &Worker) {
    let state = worker.telegram.state();
    let token = state["bots"][0]["token"].as_str().unwrap();
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/bot{token}/deleteWebhook"),
        ..Request::default()
    };
    assert_eq!(ask(&worker.telegram, request)["result"], true);
}
