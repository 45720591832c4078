//! A pretend Telegram Bot API server: a state machine (`telegram.rs`) with two doors, in process and over HTTP.
//!
//! Where it knowingly differs from the server: webhooks on this machine are allowed by an option; connections to a
//! webhook are opened at once instead of little by little, and the address of a webhook is not looked up again; an
//! update lives from the moment it is made, whatever date it carries; files given by URL are not fetched; Markdown
//! is not parsed; host names are not punycoded; `last_synchronization_error_date` never appears.
#![allow(unreachable_pub)] // two programs include this module
#![cfg_attr(not(test), allow(dead_code))] // and only the tests use all of it

pub mod answer;
pub mod arguments;
pub mod bot;
pub mod calls;
pub mod chats;
pub mod control;
pub mod courier;
pub mod delivery;
pub mod faults;
pub mod files;
pub mod formatting;
pub mod http;
pub mod json;
pub mod keyboard;
pub mod kinds;
pub mod lifecycle;
pub mod messages;
pub mod methods;
pub mod multipart;
pub mod person;
pub mod polling;
pub mod queue;
pub mod random;
pub mod reach;
pub mod route;
pub mod server;
pub mod telegram;
pub mod transcript;
pub mod updates;
pub mod webhook;
pub mod webhook_host;

#[cfg(test)]
pub mod client;
#[cfg(test)]
mod fault_promises;
#[cfg(test)]
mod http_promises;
#[cfg(test)]
pub mod in_process;
#[cfg(test)]
mod method_promises;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod random_promises;
#[cfg(test)]
pub mod stage;
