//! `scripts/clear-webhook`: deletes, shows, judges; and says what is wrong, why, and what to do.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{Ended, TOKEN, Terminal, UKRAINIAN, seen_with_ps, telegram, tells_no_secret};
use crate::emulator::client::{ask, wait_until};
use crate::emulator::server::Running;
use crate::emulator::telegram::Request;
use crate::rivals::{PATIENCE, python};

/// A call of the Bot API by somebody else who has the token.
fn call(running: &Running, method: &str, parameters: &Value) -> Value {
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/bot{TOKEN}/{method}"),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: parameters.to_string().into_bytes(),
    };
    ask(running, request)
}

fn clear(running: &Running, line: &str, variables: &[(&str, &str)]) -> Ended {
    let terminal = Terminal::new();
    let mut command = terminal.script(line);
    command
        .env("TELEGRAM_API_ROOT", &running.url)
        .env("TELEGRAM_BOT_TOKEN", TOKEN)
        .envs(variables.iter().copied());
    terminal.run(&mut command, "")
}

#[track_caller]
fn check(ended: &Ended, running: &Running, status: i32, expected: &Expect) {
    expected.assert_eq(&ended.output.replace(&running.url, "http://telegram"));
    assert_eq!(ended.status, status);
}

fn webhook(running: &Running) -> Value {
    call(running, "getWebhookInfo", &json!({}))["result"].clone()
}

#[test]
fn an_old_webhook_is_removed_and_the_waiting_updates_stay() {
    let running = telegram();
    // Many a webhook has the token in its address.
    let url = format!("http://127.0.0.1:9/hook/{TOKEN}");
    call(
        &running,
        "setWebhook",
        &json!({"url": url, "allowed_updates": ["message"]}),
    );
    running
        .act(&json!({"person": "Ada", "act": "say", "text": "hello"}))
        .unwrap();
    let ended = clear(&running, "clear-webhook", &[]);
    check(
        &ended,
        &running,
        0,
        &expect![[r#"
        🔍 Checking the token
        ✅ Token accepted: @onehook_bot
        🧹 Old webhook removed: http://127.0.0.1:9/hook/4242:<token>
        🔍 What Telegram has now:
           {"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":1,"allowed_updates":["message"]}}
           ✅ url: empty
           ✅ has_custom_certificate: false
           ✅ pending_update_count: 1; they wait for whoever asks first
           ➖ allowed_updates: ["message"]; other kinds do not arrive until somebody asks for them
        ✅ No webhook: getUpdates works now, for one program at a time.
           Start your bot once. Is there still a 409? scripts/find-rivals shows who else polls.
    "#]],
    );
    assert_eq!(webhook(&running)["url"], "");
    assert_eq!(webhook(&running)["pending_update_count"], 1);
}

#[test]
fn in_ukrainian_and_with_the_waiting_updates_dropped_on_request() {
    let running = telegram();
    call(
        &running,
        "setWebhook",
        &json!({"url": "http://127.0.0.1:9/hook"}),
    );
    running
        .act(&json!({"person": "Ada", "act": "say", "text": "hello"}))
        .unwrap();
    let ended = clear(
        &running,
        "clear-webhook --drop-pending-updates",
        &[UKRAINIAN],
    );
    check(
        &ended,
        &running,
        0,
        &expect![[r#"
        🔍 Перевіряю токен
        ✅ Токен прийнято: @onehook_bot
        🧹 Старий вебхук видалено: http://127.0.0.1:9/hook
        🔄 Старі оновлення очищено: 1
        🔍 Що Telegram має тепер:
           {"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":0}}
           ✅ url: порожньо
           ✅ has_custom_certificate: false
           ✅ pending_update_count: 0
        ✅ Вебхука немає: getUpdates тепер працює, для однієї програми водночас.
           Запустіть бота один раз. Знову 409? scripts/find-rivals покаже, хто ще опитує Telegram.
    "#]],
    );
    assert_eq!(webhook(&running)["pending_update_count"], 0);
}

#[test]
fn without_a_webhook_there_is_nothing_to_remove() {
    let running = telegram();
    let ended = clear(&running, "clear-webhook", &[]);
    check(
        &ended,
        &running,
        0,
        &expect![[r#"
        🔍 Checking the token
        ✅ Token accepted: @onehook_bot
        ➖ No old webhook to remove
        🔍 What Telegram has now:
           {"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":0}}
           ✅ url: empty
           ✅ has_custom_certificate: false
           ✅ pending_update_count: 0
        ✅ No webhook: getUpdates works now, for one program at a time.
           Start your bot once. Is there still a 409? scripts/find-rivals shows who else polls.
    "#]],
    );
}

/// A worker with a guard would set its webhook again; who wants the bot back for good asks the worker.
#[test]
fn whose_webhook_was_a_worker_s_learns_how_to_ask_the_worker() {
    let running = telegram();
    running
        .act(&json!({"act": "dns", "host": "onehook.ada.workers.dev", "ip": "104.16.0.1"}))
        .unwrap();
    let url = "https://onehook.ada.workers.dev/webhook";
    let set = call(
        &running,
        "setWebhook",
        &json!({"url": url, "ip_address": "104.16.0.1"}),
    );
    assert_eq!(set["ok"], true, "{set}");
    let ended = clear(&running, "clear-webhook", &[]);
    let told = "--request DELETE https://onehook.ada.workers.dev/admin/webhook\n";
    assert!(ended.output.contains(told), "{}", ended.output);
}

#[test]
fn a_webhook_that_comes_back_at_once_is_a_failure() {
    let running = telegram();
    let fault = json!({"on": "api", "method": "deleteWebhook", "fault": {"delay_ms": 2000}});
    running.fault(&fault).unwrap();
    let ended = thread::scope(|scope| {
        let cleared = scope.spawn(|| clear(&running, "clear-webhook", &[]));
        wait_until("the deletion", PATIENCE, || {
            let state = running.state();
            let calls = state["bots"][0]["calls"].as_array().unwrap();
            calls.iter().any(|call| call["method"] == "deleteWebhook")
        });
        let url = format!("http://127.0.0.1:9/{TOKEN}");
        call(&running, "setWebhook", &json!({"url": url}));
        cleared.join().unwrap()
    });
    check(
        &ended,
        &running,
        1,
        &expect![[r#"
        🔍 Checking the token
        ✅ Token accepted: @onehook_bot
        ➖ No old webhook to remove
        🔍 What Telegram has now:
           {"ok":true,"result":{"url":"http://127.0.0.1:9/4242:<token>","has_custom_certificate":false,"pending_update_count":0,"max_connections":40,"ip_address":"127.0.0.1"}}
           ❌ url: http://127.0.0.1:9/4242:<token>, expected empty
           ✅ has_custom_certificate: false
           ✅ pending_update_count: 0
        error: the webhook is there again
               another program sets it: a deployment, a worker, a bot on another server
               → stop that program (scripts/find-rivals looks for it on this machine), or revoke the token: @BotFather, /revoke
    "#]],
    );
}

#[test]
fn a_token_that_telegram_does_not_know() {
    let running = telegram();
    let ended = clear(
        &running,
        "clear-webhook",
        &[("TELEGRAM_BOT_TOKEN", "4242:of_no_bot")],
    );
    check(
        &ended,
        &running,
        1,
        &expect![[r#"
        🔍 Checking the token
        error: Telegram does not know this token
               getMe was answered with: Unauthorized (401)
               → copy the token from @BotFather again: /mybots, the bot, API Token; a revoked one is gone for good; or is http://telegram not the right server?
    "#]],
    );
    let ended = clear(
        &running,
        "clear-webhook",
        &[("TELEGRAM_BOT_TOKEN", "4242:of_no_bot"), UKRAINIAN],
    );
    check(
        &ended,
        &running,
        1,
        &expect![[r#"
        🔍 Перевіряю токен
        помилка: Telegram не знає цього токена
               на getMe відповідь: Unauthorized (401)
               → скопіюйте токен у @BotFather ще раз: /mybots, бот, API Token; відкликаний уже не оживе; чи, може, http://telegram — не той сервер?
    "#]],
    );
}

#[test]
fn each_way_to_be_refused_has_its_remedy() {
    let cases = [
        (
            json!({"error": [404, "Not Found"]}),
            "Telegram does not know this token",
            "copy the token from @BotFather again",
        ),
        (
            json!({"error": [421, "Misdirected Request: unallowed token specified"]}),
            "Telegram does not know this token",
            "copy the token",
        ),
        (
            json!({"error": [400, "Logged out"]}),
            "Logged out (400)",
            "somebody called logOut",
        ),
        (
            json!({"error": [409, "Conflict: terminated by other setWebhook"]}),
            "Telegram said no",
            "scripts/find-rivals",
        ),
        (
            json!({"retry_after": 77}),
            "Too Many Requests: retry after 77 (429)",
            "wait 77 seconds",
        ),
        (
            json!("bad_json"),
            "Telegram answered something else",
            "wait a minute",
        ),
        (
            json!("reset_before"),
            "Telegram did not answer",
            "check that this machine reaches it",
        ),
        (json!("html"), "status 502 and no JSON", "wait a minute"),
    ];
    for (fault, why, remedy) in cases {
        let running = telegram();
        running
            .fault(&json!({"on": "api", "method": "getMe", "times": 3, "fault": fault}))
            .unwrap();
        let ended = clear(&running, "clear-webhook", &[]);
        assert_eq!(ended.status, 1, "{fault}: {}", ended.output);
        for told in [why, remedy] {
            assert!(ended.output.contains(told), "{fault}: {}", ended.output);
        }
    }
}

/// A front end that is away for a moment, and a second's patience that Telegram asks for.
#[test]
fn what_passes_in_a_second_is_waited_for() {
    for fault in [
        json!("html"),
        json!({"retry_after": 1}),
        json!({"error": [502, "Bad Gateway"]}),
    ] {
        let running = telegram();
        running
            .fault(&json!({"on": "api", "method": "deleteWebhook", "fault": fault}))
            .unwrap();
        let ended = clear(&running, "clear-webhook", &[]);
        assert_eq!(ended.status, 0, "{fault}: {}", ended.output);
    }
}

#[test]
fn a_telegram_that_is_not_there() {
    let running = telegram();
    let nobody = [("TELEGRAM_API_ROOT", "http://127.0.0.1:1")];
    let ended = clear(&running, "clear-webhook", &nobody);
    assert_eq!(ended.status, 1);
    assert!(
        ended.output.contains("error: Telegram did not answer\n"),
        "{}",
        ended.output
    );
    assert!(
        ended
            .output
            .contains("curl http://127.0.0.1:1; behind a proxy"),
        "{}",
        ended.output
    );
    let ended = clear(
        &running,
        "clear-webhook",
        &[("TELEGRAM_API_ROOT", "telegram"), UKRAINIAN],
    );
    check(
        &ended,
        &running,
        1,
        &expect![[r#"
        помилка: TELEGRAM_API_ROOT не годиться
               це не адреса, що починається з http:// чи https://
               → виконайте: unset TELEGRAM_API_ROOT
    "#]],
    );
}

#[test]
fn it_needs_curl_and_what_every_system_has() {
    let running = telegram();
    let terminal = Terminal::new();
    let needed = [
        "awk", "basename", "bash", "curl", "dirname", "grep", "sed", "sleep", "tr",
    ];
    for tool in fs::read_dir(terminal.folder.join("bin")).unwrap() {
        let tool = tool.unwrap();
        if !needed.iter().any(|name| tool.file_name() == *name) {
            fs::remove_file(tool.path()).unwrap();
        }
    }
    let run = || {
        let mut command = terminal.script("clear-webhook");
        command
            .env("TELEGRAM_API_ROOT", &running.url)
            .env("TELEGRAM_BOT_TOKEN", TOKEN);
        terminal.run(&mut command, "")
    };
    let ended = run();
    assert_eq!(ended.status, 0, "{}", ended.output);
    assert!(!ended.output.contains("not found"), "{}", ended.output);
    fs::remove_file(terminal.folder.join("bin/curl")).unwrap();
    let ended = run();
    assert!(
        ended.output.starts_with("error: curl is missing\n"),
        "{}",
        ended.output
    );
}

#[test]
fn what_is_no_token_is_not_sent_anywhere() {
    let running = telegram();
    for token in [
        "4242",
        "4242:",
        ":abc",
        "4242:a\"b",
        "4242:a\\nurl=x",
        "bot4242:abc",
    ] {
        let ended = clear(&running, "clear-webhook", &[("TELEGRAM_BOT_TOKEN", token)]);
        assert!(
            ended.output.starts_with("error: that is no bot token\n"),
            "{}",
            ended.output
        );
        assert_eq!(ended.status, 1);
    }
    assert_eq!(running.state()["bots"][0]["calls"], json!([]));
}

#[test]
fn without_a_token_and_a_terminal_it_says_how_to_give_one() {
    let running = telegram();
    let ended = clear(&running, "clear-webhook", &[("TELEGRAM_BOT_TOKEN", "")]);
    check(
        &ended,
        &running,
        1,
        &expect![[r#"
        error: TELEGRAM_BOT_TOKEN is not known
               it is not in the environment, and there is no terminal to ask
               → run: TELEGRAM_BOT_TOKEN=... scripts/clear-webhook
    "#]],
    );
}

#[test]
fn a_bot_s_name_in_other_letters_is_shown_and_cannot_steer_the_terminal() {
    let running = telegram();
    // The emulator writes all but ASCII as Telegram does, as \u and four digits.
    let refusal = "Нема: \"так\" \\ 🦉\u{1b}[31m";
    running
        .fault(&json!({"on": "api", "method": "getMe", "fault": {"error": [400, refusal]}}))
        .unwrap();
    let ended = clear(&running, "clear-webhook", &[]);
    let told = "getMe was answered with: Нема: \"так\" \\ 🦉 [31m (400)";
    assert!(ended.output.contains(told), "{}", ended.output);
}

/// A terminal of its own for the script, which types the token when asked.
const AT_A_TERMINAL: &str = r"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said = b''
while True:
    try:
        some = os.read(terminal, 1024)
    except OSError:
        break
    if not some:
        break
    if b'BotFather' in some and b'?' not in said:
        os.write(terminal, os.environb[b'TYPED'] + b'\n')
    said += some
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

#[test]
fn at_a_terminal_it_asks_for_the_token_without_showing_it() {
    let running = telegram();
    let terminal = Terminal::new();
    let script = terminal.script("clear-webhook");
    let mut command = Command::new(python());
    command
        .args(["-c", AT_A_TERMINAL])
        .arg(script.get_program())
        .env_clear()
        .env("PATH", terminal.folder.join("bin"))
        .env("HOME", &terminal.folder)
        .env("TELEGRAM_API_ROOT", &running.url)
        .env("TYPED", TOKEN);
    let ended = terminal.run(&mut command, "");
    assert_eq!(ended.status, 0, "{}", ended.output);
    let asked = "the bot's token, as BotFather shows it: \r\n🔍 Checking the token\r\n";
    assert!(ended.output.starts_with(asked), "{}", ended.output);
}

#[test]
fn nobody_sees_the_token_with_ps() {
    let running = telegram();
    // Slow answers, so that curl is seen at work.
    for method in ["getMe", "deleteWebhook"] {
        let fault = json!({"on": "api", "method": method, "fault": {"delay_ms": 700}});
        running.fault(&fault).unwrap();
    }
    let seen = seen_with_ps(|| {
        assert_eq!(clear(&running, "clear-webhook", &[]).status, 0);
    });
    wait_until("curl among the processes", Duration::ZERO, || {
        seen.contains("curl --silent")
    });
    tells_no_secret(&seen);
}
