//! The port through which calls leave: one HTTP request out, one answer back.

/// The largest answer that is read, in bytes. Telegram's own answers stay far below.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Carries HTTP requests to the outside world.
///
/// `carry` MUST give up after `request.timeout_ms`, MUST NOT follow redirects, MUST NOT read more than
/// [`ANSWER_BYTES_MAX`] bytes, and MUST NOT put any part of the URL into its error: the bot's token is in it.
pub trait Transport {
    /// Sends one request. An answer with any status is `Ok`.
    async fn carry(&self, request: Outgoing) -> Result<Answer, Unreachable>;

    /// Waits, for when Telegram asks for a pause before the next call.
    async fn pause(&self, milliseconds: u32);

    /// The time in milliseconds since 1970, for telling how long something took.
    fn now_ms(&self) -> i64;
}

/// A request on its way out.
#[derive(Clone)]
pub struct Outgoing {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The whole address. It may hold the bot's token, so it is never printed.
    pub url: String,
    /// The content type of the body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
    /// How long to wait for the whole answer, in milliseconds.
    pub timeout_ms: u32,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, at most [`ANSWER_BYTES_MAX`] bytes.
    pub body: Vec<u8>,
}

/// No answer, or only part of one. Whether the request took effect is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// No whole answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection failed or broke.
    #[error("the connection failed")]
    Broken,
    /// The answer is larger than [`ANSWER_BYTES_MAX`].
    #[error("the answer is larger than 1 MiB")]
    TooLarge,
}
