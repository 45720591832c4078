//! The port to a queue that keeps updates before the database does, for bots with more updates than one database takes at once.

use crate::visit::Boxed;

/// The largest update that goes through a queue, in bytes. Cloudflare takes messages of 128 KB, their own data included; what is
/// larger goes to the database directly.
pub const QUEUED_BYTES_MAX: usize = 120_000;

/// A queue of updates.
///
/// `send` MUST NOT succeed before the message is kept. Whoever reads the queue may get a message twice, and not in order.
pub trait Queue {
    /// Keeps the text of an update.
    fn send<'a>(&'a self, update: &'a str) -> Boxed<'a, Result<(), NotQueued>>;
}

/// The queue did not take the update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue did not take the update")]
pub struct NotQueued;

/// A message as the queue hands it over.
#[derive(Clone, Debug)]
pub struct Message {
    /// The text of an update.
    pub text: String,
    /// How long ago it was sent, in milliseconds.
    pub age_ms: i64,
}
