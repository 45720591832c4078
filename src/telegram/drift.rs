//! What became of the webhook, as far as Telegram tells: nothing says who did it, so hints are only hints.

use crate::telegram::webhook_info::{WantedWebhook, WebhookInfo, are_the_same};

/// How a webhook differs from what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drift {
    /// It is gone.
    Gone,
    /// It points elsewhere.
    Replaced,
    /// It has our address and another secret: Telegram tells of a 401 since we set it, and we know of one. The secret itself is never
    /// told, and a 401 that we know nothing of is somebody else's, such as a login page in front of us.
    Secret,
    /// Its `allowed_updates`, `max_connections`, `ip_address` or certificate are others.
    Settings,
}

impl Drift {
    /// Compares what was asked for, what Telegram made of it, and when, with what Telegram has now. `refused_at_ms`: when we last refused
    /// a delivery.
    pub fn of(
        wanted: &WantedWebhook,
        taken: Option<&WebhookInfo>,
        (set_at_ms, refused_at_ms): (i64, i64),
        actual: &WebhookInfo,
    ) -> Option<Self> {
        if wanted.url == actual.url {
            let is_settings = match taken {
                Some(taken) => has_other_settings(taken, actual, wanted.ip_address.is_some()),
                None => actual.has_custom_certificate || !wanted.differences(actual).is_empty(),
            };
            let is_refused = refused_at_ms > set_at_ms && tells_of_401(actual, set_at_ms);
            return if is_refused {
                Some(Self::Secret)
            } else {
                is_settings.then_some(Self::Settings)
            };
        }
        match (wanted.url.is_empty(), actual.url.is_empty()) {
            (true, _) => None,
            (false, true) => Some(Self::Gone),
            (false, false) => Some(Self::Replaced),
        }
    }

    /// Its name in the database and in phrases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Replaced => "replaced",
            Self::Secret => "secret",
            Self::Settings => "settings",
        }
    }
}

/// Whether Telegram tells of a 401 since the webhook was set.
fn tells_of_401(actual: &WebhookInfo, set_at_ms: i64) -> bool {
    let is_401 = actual.failure_code() == Some(401);
    is_401 && actual.last_error_date.unwrap_or_default() * 1000 > set_at_ms
}

fn has_other_settings(taken: &WebhookInfo, actual: &WebhookInfo, has_fixed_address: bool) -> bool {
    let kinds = match (&taken.allowed_updates, &actual.allowed_updates) {
        (Some(taken), Some(actual)) => are_the_same(taken, actual),
        (taken, actual) => taken == actual,
    };
    !kinds
        || taken.max_connections != actual.max_connections
        || taken.has_custom_certificate != actual.has_custom_certificate
        || (has_fixed_address && taken.ip_address != actual.ip_address)
}
