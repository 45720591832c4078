//! The libraries: how a bot of each is run, and what it promises by the way it polls.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::rivals::program_of;

/// A library. What it does between an update and its confirmation is read from its source.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    /// In `tests/feeds`: a script, or the crate that is built.
    program: &'static str,
    /// Asks for the next updates, which confirms these, before it has handled them: what it has taken and not handled dies with it.
    pub(crate) confirms_unhandled: bool,
    /// Handles one update of a chat after the other.
    pub(crate) keeps_order: bool,
    /// At SIGTERM handles what it has taken, and confirms all of that and nothing else.
    pub(crate) stops_cleanly: bool,
}

/// Version by version of `tests/rivals/requirements.txt`, `tests/rivals/package.json` and `tests/feeds/teloxide/Cargo.toml`.
const CLIENTS: &[Client] = &[
    // The generator moves the offset after each handler, and sends it with the next poll (`dispatcher.py:248-254`). SIGTERM cancels
    // the task in the middle of a handler and asks for no more updates (`dispatcher.py:616-620`).
    Client {
        name: "aiogram",
        program: "aiogram_bot.py",
        confirms_unhandled: false,
        keeps_order: true,
        stops_cleanly: false,
    },
    // Puts the batch into a queue and polls again at once (`ext/_updater.py:364-366`). Empties the queue when it stops (`ext/_application.py:682-685`).
    Client {
        name: "python-telegram-bot",
        program: "python_telegram_bot.py",
        confirms_unhandled: true,
        keeps_order: true,
        stops_cleanly: true,
    },
    // Handles the batch before it polls again (`__init__.py:696-699`). Stops after a batch that it never confirms.
    Client {
        name: "pyTelegramBotAPI",
        program: "telebot_bot.py",
        confirms_unhandled: false,
        keeps_order: true,
        stops_cleanly: false,
    },
    // Handles the batch before it polls again (`bot.js:398-403`). When it stops, it confirms up to the update it is handling, and goes
    // on with the rest of the batch without confirming that (`bot.js:340-348`).
    Client {
        name: "grammY",
        program: "grammy_bot.cjs",
        confirms_unhandled: false,
        keeps_order: true,
        stops_cleanly: false,
    },
    // Begins all updates of a batch at once, and polls again when all are handled (`polling.js:74`), also when it stops (`polling.js:80`).
    Client {
        name: "Telegraf",
        program: "telegraf_bot.cjs",
        confirms_unhandled: false,
        keeps_order: false,
        stops_cleanly: true,
    },
    // Hands each update to a task of its chat and polls again when all are handed on (`polling.rs:432`, `dispatcher.rs:491-524`). The
    // tasks finish when it stops.
    Client {
        name: "teloxide",
        program: "teloxide",
        confirms_unhandled: true,
        keeps_order: true,
        stops_cleanly: true,
    },
];

/// A library by its name.
pub(crate) fn client(name: &str) -> &'static Client {
    let found = CLIENTS.iter().find(|client| client.name == name);
    found.unwrap_or_else(|| panic!("no client is named {name}"))
}

impl Client {
    /// A bot of this library, without its arguments.
    pub(super) fn command(&self) -> Command {
        match self.program {
            "teloxide" => Command::new(teloxide()),
            script => program_of("tests/feeds", script),
        }
    }
}

/// The bot in Rust, built when it is needed, apart from onehook's own crates. Two minutes the first time, on one core.
fn teloxide() -> &'static Path {
    static BUILT: OnceLock<std::path::PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("feeds-teloxide");
        let manifest =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds/teloxide/Cargo.toml");
        let built = Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--manifest-path"])
            .arg(manifest)
            .env("CARGO_TARGET_DIR", &target)
            .status();
        assert!(
            built.as_ref().is_ok_and(std::process::ExitStatus::success),
            "the bot of teloxide could not be built: {built:?}; check that crates.io can be reached"
        );
        target.join("debug/teloxide-bot")
    })
}
