//! Telegram's numbers as types, so that a chat cannot be mistaken for a person.

use std::fmt;

use serde::Serialize;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )+};
}

ids! {
    /// The number of a bot: the part of its token before the colon.
    BotId,
    /// The number of an update, per bot. It restarts, so it is never compared for order.
    UpdateId,
    /// The number of a chat: a person's own number for private chats, negative for groups and channels, at most 52 bits.
    ChatId,
    /// The number of a person or a bot.
    UserId,
    /// The number of a message inside its chat.
    MessageId,
}

impl From<UserId> for ChatId {
    /// A private chat has the number of its person.
    fn from(user: UserId) -> Self {
        Self(user.0)
    }
}

impl MessageId {
    /// As `frankenstein`'s parameters want it. Telegram's message numbers fit; 0, which Telegram refuses, stands for one that does not.
    pub fn parameter(self) -> i32 {
        i32::try_from(self.0).unwrap_or(0)
    }
}
