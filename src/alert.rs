//! What the owners are told without asking: the kinds of alerts and their words.

use crate::language::Language;

/// A kind of alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// Updates were given up.
    Dead,
    /// Calls wait for an operator, because nobody knows whether they took effect.
    Parked,
    /// Telegram brought something that is no update.
    Quarantined,
}

impl Alert {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Dead, Self::Parked, Self::Quarantined];

    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Parked => "parked",
            Self::Quarantined => "quarantined",
        }
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alert| alert.name() == name)
    }

    /// What the owners read: what happened how often, to which update last, and how to look at it.
    pub fn text(self, language: Language, count: i64, update: i64) -> String {
        let (english, ukrainian) = match self {
            Self::Dead => (
                "⚠ Updates given up: {}. The last is {}.\nWhy: GET /admin/updates/{}\nAgain: POST /admin/updates/{}/replay\nAll: GET /admin/updates?state=dead",
                "⚠ Оновлень, від яких довелося відмовитися: {}. Останнє — {}.\nЧому: GET /admin/updates/{}\nЩе раз: POST /admin/updates/{}/replay\nУсі: GET /admin/updates?state=dead",
            ),
            Self::Parked => (
                "⚠ Calls that wait for your decision: {}. The last belongs to update {}. Nobody knows whether they took effect.\nLook: GET /admin/updates/{}\nAll: GET /admin/outbox?state=parked\nDecide: POST /admin/outbox/<id>/resend or …/drop",
                "⚠ Викликів, що чекають на ваше рішення: {}. Останній належить оновленню {}. Ніхто не знає, чи вони подіяли.\nПодивитися: GET /admin/updates/{}\nУсі: GET /admin/outbox?state=parked\nВирішити: POST /admin/outbox/<id>/resend або …/drop",
            ),
            Self::Quarantined => (
                "⚠ Bodies with the right secret that are no updates: {}. The last is kept as {}.\nLook: GET /admin/updates/{}\nAll: GET /admin/updates?state=quarantined",
                "⚠ Запитів із правильним секретом, які не є оновленнями: {}. Останній збережено як {}.\nПодивитися: GET /admin/updates/{}\nУсі: GET /admin/updates?state=quarantined",
            ),
        };
        let (count, update) = (count.to_string(), update.to_string());
        language.fill(english, ukrainian, &[&count, &update, &update, &update])
    }
}
