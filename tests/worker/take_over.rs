//! `scripts/take-over` with the real worker, while a real bot polls: the bot is evicted, and what somebody writes reaches the worker.

use std::fs;
use std::thread;

use expect_test::expect;
use serde_json::json;

use super::running::{OWNER, PATIENCE, Worker};
use crate::emulator::client::wait_until;
use crate::rivals::{self, Rival, SET_WEBHOOK, program, python, someone_waits};
use crate::scripts::{Ended, Terminal, UKRAINIAN};

#[test]
fn a_polling_bot_is_evicted_and_the_worker_has_its_updates() {
    let worker = Worker::start();
    let bot_token = bot_token(&worker);
    worker.tick(); // no one does on this machine
    let rival =
        Rival::spawn(program("telegram_poller.py").args([&worker.telegram.url, &bot_token]));
    wait_until("the first poll", rivals::PATIENCE, || {
        someone_waits(&worker.telegram)
    });
    let ended = thread::scope(|scope| {
        scope.spawn(|| {
            wait_until("the webhook", PATIENCE, || {
                worker.webhook_secret().is_some()
            });
            let act = json!({"person": OWNER, "act": "say", "text": "/ping"});
            worker.telegram.act(&act).unwrap();
        });
        take_over(&worker, &bot_token, "take-over --wait 30", &[])
    });
    assert_eq!(ended.status, 0, "{}", ended.output);
    rival.wait_for(SET_WEBHOOK);
    let told = readable(&worker, &rival, &ended.output);
    expect![[r#"
        🔍 Checking the token
        ✅ Token accepted: @onehook_bot
           webhook: none
        📬 Waiting updates: 0; none of them is dropped
        🔍 Looking for other programs of this bot
        🔴 1. python HERE/tests/rivals/telegram_poller.py TELEGRAM 4242:<token>
           process PID of ada, works in HERE
           has this bot's token: its command line
           uses python-telegram-bot (telegram_poller.py)
           is connected to Telegram now: TELEGRAM
           stop it: kill PID
           Looked into: processes
        ❌ Conflict: another instance of the bot is running. Stop ALL instances:
           1. several instances: a second terminal, an IDE, a laptop → scripts/find-rivals --stop
           2. webhook against polling: a program that deletes the webhook when it starts, or sets its own → do not start it with this token
           3. a process that did not die: no terminal shows it any more → scripts/find-rivals marks it as an orphan
           4. several servers: an old VPS, Render, Railway, Heroku → scripts/find-rivals lists where to click
           If you cannot find it: @BotFather, /revoke. The old token is dead at once; give the new one to the worker only.
           I go on: the webhook ends their polling. But whoever deletes it at the next start takes the bot back, so stop them too.
        ✅ Token accepted: @onehook_bot
        ✅ WORKER/webhook
        ✅ Telegram says: Webhook was set
        ➖ No old webhook to remove
        ✅ Menu of commands sent
        ✅ Connection tested: Telegram has the address of @onehook_bot
        🥊 Whoever was polling has just been told: 409 Conflict: terminated by setWebhook request
           and from now on hears: 409 Conflict: can't use getUpdates method while webhook is active
           These lines in the log of a program show that it was the rival. It gets no update any more.
        ✍️ Write something to @onehook_bot now; I watch for 30 seconds (Ctrl-C does no harm)
        📨 First delivery seen: update UPDATE, done
        🤖 Bot started and waiting for messages
    "#]].assert_eq(&told);
    is_honest_about_the_guard(&worker, &ended.output);
    answered(&worker);
    // Once more, when all is well: nothing is dropped, nothing is set twice.
    let again = take_over(&worker, &bot_token, "take-over --wait 0", &[UKRAINIAN]);
    assert_eq!(again.status, 0, "{}", again.output);
    let told = "✅ Telegram відповів: Webhook is already set\n";
    assert!(again.output.contains(told), "{}", again.output);
    for secret in [&bot_token, &worker.admin_token] {
        assert!(
            !ended
                .output
                .contains(secret.split(':').next_back().unwrap())
        );
    }
}

pub(super) fn bot_token(worker: &Worker) -> String {
    let secrets = fs::read_to_string(worker.folder.join("worker.env")).unwrap();
    let token = secrets
        .lines()
        .find_map(|line| line.strip_prefix("TELEGRAM_BOT_TOKEN="));
    token.unwrap().to_owned()
}

fn take_over(worker: &Worker, bot_token: &str, line: &str, variables: &[(&str, &str)]) -> Ended {
    let terminal = Terminal::new();
    let mut command = terminal.script(line);
    command
        .arg(format!("http://{}", worker.address))
        .env("TELEGRAM_API_ROOT", &worker.telegram.url)
        .env("TELEGRAM_BOT_TOKEN", bot_token)
        .env("ADMIN_TOKEN", &worker.admin_token)
        .envs(variables.iter().copied());
    terminal.run(&mut command, "")
}

/// What was printed, without what differs from run to run: numbers, addresses, and bots of other tests on this machine.
fn readable(worker: &Worker, rival: &Rival, output: &str) -> String {
    let (before, rest) = output.split_once("🔴").unwrap();
    let (rivals, after) = rest.split_once("   Looked into").unwrap();
    let ours = format!(" kill {}\n", rival.child.id());
    let ours = rivals
        .split("🔴")
        .find(|rival| rival.contains(&ours))
        .expect("our rival is found");
    let (_, ours) = ours.split_once(". ").unwrap();
    let mut told = format!("{before}🔴 1. {ours}   Looked into{after}");
    let update_id =
        worker.ask("GET /admin/updates?limit=1", "").json()["updates"][0]["update_id"].to_string();
    let owner = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap();
    let owner = format!(" of {},", String::from_utf8(owner.stdout).unwrap().trim());
    for (real, shown) in [
        (format!("http://{}", worker.address).as_str(), "WORKER"),
        (worker.telegram.url.as_str(), "TELEGRAM"),
        (
            worker.telegram.url.strip_prefix("http://").unwrap(),
            "TELEGRAM",
        ),
        (python().to_str().unwrap(), "python"),
        (env!("CARGO_MANIFEST_DIR"), "HERE"),
        (&rival.child.id().to_string(), "PID"),
        (&update_id, "UPDATE"),
        (&owner, " of ada,"),
    ] {
        told = told.replace(real, shown);
    }
    let lines = told.lines().filter(|line| !line.contains(" cron "));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// A guard is called armed where the worker has one, and not where it has none.
fn is_honest_about_the_guard(worker: &Worker, output: &str) {
    let has_guard = worker.ask("GET /admin/incidents?limit=1", "").status == 200;
    let told = if has_guard {
        "🛡 Guard armed: the cron ran "
    } else {
        "⚠ The cron runs ("
    };
    assert!(output.contains(told), "{output}");
}

fn answered(worker: &Worker) {
    wait_until("the answer", PATIENCE, || {
        let transcript = worker.telegram.transcript(0);
        transcript.iter().any(|entry| entry["text"] == "pong")
    });
}
