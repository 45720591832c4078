//! The webhook's row: what the operator wants, and the secrets a delivery may carry.

use crate::inbox::database::{Database, Row};
use crate::inbox::{Inbox, InboxError, first, statement, statements};
use crate::json::text_of;
use crate::secret::{Secret, Sha256Digest};
use crate::telegram::webhook_info::WantedWebhook;

/// What is remembered about the webhook.
#[derive(Debug, Default)]
pub struct WebhookRecord {
    /// What the operator last asked for. `None`: nobody has asked yet.
    pub wanted: Option<WantedWebhook>,
    /// The secret `setWebhook` is given.
    pub secret: Option<Secret>,
    /// The digests of all secrets a delivery may carry.
    pub accepted: Vec<Sha256Digest>,
    /// The bot's own @name.
    pub username: Option<String>,
}

impl<D: Database> Inbox<D> {
    /// Reads the webhook's row.
    pub async fn webhook(&self) -> Result<WebhookRecord, InboxError> {
        let read = statement(statements::WEBHOOK, vec![self.bot.0.into()]);
        let [rows] = self.trip("read the webhook's row", [read]).await?;
        Ok(first(rows).map(WebhookRecord::from).unwrap_or_default())
    }

    /// Makes sure there is a secret: `fresh`, unless there was one. Several callers at once agree on one.
    pub async fn prepare_secret(&self, fresh: &Secret) -> Result<WebhookRecord, InboxError> {
        let bot = self.bot.0;
        let prepare = vec![bot.into(), fresh.expose().into()];
        let prepare = statement(statements::PREPARE_SECRET, prepare);
        let read = statement(statements::WEBHOOK, vec![bot.into()]);
        let [_, rows] = self
            .trip("prepare the webhook's secret", [prepare, read])
            .await?;
        Ok(first(rows).map(WebhookRecord::from).unwrap_or_default())
    }

    /// Remembers what the operator asked for.
    pub async fn remember_wanted(
        &self,
        wanted: &WantedWebhook,
        username: Option<&str>,
    ) -> Result<(), InboxError> {
        let values = vec![self.bot.0.into(), text_of(wanted).into(), username.into()];
        let remember = statement(statements::REMEMBER_WANTED, values);
        let [_] = self.trip("remember the wanted webhook", [remember]).await?;
        Ok(())
    }
}

impl From<Row> for WebhookRecord {
    fn from(mut row: Row) -> Self {
        let wanted = row.text_or_null(0);
        let secrets = [1, 2, 3].map(|column| row.text_or_null(column).map(Secret::new));
        Self {
            accepted: secrets.iter().flatten().map(Secret::digest).collect(),
            wanted: wanted.and_then(|wanted| WantedWebhook::of(&wanted)),
            secret: secrets.into_iter().next().flatten(),
            username: row.text_or_null(4),
        }
    }
}
