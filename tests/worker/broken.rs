//! A deployment that is not complete says so, and what to do about it.

use serde_json::Value;

use super::running::{Start, Worker, random_hex};

#[test]
fn without_tables_telegram_is_asked_to_come_back_and_the_operator_is_told() {
    let worker = Worker::start_with(&Start {
        is_migrated: false,
        ..Start::default()
    });
    let update = br#"{"update_id":1,"poll":{"id":"1"}}"#;
    for _ in 0..3 {
        let reply = worker.deliver(&random_hex(), update);
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (503, ""),
            "{reply:?}"
        );
        let seconds: u64 = reply.header("retry-after").parse().unwrap();
        assert!((5..=10).contains(&seconds), "{seconds}");
    }
    let health = worker.get("/health");
    assert_eq!(
        (health.status, &health.json()["database"]),
        (503, &Value::from("no answer"))
    );
    for what in [
        "PUT /admin/webhook",
        "GET /admin/updates",
        "GET /admin/webhook",
        "DELETE /admin/webhook",
    ] {
        let reply = worker.ask(what, "");
        assert_eq!(reply.status, 503, "{what}: {}", reply.text());
        let error = reply.json()["error"].clone();
        assert_eq!(error["what"], "the database did not answer", "{what}");
        assert!(
            error["why"].as_str().unwrap().contains("no such table"),
            "{what}: {error}"
        );
        assert!(
            error["remedy"]
                .as_str()
                .unwrap()
                .contains("migrations apply DB"),
            "{what}: {error}"
        );
    }
    let state = worker.telegram.state();
    let mut calls = state["bots"][0]["calls"].as_array().unwrap().iter();
    assert!(
        calls.all(|call| call["method"] != "setWebhook" && call["method"] != "deleteWebhook"),
        "the webhook was touched: {state}"
    );
}

#[test]
fn without_secrets_nobody_is_served_and_every_missing_one_is_named() {
    let worker = Worker::start_with(&Start {
        has_secrets: false,
        ..Start::default()
    });
    let secret = random_hex();
    let replies = [
        worker.get("/health"),
        worker.get("/"),
        worker.ask("PUT /admin/webhook", ""),
        worker.send("GET /admin/updates", &[("Authorization", "Bearer ")], b""),
        worker.deliver(&secret, b"{}"),
    ];
    for reply in replies {
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (503, "60"),
            "{reply:?}"
        );
        let body = reply.json();
        assert_eq!(body["error"]["what"], "this deployment is not complete");
        let complaints = body["complaints"].as_array().unwrap();
        let names: Vec<_> = complaints
            .iter()
            .map(|complaint| complaint["what"].as_str().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "`TELEGRAM_BOT_TOKEN` cannot be used",
                "`ADMIN_TOKEN` cannot be used"
            ]
        );
        for complaint in complaints {
            let remedy = complaint["remedy"].as_str().unwrap();
            assert!(remedy.contains("wrangler secret put"), "{complaint}");
        }
    }
}
