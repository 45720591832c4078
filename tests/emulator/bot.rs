//! Everything the server holds for one bot (facts §3).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::kinds::AllowedKinds;
use super::queue::{Queue, Waiting};

/// Timers start this far before the bot does, so that the first call never waits.
const LONG_AGO_MS: u64 = 100_000;

pub struct Bot {
    pub token: String,
    pub id: i64,
    pub username: String,
    pub first_name: String,

    pub queue: Queue,
    pub allowed: AllowedKinds,
    pub webhook: Option<Webhook>,
    /// Counts webhooks, so that an answer to an old one is not taken for an answer to the new one.
    pub generation: u64,
    pub pending: Option<PendingWebhook>,
    pub poll: Option<Poll>,
    pub previous_poll: PreviousPoll,
    pub next_set_webhook_at: u64,
    pub next_conflict_at: u64,

    pub running: bool,
    pub started_at: u64,
    pub logged_out_until: Option<u64>,

    pub commands: BTreeMap<String, Value>,
    pub calls: Vec<Call>,
    pub next_message_id: i64,
}

pub struct Webhook {
    pub url: String,
    pub max_connections: u64,
    pub secret: String,
    pub has_certificate: bool,
    pub fixed_ip: bool,
    pub ip: Option<String>,
    pub last_error: Option<(u64, String)>,
    pub gone_since: Option<u64>,
    pub verified: bool,
    pub in_flight: u64,
}

/// A setWebhook that waits for the address of its host.
pub struct PendingWebhook {
    pub request: u64,
    pub ready_at: u64,
    /// The address, or the reason of the `bad webhook`.
    pub outcome: Result<String, String>,
}

/// The getUpdates call that waits for updates; there is at most one.
pub struct Poll {
    pub request: u64,
    pub from: i64,
    pub limit: usize,
    pub deadline: u64,
    pub first_update_at: Option<u64>,
    pub wake_at: u64,
}

pub struct PreviousPoll {
    pub offset: i64,
    pub started_at: u64,
}

/// One API call as it was received, for those who look.
pub struct Call {
    pub request: u64,
    pub at: u64,
    pub method: String,
    pub parameters: Value,
    /// The whole body of the answer; null as long as there is none.
    pub result: Value,
    pub fault: Value,
    pub in_webhook_answer: bool,
}

impl Bot {
    pub fn new(id: i64, names: [&str; 3], first_update_id: Option<i64>, now: u64) -> Self {
        let [token, username, first_name] = names.map(str::to_owned);
        Self {
            token,
            id,
            username,
            first_name,
            queue: Queue::new(first_update_id),
            allowed: AllowedKinds::default(),
            webhook: None,
            generation: 0,
            pending: None,
            poll: None,
            previous_poll: PreviousPoll {
                offset: -1,
                started_at: now.saturating_sub(LONG_AGO_MS),
            },
            next_set_webhook_at: 0,
            next_conflict_at: now.saturating_sub(LONG_AGO_MS),
            running: false,
            started_at: now,
            logged_out_until: None,
            commands: BTreeMap::new(),
            calls: Vec::new(),
            next_message_id: 1,
        }
    }

    /// Starts the bot on its first request; timers and what was seen of errors live in memory only (facts §9).
    pub fn start(&mut self, now: u64) {
        self.running = true;
        self.started_at = now;
        self.logged_out_until = None;
        self.previous_poll = PreviousPoll {
            offset: -1,
            started_at: now.saturating_sub(LONG_AGO_MS),
        };
        self.next_conflict_at = now.saturating_sub(LONG_AGO_MS);
        self.next_set_webhook_at = 0;
        if let Some(webhook) = &mut self.webhook {
            webhook.last_error = None;
            webhook.gone_since = None;
        }
    }

    pub fn profile(&self) -> Value {
        json!({"id": self.id, "is_bot": true, "first_name": self.first_name, "username": self.username})
    }

    /// Forgets the webhook together with the deliveries that are on their way.
    pub fn forget_webhook(&mut self, now: u64) {
        self.webhook = None;
        self.generation += 1;
        self.queue.forget_deliveries(now);
    }

    pub fn call(&mut self, request: u64) -> Option<&mut Call> {
        self.calls
            .iter_mut()
            .rev()
            .find(|call| call.request == request)
    }

    /// What `state` shows of the bot, the secret included.
    pub fn state(&self) -> Value {
        let queue: Vec<Value> = self.queue.waiting.iter().map(Waiting::state).collect();
        json!({
            "id": self.id,
            "token": self.token,
            "username": self.username,
            "webhook": self.webhook.as_ref().map(Webhook::state),
            "allowed_updates": self.allowed.listed(),
            "queue": queue,
            "calls": self.calls.iter().map(Call::state).collect::<Vec<Value>>(),
        })
    }
}

impl Webhook {
    fn state(&self) -> Value {
        json!({
            "url": self.url,
            "secret_token": self.secret,
            "max_connections": self.max_connections,
            "has_custom_certificate": self.has_certificate,
            "ip_address": self.ip,
            "verified": self.verified,
        })
    }
}

impl Call {
    fn state(&self) -> Value {
        let mut state = json!({
            "at": self.at,
            "method": self.method,
            "parameters": self.parameters,
            "result": self.result,
        });
        if !self.fault.is_null() {
            state["fault"] = self.fault.clone();
        }
        if self.in_webhook_answer {
            state["in_webhook_answer"] = Value::from(true);
        }
        state
    }
}
