//! The two ways a call fails: Telegram said no, or nobody knows what it said.

use crate::json::Fields;
use crate::telegram::ids::ChatId;
use crate::telegram::transport::Unreachable;

/// The longest pause that is believed, in seconds.
const RETRY_AFTER_MAX: i64 = 3600;

/// A call that brought no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Telegram said no. The call had no effect, except perhaps with a code of 500 and above.
    #[error("{0}")]
    Refused(Refusal),
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

    /// Whether the token itself was refused. The cloud's front end answers 404 `Not Found` for tokens of a wrong shape.
    pub fn blames_the_token(&self) -> bool {
        matches!(self.code, 401 | 421) || (self.code == 404 && !self.description.contains("method"))
    }
}
