//! What becomes of a planned call, from the plan to a certain end.

use serde::Serialize;

use crate::delivery::{ATTEMPTS_MAX, LANE_HELD_MAX_MS, backoff_ms};
use crate::json::{Fields, text_of};
use crate::plan::{Call, OnAmbiguity};
use crate::telegram::ids::MessageId;
use crate::telegram::refusal::{CallError, Refusal};

/// How often a call that makes something new is made at most, when its outcome stays unknown.
const SENDS_MAX: i64 = 2;

/// Refusals that mean the call had nothing left to do, as Telegram words them.
const HARMLESS: [&str; 3] = [
    "message is not modified",
    "message to delete not found",
    "query is too old",
];

/// The state of a planned call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// Not made yet.
    Planned,
    /// Being made. Found like this after a lease, it may or may not have taken effect.
    Sending,
    /// To be made again, not before a certain time.
    Wait,
    /// Made, and Telegram said yes (or will have no chance to say no, for one that travels in the answer).
    Sent,
    /// Telegram said no, or the outcome stayed unknown for too long.
    Failed,
    /// The outcome is unknown, and an operator is to decide.
    Parked,
}

impl CallState {
    /// The state of a name.
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "planned" => Some(Self::Planned),
            "sending" => Some(Self::Sending),
            "wait" => Some(Self::Wait),
            "sent" => Some(Self::Sent),
            "failed" => Some(Self::Failed),
            "parked" => Some(Self::Parked),
            _ => None,
        }
    }
}

/// A planned call and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct PlannedCall {
    /// The call.
    pub call: Call,
    /// Its state.
    pub state: CallState,
    /// How often it was made with an unknown outcome, the current time included.
    pub tries: i64,
    /// The message it sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// Why it failed or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether it travelled in the answer to a delivery. Then it does so again whenever the delivery is repeated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_in_response: bool,
    /// How long to wait, in milliseconds from when this was written.
    #[serde(skip_serializing_if = "is_zero")]
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

impl PlannedCall {
    /// A call that was just planned.
    pub fn new(call: Call) -> Self {
        Self {
            call,
            state: CallState::Planned,
            tries: 0,
            message_id: None,
            error: None,
            is_in_response: false,
            wait_ms: 0,
        }
    }

    /// Reads a call as it was written down.
    pub fn of(document: &str) -> Option<Self> {
        let fields = Fields::of(document).ok()?;
        Some(Self {
            call: Call::of(&fields.object("call")?)?,
            state: CallState::from_name(&fields.text("state")?)?,
            tries: fields.integer("tries").unwrap_or_default(),
            message_id: fields.integer("message_id").map(MessageId),
            error: fields.text("error"),
            is_in_response: fields.flag("is_in_response") == Some(true),
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
        let mut members = vec![format!("\"message_id\":{}", needed.message_id?)];
        for (name, value) in fields
            .members()
            .iter()
            .filter(|(name, _)| name != "message_id")
        {
            members.push(format!("{}:{value}", text_of(name)));
        }
        Some(format!("{{{}}}", members.join(",")))
    }

    /// Sends it along with the answer to Telegram.
    pub fn travels_in_response(&mut self) {
        self.is_in_response = true;
        self.sent(None);
    }

    /// Whether it is still to be made.
    pub fn is_due(&self) -> bool {
        matches!(self.state, CallState::Planned | CallState::Wait)
    }

    /// Marks it as being made.
    pub fn begin(&mut self) {
        self.state = CallState::Sending;
        self.tries += 1;
        self.wait_ms = 0;
    }

    /// What it becomes when whoever made it vanished.
    pub fn interrupted(&mut self) {
        if self.state == CallState::Sending {
            self.ambiguous("the worker stopped while the call was made".to_owned());
            self.wait_ms = 0;
        }
    }

    /// Takes it back: it was marked as being made, but surely was not.
    pub fn put_back(&mut self) {
        if self.state == CallState::Sending {
            self.state = CallState::Planned;
            self.tries -= 1;
        }
    }

    /// Fails it without making it.
    pub fn fail(&mut self, error: &str) {
        self.state = CallState::Failed;
        self.error = Some(error.to_owned());
    }

    /// What it becomes by Telegram's answer.
    pub fn ended(&mut self, outcome: Result<Option<MessageId>, CallError>) {
        match outcome {
            Ok(message_id) => self.sent(message_id),
            Err(CallError::Refused(refusal)) if refusal.code < 500 => self.refused(&refusal),
            Err(unknown) => self.ambiguous(unknown.to_string()),
        }
    }

    fn sent(&mut self, message_id: Option<MessageId>) {
        self.state = CallState::Sent;
        self.message_id = message_id;
        self.error = None;
    }

    fn refused(&mut self, refusal: &Refusal) {
        if refusal.code == 429 {
            // Nothing was done, so it costs no try.
            self.state = CallState::Wait;
            self.tries -= 1;
            self.wait_ms = refusal.retry_after.unwrap_or(5).max(1) * 1000;
            self.error = Some(refusal.to_string());
        } else if HARMLESS
            .iter()
            .any(|text| refusal.description.contains(text))
        {
            self.sent(None);
        } else {
            self.fail(&refusal.to_string());
        }
    }

    fn ambiguous(&mut self, error: String) {
        let tries_max = match self.call.on_ambiguity {
            OnAmbiguity::Repeat => ATTEMPTS_MAX,
            OnAmbiguity::Resend => SENDS_MAX,
            OnAmbiguity::Park => 0,
        };
        self.error = Some(error);
        if self.tries < tries_max {
            self.state = CallState::Wait;
            self.wait_ms = backoff_ms(self.tries);
        } else if self.call.on_ambiguity == OnAmbiguity::Park {
            self.state = CallState::Parked;
        } else {
            self.state = CallState::Failed;
        }
    }
}

/// What a list of calls needs next: they are made in order, so the first that is not at its end decides.
pub fn remainder(calls: &[PlannedCall]) -> Remainder {
    match calls.iter().find(|call| call.is_due()) {
        None => Remainder::Nothing,
        Some(call) if call.wait_ms <= LANE_HELD_MAX_MS => Remainder::HoldingLane(call.wait_ms),
        Some(call) => Remainder::LettingLaneGo(call.wait_ms),
    }
}

/// The first complaint among some calls, for the operator.
pub fn complaint(calls: &[PlannedCall]) -> Option<String> {
    calls.iter().find_map(|call| call.error.clone())
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands over a reference
fn is_zero(number: &i64) -> bool {
    *number == 0
}
