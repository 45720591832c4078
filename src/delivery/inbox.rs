//! What becomes of an update: its states, how long it is worth answering, and what a claim leads to.

use crate::delivery::{ATTEMPTS_MAX, BUTTON_HELD_MAX_MS, LANE_HELD_MAX_MS};

/// The state of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Kept, waiting for its lane or for the next attempt.
    Stored,
    /// Somebody is at it.
    Leased,
    /// Its plan is committed, or it is a feed's.
    Done,
    /// Given up after too many attempts. Its body is kept for a replay.
    Dead,
    /// Too old to be worth an answer.
    Expired,
    /// Authenticated, but not an update.
    Quarantined,
}

/// What happens to an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// It came, and its lane was free.
    Arrived,
    /// It came while another of its lane was open.
    ArrivedBehind,
    /// It came long after it was made: somebody repeats an old request.
    ArrivedLate,
    /// It came while a main feed takes updates of its kind: no handler of ours is to see it.
    ArrivedForFeed,
    /// Something came that is no update.
    ArrivedUnusable,
    /// Somebody took it up, because nobody was at it or whoever was had vanished.
    Claimed,
    /// A plan was committed for it.
    Planned,
    /// It was given back, to be tried again later.
    LetGo,
    /// Its last attempt failed.
    GivenUp,
    /// It became too old before a plan was committed.
    TimeRanOut,
    /// An operator wants it handled again.
    Replayed,
}

/// Everything that can become of an update. `None` is an update nobody has seen yet.
pub const TRANSITIONS: &[(Option<State>, Event, State)] = &[
    (None, Event::Arrived, State::Leased),
    (None, Event::ArrivedBehind, State::Stored),
    (None, Event::ArrivedLate, State::Expired),
    (None, Event::ArrivedForFeed, State::Done),
    (None, Event::ArrivedUnusable, State::Quarantined),
    (Some(State::Stored), Event::Claimed, State::Leased),
    (Some(State::Leased), Event::Claimed, State::Leased),
    (Some(State::Leased), Event::Planned, State::Done),
    (Some(State::Leased), Event::LetGo, State::Stored),
    (Some(State::Leased), Event::GivenUp, State::Dead),
    (Some(State::Leased), Event::TimeRanOut, State::Expired),
    // Only its calls are left, so it stays done.
    (Some(State::Done), Event::Claimed, State::Done),
    (Some(State::Done), Event::Replayed, State::Stored),
    (Some(State::Dead), Event::Replayed, State::Stored),
    (Some(State::Expired), Event::Replayed, State::Stored),
    (Some(State::Quarantined), Event::Replayed, State::Stored),
];

/// What a state becomes by an event. `None`: that cannot happen to it, and it stays as it is.
pub fn next(state: Option<State>, event: Event) -> Option<State> {
    let mut rows = TRANSITIONS.iter();
    let row = rows.find(|(from, by, _)| *from == state && *by == event);
    row.map(|(_, _, to)| *to)
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
    /// Give it up: it was tried often or long enough.
    Bury,
    /// It is too old to be answered.
    Expire,
}

/// How an update stands when it is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// How often a handler was started for it, this time included.
    pub attempts: i64,
    /// Whether an answer is still worth giving.
    pub is_useful: bool,
    /// For how long it has held its lane: the time since the first attempt, in milliseconds.
    pub held_ms: i64,
    /// For how long it may hold its lane, in milliseconds ([`held_max_ms`]).
    pub held_max_ms: i64,
}

/// What a claim leads to.
///
/// An update whose attempts all crash is given up after five, or as soon as it has held its lane for too long. One crash alone
/// proves nothing, such as that of a deployment, so there is always a second attempt.
pub fn duty(standing: &Standing) -> Duty {
    let is_worn_out = standing.attempts > ATTEMPTS_MAX
        || (standing.attempts > 2 && standing.held_ms > standing.held_max_ms);
    match standing.state {
        State::Done => Duty::Perform,
        _ if !standing.is_useful => Duty::Expire,
        _ if is_worn_out => Duty::Bury,
        _ => Duty::Handle,
    }
}

/// For how many milliseconds an update of a kind may hold its lane.
pub fn held_max_ms(kind: &str) -> i64 {
    match kind {
        "callback_query" => BUTTON_HELD_MAX_MS,
        _ => LANE_HELD_MAX_MS,
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
