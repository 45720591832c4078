//! Telegram's side of the conversation: what arrives, what is called, and what it answers.

pub mod address;
pub mod ids;
pub mod message;
pub mod methods;
pub mod refusal;
pub mod transport;
pub mod update;
pub mod webhook_info;

use std::cell::Cell;

use crate::delivery::CALL_TIMEOUT_MS;
use crate::json::{Fields, text_of};
use crate::secret::Secret;
use crate::telegram::ids::BotId;
use crate::telegram::methods::Method;
use crate::telegram::refusal::{CallError, Refusal};
use crate::telegram::transport::{Answer, Outgoing, Transport, Unreachable};

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

    /// Calls a method that also answers with a sentence, as `setWebhook` and `deleteWebhook` do.
    pub async fn call_described(
        &self,
        method: &str,
        parameters: &str,
    ) -> Result<(String, String), CallError> {
        let request = Outgoing {
            method: "POST",
            url: format!("{}/bot{}/{method}", self.root, self.token.expose()),
            content_type: Some("application/json"),
            body: parameters.as_bytes().to_vec(),
            timeout_ms: CALL_TIMEOUT_MS,
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
