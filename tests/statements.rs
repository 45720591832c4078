//! The statements beside the wasm: read as the worker reads them, and held against the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use onehook::delivery::LEASE_MS;

use crate::tidy;

const FILE: &str = "src/inbox/statements.js";

static STATEMENTS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut node = Command::new("node")
        .arg("--input-type=module")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is there");
    let program = tidy::read(FILE) + "console.log(JSON.stringify(statements));";
    let mut input = node.stdin.take().unwrap();
    input.write_all(program.as_bytes()).unwrap();
    drop(input);
    let output = node.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).expect("an object of texts")
});

/// The text of a statement, as `statement` in `statements.js`. A statement of a test is its own text.
pub fn text(name: &'static str) -> &'static str {
    STATEMENTS.get(name).map_or(name, String::as_str)
}

/// Each statement with its name.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    STATEMENTS
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
}

#[test]
fn each_statement_is_sent_by_somebody_and_no_other() {
    let sources = tidy::sources("src/inbox").into_iter();
    let code: String = sources.map(|source| source.text).collect();
    let is_name = |text: &&str| {
        let is_of_a_name = |letter| matches!(letter, 'A'..='Z' | '_');
        text.len() > 2 && text.chars().all(is_of_a_name)
    };
    let sent: BTreeSet<_> = code.split('"').filter(is_name).collect();
    let known: BTreeSet<_> = all().map(|(name, _)| name).collect();
    assert_eq!(sent, known, "what the sources say, and what there is");
}

#[test]
fn a_claim_lasts_as_long_as_the_machine_thinks() {
    let milliseconds = tidy::read(FILE)
        .split_once("const lease = ")
        .and_then(|(_, rest)| rest.split_once(';'))
        .map(|(number, _)| number.replace('_', ""));
    assert_eq!(milliseconds, Some(LEASE_MS.to_string()));
}
