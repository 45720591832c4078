//! What the webhook's room says with more than one phrase.

use crate::phrases::Voice;
use crate::telegram::webhook_info::{Difference, WantedWebhook, WebhookInfo};

/// What `GET /admin/webhook` says to a person.
pub(crate) fn inspection(
    voice: Voice,
    wanted: Option<&WantedWebhook>,
    actual: &WebhookInfo,
    differences: &[Difference],
) -> String {
    let address = |url: &str| match url {
        "" => voice.say("admin.no_url", &[]),
        url => url.to_owned(),
    };
    let wanted = match wanted {
        Some(wanted) => address(&wanted.url),
        None => voice.say("admin.nothing_wanted", &[]),
    };
    let waiting = actual.pending_update_count.to_string();
    let values = [&*address(&actual.url), &wanted, &waiting];
    let mut lines = vec![voice.say("admin.webhook", &values)];
    if let Some(error) = &actual.last_error_message {
        lines.push(voice.say("admin.last_error", &[error]));
    }
    for difference in differences {
        let values = [difference.field, &difference.wanted, &difference.actual];
        lines.push(voice.say("admin.difference", &values));
    }
    lines.join("\n")
}
