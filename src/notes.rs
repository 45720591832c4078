//! The port to notes: small texts that are read often and may be a minute old.

/// A place for notes, such as Workers KV.
///
/// What it answers may be stale and it may be down. Nothing on the way of an update waits for it or trusts it.
pub trait Notes {
    /// Reads a note. `None`: there is none, or it cannot be had right now.
    async fn read(&self, key: &str) -> Option<String>;

    /// Whether it answers at all.
    async fn answers(&self) -> bool;

    /// Writes a note that lasts for `seconds` (at least 60). A failure is not reported: the note is a copy of something.
    async fn write(&self, key: &str, text: &str, seconds: u32);
}
