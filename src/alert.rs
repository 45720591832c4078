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
            Self::Webhook => (
                "⚠ The webhook was taken away or changed: {}. The last time is incident {}.\nWhat was done: GET /admin/incidents\nWhy: GET /admin/doctor",
                "⚠ Вебхук забирали або змінювали: {}. Останній раз — інцидент {}.\nЩо зроблено: GET /admin/incidents\nЧому: GET /admin/doctor",
            ),
            Self::War => (
                "⚠ Somebody takes the webhook again and again: {}. The last time is incident {}. I set it again after pauses of up to an hour.\nTo end it: stop the other program (scripts/find-rivals), or revoke the token with /revoke at @BotFather and give me the new one: npx wrangler secret put TELEGRAM_BOT_TOKEN",
                "⚠ Хтось раз у раз забирає вебхук: {}. Останній раз — інцидент {}. Я встановлюю його знову з паузами до години.\nЩоб це скінчилося: зупиніть іншу програму (scripts/find-rivals) або відкличте токен командою /revoke у @BotFather і дайте мені новий: npx wrangler secret put TELEGRAM_BOT_TOKEN",
            ),
        };
        let (count, update) = (count.to_string(), update.to_string());
        language.fill(english, ukrainian, &[&count, &update, &update, &update])
    }
}
