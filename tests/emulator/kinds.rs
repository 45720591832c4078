//! The kinds of updates: their names in the server's order, whose lane each one takes, and how long it lives.

use serde_json::Value;

/// The public kinds in the order of the server's enum (`Client.h:1396-1425`, `Client.cpp:16827-16887`); the last
/// two are known from later documentation only.
pub const KINDS: &[&str] = &[
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "message_reaction",
    "message_reaction_count",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "purchased_paid_media",
    "managed_bot",
    "guest_message",
    "subscription",
    "stopped_message_generation",
];

/// Kinds that must be asked for by name (`Client.h:1455-1459`).
const OFF_BY_DEFAULT: &[&str] = &["chat_member", "message_reaction", "message_reaction_count"];

/// Queue ids of kinds lie this far apart (`Client.cpp:17053-17353`).
const LANE_STEP: i64 = 1 << 33;

/// Which kinds a bot wants. `None` is the default, which is not the same as an explicit list of the
/// default kinds: the explicit one is shown by getWebhookInfo and does not grow with new kinds (facts §7, §8.3).
#[derive(Clone, Default, PartialEq)]
pub struct AllowedKinds(Option<Vec<&'static str>>);

impl AllowedKinds {
    /// Reads the `allowed_updates` argument; `None` means that the argument is ignored (`Client.cpp:16889-16946`).
    pub fn read(text: &str) -> Option<Self> {
        let names: Vec<String> = serde_json::from_str(text).ok()?;
        let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let known = KINDS
            .iter()
            .filter(|kind| names.iter().any(|name| name == *kind));
        let known: Vec<&'static str> = known.copied().collect();
        Some(Self((!known.is_empty()).then_some(known)))
    }

    pub fn admits(&self, kind: &str) -> bool {
        match &self.0 {
            Some(kinds) => kinds.contains(&kind),
            None => !OFF_BY_DEFAULT.contains(&kind),
        }
    }

    /// The explicit list in the server's order, if there is one.
    pub fn listed(&self) -> Option<&[&'static str]> {
        self.0.as_deref()
    }
}

pub fn lifetime_ms(kind: &str) -> u64 {
    let seconds = match kind {
        "inline_query" => 30,
        "callback_query" | "shipping_query" | "pre_checkout_query" => 150,
        "chosen_inline_result" => 600,
        _ => 86_400,
    };
    seconds * 1000
}

/// The queue id of an update: inside one queue delivery is strictly sequential (`Client.cpp:17053-17353`).
/// `None` means that the update stands alone.
pub fn lane(kind: &str, payload: &Value) -> Option<i64> {
    let chat = || payload["chat"]["id"].as_i64();
    let user = || {
        [&payload["from"], &payload["user"]]
            .iter()
            .find_map(|user| user["id"].as_i64())
    };
    let (owner, step) = match kind {
        "message" | "edited_message" | "channel_post" | "edited_channel_post" => (chat(), 0),
        "inline_query" => (user(), 1),
        "chosen_inline_result" => (user(), 2),
        "callback_query" => (user(), 3),
        "shipping_query" | "pre_checkout_query" => (user(), 4),
        "my_chat_member" => (chat(), 5),
        "chat_member" | "chat_join_request" => (user(), 6),
        "chat_boost" | "removed_chat_boost" => (chat(), 7),
        "message_reaction" => (chat(), 8),
        "message_reaction_count" => (chat(), 9),
        "business_connection" => (user(), 10),
        "business_message" | "edited_business_message" | "deleted_business_messages" => {
            (chat(), 11)
        }
        "guest_message" => (chat(), 12),
        "purchased_paid_media" => (user(), 12),
        "managed_bot" => (user(), 13),
        "poll" => (numeric_id(&payload["id"]), 0),
        "poll_answer" => (numeric_id(&payload["poll_id"]), 0),
        _ => (None, 0),
    };
    owner.map(|owner| owner + step * LANE_STEP)
}

fn numeric_id(id: &Value) -> Option<i64> {
    id.as_str()?.parse().ok()
}
