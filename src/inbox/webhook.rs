//! The webhook's row: what the operator wants, and the secrets a delivery may carry.

use crate::inbox::database::{Database, Row, Statement};
use crate::inbox::{Inbox, InboxError, PAUSES_MS, first, statement};
use crate::json::text_of;
use crate::secret::{Secret, Sha256Digest};
use crate::telegram::webhook_info::{WantedWebhook, WebhookInfo};
use crate::visit::Boxed;

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
    pub fn webhook_for(&self, secret: &str) -> Boxed<'_, Result<WebhookRecord, InboxError>> {
        let with_secret = |sql| statement(sql, vec![self.bot.0.into(), secret.into()]);
        let notes = ["CONFIRM_NEXT_SECRET", "CONFIRM_SECRET", "NOTE_REFUSED"];
        let doing = "read the webhook's row";
        self.then_webhook(doing, notes.map(with_secret).into())
    }

    /// Reads the webhook's row.
    pub fn webhook(&self) -> Boxed<'_, Result<WebhookRecord, InboxError>> {
        self.then_webhook("read the webhook's row", Vec::new())
    }

    /// Makes sure there is a secret: `fresh`, unless there was one. Several callers at once agree on one.
    pub fn prepare_secret(&self, fresh: &Secret) -> Boxed<'_, Result<WebhookRecord, InboxError>> {
        let prepare = vec![self.bot.0.into(), fresh.expose().into()];
        let prepare = statement("PREPARE_SECRET", prepare);
        self.then_webhook("prepare the webhook's secret", vec![prepare])
    }

    /// Makes sure that a next secret is prepared, and accepted beside the present one: `fresh`, unless there was one.
    pub fn prepare_rotation(
        &self,
        fresh: &Secret,
        grace_ms: i64,
    ) -> Boxed<'_, Result<WebhookRecord, InboxError>> {
        let prepare = vec![self.bot.0.into(), fresh.expose().into(), grace_ms.into()];
        let prepare = statement("PREPARE_ROTATION", prepare);
        self.then_webhook("prepare the next secret", vec![prepare])
    }

    /// Makes the next secret the present one, once Telegram has it. Said twice it does nothing more.
    pub fn switch_secret(&self, next: &Secret) -> Boxed<'_, Result<(), InboxError>> {
        let switch = vec![self.bot.0.into(), next.expose().into()];
        let switch = vec![statement("SWITCH_SECRET", switch)];
        self.note("switch to the next secret", switch, &PAUSES_MS)
    }

    /// Remembers what Telegram made of what was asked for.
    pub fn remember_taken(&self, taken: &WebhookInfo) -> Boxed<'_, Result<(), InboxError>> {
        let taken = vec![self.bot.0.into(), text_of(taken).into()];
        let taken = vec![statement("REMEMBER_TAKEN", taken)];
        self.note("remember what Telegram made of it", taken, &[])
    }

    /// Remembers what the operator asked for.
    pub fn remember_wanted(
        &self,
        wanted: &WantedWebhook,
        username: Option<&str>,
    ) -> Boxed<'_, Result<(), InboxError>> {
        let values = vec![self.bot.0.into(), text_of(wanted).into(), username.into()];
        let remember = vec![statement("REMEMBER_WANTED", values)];
        self.note("remember the wanted webhook", remember, &[])
    }

    /// Reads the webhook's row, in one trip behind other statements.
    fn then_webhook(
        &self,
        doing: &'static str,
        mut statements: Vec<Statement>,
    ) -> Boxed<'_, Result<WebhookRecord, InboxError>> {
        statements.push(self.about_bot("WEBHOOK"));
        let rows = self.trip(doing, statements);
        Box::pin(async {
            Ok(first(rows.await?)
                .map(WebhookRecord::from)
                .unwrap_or_default())
        })
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
