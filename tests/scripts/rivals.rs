//! `scripts/find-rivals` on this very machine, with real bots that poll: aiogram and python-telegram-bot, unmodified.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use expect_test::{Expect, expect};

use super::{Ended, TOKEN, Terminal, UKRAINIAN, seen_with_ps, telegram, tells_no_secret};
use crate::emulator::client::wait_until;
use crate::emulator::server::Running;
use crate::rivals::{PATIENCE, program, python, someone_waits};

/// A process that is ended with the test.
struct Process(u32);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-KILL", &self.0.to_string()])
            .status();
    }
}

/// A child with its whole life in our hands.
struct Bot(Child);

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Bot {
    fn start(command: &mut Command, typed: &str) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(typed.as_bytes())
            .unwrap();
        Self(child)
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

fn find(running: &Running, line: &str, variables: &[(&str, &str)], typed: &str) -> Ended {
    let terminal = Terminal::new();
    let mut command = terminal.script(line);
    command
        .env("TELEGRAM_API_ROOT", &running.url)
        .envs(variables.iter().copied());
    terminal.run(&mut command, typed)
}

/// What is said about one process: other tests have bots on this machine, too.
fn about(ended: &Ended, pid: u32) -> Option<String> {
    let end = format!(" kill {pid}\n");
    let start = ended.output.find("🔴")?;
    let rivals = ended.output[start..].split("🔴 ");
    let mut rivals = rivals.filter(|rival| rival.contains(&end));
    let rival = rivals.next()?;
    let (_, rival) = rival.split_once(". ").unwrap();
    let (rival, _) = rival.split_once(&end).unwrap();
    Some(format!("{rival}{}", end.replace(&pid.to_string(), "PID")))
}

#[track_caller]
fn check(running: &Running, ended: &Ended, pid: u32, expected: &Expect) {
    let told = about(ended, pid).unwrap_or_else(|| panic!("{pid} is not in {}", ended.output));
    let whoami = Command::new("id").arg("-un").output().unwrap();
    let owner = String::from_utf8(whoami.stdout).unwrap();
    let told = told
        .replace(&pid.to_string(), "PID")
        .replace(&running.url, "ROOT")
        .replace(running.url.strip_prefix("http://").unwrap(), "HOST")
        .replace(python().to_str().unwrap(), "python")
        .replace(env!("CARGO_MANIFEST_DIR"), "HERE")
        .replace(owner.trim(), "ada");
    expected.assert_eq(&told);
}

fn polls(running: &Running) {
    wait_until("the first poll", PATIENCE, || someone_waits(running));
}

/// A bot of aiogram that polls, with its token in its environment.
fn aiogram(running: &Running) -> Bot {
    let mut command = program("quietly.py");
    command
        .args(["aiogram_poller.py", &running.url])
        .env("BOT_TOKEN", TOKEN);
    let bot = Bot::start(&mut command, "");
    polls(running);
    bot
}

#[test]
fn aiogram_with_the_token_in_its_environment() {
    let running = telegram();
    let bot = aiogram(&running);
    let ended = find(
        &running,
        "find-rivals",
        &[("TELEGRAM_BOT_TOKEN", TOKEN)],
        "",
    );
    assert_eq!(ended.status, 1);
    check(
        &running,
        &ended,
        bot.0.id(),
        &expect![[r#"
        python HERE/tests/rivals/quietly.py aiogram_poller.py ROOT
           process PID of ada, works in HERE
           has this bot's token: its environment
           uses aiogram (aiogram_poller.py)
           is connected to Telegram now: HOST
           stop it: kill PID
    "#]],
    );
}

#[test]
fn python_telegram_bot_with_the_token_in_its_arguments() {
    let running = telegram();
    let mut command = program("telegram_poller.py");
    command.args([&running.url, TOKEN]);
    let bot = Bot::start(&mut command, "");
    polls(&running);
    let ended = find(
        &running,
        "find-rivals",
        &[("TELEGRAM_BOT_TOKEN", TOKEN), UKRAINIAN],
        "",
    );
    check(
        &running,
        &ended,
        bot.0.id(),
        &expect![[r#"
        python HERE/tests/rivals/telegram_poller.py ROOT 4242:<token>
           процес PID користувача ada, працює в HERE
           має токен цього бота: командний рядок
           використовує python-telegram-bot (telegram_poller.py)
           має з'єднання з Telegram: HOST
           спинити: kill PID
    "#]],
    );
}

/// The token came through the standard input, so it is nowhere to be seen; and no connection leads to this Telegram.
#[test]
fn aiogram_by_its_library_only() {
    let (running, other) = (telegram(), telegram());
    let mut command = program("quietly.py");
    command.args(["aiogram_poller.py", &other.url]);
    let bot = Bot::start(&mut command, &format!("{TOKEN}\n"));
    polls(&other);
    let ended = find(
        &running,
        "find-rivals",
        &[("TELEGRAM_BOT_TOKEN", TOKEN)],
        "",
    );
    check(
        &other,
        &ended,
        bot.0.id(),
        &expect![[r#"
        python HERE/tests/rivals/quietly.py aiogram_poller.py ROOT
           process PID of ada, works in HERE
           uses aiogram (aiogram_poller.py)
           stop it: kill PID
    "#]],
    );
    let ended = find(&running, "find-rivals", &[], "");
    assert!(about(&ended, bot.0.id()).is_some(), "{}", ended.output);
    let told = "⚠ Without TELEGRAM_BOT_TOKEN only libraries and connections count";
    assert!(ended.output.contains(told), "{}", ended.output);
}

const A_CONNECTION: &str = "import socket, sys, time; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); time.sleep(600)";

#[test]
fn a_program_by_its_connection_only() {
    let running = telegram();
    let (host, port) = running
        .url
        .strip_prefix("http://")
        .unwrap()
        .split_once(':')
        .unwrap();
    let mut command = Command::new(python());
    command.args(["-c", A_CONNECTION, host, port]);
    let bot = Bot::start(&mut command, "");
    wait_until("its connection", PATIENCE, || {
        let ended = find(
            &running,
            "find-rivals",
            &[("TELEGRAM_BOT_TOKEN", TOKEN)],
            "",
        );
        about(&ended, bot.0.id()).is_some_and(|told| told.contains("is connected to Telegram now"))
    });
}

/// Started by a shell that is gone by now, as after a closed terminal.
#[test]
fn an_orphan_is_marked_and_can_be_stopped() {
    let running = telegram();
    let poller = program("aiogram_poller.py");
    let script = poller.get_args().next().unwrap().to_owned();
    let started = Command::new("sh")
        .args(["-c", "\"$@\" >/dev/null 2>&1 & echo $!", "sh"])
        .arg(python())
        .arg(script)
        .args([&running.url, TOKEN])
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap();
    let pid: u32 = String::from_utf8(started.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let orphan = Process(pid);
    polls(&running);
    let token = [("TELEGRAM_BOT_TOKEN", TOKEN)];
    let ended = find(&running, "find-rivals --here", &token, "");
    let told = about(&ended, pid).unwrap_or_else(|| panic!("{}", ended.output));
    assert!(
        told.contains("⚠ an orphan: whoever started it is gone"),
        "{told}"
    );
    drop(orphan);
}

/// Lets the script ask, and answers only about our own process; about those of others it says no. They are not ours to stop.
fn stop(running: &Running, pid: u32, answers: &[&str]) -> Ended {
    let terminal = Terminal::new();
    let mut child = terminal
        .script("find-rivals --here --stop")
        .env("TELEGRAM_API_ROOT", &running.url)
        .env("TELEGRAM_BOT_TOKEN", TOKEN)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut typed, mut said) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut output, mut bytes) = (String::new(), Vec::new());
    let mut answers = answers.iter();
    let ours = ["kill", "kill -KILL"].map(|kill| format!(": {kill} {pid} ? [y/N] "));
    let mut byte = [0];
    while said.read(&mut byte).unwrap() == 1 {
        bytes.push(byte[0]);
        if bytes.ends_with(b" [y/N] ") {
            let question = String::from_utf8_lossy(&bytes).into_owned();
            let is_ours = ours.iter().any(|ours| question.ends_with(ours.as_str()));
            let answer = if is_ours { answers.next() } else { None };
            typed
                .write_all(answer.unwrap_or(&"n\n").as_bytes())
                .unwrap();
            output += &question;
            bytes.clear();
        }
    }
    output += &String::from_utf8_lossy(&bytes);
    tells_no_secret(&output);
    let status = child.wait().unwrap().code().unwrap();
    Ended { output, status }
}

#[test]
fn a_bot_is_stopped_after_a_yes_and_only_then() {
    let running = telegram();
    let mut command = Command::new(python());
    let (host, port) = running
        .url
        .strip_prefix("http://")
        .unwrap()
        .split_once(':')
        .unwrap();
    let deaf =
        format!("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {A_CONNECTION}");
    command.args(["-c", &deaf, host, port, TOKEN]);
    let mut bot = Bot::start(&mut command, "");
    thread::sleep(Duration::from_secs(1));
    let ended = stop(&running, bot.0.id(), &["n\n"]);
    assert!(ended.output.contains("➖ left alone\n"), "{}", ended.output);
    assert_eq!(ended.status, 1);
    assert!(!bot.has_ended());
    // It does not listen to a polite request, and is asked about once more.
    let ended = stop(&running, bot.0.id(), &["y\n", "n\n"]);
    assert!(
        ended.output.contains("❌ it still runs\n"),
        "{}",
        ended.output
    );
    assert!(!bot.has_ended());
    let ended = stop(&running, bot.0.id(), &["y\n", "y\n"]);
    assert!(ended.output.contains("✅ stopped\n"), "{}", ended.output);
    assert!(bot.has_ended());
}

#[test]
fn nobody_sees_the_token_with_ps_while_it_looks() {
    let running = telegram();
    let bot = aiogram(&running);
    let mut ended = None;
    let token = [("TELEGRAM_BOT_TOKEN", TOKEN)];
    let seen = seen_with_ps(|| {
        ended = Some(find(&running, "find-rivals", &token, ""));
    });
    let ended = ended.unwrap();
    assert!(about(&ended, bot.0.id()).is_some(), "{}", ended.output);
    assert!(
        seen.contains("scripts/find-rivals"),
        "it was not seen at work"
    );
    tells_no_secret(&seen);
}
