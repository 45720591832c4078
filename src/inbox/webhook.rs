//! The webhook's row: what the operator wants, and the secrets a delivery may carry.

use crate::inbox::database::{Database, Row};
use crate::inbox::{Inbox, InboxError, first, statement, statements};
use crate::json::text_of;
use crate::secret::{Secret, Sha256Digest};
use crate::telegram::webhook_info::{WantedWebhook, WebhookInfo};

/// What is remembered about the webhook.
#[derive(Debug, Default)]
pub struct WebhookRecord {
    /// What the operator last asked for. `None`: nobody has asked yet.
    pub wanted: Option<WantedWebhook>,
    /// The secret `setWebhook` is given.
    pub secret: Option<Secret>,
    /// The secret it is given next, while a rotation is under way.
    pub next_secret: Option<Secret>,
    /// The digests of all secrets a delivery may carry.
    pub accepted: Vec<Sha256Digest>,
    /// The bot's own @name.
    pub username: Option<String>,
}

impl<D: Database> Inbox<D> {
    /// Reads the webhook's row for somebody who came with a secret, and notes what that tells: an update has come with a secret that
    /// was waited for, or with one that is none of ours.
    pub async fn webhook_for(&self, secret: &str) -> Result<WebhookRecord, InboxError> {
        let values = || vec![self.bot.0.into(), secret.into()];
        let statements = [
            statement(statements::CONFIRM_NEXT_SECRET, values()),
            statement(statements::CONFIRM_SECRET, values()),
            statement(statements::NOTE_REFUSED, values()),
            statement(statements::WEBHOOK, vec![self.bot.0.into()]),
        ];
        let [_, _, _, rows] = self.trip("read the webhook's row", statements).await?;
        Ok(first(rows).map(WebhookRecord::from).unwrap_or_default())
    }

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

    /// Makes sure that a next secret is prepared, and accepted beside the present one: `fresh`, unless there was one.
    pub async fn prepare_rotation(
        &self,
        fresh: &Secret,
        grace_ms: i64,
    ) -> Result<WebhookRecord, InboxError> {
        let bot = self.bot.0;
        let prepare = vec![bot.into(), fresh.expose().into(), grace_ms.into()];
        let prepare = statement(statements::PREPARE_ROTATION, prepare);
        let read = statement(statements::WEBHOOK, vec![bot.into()]);
        let [_, rows] = self
            .trip("prepare the next secret", [prepare, read])
            .await?;
        Ok(first(rows).map(WebhookRecord::from).unwrap_or_default())
    }

    /// Makes the next secret the present one, once Telegram has it. Said twice it does nothing more.
    pub async fn switch_secret(&self, next: &Secret) -> Result<(), InboxError> {
        let switch = vec![self.bot.0.into(), next.expose().into()];
        let switch = statement(statements::SWITCH_SECRET, switch);
        let doing = "switch to the next secret";
        self.send_surely(doing, &[switch]).await?;
        Ok(())
    }

    /// Remembers what Telegram made of what was asked for.
    pub async fn remember_taken(&self, taken: &WebhookInfo) -> Result<(), InboxError> {
        let taken = vec![self.bot.0.into(), text_of(taken).into()];
        let taken = statement(statements::REMEMBER_TAKEN, taken);
        let [_] = self
            .trip("remember what Telegram made of it", [taken])
            .await?;
        Ok(())
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
        let accepted = secrets.iter().flatten().map(Secret::digest).collect();
        let [secret, next_secret, _] = secrets;
        Self {
            accepted,
            wanted: wanted.and_then(|wanted| WantedWebhook::of(&wanted)),
            secret,
            next_secret,
            username: row.text_or_null(4),
        }
    }
}
