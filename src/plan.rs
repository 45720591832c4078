//! The plan: the calls a handler decided on, as data. Nothing happens until it is committed.

use serde::Serialize;

use crate::json::{Fields, Json, Written, object_of, only_if, text_of};
use crate::telegram::methods::{Idempotent, Method, NonIdempotent};

/// What to do when the network hides whether a call took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnAmbiguity {
    /// Call again until it is certain; a second effect is the same as the first.
    Repeat,
    /// Call at most once more: perhaps twice, hardly ever never.
    Resend,
    /// Stop and let an operator decide: perhaps never, never twice.
    Park,
}

impl OnAmbiguity {
    /// Its name in the database.
    fn name(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::Resend => "resend",
            Self::Park => "park",
        }
    }

    /// The policy of a name.
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "repeat" => Some(Self::Repeat),
            "resend" => Some(Self::Resend),
            "park" => Some(Self::Park),
            _ => None,
        }
    }
}

/// A call of a Bot API method, as data.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method's name.
    pub method: String,
    /// Its parameters, a JSON object.
    pub parameters: Json,
    /// What to do when its outcome stays unknown.
    pub on_ambiguity: OnAmbiguity,
    /// The earlier step of the same plan that must have succeeded first.
    pub after: Option<usize>,
    /// Whether it is about the message that the earlier step sent, so that its `message_id` is filled in.
    pub is_about_that_message: bool,
}

impl Call {
    /// Reads a call as it was written down.
    pub fn of(fields: &Fields) -> Option<Self> {
        let after = fields
            .integer("after")
            .and_then(|after| usize::try_from(after).ok());
        Some(Self {
            method: fields.text("method")?,
            parameters: Json::of(fields.raw("parameters")?)?,
            on_ambiguity: OnAmbiguity::from_name(&fields.text("on_ambiguity")?)?,
            after,
            is_about_that_message: fields.flag("is_about_that_message") == Some(true),
        })
    }

    /// Its `chat_id` as JSON; empty where it goes to no chat.
    pub fn chat(&self) -> String {
        let fields = Fields::of(self.parameters.get()).unwrap_or_default();
        fields.raw("chat_id").unwrap_or_default().to_owned()
    }
}

impl Written for Call {
    fn text(&self) -> String {
        let after = self.after.map(|step| step.to_string());
        object_of(&[
            ("method", &text_of(&self.method)),
            ("parameters", self.parameters.get()),
            ("on_ambiguity", &text_of(self.on_ambiguity.name())),
            ("after", &after.unwrap_or_default()),
            ("is_about_that_message", only_if(self.is_about_that_message)),
        ])
    }
}

/// The place of a call in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step(usize);

/// The calls a handler decided on, in order.
///
/// How a call is added says what happens when its outcome stays unknown, and the compiler checks that the method allows it.
#[derive(Clone, Debug, Default)]
#[must_use = "a plan does nothing until it is returned"]
pub struct Plan {
    calls: Vec<Call>,
    is_in_response: bool,
}

impl Plan {
    /// A plan that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call that makes something new, sent at most once more when its outcome stays unknown.
    pub fn send<M: Method<Effect = NonIdempotent>>(&mut self, parameters: &M) -> Step {
        self.push(M::NAME, &text_of(parameters), OnAmbiguity::Resend)
    }

    /// Adds a call that makes something new, parked for an operator when its outcome stays unknown.
    pub fn send_or_park<M: Method<Effect = NonIdempotent>>(&mut self, parameters: &M) -> Step {
        self.push(M::NAME, &text_of(parameters), OnAmbiguity::Park)
    }

    /// Adds a call that may be repeated freely.
    pub fn call<M: Method<Effect = Idempotent>>(&mut self, parameters: &M) -> Step {
        self.push(M::NAME, &text_of(parameters), OnAmbiguity::Repeat)
    }

    /// Makes a step only if an earlier one succeeded.
    pub fn only_after(&mut self, earlier: Step, step: Step) {
        if let Some(call) = self.calls.get_mut(step.0) {
            call.after = Some(earlier.0);
        }
    }

    /// Makes a step about the message that an earlier one sends: its `message_id` is filled in when that is known.
    pub fn about_message_of(&mut self, earlier: Step, step: Step) {
        self.only_after(earlier, step);
        if let Some(call) = self.calls.get_mut(step.0) {
            call.is_about_that_message = true;
        }
    }

    /// Adds a call of a method that has no type here yet, with its parameters as a JSON object.
    pub fn call_raw<P: Serialize>(
        &mut self,
        method: &str,
        parameters: &P,
        on_ambiguity: OnAmbiguity,
    ) -> Step {
        self.push(method, &text_of(parameters), on_ambiguity)
    }

    /// Lets the plan travel in the answer to Telegram, if it is one call: one request less, never doubled, but a refusal
    /// stays unseen.
    pub fn in_response(mut self) -> Self {
        self.is_in_response = true;
        self
    }

    /// The calls, in order.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Whether it may travel in the answer to Telegram. `for_all` is the operator's wish for every plan.
    pub fn fits_in_response(&self, for_all: bool) -> bool {
        (self.is_in_response || for_all) && self.calls.len() == 1
    }

    fn push(&mut self, method: &str, parameters: &str, on_ambiguity: OnAmbiguity) -> Step {
        // `null` counts as missing wherever a call is read.
        let parameters = match parameters {
            "null" => "{}",
            _ => parameters,
        };
        self.calls.push(Call {
            method: method.to_owned(),
            parameters: Json::of(parameters).unwrap_or_default(),
            on_ambiguity,
            after: None,
            is_about_that_message: false,
        });
        Step(self.calls.len() - 1)
    }
}
