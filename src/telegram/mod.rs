//! Telegram's side of the conversation: what arrives, what is called, and what it answers.

pub mod address;
pub mod drift;
pub mod ids;
pub mod message;
pub mod methods;
pub mod refusal;
pub mod transport;
pub mod update;
pub mod webhook_info;

use std::cell::Cell;

use crate::delivery::CALL_TIMEOUT_MS;
use crate::json::{Fields, if_any, list_of, object_of, text_of};
use crate::secret::Secret;
use crate::telegram::methods::{GetWebhookInfo, Method};
use crate::telegram::refusal::{CallError, Refusal};
use crate::telegram::transport::{Answer, Outgoing, Transport, Unreachable};
use crate::telegram::webhook_info::{WantedWebhook, WebhookInfo};
use crate::visit::Boxed;

/// The longest pause Telegram may ask for before we give up, in seconds. It asks for one second between two `setWebhook`.
const PAUSE_SECONDS_MAX: i64 = 5;

/// How much longer than a long poll itself its answer may take, in milliseconds.
const POLL_GRACE_MS: u32 = 8_000;

/// What a call brought.
struct Called {
    /// A JSON text.
    result: String,
    /// The sentence that comes with some results.
    description: String,
}

/// The Bot API for one bot.
pub struct Telegram<T> {
    transport: T,
    root: String,
    token: Secret,
    requests: Cell<u64>,
}

impl<T: Transport> Telegram<T> {
    /// The Bot API at `root`, spoken with `token`.
    pub fn new(transport: T, root: &str, token: Secret) -> Self {
        Self {
            transport,
            root: root.to_owned(),
            token,
            requests: Cell::new(0),
        }
    }

    /// How many requests were made so far.
    pub fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// The way out, for requests that do not go to Telegram.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Calls a method.
    pub fn call<M: Method>(&self, parameters: &M) -> Boxed<'_, Result<String, CallError>> {
        self.call_raw(M::NAME, &text_of(parameters))
    }

    /// Calls a method by name with parameters as JSON text.
    pub fn call_raw(&self, method: &str, parameters: &str) -> Boxed<'_, Result<String, CallError>> {
        let called = self.call_within(method, parameters, CALL_TIMEOUT_MS);
        Box::pin(async { called.await.map(|called| called.result) })
    }

    /// Downloads a file by the path that `getFile` gave.
    pub async fn download(&self, file_path: &str) -> Result<Answer, Unreachable> {
        let request = Outgoing {
            method: "GET",
            url: [&self.root, "/file/bot", self.token.expose(), "/", file_path].concat(),
            content_type: None,
            body: Vec::new(),
            timeout_ms: CALL_TIMEOUT_MS,
        };
        self.carry(request).await
    }

    /// The webhook as Telegram has it now.
    pub fn webhook_info(&self) -> Boxed<'_, Result<WebhookInfo, CallError>> {
        let info = self.call(&GetWebhookInfo {});
        Box::pin(async {
            WebhookInfo::of(&info.await?).map_err(|_| CallError::NotUnderstood {
                method: GetWebhookInfo::NAME.to_owned(),
                status: 200,
            })
        })
    }

    /// Sets the webhook, after a pause where Telegram asks for a short one. Telegram's sentence about it.
    ///
    /// All parameters that matter are always said: what is left out would be reset or, for `allowed_updates`, stay as a poller left it.
    /// After a refusal the bot has no webhook at all, whatever it had before (`telegram-bot-api`, `Client.cpp:15726`).
    pub fn set_webhook(
        &self,
        wanted: &WantedWebhook,
        secret: &Secret,
        drop_pending_updates: bool,
    ) -> Boxed<'_, Result<String, CallError>> {
        let parameters = object_of(&[
            ("url", &text_of(&wanted.url)),
            ("max_connections", &wanted.max_connections.to_string()),
            ("allowed_updates", &list_of(&wanted.allowed_updates)),
            ("ip_address", &if_any(wanted.ip_address.as_ref())),
            ("secret_token", &text_of(secret.expose())),
            ("drop_pending_updates", &drop_pending_updates.to_string()),
        ]);
        Box::pin(async move {
            let mut has_paused = false;
            loop {
                let error = match self.call_described("setWebhook", &parameters).await {
                    Ok(description) => return Ok(description),
                    Err(error) => error,
                };
                match short_pause_ms(&error) {
                    Some(milliseconds) if !has_paused => {
                        has_paused = true;
                        self.transport.pause(milliseconds).await;
                    }
                    _ => return Err(error),
                }
            }
        })
    }

    /// Deletes the webhook. Telegram's sentence about it.
    pub fn delete_webhook(
        &self,
        drop_pending_updates: bool,
    ) -> Boxed<'_, Result<String, CallError>> {
        let drop_pending_updates = drop_pending_updates.to_string();
        let parameters = object_of(&[("drop_pending_updates", &drop_pending_updates)]);
        self.call_described("deleteWebhook", &parameters)
    }

    /// Listens for as many seconds as a poller would, without confirming anything and without changing what the bot is sent:
    /// no offset, no `allowed_updates`. Whoever waits already is told that another one has come.
    pub fn listen(&self, seconds: u32) -> Boxed<'_, Result<String, CallError>> {
        let parameters = object_of(&[("limit", "1"), ("timeout", &seconds.to_string())]);
        let timeout_ms = seconds * 1000 + POLL_GRACE_MS;
        let heard = self.call_within("getUpdates", &parameters, timeout_ms);
        Box::pin(async { heard.await.map(|heard| heard.result) })
    }

    /// Calls a method that answers with a sentence, as `setWebhook` and `deleteWebhook` do.
    fn call_described(
        &self,
        method: &str,
        parameters: &str,
    ) -> Boxed<'_, Result<String, CallError>> {
        let called = self.call_within(method, parameters, CALL_TIMEOUT_MS);
        Box::pin(async { called.await.map(|called| called.description) })
    }

    fn call_within(
        &self,
        method: &str,
        parameters: &str,
        timeout_ms: u32,
    ) -> Boxed<'_, Result<Called, CallError>> {
        let request = Outgoing {
            method: "POST",
            url: [&self.root, "/bot", self.token.expose(), "/", method].concat(),
            content_type: Some("application/json"),
            body: parameters.as_bytes().to_vec(),
            timeout_ms,
        };
        let method = method.to_owned();
        Box::pin(async move {
            match self.carry(request).await {
                Ok(answer) => understood(method, answer.status, &answer.body),
                Err(cause) => Err(CallError::Unreachable { method, cause }),
            }
        })
    }

    async fn carry(&self, request: Outgoing) -> Result<Answer, Unreachable> {
        self.requests.set(self.requests.get() + 1);
        self.transport.carry(request).await
    }
}

/// Reads the Bot API's envelope.
fn understood(method: String, status: u16, body: &[u8]) -> Result<Called, CallError> {
    let body = std::str::from_utf8(body).unwrap_or_default();
    let fields = Fields::of(body).unwrap_or_default();
    match (fields.flag("ok"), fields.raw("result")) {
        (Some(true), Some(result)) => Ok(Called {
            result: result.to_owned(),
            description: fields.text("description").unwrap_or_default(),
        }),
        (Some(false), _) => Err(Refusal::of(&method, status, &fields).into()),
        _ => Err(CallError::NotUnderstood { method, status }),
    }
}

/// How long Telegram asks to wait, where that is short enough to wait for here.
fn short_pause_ms(error: &CallError) -> Option<u32> {
    let CallError::Refused(refusal) = error else {
        return None;
    };
    let seconds = refusal
        .retry_after
        .filter(|seconds| *seconds <= PAUSE_SECONDS_MAX)?;
    u32::try_from(seconds.max(1) * 1000).ok()
}
