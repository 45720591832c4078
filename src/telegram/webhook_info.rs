//! What `getWebhookInfo` answers, and what we want it to answer.

use serde::{Deserialize, Serialize};

/// The webhook as Telegram sees it. The secret is never told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookInfo {
    /// The address, empty when no webhook is set.
    #[serde(default)]
    pub url: String,
    /// Updates that wait to be delivered.
    #[serde(default)]
    pub pending_update_count: i64,
    /// When the last delivery failed, in seconds since 1970. Never cleared by later successes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error_date: Option<i64>,
    /// How the last delivery failed. It stays until the webhook is set or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error_message: Option<String>,
    /// When Telegram last had trouble of its own, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_synchronization_error_date: Option<i64>,
    /// How many deliveries may run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<i64>,
    /// The address the name resolved to, or the fixed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// The kinds of updates that are delivered. Absent when it is Telegram's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_updates: Option<Vec<String>>,
    /// Whether Telegram checks the address against a certificate of its owner. We never set one.
    #[serde(default)]
    pub has_custom_certificate: bool,
}

/// The webhook as the operator last asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedWebhook {
    /// The address, empty for "no webhook".
    pub url: String,
    /// How many deliveries may run at once.
    pub max_connections: i64,
    /// The kinds of updates to deliver.
    pub allowed_updates: Vec<String>,
    /// A fixed address to deliver to, instead of the one the name resolves to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
}

/// One field on which Telegram and the operator differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The field's name in `getWebhookInfo`.
    pub field: &'static str,
    /// What was asked for.
    pub wanted: String,
    /// What Telegram has.
    pub actual: String,
}

impl WantedWebhook {
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
        compare(
            "allowed_updates",
            sorted(&self.allowed_updates),
            actual
                .allowed_updates
                .as_deref()
                .map_or_else(|| "Telegram's default".to_owned(), sorted),
        );
        if let Some(fixed) = &self.ip_address {
            let actual = actual.ip_address.clone().unwrap_or_default();
            compare("ip_address", fixed.clone(), actual);
        }
        differences
    }
}

/// Telegram lists kinds in an order of its own, so they are compared sorted.
fn sorted(kinds: &[String]) -> String {
    let mut kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.join(", ")
}
