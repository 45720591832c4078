//! Real polling bots, unmodified, and an account of what each was handed, confirmed and answered.
//!
//! They differ from their twins elsewhere by two values: the root of the API and the token. So the same programs poll the
//! pretend Telegram itself (`rivals.rs`) and a feed of the worker (`tests/worker/feeds.rs`).

mod account;
mod clients;
mod rivals;
mod scene;
mod witness;

pub(crate) use account::Account;
pub(crate) use clients::{Client, client};
pub(crate) use scene::Scene;
