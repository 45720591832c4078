//! The prompt of `scripts/dev`: what somebody types travels into the worker, and its answers come back to the terminal.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use expect_test::expect;

use super::open;
use super::running::Worker;

#[test]
fn what_is_typed_at_the_prompt_is_answered_there() {
    let worker = Worker::start();
    open(&worker);
    let lines = "/start\n@bob /feedback\n@bob Pears!\n@bob !1\n@ada /ping\n/quit\n";
    expect![[r#"
        Ada: /start
        bot: Hello, Ada! Send /help to see what I can do.
        Bob: /feedback
        bot → Bob: What would you like to tell my owner? Write one message, or send /cancel.
        Bob: Pears!
        bot → Bob: Shall I send this to my owner?
          [1] Send   [2] Discard
        Bob presses feedback:send
        bot: Pears!
          [1] ✉ Bob (@bob)
        bot → Bob (deleted message 8)
        bot → Bob: Sent. Thank you!
        Ada: /ping
        bot: pong
    "#]]
    .assert_eq(&typed(&worker.telegram.url, lines));
}

/// Types some lines into a prompt and returns what it printed.
fn typed(url: &str, lines: &str) -> String {
    let mut prompt = Command::new(emulator())
        .args(["chat", "--url", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    prompt
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let output = prompt.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// `cargo test` builds the example beside this binary.
fn emulator() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.ancestors().nth(2).unwrap().join("examples/emulator");
    assert!(
        path.exists(),
        "{} is not there; run: cargo build --example emulator",
        path.display()
    );
    path
}
