//! setWebhook, deleteWebhook and getWebhookInfo (`Client.cpp:15726-15798`, `15869-16060`, `5945-5984`).

use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::arguments::Arguments;
use super::bot::{Bot, PendingWebhook, Webhook};
use super::kinds::AllowedKinds;
use super::telegram::{Lookup, Telegram};
use super::webhook_host::{self, WebhookHost};

/// K3 (`Client.cpp:15779-15781`).
const SET_WEBHOOK: &str = "Conflict: terminated by setWebhook request";
/// K4 (`Client.cpp:15752-15754`).
const OTHER_SET_WEBHOOK: &str = "Conflict: terminated by other setWebhook";
const PAUSE_MS: u64 = 1000;
const SECRET_BYTES_MAX: usize = 256;
const CERTIFICATE_BYTES_MAX: usize = 3 << 20;

/// What a setWebhook asks for.
struct Wanted {
    url: String,
    max_connections: u64,
    secret: String,
    certificate_size: Option<usize>,
    fixed_ip: String,
    drop_pending_updates: bool,
}

impl Wanted {
    fn read(url: &str, arguments: &Arguments) -> Self {
        let max_connections = arguments.integer("max_connections", 40, 1, 100);
        Self {
            url: url.to_owned(),
            max_connections: max_connections.unsigned_abs(),
            secret: arguments.text("secret_token").to_owned(),
            certificate_size: arguments
                .upload("certificate")
                .map(|upload| upload.bytes.len()),
            fixed_ip: arguments.text("ip_address").to_owned(),
            drop_pending_updates: arguments.boolean("drop_pending_updates"),
        }
    }

    /// Nothing but `allowed_updates` would change (facts §4.1, step 3).
    fn is_already(&self, webhook: Option<&Webhook>) -> bool {
        if self.drop_pending_updates {
            return false;
        }
        let Some(webhook) = webhook else {
            return self.url.is_empty();
        };
        let same_ip = if webhook.fixed_ip {
            webhook.ip.as_deref() == Some(self.fixed_ip.as_str())
        } else {
            self.fixed_ip.is_empty()
        };
        same_ip
            && self.url == webhook.url
            && self.certificate_size.is_none()
            && !webhook.has_certificate
            && self.max_connections == webhook.max_connections
            && self.secret == webhook.secret
    }

    /// The checks in the server's order; by now the old webhook is gone (`Client.cpp:16001-16060`).
    fn check(&self) -> Result<WebhookHost, Refusal> {
        let invalid = || Refusal::bad_request("invalid webhook URL specified");
        let host = WebhookHost::read(&self.url).ok_or_else(invalid)?;
        if self.secret.len() > SECRET_BYTES_MAX {
            return Err(Refusal::bad_request("secret token is too long"));
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !self.secret.bytes().all(is_allowed) {
            return Err(Refusal::bad_request(
                "secret token contains unallowed characters",
            ));
        }
        match self.certificate_size {
            Some(size) if size > CERTIFICATE_BYTES_MAX => {
                let why = format!("certificate size is too big ({size} bytes)");
                Err(Refusal::bad_request(&why))
            }
            _ => Ok(host),
        }
    }

    fn webhook(&self) -> Webhook {
        Webhook {
            url: self.url.clone(),
            max_connections: self.max_connections,
            secret: self.secret.clone(),
            has_certificate: self.certificate_size.is_some(),
            fixed_ip: !self.fixed_ip.is_empty(),
            ip: None,
            last_error: None,
            gone_since: None,
            verified: false,
            in_flight: 0,
        }
    }
}

impl Telegram {
    /// One handler for both methods: deleteWebhook is setWebhook with an empty URL.
    pub(super) fn set_webhook(
        &mut self,
        request: u64,
        bot: usize,
        url: &str,
        arguments: &Arguments,
    ) {
        let now = self.now;
        let wanted = Wanted::read(url, arguments);
        if !url.is_empty() {
            // At most one a second, identical ones included (`Client.cpp:15733-15739`).
            if now < self.bots[bot].next_set_webhook_at {
                return self.answer(request, &Answer::Refused(Refusal::too_many(1)));
            }
            self.bots[bot].next_set_webhook_at = now + PAUSE_MS;
        }
        if let Some(older) = self.bots[bot].pending.take() {
            self.conflict(bot, older.request, OTHER_SET_WEBHOOK);
        } else if wanted.is_already(self.bots[bot].webhook.as_ref()) {
            self.allow(bot, arguments);
            let description = if url.is_empty() {
                "Webhook is already deleted"
            } else {
                "Webhook is already set"
            };
            return self.answer(request, &Answer::Described(description));
        }
        self.replace_webhook(request, bot, &wanted, arguments);
    }

    /// Steps 5 to 8 of facts §4.1: a call that fails here leaves the bot without any webhook.
    fn replace_webhook(
        &mut self,
        request: u64,
        bot: usize,
        wanted: &Wanted,
        arguments: &Arguments,
    ) {
        if !wanted.url.is_empty()
            && let Some(poll) = self.bots[bot].poll.take()
        {
            self.conflict(bot, poll.request, SET_WEBHOOK);
        }
        let existed = self.bots[bot].webhook.is_some();
        let now = self.now;
        self.bots[bot].forget_webhook(now);
        if wanted.drop_pending_updates {
            self.bots[bot].queue.clear();
        }
        if wanted.url.is_empty() {
            let description = if existed {
                "Webhook was deleted"
            } else {
                "Webhook is already deleted"
            };
            return self.answer(request, &Answer::Described(description));
        }
        match wanted.check() {
            Ok(host) => {
                self.bots[bot].webhook = Some(wanted.webhook());
                self.allow(bot, arguments);
                let lookup = self.look_up(&host, &wanted.fixed_ip);
                self.bots[bot].pending = Some(PendingWebhook {
                    request,
                    ready_at: now + lookup.after_ms,
                    outcome: lookup.answer,
                });
            }
            Err(refusal) => self.answer(request, &Answer::Refused(refusal)),
        }
    }

    /// Verified means: the address is known and allowed. No request is sent (`WebhookActor.cpp:225-246`).
    pub(super) fn finish_verification(&mut self, bot: usize) {
        let now = self.now;
        let state = &mut self.bots[bot];
        let Some(pending) = state.pending.take_if(|pending| pending.ready_at <= now) else {
            return;
        };
        match (pending.outcome, &mut state.webhook) {
            (Ok(ip), Some(webhook)) => {
                webhook.ip = Some(ip);
                webhook.verified = true;
                self.answer(pending.request, &Answer::Described("Webhook was set"));
            }
            (outcome, _) => {
                state.forget_webhook(now);
                let reason = outcome.err().unwrap_or_else(|| "Unknown".to_owned());
                let refusal = Refusal::bad_request(&format!("bad webhook: {reason}"));
                self.answer(pending.request, &Answer::Refused(refusal));
            }
        }
    }

    /// What the webhook actor finds out when it starts: scheme and port, fixed IP, DNS, in this order (`WebhookActor.cpp:691-741`).
    fn look_up(&mut self, host: &WebhookHost, fixed_ip: &str) -> Lookup {
        let strict = !self.options.allow_http_and_loopback;
        let at_once = |answer| Lookup {
            after_ms: 0,
            answer,
        };
        if strict && let Err(reason) = host.check_scheme_and_port() {
            return at_once(Err(reason));
        }
        let lookup = match fixed_ip {
            "" => self.lookups.find(self.now, &host.name),
            ip if ip.parse::<std::net::IpAddr>().is_err() => {
                return at_once(Err("Invalid IP address specified".to_owned()));
            }
            ip => at_once(Ok(ip.to_owned())),
        };
        let after_ms = lookup.after_ms;
        let answer = lookup
            .answer
            .and_then(|ip| webhook_host::check_address(&ip, strict).map(|()| ip));
        Lookup { after_ms, answer }
    }

    fn allow(&mut self, bot: usize, arguments: &Arguments) {
        if let Some(allowed) = AllowedKinds::read(arguments.text("allowed_updates")) {
            self.bots[bot].allowed = allowed;
        }
    }
}

/// getWebhookInfo: always 200; which fields are there depends on the state (`Client.cpp:5945-5984`).
pub fn info(bot: &Bot) -> Value {
    let webhook = bot.webhook.as_ref();
    let mut info = json!({
        "url": webhook.map_or("", |webhook| &webhook.url),
        "has_custom_certificate": webhook.is_some_and(|webhook| webhook.has_certificate),
        "pending_update_count": bot.queue.waiting.len(),
    });
    if let Some(webhook) = webhook {
        if let Some((date, message)) = &webhook.last_error {
            info["last_error_date"] = json!(date);
            info["last_error_message"] = json!(message);
        }
        info["max_connections"] = json!(webhook.max_connections);
        info["ip_address"] = json!(webhook.ip.as_deref().unwrap_or("<unknown>"));
    }
    if let Some(kinds) = bot.allowed.listed() {
        info["allowed_updates"] = json!(kinds);
    }
    info
}
