//! What the owners are told without asking: the kinds of alerts and their words.

use crate::phrases::Voice;

/// A kind of alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// Updates were given up.
    Dead,
    /// Calls wait for an operator, because nobody knows whether they took effect.
    Parked,
    /// Telegram brought something that is no update.
    Quarantined,
    /// Somebody took the webhook or changed it.
    Webhook,
    /// Somebody does so again and again, and the guard holds back.
    War,
}

impl Alert {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Dead,
        Self::Parked,
        Self::Quarantined,
        Self::Webhook,
        Self::War,
    ];

    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Parked => "parked",
            Self::Quarantined => "quarantined",
            Self::Webhook => "webhook",
            Self::War => "war",
        }
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alert| alert.name() == name)
    }

    /// What the owners read: what happened how often, to which update last, and how to look at it.
    pub fn text(self, voice: Voice, count: i64, update: i64) -> String {
        let name = match self {
            Self::Dead => "alert.dead",
            Self::Parked => "alert.parked",
            Self::Quarantined => "alert.quarantined",
            Self::Webhook => "alert.webhook",
            Self::War => "alert.war",
        };
        let (count, update) = (count.to_string(), update.to_string());
        voice.say(name, &[&count, &update, &update, &update])
    }
}
