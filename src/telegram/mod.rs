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

use serde::Serialize;

use crate::delivery::CALL_TIMEOUT_MS;
use crate::json::{Fields, text_of};
use crate::secret::Secret;
use crate::telegram::ids::BotId;
use crate::telegram::methods::{GetWebhookInfo, Method};
use crate::telegram::refusal::{CallError, Refusal};
use crate::telegram::transport::{Answer, Outgoing, Transport, Unreachable};
use crate::telegram::webhook_info::{WantedWebhook, WebhookInfo};

/// The longest pause Telegram may ask for before we give up, in seconds. It asks for one second between two `setWebhook`.
const PAUSE_SECONDS_MAX: i64 = 5;

/// How much longer than a long poll itself its answer may take, in milliseconds.
const POLL_GRACE_MS: u32 = 8_000;

/// The parameters of `setWebhook`. All that matter are always said: what is left out would be reset or, for
/// `allowed_updates`, stay as a poller left it.
#[derive(Serialize)]
struct SetWebhook<'a> {
    url: &'a str,
    max_connections: i64,
    allowed_updates: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<&'a str>,
    secret_token: &'a str,
    drop_pending_updates: bool,
}

/// The Bot API for one bot.
pub struct Telegram<T> {
    transport: T,
    root: String,
    token: Secret,
    bot: BotId,
    requests: Cell<u64>,
}

impl<T: Transport> Telegram<T> {
    /// The Bot API at `root`, spoken with `token`.
    pub fn new(transport: T, root: &str, token: Secret, bot: BotId) -> Self {
        Self {
            transport,
            root: root.to_owned(),
            token,
            bot,
            requests: Cell::new(0),
        }
    }

    /// How many requests were made so far.
    pub fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// The bot's own number, the public part of its token.
    pub fn bot(&self) -> BotId {
        self.bot
    }

    /// The way out, for requests that do not go to Telegram.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Calls a method.
    pub async fn call<M: Method>(&self, parameters: &M) -> Result<String, CallError> {
        self.call_raw(M::NAME, &text_of(parameters)).await
    }

    /// Calls a method by name with parameters as JSON text.
    pub async fn call_raw(&self, method: &str, parameters: &str) -> Result<String, CallError> {
        self.call_described(method, parameters)
            .await
            .map(|(result, _)| result)
    }

    /// Downloads a file by the path that `getFile` gave.
    pub async fn download(&self, file_path: &str) -> Result<Answer, Unreachable> {
        let request = Outgoing {
            method: "GET",
            url: format!("{}/file/bot{}/{file_path}", self.root, self.token.expose()),
            content_type: None,
            body: Vec::new(),
            timeout_ms: CALL_TIMEOUT_MS,
        };
        self.carry(request).await
    }

    /// The webhook as Telegram has it now.
    pub async fn webhook_info(&self) -> Result<WebhookInfo, CallError> {
        let info = self.call(&GetWebhookInfo {}).await?;
        WebhookInfo::of(&info).map_err(|_| CallError::NotUnderstood {
            method: GetWebhookInfo::NAME.to_owned(),
            status: 200,
        })
    }

    /// Sets the webhook, after a pause where Telegram asks for a short one. Telegram's sentence about it.
    ///
    /// After a refusal the bot has no webhook at all, whatever it had before (`telegram-bot-api`, `Client.cpp:15726`).
    pub async fn set_webhook(
        &self,
        wanted: &WantedWebhook,
        secret: &Secret,
        drop_pending_updates: bool,
    ) -> Result<String, CallError> {
        let parameters = text_of(&SetWebhook {
            url: &wanted.url,
            max_connections: wanted.max_connections,
            allowed_updates: &wanted.allowed_updates,
            ip_address: wanted.ip_address.as_deref(),
            secret_token: secret.expose(),
            drop_pending_updates,
        });
        let mut has_paused = false;
        loop {
            let error = match self.call_described("setWebhook", &parameters).await {
                Ok((_, description)) => return Ok(description),
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
    }

    /// Deletes the webhook. Telegram's sentence about it.
    pub async fn delete_webhook(&self, drop_pending_updates: bool) -> Result<String, CallError> {
        let parameters = format!("{{\"drop_pending_updates\":{drop_pending_updates}}}");
        let deleted = self.call_described("deleteWebhook", &parameters).await;
        deleted.map(|(_, description)| description)
    }

    /// Listens for as many seconds as a poller would, without confirming anything and without changing what the bot is sent:
    /// no offset, no `allowed_updates`. Whoever waits already is told that another one has come.
    pub async fn listen(&self, seconds: u32) -> Result<String, CallError> {
        let parameters = format!("{{\"limit\":1,\"timeout\":{seconds}}}");
        let timeout_ms = seconds * 1000 + POLL_GRACE_MS;
        let heard = self
            .call_within("getUpdates", &parameters, timeout_ms)
            .await;
        heard.map(|(updates, _)| updates)
    }

    /// Calls a method that also answers with a sentence, as `setWebhook` and `deleteWebhook` do.
    async fn call_described(
        &self,
        method: &str,
        parameters: &str,
    ) -> Result<(String, String), CallError> {
        self.call_within(method, parameters, CALL_TIMEOUT_MS).await
    }

    async fn call_within(
        &self,
        method: &str,
        parameters: &str,
        timeout_ms: u32,
    ) -> Result<(String, String), CallError> {
        let request = Outgoing {
            method: "POST",
            url: format!("{}/bot{}/{method}", self.root, self.token.expose()),
            content_type: Some("application/json"),
            body: parameters.as_bytes().to_vec(),
            timeout_ms,
        };
        let answer = self.carry(request).await;
        let answer = answer.map_err(|cause| CallError::Unreachable {
            method: method.to_owned(),
            cause,
        })?;
        understood(method, answer.status, &answer.body)
    }

    async fn carry(&self, request: Outgoing) -> Result<Answer, Unreachable> {
        self.requests.set(self.requests.get() + 1);
        self.transport.carry(request).await
    }
}

/// Reads the Bot API's envelope: the result, a JSON text, and the sentence that comes with some results.
fn understood(method: &str, status: u16, body: &[u8]) -> Result<(String, String), CallError> {
    let not_understood = || CallError::NotUnderstood {
        method: method.to_owned(),
        status,
    };
    let body = std::str::from_utf8(body).map_err(|_| not_understood())?;
    let fields = Fields::of(body).map_err(|_| not_understood())?;
    match (fields.flag("ok"), fields.raw("result")) {
        (Some(true), Some(result)) => Ok((
            result.to_owned(),
            fields.text("description").unwrap_or_default(),
        )),
        (Some(false), _) => Err(CallError::Refused(Refusal::of(method, status, &fields))),
        _ => Err(not_understood()),
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
