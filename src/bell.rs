//! The port to a bell: it tells those who wait for updates that one has come.

use crate::visit::Boxed;

/// A bell that any visit may ring, and any number of others wait for.
pub trait Bell {
    /// Rings. It begins at once; what is returned ends when everybody has been told, or cannot be.
    fn ring(&self) -> Boxed<'static, ()>;

    /// Waits until it has rung since it had been rung `known` times, for so many milliseconds at most. How often it was rung by then,
    /// counted from any number. `None`: it does not answer.
    fn wait(&self, known: i64, milliseconds: u32) -> Boxed<'_, Option<i64>>;
}
