//! `docs/openapi.json`: it describes the operator's routes and `GET /health`, all of them and no others.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::readme::{routes_of_the_source, without_names};
use crate::test_bot::TestBot;
use crate::tidy::read;

pub(crate) fn description() -> Value {
    serde_json::from_str(&read("docs/openapi.json")).expect("JSON")
}

/// Each described operation: the method and path, and what is said of it.
fn operations() -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, methods) in description()["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase();
            operations.push((method, path.clone(), operation.clone()));
        }
    }
    operations
}

#[test]
fn what_is_described_is_what_the_source_matches() {
    let described = operations().into_iter();
    let described: BTreeSet<_> = described
        .map(|(method, path, _)| format!("{method} {}", without_names(&path)))
        .collect();
    let mut real: BTreeSet<_> = routes_of_the_source().into_iter().collect();
    assert!(real.remove("POST /webhook"), "that is Telegram's door");
    assert_eq!(described, real);
}

#[test]
fn every_reference_leads_somewhere_and_everything_is_referred_to() {
    let description = description();
    let text = description.to_string();
    let mut used = BTreeSet::new();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(description.pointer(pointer).is_some(), "{pointer}");
        used.insert(pointer);
    }
    for kind in ["schemas", "responses"] {
        for name in description["components"][kind].as_object().unwrap().keys() {
            let pointer = format!("/components/{kind}/{name}");
            assert!(
                used.contains(pointer.as_str()),
                "nothing refers to {pointer}"
            );
        }
    }
}

#[test]
fn each_operation_answers_a_stranger_and_another_method_as_described() {
    let bot = TestBot::new();
    let all = operations();
    for (method, path, operation) in &all {
        let address = path.replace("{update_id}", "1").replace("{id}", "1.0");
        let is_open = operation["security"].as_array().is_some_and(Vec::is_empty);
        let stranger = bot.operator().with_token(None).sends(method, &address, "");
        assert_eq!(stranger.status == 401, !is_open, "{method} {path}");
        assert_eq!(
            operation["responses"]["401"].is_object(),
            !is_open,
            "{method} {path}"
        );
        let other = bot.operator().sends("PATCH", &address, "");
        assert_eq!(other.status, 405, "{method} {path}");
        let (_, allowed) = other
            .headers
            .iter()
            .find(|(name, _)| *name == "allow")
            .unwrap();
        let methods = all.iter().filter(|(_, other, _)| other == path);
        let methods: BTreeSet<_> = methods.map(|(method, ..)| method.as_str()).collect();
        assert_eq!(
            allowed.split(", ").collect::<BTreeSet<_>>(),
            methods,
            "{path}"
        );
        assert!(operation["responses"]["405"].is_object(), "{method} {path}");
    }
}
