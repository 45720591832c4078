//! What is stored outlives the worker.

use serde_json::Value;

use super::running::Worker;
use super::{open, say, shown};

#[test]
fn the_secret_and_the_updates_outlive_the_worker() {
    let mut worker = Worker::start();
    open(&worker);
    let said = say(&worker, "Bob", "/feedback");
    let before = shown(&worker, &said["update_id"], "it is handled", |update| {
        update["calls"][0]["state"] == "sent"
    });
    let secret = worker.webhook_secret().unwrap();
    worker.restart();
    let listed = worker.ask("GET /admin/updates", "").json();
    let ids: Vec<&Value> = listed["updates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|update| &update["update_id"])
        .collect();
    assert_eq!(ids.len(), 2, "{listed}");
    assert_eq!(ids[0], &said["update_id"]);
    let after = shown(&worker, &said["update_id"], "it is there", |_| true);
    assert_eq!(after, before);
    let update = br#"{"update_id":7,"poll":{"id":"7"}}"#;
    assert_eq!(worker.deliver(&secret, update).status, 200);
    assert_eq!(worker.visit_of(7)["verdict"], "done");
    assert_eq!(worker.deliver(&"0".repeat(64), update).status, 401);
    let sets = worker.telegram.state()["bots"][0]["calls"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|call| call["method"] == "setWebhook")
        .count();
    assert_eq!(sets, 1, "nobody set the webhook again");
}
