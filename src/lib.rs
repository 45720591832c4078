//! onehook: a Telegram bot that lives in a Cloudflare Worker.
//!
//! # The journey of an update
//!
//! ```text
//! Telegram ──POST /webhook──▶ cloudflare   translate, nothing else
//!                               └▶ routes     which room, may they enter
//!                                    └▶ webhook  the spine, top to bottom:
//!      1 authenticate   secret header, constant time, before one byte of the body is read
//!      2 read           at most 1 MiB
//!      3 parse          tolerant envelope: update_id, kind, lane, chat; the text itself is kept
//!      4 record         one trip to D1: insert with a lease, or learn what became of it before; load the session
//!                       (or into the queue first, where the deployment has one)
//!      5 handle         a handler turns the update into a plan: calls and session changes. No effect yet
//!      6 commit         one trip to D1, one transaction, fenced: plan, session, done
//!      7 perform        the plan's calls, in order, over the transport
//!                               ◀── verdict: one status for Telegram, one log line
//!      8 settle         after the answer: what became of the calls; the next update of the lane
//! ```
//!
//! An update acknowledged is an update stored. A plan is made exactly once. A call is sent at least once, and twice only when
//! the network hid the outcome.
//!
//! # The floors
//!
//! ```text
//!  door         cloudflare/                 the only place that names the `worker` crate
//!                  │
//!  hall         routes        guard         the two ways in: a request, a tick
//!                  │             │
//!  rooms        webhook  admin/  doctor/  health  handlers/
//!                  │
//!  foundations  everything else             plan, delivery/, telegram/, inbox/, session, settings, …
//! ```
//!
//! Arrows go down only. Rooms do not call rooms, except that `webhook` asks `handlers` for a plan, and `doctor` for its findings where a
//! handler wants them; that `admin`, when it has set the webhook, tells `webhook` of it and asks `handlers` for the menu of commands;
//! and that `doctor`, after it has listened, lets `webhook` put the webhook back. `tests/tidy.rs` checks this.
//!
//! # Invariants, as absences
//!
//! - No long-running process, so nothing here can compete for `getUpdates`. Nothing calls it but the doctor's probe, when an operator
//!   says so, and that confirms nothing.
//! - No effect before the commit: a handler fills a plan and holds nothing that could send.
//! - No change of a state outside the two tables of `delivery/`.
//! - No SQL outside `inbox/statements.js`, no changing statement on a claimed row without the fence of its claim.
//! - No comparison of update ids for order: they restart.
//! - No clock of an isolate in a lease: leases live on the database's clock, and end long after the hard stop of their holder.
//! - No answer 410, which would make Telegram delete the webhook after a day.
//! - No secret in a log, an error or an address of ours.

// The door: Cloudflare calls in here.
mod cloudflare;

// The hall: which room does this visitor want?
pub mod guard;
pub mod routes;

// The rooms.
pub mod admin;
pub mod doctor;
pub mod feed;
pub mod handlers;
pub mod health;
pub mod webhook;

// The foundations.
pub mod alert;
pub mod app;
pub mod bell;
pub mod delivery;
pub mod inbox;
pub mod isolate;
pub mod json;
pub mod language;
pub mod notes;
mod page;
pub mod phrases;
pub mod plan;
pub mod queue;
pub mod reply;
pub mod request;
mod search;
pub mod secret;
pub mod session;
pub mod settings;
pub mod telegram;
mod typed_json;
pub mod visit;

/// The standard library's allocator is four times as large; in the wasm that is 7 KB.
#[cfg(feature = "small-allocator")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
