//! What becomes of a planned call, from the plan to a certain end.

use crate::delivery::inbox::Standing;
use crate::delivery::{ATTEMPTS_MAX, backoff_ms};
use crate::json::{Fields, Json, Written, object_of, only_if, text_of};
use crate::plan::{Call, OnAmbiguity};
use crate::telegram::ids::{ChatId, MessageId};
use crate::telegram::refusal::{CallError, Meaning, Refusal, is_a_persons_choice};

/// How often a call that makes something new is made at most, when its outcome stays unknown.
const SENDS_MAX: i64 = 2;

/// The pause after a 429 that names none, in seconds.
const PAUSE_SECONDS_DEFAULT: i64 = 5;

/// The state of a planned call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallState {
    /// Not made yet.
    Planned,
    /// Being made. Found like this after a lease, it may or may not have taken effect.
    Sending,
    /// To be made again, not before a certain time.
    Wait,
    /// Made, and Telegram said yes (or will have no chance to say no, for one that travels in the answer).
    Sent,
    /// Telegram said no, it was never made, or a call that may be repeated brought no answer too often.
    Failed,
    /// Made, and nobody knows whether it took effect. Never written down: its policy says at once what it becomes.
    Unknown,
    /// The outcome is unknown, and an operator is to decide.
    Parked,
}

/// What happens to a planned call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// It is about to be made.
    Begun,
    /// It travels in the answer to Telegram.
    Answered,
    /// Telegram did it.
    Succeeded,
    /// Telegram said no, because there was nothing left to do.
    NothingToDo,
    /// Telegram said no, and will say so again.
    Refused,
    /// Telegram wants a pause: with this answer, or with one to an earlier call.
    Paused,
    /// The group has become a supergroup with another number.
    Moved,
    /// Nobody knows what Telegram did.
    Hidden,
    /// It was marked as being made, but surely was not.
    PutBack,
    /// It will not be made: what it depends on did not happen, or it is too late.
    Skipped,
    /// The outcome is unknown, and it may be made again.
    MayRepeat,
    /// The outcome is unknown, and only an operator may have it made again.
    MustAsk,
    /// The outcome stayed unknown too often, and does not matter much: the call may be repeated freely, by anybody.
    GivenUp,
    /// An operator has it made again.
    Resent,
    /// An operator lets it be.
    Dropped,
}

/// Everything that can become of a planned call.
pub const TRANSITIONS: &[(CallState, Event, CallState)] = &[
    (CallState::Planned, Event::Begun, CallState::Sending),
    (CallState::Planned, Event::Answered, CallState::Sent),
    (CallState::Planned, Event::Skipped, CallState::Failed),
    (CallState::Planned, Event::Dropped, CallState::Failed),
    (CallState::Wait, Event::Begun, CallState::Sending),
    (CallState::Wait, Event::Skipped, CallState::Failed),
    (CallState::Wait, Event::Resent, CallState::Planned),
    (CallState::Wait, Event::Dropped, CallState::Failed),
    (CallState::Sending, Event::Succeeded, CallState::Sent),
    (CallState::Sending, Event::NothingToDo, CallState::Sent),
    (CallState::Sending, Event::Refused, CallState::Failed),
    (CallState::Sending, Event::Paused, CallState::Wait),
    (CallState::Sending, Event::Moved, CallState::Planned),
    (CallState::Sending, Event::Hidden, CallState::Unknown),
    (CallState::Sending, Event::PutBack, CallState::Planned),
    (CallState::Sending, Event::Skipped, CallState::Failed),
    (CallState::Unknown, Event::MayRepeat, CallState::Wait),
    (CallState::Unknown, Event::MustAsk, CallState::Parked),
    (CallState::Unknown, Event::GivenUp, CallState::Failed),
    (CallState::Parked, Event::Resent, CallState::Planned),
    (CallState::Parked, Event::Dropped, CallState::Failed),
    (CallState::Failed, Event::Resent, CallState::Planned),
];

/// What a state becomes by an event. `None`: that cannot happen to it, and it stays as it is.
pub fn next(state: CallState, event: Event) -> Option<CallState> {
    let mut rows = TRANSITIONS.iter();
    let row = rows.find(|(from, by, _)| *from == state && *by == event);
    row.map(|(_, _, to)| *to)
}

/// What an unknown outcome leads to, by the call's policy and how often it was made.
pub fn ruling(policy: OnAmbiguity, tries: i64) -> Event {
    match policy {
        OnAmbiguity::Repeat if tries < ATTEMPTS_MAX => Event::MayRepeat,
        OnAmbiguity::Resend if tries < SENDS_MAX => Event::MayRepeat,
        OnAmbiguity::Repeat => Event::GivenUp,
        OnAmbiguity::Resend | OnAmbiguity::Park => Event::MustAsk,
    }
}

impl CallState {
    /// All states, in the order of a call's life.
    pub const ALL: [Self; 7] = [
        Self::Planned,
        Self::Sending,
        Self::Wait,
        Self::Sent,
        Self::Failed,
        Self::Unknown,
        Self::Parked,
    ];

    /// Its name in the database and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sending => "sending",
            Self::Wait => "wait",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Parked => "parked",
        }
    }

    /// The state of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A planned call and what became of it.
#[derive(Clone, Debug)]
pub struct PlannedCall {
    /// The call.
    pub call: Call,
    /// Its state.
    pub state: CallState,
    /// How often it was made with an unknown outcome, the current time included.
    pub tries: i64,
    /// The message it sent.
    pub message_id: Option<MessageId>,
    /// Why it failed or waits.
    pub error: Option<String>,
    /// The code of Telegram's last refusal.
    pub code: Option<u16>,
    /// Whether it travelled in the answer to a delivery. Then it does so again whenever the delivery is repeated.
    pub is_in_response: bool,
    /// Whether it was sent after a group to its new number. That is done once.
    pub has_moved: bool,
    /// How long to wait, in milliseconds from when this was written.
    pub wait_ms: i64,
}

/// What a list of planned calls needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remainder {
    /// Nothing: every call has come to an end.
    Nothing,
    /// Another visit after so many milliseconds, with the lane held until then.
    HoldingLane(i64),
    /// Another visit after so many milliseconds, while the lane goes on.
    LettingLaneGo(i64),
}

/// A pause for one chat, or for the whole bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The `chat_id` as JSON; empty for the whole bot.
    pub chat: String,
    /// For how many milliseconds nothing goes there.
    pub wait_ms: i64,
}

impl PlannedCall {
    /// A call that was just planned.
    pub fn new(call: Call) -> Self {
        Self {
            call,
            state: CallState::Planned,
            tries: 0,
            message_id: None,
            error: None,
            code: None,
            is_in_response: false,
            has_moved: false,
            wait_ms: 0,
        }
    }

    /// Reads a call as it was written down.
    pub fn of(document: &str) -> Option<Self> {
        let fields = Fields::of(document).ok()?;
        let code = fields.integer("code");
        Some(Self {
            call: Call::of(&fields.object("call")?)?,
            state: CallState::from_name(&fields.text("state")?)?,
            tries: fields.integer("tries").unwrap_or_default(),
            message_id: fields.integer("message_id").map(MessageId),
            error: fields.text("error"),
            code: code.and_then(|code| u16::try_from(code).ok()),
            is_in_response: fields.flag("is_in_response") == Some(true),
            has_moved: fields.flag("has_moved") == Some(true),
            wait_ms: fields.integer("wait_ms").unwrap_or_default(),
        })
    }

    /// Its parameters as JSON, with the number of an earlier step's message filled in. `None`: the step it depends on did not succeed.
    pub fn parameters(&self, earlier: &[Self]) -> Option<String> {
        let parameters = self.call.parameters.get();
        let Some(after) = self.call.after else {
            return Some(parameters.to_owned());
        };
        let needed = earlier
            .get(after)
            .filter(|call| call.state == CallState::Sent)?;
        if !self.call.is_about_that_message {
            return Some(parameters.to_owned());
        }
        let fields = Fields::of(parameters).ok()?;
        Some(fields.with("message_id", &needed.message_id?.to_string()))
    }

    /// Sends it along with the answer to Telegram.
    pub fn travels_in_response(&mut self) {
        self.is_in_response = true;
        self.becomes(Event::Answered);
    }

    /// Whether it is still to be made.
    pub fn is_due(&self) -> bool {
        matches!(self.state, CallState::Planned | CallState::Wait)
    }

    /// Marks it as being made.
    pub fn begin(&mut self) {
        if self.becomes(Event::Begun) {
            self.tries += 1;
            self.wait_ms = 0;
        }
    }

    /// What it becomes when whoever made it vanished.
    pub fn interrupted(&mut self) {
        if self.state == CallState::Sending {
            self.hidden("the worker stopped while the call was made".to_owned(), 0);
            self.wait_ms = 0;
        }
    }

    /// Takes it back: it was marked as being made, but surely was not.
    pub fn put_back(&mut self) {
        if self.becomes(Event::PutBack) {
            self.tries -= 1;
        }
    }

    /// Gives it up without making it.
    pub fn skip(&mut self, why: &str) {
        if self.becomes(Event::Skipped) {
            self.error = Some(why.to_owned());
        }
    }

    /// Lets it wait for a pause that an earlier call was asked for. Nothing was done, so it costs no try.
    pub fn wait_for_gate(&mut self, wait_ms: i64) {
        if self.becomes(Event::Paused) {
            self.tries -= 1;
            self.wait_ms = wait_ms;
        }
    }

    /// An operator has it made again, whatever it cost before. `false`: it cannot be.
    pub fn resend(&mut self) -> bool {
        let may = self.becomes(Event::Resent);
        if may {
            (self.tries, self.wait_ms, self.code) = (0, 0, None);
        }
        may
    }

    /// An operator lets it be. `false`: it has come to its end already.
    pub fn drop_by_operator(&mut self) -> bool {
        let may = self.becomes(Event::Dropped);
        if may {
            let before = self.error.take().unwrap_or_default();
            self.error = Some(format!("dropped by an operator. {before}"));
        }
        may
    }

    /// What it becomes by Telegram's answer. `salt` spreads the times of those that failed together.
    pub fn ended(&mut self, outcome: Result<Option<MessageId>, CallError>, salt: i64) {
        match outcome {
            Ok(message_id) => {
                self.message_id = message_id;
                self.succeeded(Event::Succeeded);
            }
            Err(CallError::Refused(refusal)) => self.refused(&refusal, salt),
            Err(unknown) => self.hidden(unknown.to_string(), salt),
        }
    }

    /// The pause that Telegram's last answer asked for.
    pub fn gate(&self) -> Option<Gate> {
        let is_paused = self.code == Some(429) && self.state == CallState::Wait;
        is_paused.then(|| Gate {
            chat: self.call.chat(),
            wait_ms: self.wait_ms,
        })
    }

    fn succeeded(&mut self, event: Event) {
        self.becomes(event);
        self.error = None;
        self.code = None;
    }

    fn refused(&mut self, refusal: &Refusal, salt: i64) {
        match refusal.meaning() {
            Meaning::NothingToDo => return self.succeeded(Event::NothingToDo),
            Meaning::Unknown => self.hidden(refusal.to_string(), salt),
            Meaning::Moved(chat) if !self.has_moved => return self.follow(chat),
            Meaning::Moved(_) | Meaning::No => {
                self.becomes(Event::Refused);
            }
            Meaning::Pause => {
                self.becomes(Event::Paused);
                // Nothing was done, so it costs no try.
                self.tries -= 1;
                let seconds = refusal.retry_after.unwrap_or(PAUSE_SECONDS_DEFAULT);
                self.wait_ms = seconds.max(1) * 1000;
            }
        }
        self.error = Some(refusal.to_string());
        self.code = Some(refusal.code);
    }

    /// Goes after a group that has become a supergroup. Nothing was done, so it costs no try.
    fn follow(&mut self, chat: ChatId) {
        let fields = Fields::of(self.call.parameters.get()).unwrap_or_default();
        let parameters = fields.with("chat_id", &chat.to_string());
        self.call.parameters = Json::of(&parameters).unwrap_or_default();
        self.has_moved = true;
        self.tries -= 1;
        self.becomes(Event::Moved);
    }

    fn hidden(&mut self, error: String, salt: i64) {
        self.becomes(Event::Hidden);
        self.becomes(ruling(self.call.on_ambiguity, self.tries));
        self.error = Some(error);
        self.code = None;
        if self.state == CallState::Wait {
            self.wait_ms = backoff_ms(self.tries, salt);
        }
    }

    /// Takes the step of the table, where there is one.
    fn becomes(&mut self, event: Event) -> bool {
        let next = next(self.state, event);
        self.state = next.unwrap_or(self.state);
        next.is_some()
    }
}

impl Written for PlannedCall {
    fn text(&self) -> String {
        let number =
            |number: Option<i64>| number.map_or_else(String::new, |number| number.to_string());
        object_of(&[
            ("call", &text_of(&self.call)),
            ("state", &text_of(self.state.name())),
            ("tries", &self.tries.to_string()),
            ("message_id", &number(self.message_id.map(|id| id.0))),
            (
                "error",
                &self.error.as_deref().map_or_else(String::new, text_of),
            ),
            ("code", &number(self.code.map(i64::from))),
            ("is_in_response", only_if(self.is_in_response)),
            ("has_moved", only_if(self.has_moved)),
            ("wait_ms", &number(Some(self.wait_ms).filter(|ms| *ms != 0))),
        ])
    }
}

/// What a list of calls needs next: they are made in order, so the first that is not at its end decides. Its wait holds the lane as
/// long as the update has not held it for too long by then.
pub fn remainder(calls: &[PlannedCall], standing: &Standing) -> Remainder {
    match calls.iter().find(|call| call.is_due()) {
        None => Remainder::Nothing,
        Some(call) if standing.held_ms + call.wait_ms <= standing.held_max_ms => {
            Remainder::HoldingLane(call.wait_ms)
        }
        Some(call) => Remainder::LettingLaneGo(call.wait_ms),
    }
}

/// How long a call has to wait for the gates it passes: its chat's, and the whole bot's.
pub fn gate_wait_ms(gates: &[Gate], call: &Call) -> i64 {
    let chat = call.chat();
    let closed = gates
        .iter()
        .filter(|gate| gate.chat.is_empty() || gate.chat == chat);
    closed.map(|gate| gate.wait_ms).max().unwrap_or_default()
}

/// The first complaint among some calls, for the operator. That somebody has blocked the bot is none.
pub fn complaint(calls: &[PlannedCall]) -> Option<String> {
    let errors = calls.iter().filter_map(|call| call.error.as_ref());
    let mut complaints = errors.filter(|error| !is_a_persons_choice(error));
    complaints.next().cloned()
}
