//! The webhook in the operator's hands: set, inspect, delete, and what a refusal by Telegram leads to.

use serde_json::{Value, json};

use super::running::Worker;
use super::visitor::Reply;

#[test]
fn the_operator_sets_inspects_and_deletes_the_webhook() {
    let worker = Worker::start();
    nothing_is_wanted_at_first(&worker);
    it_is_set_and_every_step_is_told(&worker);
    it_can_be_inspected(&worker);
    a_bad_wish_does_not_touch_it(&worker);
    after_a_refusal_the_previous_one_is_put_back(&worker);
    it_is_deleted_once(&worker);
}

fn nothing_is_wanted_at_first(worker: &Worker) {
    let report = worker.ask("GET /admin/webhook", "").json();
    assert_eq!(report["webhook"]["wanted"], Value::Null);
    assert_eq!(report["webhook"]["actual"]["url"], "");
    assert_eq!(report["webhook"]["differences"], json!([]));
}

fn it_is_set_and_every_step_is_told(worker: &Worker) {
    let reply = worker.ask("PUT /admin/webhook", "");
    assert_eq!(reply.status, 200, "{}", reply.text());
    let report = reply.json();
    assert_eq!(names(&report), ["steps", "webhook"]);
    assert_eq!(
        names(&report["webhook"]),
        ["actual", "differences", "wanted"]
    );
    let url = own_url(worker);
    assert_eq!(report["webhook"]["wanted"]["url"], url.as_str());
    assert_eq!(report["webhook"]["actual"]["url"], url.as_str());
    assert_eq!(report["webhook"]["differences"], json!([]));
    for step in report["steps"].as_array().unwrap() {
        assert_eq!(names(step), ["detail", "state", "step"]);
    }
    let done = ["token", "parameters", "set", "menu", "connection", "start"];
    for name in done {
        assert_eq!(step(&report, name)["state"], "done", "{report}");
    }
    assert_eq!(step(&report, "replace")["state"], "skipped");
    assert_eq!(
        step(&report, "token")["detail"],
        "Token accepted: @onehook_bot"
    );
    assert_eq!(
        step(&report, "set")["detail"],
        "Telegram says: Webhook was set"
    );
    let secret = worker
        .webhook_secret()
        .expect("Telegram was given a secret");
    assert_eq!(secret.len(), 64);
}

fn it_can_be_inspected(worker: &Worker) {
    let report = worker.ask("GET /admin/webhook", "").json();
    assert_eq!(names(&report), ["bot", "webhook"]);
    assert_eq!(
        report["bot"],
        json!({"id": 4242, "username": "onehook_bot"})
    );
    assert_eq!(report["webhook"]["differences"], json!([]));
    let url = own_url(worker);
    let text = worker.ask_with("GET /admin/webhook", &[("Accept", "text/plain")], "");
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    let expected = format!("webhook: {url}\nwanted: {url}\nwaiting updates: 0\n");
    assert_eq!(text.text(), expected);
    let ukrainian = [("Accept", "text/plain"), ("Accept-Language", "uk")];
    let text = worker.ask_with("GET /admin/webhook", &ukrainian, "").text();
    assert!(text.starts_with(&format!("вебхук: {url}\n")), "{text}");
    // Setting it once more, at once: Telegram asks for a second's patience, and the worker has it.
    let text = worker.ask_with(
        "PUT /admin/webhook?lang=uk",
        &[("Accept", "text/plain")],
        "",
    );
    assert_eq!(text.status, 200, "{}", text.text());
    let expected = "✅ Telegram відповів: Webhook is already set\n";
    assert!(text.text().contains(expected), "{}", text.text());
}

fn a_bad_wish_does_not_touch_it(worker: &Worker) {
    let before = calls(worker, "setWebhook").len();
    let bad = [
        (
            r#"{"url":"ftp://example.org/webhook"}"#,
            "`url` cannot be used",
        ),
        (
            r#"{"max_connections":101}"#,
            "`max_connections` cannot be used",
        ),
        (r#"{"secret_token":"mine"}"#, "`body` cannot be used"),
        ("[", "`body` cannot be used"),
    ];
    for (wish, what) in bad {
        let reply = worker.ask("PUT /admin/webhook", wish);
        assert_eq!(
            (reply.status, &reply.json()["error"]["what"]),
            (400, &json!(what))
        );
        has_a_remedy(&reply);
    }
    assert_eq!(calls(worker, "setWebhook").len(), before);
}

fn after_a_refusal_the_previous_one_is_put_back(worker: &Worker) {
    let refusal = "Bad Request: bad webhook: Failed to resolve host: Name or service not known";
    let fault = json!({"on": "api", "method": "setWebhook", "fault": {"error": [400, refusal]}});
    worker.telegram.fault(&fault).unwrap();
    let wish = r#"{"url":"https://bot.example.org/webhook"}"#;
    let reply = worker.ask("PUT /admin/webhook", wish);
    assert_eq!(reply.status, 502, "{}", reply.text());
    let report = reply.json();
    assert_eq!(report["error"]["what"], "Telegram said no");
    let why = report["error"]["why"].as_str().unwrap();
    assert_eq!(
        why,
        format!("Telegram refused `setWebhook`: {refusal} (400)")
    );
    has_a_remedy(&reply);
    assert_eq!(step(&report, "set")["state"], "failed");
    let url = own_url(worker);
    // The step says what it did, and it did: with the old address and the old secret.
    let restore = step(&report, "restore");
    assert_eq!(restore["state"], "done", "{report}");
    assert_eq!(
        restore["detail"],
        format!("The previous webhook is back: {url}")
    );
    let set = calls(worker, "setWebhook");
    let refused = set.iter().position(|call| !call["fault"].is_null());
    assert!(refused.is_some_and(|place| place < set.len() - 1));
    let last = &set.last().unwrap()["parameters"];
    assert_eq!(last["url"], url);
    assert_eq!(last["secret_token"], set[0]["parameters"]["secret_token"]);
    let report = worker.ask("GET /admin/webhook", "").json();
    assert_eq!(report["webhook"]["actual"]["url"], url);
    assert_eq!(report["webhook"]["differences"], json!([]));
}

fn it_is_deleted_once(worker: &Worker) {
    let secret = worker.webhook_secret().unwrap();
    for said in ["Webhook was deleted", "Webhook is already deleted"] {
        let reply = worker.ask("DELETE /admin/webhook", "");
        let report = reply.json();
        assert_eq!((reply.status, &report["description"]), (200, &json!(said)));
        assert_eq!(report["webhook"]["wanted"]["url"], "");
        assert_eq!(report["webhook"]["actual"]["url"], "");
        assert_eq!(report["webhook"]["differences"], json!([]));
        assert_eq!(step(&report, "delete")["state"], "done");
    }
    let deleted = calls(worker, "deleteWebhook");
    assert_eq!(deleted.len(), 2);
    for call in deleted {
        assert_ne!(
            call["parameters"]["drop_pending_updates"]
                .to_string()
                .trim_matches('"'),
            "true"
        );
    }
    let reply = worker.ask("DELETE /admin/webhook?drop_pending_updates=perhaps", "");
    assert_eq!(reply.status, 400, "{}", reply.text());
    // Updates that were on their way when it was deleted still come in.
    let late = br#"{"update_id":7,"message":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},"text":"late"}}"#;
    assert_eq!(worker.deliver(&secret, late).status, 200);
}

fn has_a_remedy(reply: &Reply) {
    let remedy = reply.json()["error"]["remedy"].clone();
    assert!(
        remedy.as_str().is_some_and(|remedy| !remedy.is_empty()),
        "{}",
        reply.text()
    );
}

fn own_url(worker: &Worker) -> String {
    format!("http://{}/webhook", worker.address)
}

fn step(report: &Value, name: &str) -> Value {
    let steps = report["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["step"] == name);
    found
        .unwrap_or_else(|| panic!("there is no step `{name}` in {report}"))
        .clone()
}

fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

fn calls(worker: &Worker, method: &str) -> Vec<Value> {
    let state = worker.telegram.state();
    let calls = state["bots"][0]["calls"].as_array().unwrap();
    calls
        .iter()
        .filter(|call| call["method"] == method)
        .cloned()
        .collect()
}
