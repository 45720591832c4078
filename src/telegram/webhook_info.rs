//! What `getWebhookInfo` answers, and what we want it to answer.

use crate::json::{Fields, NoObject, Written, if_any, list_of, object_of, text_of};
use crate::search::before;

/// The webhook as Telegram sees it. The secret is never told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookInfo {
    /// The address, empty when no webhook is set.
    pub url: String,
    /// Updates that wait to be delivered.
    pub pending_update_count: i64,
    /// When the last delivery failed, in seconds since 1970. Never cleared by later successes.
    pub last_error_date: Option<i64>,
    /// How the last delivery failed. It stays until the webhook is set or deleted.
    pub last_error_message: Option<String>,
    /// When Telegram last had trouble of its own, in seconds since 1970.
    pub last_synchronization_error_date: Option<i64>,
    /// How many deliveries may run at once.
    pub max_connections: Option<i64>,
    /// The address the name resolved to, or the fixed one.
    pub ip_address: Option<String>,
    /// The kinds of updates that are delivered. Absent when it is Telegram's default.
    pub allowed_updates: Option<Vec<String>>,
    /// Whether Telegram checks the address against a certificate of its owner. We never set one.
    pub has_custom_certificate: bool,
}

/// The webhook as the operator last asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedWebhook {
    /// The address, empty for "no webhook".
    pub url: String,
    /// How many deliveries may run at once.
    pub max_connections: i64,
    /// The kinds of updates to deliver.
    pub allowed_updates: Vec<String>,
    /// A fixed address to deliver to, instead of the one the name resolves to.
    pub ip_address: Option<String>,
}

/// One field on which Telegram and the operator differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field's name in `getWebhookInfo`.
    pub field: &'static str,
    /// What was asked for.
    pub wanted: String,
    /// What Telegram has.
    pub actual: String,
}

impl Written for WebhookInfo {
    fn text(&self) -> String {
        let trouble = self.last_synchronization_error_date.as_ref();
        let kinds = self.allowed_updates.as_deref().map(list_of);
        object_of(&[
            ("url", &text_of(&self.url)),
            (
                "pending_update_count",
                &self.pending_update_count.to_string(),
            ),
            ("last_error_date", &if_any(self.last_error_date.as_ref())),
            (
                "last_error_message",
                &if_any(self.last_error_message.as_ref()),
            ),
            ("last_synchronization_error_date", &if_any(trouble)),
            ("max_connections", &if_any(self.max_connections.as_ref())),
            ("ip_address", &if_any(self.ip_address.as_ref())),
            ("allowed_updates", &kinds.unwrap_or_default()),
            (
                "has_custom_certificate",
                &self.has_custom_certificate.to_string(),
            ),
        ])
    }
}

impl Written for WantedWebhook {
    fn text(&self) -> String {
        object_of(&[
            ("url", &text_of(&self.url)),
            ("max_connections", &self.max_connections.to_string()),
            ("allowed_updates", &list_of(&self.allowed_updates)),
            ("ip_address", &if_any(self.ip_address.as_ref())),
        ])
    }
}

impl Written for Difference {
    fn text(&self) -> String {
        object_of(&[
            ("field", &text_of(self.field)),
            ("wanted", &text_of(&self.wanted)),
            ("actual", &text_of(&self.actual)),
        ])
    }
}

impl WebhookInfo {
    /// Reads what `getWebhookInfo` answers.
    pub fn of(answer: &str) -> Result<Self, NoObject> {
        let fields = Fields::of(answer)?;
        Ok(Self {
            url: fields.text("url").unwrap_or_default(),
            pending_update_count: fields.integer("pending_update_count").unwrap_or_default(),
            last_error_date: fields.integer("last_error_date"),
            last_error_message: fields.text("last_error_message"),
            last_synchronization_error_date: fields.integer("last_synchronization_error_date"),
            max_connections: fields.integer("max_connections"),
            ip_address: fields.text("ip_address"),
            allowed_updates: fields.texts("allowed_updates"),
            has_custom_certificate: fields.flag("has_custom_certificate") == Some(true),
        })
    }

    /// The HTTP status of the last failed delivery, where it failed by one: `Wrong response from the webhook: 401 Unauthorized`.
    pub fn failure_code(&self) -> Option<u16> {
        let message = self.last_error_message.as_deref()?;
        let answer = message.strip_prefix("Wrong response from the webhook: ")?;
        before(answer, " ").parse().ok()
    }
}

impl WantedWebhook {
    /// Reads a wish as it was written down.
    pub fn of(document: &str) -> Option<Self> {
        let fields = Fields::of(document).ok()?;
        Some(Self {
            url: fields.text("url")?,
            max_connections: fields.integer("max_connections")?,
            allowed_updates: fields.texts("allowed_updates")?,
            ip_address: fields.text("ip_address"),
        })
    }

    /// The wish that there be no webhook.
    pub fn none(allowed_updates: &[String], max_connections: i64) -> Self {
        Self {
            url: String::new(),
            max_connections,
            allowed_updates: allowed_updates.to_vec(),
            ip_address: None,
        }
    }

    /// Where `actual` is not what was asked for.
    pub fn differences(&self, actual: &WebhookInfo) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |field, wanted: String, actual: String| {
            if wanted != actual {
                differences.push(Difference {
                    field,
                    wanted,
                    actual,
                });
            }
        };
        compare("url", self.url.clone(), actual.url.clone());
        if self.url.is_empty() || actual.url.is_empty() {
            return differences;
        }
        compare(
            "max_connections",
            self.max_connections.to_string(),
            actual.max_connections.unwrap_or(40).to_string(),
        );
        // Telegram lists kinds in an order of its own.
        let kinds = actual.allowed_updates.as_deref();
        if !kinds.is_some_and(|kinds| are_the_same(kinds, &self.allowed_updates)) {
            let actual =
                kinds.map_or_else(|| "Telegram's default".to_owned(), |kinds| kinds.join(", "));
            compare("allowed_updates", self.allowed_updates.join(", "), actual);
        }
        if let Some(fixed) = &self.ip_address {
            let actual = actual.ip_address.clone().unwrap_or_default();
            compare("ip_address", fixed.clone(), actual);
        }
        differences
    }
}

/// Whether two lists name the same things, in whatever order.
pub(crate) fn are_the_same(wanted: &[String], actual: &[String]) -> bool {
    wanted.iter().all(|kind| actual.contains(kind))
        && actual.iter().all(|kind| wanted.contains(kind))
}
