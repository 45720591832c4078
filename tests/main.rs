//! All tests of onehook, one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,     // snapshots are written where they are used
    clippy::needless_raw_string_hashes, // expect-test writes them
    missing_docs,
    unreachable_pub
)]

mod emulator;

mod fixtures;
mod fuzzing;
mod sqlite_database;
mod statements;
mod test_bot;

mod admin;
mod bad_input;
mod corpora;
mod deploy;
mod description;
mod doctor;
mod emulator_conformance;
mod feed;
mod feeds;
mod guard;
mod handlers;
mod json;
mod model;
mod operator;
mod outbox;
mod phrases;
mod properties;
mod queue;
mod readme;
mod rivals;
mod scripts;
mod settings;
mod simulation;
mod strangers;
mod tidy;
mod transitions;
mod update;
mod visit;
mod webhook;
mod worker;
