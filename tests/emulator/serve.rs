//! The emulator as a program: a pretend Telegram to run beside the worker.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use std::process::ExitCode;
use std::thread;

mod chat;
#[path = "mod.rs"]
mod emulator;

use emulator::server::{self, KnownBot};
use emulator::telegram::Options;

const USAGE: &str = "\
usage: emulator serve [--port N] [--token TOKEN [--username NAME] [--first-name NAME]]…
       emulator chat --url URL

Serves a pretend Telegram Bot API on 127.0.0.1; port 0 takes a free one.
--username and --first-name belong to the token before them.

`chat` opens a prompt to write to the bot through a running one.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let outcome = match arguments.first().map(String::as_str) {
        Some("serve") => serve(rest),
        Some("chat") => return chat::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("{complaint}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until the process is ended by a signal.
fn serve(arguments: &[String]) -> Result<(), String> {
    let (port, bots) = read(arguments)?;
    let options = Options {
        seed: server::real_now(),
        allow_http_and_loopback: true,
        ..Options::default()
    };
    let running = server::start(options, &bots, port)
        .map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    println!("listening on {}", running.url);
    loop {
        thread::park();
    }
}

fn read(arguments: &[String]) -> Result<(u16, Vec<KnownBot>), String> {
    let mut port = 0;
    let mut bots: Vec<KnownBot> = Vec::new();
    for pair in arguments.chunks(2) {
        let [name, value] = pair else {
            return Err(format!("{} needs a value\n\n{USAGE}", pair[0]));
        };
        match (name.as_str(), bots.last_mut()) {
            ("--port", _) => {
                port = value
                    .parse()
                    .map_err(|_| format!("`{value}` is not a port"))?;
            }
            ("--token" | "--bot", _) => bots.push(KnownBot {
                token: value.clone(),
                username: "emulated_bot".to_owned(),
                first_name: "Emulated bot".to_owned(),
            }),
            ("--username", Some(bot)) => bot.username.clone_from(value),
            ("--first-name", Some(bot)) => bot.first_name.clone_from(value),
            _ => return Err(format!("`{name}` is not understood here\n\n{USAGE}")),
        }
    }
    Ok((port, bots))
}
