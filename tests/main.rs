//! All tests of onehook, one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod emulator;

mod deploy;
mod emulator_conformance;
mod rivals;
mod worker;
