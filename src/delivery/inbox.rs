//! What becomes of an update: its states, how long it is worth answering, and what a claim leads to.

use serde::Serialize;

use crate::delivery::ATTEMPTS_MAX;

/// The state of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Kept, waiting for its lane or for the next attempt.
    Stored,
    /// Somebody is at it.
    Leased,
    /// Its plan is committed.
    Done,
    /// Given up after too many attempts. Its body is kept for a replay.
    Dead,
    /// Too old to be worth an answer.
    Expired,
    /// Authenticated, but not an update.
    Quarantined,
}

impl State {
    /// All states, in the order of an update's life.
    pub const ALL: [Self; 6] = [
        Self::Stored,
        Self::Leased,
        Self::Done,
        Self::Dead,
        Self::Expired,
        Self::Quarantined,
    ];

    /// Its name in the database and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Expired => "expired",
            Self::Quarantined => "quarantined",
        }
    }

    /// The state of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What to do with an update that was just claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Let a handler plan.
    Handle,
    /// The plan is committed already; make the calls that are left.
    Perform,
    /// Give it up: every attempt ended in a crash.
    Bury,
    /// It is too old to be answered.
    Expire,
}

/// What a claim leads to. `attempts` counts the one that just began, where a handler is to run.
pub fn duty(state: State, attempts: i64, is_useful: bool) -> Duty {
    match state {
        State::Done => Duty::Perform,
        _ if !is_useful => Duty::Expire,
        _ if attempts > ATTEMPTS_MAX => Duty::Bury,
        _ => Duty::Handle,
    }
}

/// For how many seconds an update is worth an answer, from Telegram's own lifetimes.
pub fn useful_seconds(kind: &str) -> i64 {
    match kind {
        "inline_query" => 30,
        "callback_query" | "shipping_query" | "pre_checkout_query" => 150,
        "chosen_inline_result" => 600,
        _ => 24 * 3600,
    }
}
