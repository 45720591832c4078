//! The two ways a call fails: Telegram said no, or nobody knows what it said.

use crate::json::Fields;
use crate::search::holds;
use crate::telegram::ids::ChatId;
use crate::telegram::transport::Unreachable;

/// The longest pause that is believed, in seconds.
const RETRY_AFTER_MAX: i64 = 3600;

/// Refusals of calls that had nothing left to do, as Telegram words them.
const NOTHING_TO_DO: [&str; 3] = [
    "message is not modified",
    "message to delete not found",
    "query is too old",
];

/// Refusals that are a person's choice and nobody's mistake.
const UNWELCOME: [&str; 2] = ["bot was blocked by the user", "user is deactivated"];

/// What a refusal means for the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// There was nothing left to do: what was wanted is so already, or can never be any more.
    NothingToDo,
    /// It was not done, and is to be tried again after a pause.
    Pause,
    /// It was not done, because the group has another number now.
    Moved(ChatId),
    /// It was not done, and will not be.
    No,
    /// The server failed, and nobody knows how far it came.
    Unknown,
}

/// A call that brought no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Telegram said no. The call had no effect, except perhaps with a code of 500 and above.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// Telegram did not answer. The call may have had its effect.
    #[error("Telegram did not answer `{method}`: {cause}")]
    Unreachable {
        /// The method that was called.
        method: String,
        /// What happened on the way.
        cause: Unreachable,
    },
    /// The answer is not the Bot API's, such as the HTML page of a proxy. The call may have had its effect.
    #[error("the answer to `{method}` is not the Bot API's (HTTP {status})")]
    NotUnderstood {
        /// The method that was called.
        method: String,
        /// The HTTP status of the answer.
        status: u16,
    },
}

/// Telegram's own refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Telegram refused `{method}`: {description} ({code})")]
pub struct Refusal {
    /// The method that was called.
    pub method: String,
    /// `error_code`: an HTTP status.
    pub code: u16,
    /// `description`, in Telegram's words.
    pub description: String,
    /// For how many seconds nothing more is to be sent, at most an hour.
    pub retry_after: Option<i64>,
    /// Where the group went that became a supergroup.
    pub migrate_to_chat_id: Option<ChatId>,
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl Refusal {
    /// Reads a refusal out of an answer's envelope. Telegram's `error_code` is the HTTP status as well.
    pub(crate) fn of(method: &str, status: u16, envelope: &Fields) -> Self {
        let code = envelope
            .integer("error_code")
            .and_then(|code| u16::try_from(code).ok());
        let hints = envelope.object("parameters").unwrap_or_default();
        let retry_after = hints.integer("retry_after");
        Self {
            method: method.to_owned(),
            code: code.unwrap_or(status),
            description: envelope.text("description").unwrap_or_default(),
            retry_after: retry_after.map(|seconds| seconds.clamp(0, RETRY_AFTER_MAX)),
            migrate_to_chat_id: hints.integer("migrate_to_chat_id").map(ChatId),
        }
    }

    /// What it means for the call.
    pub fn meaning(&self) -> Meaning {
        let says = |texts: &[&str]| texts.iter().any(|text| holds(&self.description, text));
        match (self.code, self.migrate_to_chat_id) {
            (429, _) => Meaning::Pause,
            (..400 | 500.., _) => Meaning::Unknown,
            (400, Some(chat)) => Meaning::Moved(chat),
            (400, None) if says(&NOTHING_TO_DO) => Meaning::NothingToDo,
            _ => Meaning::No,
        }
    }

    /// Whether the token itself was refused. The cloud's front end answers 404 `Not Found` for tokens of a wrong shape.
    pub fn blames_the_token(&self) -> bool {
        matches!(self.code, 401 | 421) || (self.code == 404 && !holds(&self.description, "method"))
    }
}

/// Whether the text of a refusal tells of a person's choice and of nobody's mistake, such as a blocked bot.
pub fn is_a_persons_choice(text: &str) -> bool {
    UNWELCOME.iter().any(|choice| holds(text, choice))
}
