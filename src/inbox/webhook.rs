//! The webhook's row: what the operator wants, and the secrets a delivery may carry.

use serde::Deserialize;

use crate::inbox::database::Database;
use crate::inbox::{Inbox, InboxError, first, statement, statements};
use crate::secret::{Secret, Sha256Digest};
use crate::telegram::json;
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

#[derive(Deserialize)]
struct Row {
    wanted: Option<String>,
    secret: Option<String>,
    next_secret: Option<String>,
    old_secret: Option<String>,
    username: Option<String>,
}

impl<D: Database> Inbox<D> {
    /// Reads the webhook's row.
    pub async fn webhook(&self) -> Result<WebhookRecord, InboxError> {
        const DOING: &str = "read the webhook's row";
        let read = statement(statements::WEBHOOK, vec![self.bot.0.into()]);
        let rows = self.trip(DOING, vec![read]).await?;
        Ok(first::<Row>(DOING, &rows[0])?.map_or_else(WebhookRecord::default, WebhookRecord::from))
    }

    /// Makes sure there is a secret: `fresh`, unless there was one. Several callers at once agree on one.
    pub async fn prepare_secret(&self, fresh: &Secret) -> Result<WebhookRecord, InboxError> {
        const DOING: &str = "prepare the webhook's secret";
        let bot = self.bot.0;
        let prepare = vec![bot.into(), fresh.expose().into()];
        let prepare = statement(statements::PREPARE_SECRET, prepare);
        let read = statement(statements::WEBHOOK, vec![bot.into()]);
        let rows = self.trip(DOING, vec![prepare, read]).await?;
        Ok(first::<Row>(DOING, &rows[1])?.map_or_else(WebhookRecord::default, WebhookRecord::from))
    }

    /// Remembers what the operator asked for.
    pub async fn remember_wanted(
        &self,
        wanted: &WantedWebhook,
        username: Option<&str>,
    ) -> Result<(), InboxError> {
        let values = vec![self.bot.0.into(), json(wanted).into(), username.into()];
        let remember = statement(statements::REMEMBER_WANTED, values);
        self.trip("remember the wanted webhook", vec![remember])
            .await?;
        Ok(())
    }
}

impl From<Row> for WebhookRecord {
    fn from(row: Row) -> Self {
        let secrets = [&row.secret, &row.next_secret, &row.old_secret];
        Self {
            accepted: secrets
                .into_iter()
                .flatten()
                .map(|secret| Secret::new(secret.clone()).digest())
                .collect(),
            wanted: row
                .wanted
                .and_then(|wanted| serde_json::from_str(&wanted).ok()),
            secret: row.secret.map(Secret::new),
            username: row.username,
        }
    }
}
