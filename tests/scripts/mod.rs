//! The scripts for people at a terminal, run as they are shipped against the pretend Telegram, in both languages.

mod clear_webhook;
mod evidence;
mod machine;
mod managers;
mod rivals;
mod take_over;

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::emulator::server::{self, KnownBot, Running};
use crate::emulator::telegram::Options;

/// The token of the bot under test. Its second half must be in nothing that a script prints.
pub(crate) const TOKEN: &str = "4242:A_TOKEN_THAT_NO_SCRIPT_MAY_EVER_PRINT";

/// All that the scripts use, as far as this machine has it. The terminal has nothing else, so that no docker of this machine is asked.
const TOOLS: &str = "awk base64 basename bash cat curl dirname getent grep head id kill ls lsof ps sed sha256sum shasum sleep sort tail tr";

/// How long `ps` rests between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// Ukrainian as a desktop says it, where no such locale need be installed for the other tools.
pub(crate) const UKRAINIAN: (&str, &str) = ("LC_MESSAGES", "uk_UA.UTF-8");

/// A folder with a home and the tools of a terminal, in which scripts are run.
pub(crate) struct Terminal {
    pub(crate) folder: PathBuf,
}

/// What a script printed, and its exit status.
pub(crate) struct Ended {
    pub(crate) output: String,
    pub(crate) status: i32,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "terminal-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("bin")).unwrap();
        for tool in TOOLS.split(' ') {
            if let Some(place) = found(tool) {
                symlink(place, folder.join("bin").join(tool)).unwrap();
            }
        }
        Self { folder }
    }

    /// Puts a file there, with the folders above it.
    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap_or_default()
    }

    /// Puts a stand-in for a command on the path. It records how it was called in `calls`.
    pub(crate) fn stand_in(&self, name: &str, text: &str) {
        let text = format!(
            "#!/bin/bash\nhere=\"$(dirname \"$0\")/..\"\nprintf '%s %s\\n' {name} \"$*\" >>\"$here/calls\"\n{text}\n"
        );
        let path = self.folder.join("bin").join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// A script of the checkout, such as `find-rivals --stop`.
    pub(crate) fn script(&self, line: &str) -> Command {
        let mut words = line.split(' ');
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("scripts")
            .join(words.next().unwrap());
        let mut command = Command::new(script);
        command
            .args(words)
            .env_clear()
            .env("PATH", self.folder.join("bin"))
            .env("HOME", self.folder.join("home"))
            .env("LANG", "C.UTF-8");
        command
    }

    /// Runs a script to its end, with what is typed into it. Nothing it prints may have a secret in it.
    pub(crate) fn run(&self, command: &mut Command, typed: &str) -> Ended {
        let (mut output, input) = io::pipe().unwrap();
        command
            .stdin(Stdio::piped())
            .stdout(input.try_clone().unwrap())
            .stderr(input);
        let mut child = command.spawn().unwrap();
        command.stdout(Stdio::null()).stderr(Stdio::null()); // or this holds the writing end
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        let status = child.wait().unwrap().code().unwrap();
        tells_no_secret(&text);
        let here = self.folder.display().to_string();
        Ended {
            output: text.replace(&here, ""),
            status,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn secret() -> &'static str {
    TOKEN.split_once(':').unwrap().1
}

#[track_caller]
fn tells_no_secret(text: &str) {
    assert!(!text.contains(secret()), "the token was told: {text}");
}

/// Where a tool of this machine is.
fn found(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(tool));
    places.find(|place| place.is_file())
}

/// A pretend Telegram that knows the bot, and webhooks on this machine.
pub(crate) fn telegram() -> Running {
    let options = Options {
        allow_http_and_loopback: true,
        ..Options::default()
    };
    let bot = |token: &str, username: &str| KnownBot {
        token: token.to_owned(),
        username: username.to_owned(),
        first_name: "Onehook".to_owned(),
    };
    server::start(options, &[bot(TOKEN, "onehook_bot")], 0).unwrap()
}

/// What `ps` showed of all processes while something was done. Other tests give their bots the token as an argument, on purpose.
fn seen_with_ps(done: impl FnOnce()) -> String {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = String::new();
            while !over.load(Ordering::Relaxed) {
                let listed = Command::new("ps")
                    .args(["-A", "-ww", "-o", "args="])
                    .output();
                seen += &String::from_utf8_lossy(&listed.unwrap().stdout);
                thread::sleep(LOOK_PAUSE);
            }
            let lines = seen.lines().filter(|line| !line.contains("python"));
            lines.collect::<Vec<_>>().join("\n")
        });
        done();
        over.store(true, Ordering::Relaxed);
        watcher.join().unwrap()
    })
}

#[test]
fn each_script_explains_itself_in_both_languages() {
    let terminal = Terminal::new();
    for script in ["clear-webhook", "find-rivals", "take-over"] {
        let english = terminal.run(terminal.script(script).arg("--help"), "");
        assert_eq!(english.status, 0);
        let usage = format!("\nUsage: scripts/{script} ");
        assert!(english.output.contains(&usage), "{}", english.output);
        let ukrainian = terminal.run(terminal.script(script).arg("--help").envs([UKRAINIAN]), "");
        let usage = format!("\nВикористання: scripts/{script} ");
        assert!(ukrainian.output.contains(&usage), "{}", ukrainian.output);
        // Every option is explained in both.
        for option in english
            .output
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
        {
            assert!(ukrainian.output.contains(option), "{script} {option}");
        }
    }
}

#[test]
fn a_token_on_the_command_line_is_refused_and_not_repeated() {
    let terminal = Terminal::new();
    for script in ["clear-webhook", "find-rivals", "take-over"] {
        let ended = terminal.run(terminal.script(script).arg(TOKEN), "");
        assert_eq!(ended.status, 2);
        let told = "A token does not belong on the command line";
        assert!(ended.output.contains(told), "{}", ended.output);
    }
}

#[test]
fn the_language_is_that_of_the_environment() {
    let terminal = Terminal::new();
    let speaks_ukrainian = |variables: &[(&str, &str)]| {
        let ended = terminal.run(
            terminal
                .script("clear-webhook --help")
                .env_remove("LANG")
                .envs(variables.iter().copied()),
            "",
        );
        ended.output.contains("Використання")
    };
    assert!(!speaks_ukrainian(&[]));
    assert!(speaks_ukrainian(&[("LANG", "uk_UA.UTF-8")]));
    assert!(speaks_ukrainian(&[
        ("LANG", "en_US.UTF-8"),
        ("LC_MESSAGES", "uk_UA")
    ]));
    assert!(!speaks_ukrainian(&[
        ("LC_ALL", "C"),
        ("LC_MESSAGES", "uk_UA")
    ]));
    assert!(!speaks_ukrainian(&[("LANG", "ukraine")]));
}
