//! What the guard and the doctor keep: the webhook's condition, the turn to repair it, and the incidents.

use crate::alert::Alert;
use crate::inbox::database::{Database, Row, Statement};
use crate::inbox::feeds::FeedCondition;
use crate::inbox::{Inbox, InboxError, PAUSES_MS, Task, first, statement};
use crate::json::text_of;
use crate::secret::Secret;
use crate::telegram::drift::Drift;
use crate::telegram::webhook_info::{WantedWebhook, WebhookInfo};
use crate::visit::Boxed;

/// Everything that is remembered about the webhook. Times are milliseconds since 1970 on the database's clock; 0 is never.
#[derive(Debug, Default)]
pub struct Guarded {
    /// What the operator last asked for. `None`: nobody has asked yet.
    pub wanted: Option<WantedWebhook>,
    /// What Telegram made of it when it was set.
    pub taken: Option<WebhookInfo>,
    /// The secret `setWebhook` is given.
    pub secret: Option<Secret>,
    /// The secret it is given next, while a rotation is under way.
    pub next_secret: Option<Secret>,
    /// When it was last set by us.
    pub set_at: i64,
    /// When an update first came with the present secret.
    pub confirmed_at: i64,
    /// How often the guard restored it in the present war.
    pub restores: i64,
    /// When it did so last.
    pub restored_at: i64,
    /// Until when it holds back.
    pub restore_after: i64,
    /// Until when the webhook is away for the doctor's sake.
    pub probed_until: i64,
    /// How many updates waited at Telegram when the guard last looked.
    pub waiting: i64,
    /// When somebody last came with a secret that is none of ours.
    pub refused_at: i64,
    /// Whether an incident is open.
    pub has_incident: bool,
    /// What time it is.
    pub now: i64,
}

/// How the inbox is doing.
#[derive(Debug, Default)]
pub struct Condition {
    /// How long ago the newest update came, in milliseconds.
    pub newest_ms: Option<i64>,
    /// How long the oldest one with something left to do is here, in milliseconds.
    pub oldest_open_ms: Option<i64>,
    /// Updates that were given up.
    pub dead: i64,
    /// Bodies that are no updates.
    pub quarantined: i64,
    /// Calls that wait for an operator.
    pub parked: i64,
    /// Calls that Telegram refused.
    pub failed: i64,
    /// Incidents of the last hour.
    pub incidents: i64,
    /// Other bots that this database knows.
    pub other_bots: i64,
    /// How long ago the cron ran, in milliseconds.
    pub cron_ms: Option<i64>,
}

/// Everything the doctor asks the database.
#[derive(Debug, Default)]
pub struct Examined {
    /// What is remembered about the webhook.
    pub guarded: Guarded,
    /// How the inbox is doing.
    pub condition: Condition,
    /// What was never brought here.
    pub gaps: Vec<Gap>,
    /// How the feeds do.
    pub feeds: Vec<FeedCondition>,
}

/// Updates that were never brought here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last one before them.
    pub after: i64,
    /// The first one behind them.
    pub before: i64,
    /// When the one before them came, as hour and minute in UTC.
    pub from: String,
    /// When the one behind them came.
    pub until: String,
}

/// A time in which the webhook was not as it was asked for.
#[derive(Debug)]
pub struct Incident {
    /// Its number.
    pub seq: i64,
    /// When it was noticed, in milliseconds since 1970.
    pub at: i64,
    /// The same in UTC, for people.
    pub began: String,
    /// What was found.
    pub drift: String,
    /// The address that was asked for.
    pub wanted: String,
    /// What `getWebhookInfo` answered, as JSON.
    pub snapshot: String,
    /// When it was over.
    pub ended_at: Option<i64>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Why the last try to end it failed.
    pub error: Option<String>,
}

/// The turn to repair the webhook. Of several visits at once one has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(i64);

impl<D: Database> Inbox<D> {
    /// Notes that the cron runs, and reads what it is to guard.
    pub fn beat_and_guard(&self) -> Boxed<'_, Result<Guarded, InboxError>> {
        let beat = statement("BEAT", vec![Task::Cron.name().into()]);
        self.then_guarded("note the heartbeat", vec![beat])
    }

    /// Everything about the webhook.
    pub fn guarded(&self) -> Boxed<'_, Result<Guarded, InboxError>> {
        self.then_guarded("read the webhook's row", Vec::new())
    }

    /// Everything the doctor asks the database.
    pub async fn examine(&self) -> Result<Examined, InboxError> {
        let statements = vec![
            self.about_bot("GUARDED"),
            self.about_bot("CONDITION"),
            self.about_bot("GAPS"),
            self.about_bot("FEEDS"),
        ];
        let rows = self.send("examine the inbox", statements, &[]).await?;
        let mut rows = rows.into_iter().map(Vec::into_iter);
        let mut next = || rows.next().unwrap_or_default();
        Ok(Examined {
            guarded: next().next().map(Guarded::from).unwrap_or_default(),
            condition: next().next().map(Condition::from).unwrap_or_default(),
            gaps: next().map(Gap::from).collect(),
            feeds: next().map(FeedCondition::from).collect(),
        })
    }

    /// Takes the turn to repair the webhook. `None`: somebody else has it, or has set the webhook since it was looked at.
    pub async fn take_turn(&self, looked_at: i64) -> Result<Option<Turn>, InboxError> {
        let values = vec![self.bot.0.into(), looked_at.into()];
        let take = vec![statement("TAKE_TURN", values)];
        let rows = self.trip("take the turn to repair", take).await?;
        Ok(first(rows).map(|row| Turn(row.integer(0))))
    }

    /// Ends the turn without having set anything, and lets nobody try again for a while.
    pub fn give_turn_back(
        &self,
        turn: Turn,
        hold_back_ms: i64,
        error: &str,
    ) -> Boxed<'_, Result<(), InboxError>> {
        let bot = self.bot.0;
        let back = vec![bot.into(), turn.0.into(), hold_back_ms.into()];
        let statements = vec![
            statement("GIVE_TURN_BACK", back),
            statement("NOTE_FAILURE", vec![bot.into(), error.into()]),
        ];
        self.note("give the turn back", statements, &[])
    }

    /// Opens an incident with an alert, unless one is open, or somebody has set the webhook since it was looked at.
    pub fn open_incident(
        &self,
        looked_at: i64,
        alert: Alert,
        drift: &str,
        wanted: &str,
        snapshot: &WebhookInfo,
    ) -> Boxed<'_, Result<(), InboxError>> {
        let bot = self.bot.0;
        let snapshot = text_of(snapshot).into();
        let values = vec![
            bot.into(),
            looked_at.into(),
            drift.into(),
            wanted.into(),
            snapshot,
        ];
        let alert = vec![bot.into(), looked_at.into(), alert.name().into()];
        let statements = vec![
            statement("ALERT_OF_INCIDENT", alert),
            statement("OPEN_INCIDENT", values),
        ];
        self.note("open an incident", statements, &[])
    }

    /// Ends the turn with a webhook that is as it should be again, and the incident with it.
    pub fn restored(
        &self,
        turn: Turn,
        restores: i64,
        taken: &WebhookInfo,
    ) -> Boxed<'_, Result<(), InboxError>> {
        let taken = text_of(taken).into();
        let values = vec![self.bot.0.into(), turn.0.into(), restores.into(), taken];
        let note = statement("RESTORED", values);
        let statements = vec![note, self.end_of_incident("restored")];
        self.note("note the restored webhook", statements, &PAUSES_MS)
    }

    /// Ends the open incident, since the webhook is as it should be without our doing, or is not wanted any more.
    pub fn end_incident(&self, outcome: &str) -> Boxed<'_, Result<(), InboxError>> {
        let end = vec![self.end_of_incident(outcome)];
        self.note("end the incident", end, &[])
    }

    /// Notes that the webhook is away for a while because the doctor listens. `false`: it is away already.
    pub async fn probe(&self, milliseconds: i64) -> Result<bool, InboxError> {
        let values = vec![self.bot.0.into(), milliseconds.into()];
        let probe = vec![statement("PROBE", values)];
        let rows = self.trip("note the probe", probe).await?;
        Ok(!rows.is_empty())
    }

    /// Notes that the doctor listens no more.
    pub fn end_probe(&self) -> Boxed<'_, Result<(), InboxError>> {
        let end = vec![self.about_bot("END_PROBE")];
        self.note("end the probe", end, &PAUSES_MS)
    }

    /// Notes how many updates wait at Telegram while the webhook is as it should be.
    pub fn note_waiting(&self, count: i64) -> Boxed<'_, Result<(), InboxError>> {
        let values = vec![self.bot.0.into(), count.into()];
        let note = vec![statement("NOTE_WAITING", values)];
        self.note("note what waits", note, &[])
    }

    /// Incidents, newest first, below `before`.
    pub async fn incidents(&self, before: i64, limit: i64) -> Result<Vec<Incident>, InboxError> {
        let values = vec![self.bot.0.into(), before.into(), limit.into()];
        let list = vec![statement("INCIDENTS", values)];
        let rows = self.trip("list incidents", list).await?;
        Ok(rows.into_iter().map(Incident::from).collect())
    }

    /// Reads everything about the webhook, in one trip behind other statements.
    fn then_guarded(
        &self,
        doing: &'static str,
        mut statements: Vec<Statement>,
    ) -> Boxed<'_, Result<Guarded, InboxError>> {
        statements.push(self.about_bot("GUARDED"));
        let rows = self.trip(doing, statements);
        Box::pin(async { Ok(first(rows.await?).map(Guarded::from).unwrap_or_default()) })
    }

    fn end_of_incident(&self, outcome: &str) -> Statement {
        let values = vec![self.bot.0.into(), outcome.into()];
        statement("END_INCIDENT", values)
    }
}

impl Guarded {
    /// How the webhook differs from what was asked for.
    pub fn drift(&self, wanted: &WantedWebhook, actual: &WebhookInfo) -> Option<Drift> {
        let times = (self.set_at, self.refused_at);
        Drift::of(wanted, self.taken.as_ref(), times, actual)
    }
}

impl From<Row> for Guarded {
    fn from(mut row: Row) -> Self {
        let mut secret = |column| row.text_or_null(column).map(Secret::new);
        let (present, next) = (secret(2), secret(3));
        Self {
            wanted: WantedWebhook::of(&row.text(0)),
            taken: WebhookInfo::of(&row.text(1)).ok(),
            secret: present,
            next_secret: next,
            set_at: row.integer(4),
            confirmed_at: row.integer(5),
            restores: row.integer(6),
            restored_at: row.integer(7),
            restore_after: row.integer(8),
            probed_until: row.integer(9),
            waiting: row.integer(10),
            refused_at: row.integer(11),
            has_incident: row.integer(12) != 0,
            now: row.integer(13),
        }
    }
}

impl From<Row> for Condition {
    fn from(row: Row) -> Self {
        Self {
            newest_ms: row.integer_or_null(0),
            oldest_open_ms: row.integer_or_null(1),
            dead: row.integer(2),
            quarantined: row.integer(3),
            parked: row.integer(4),
            failed: row.integer(5),
            incidents: row.integer(6),
            other_bots: row.integer(7),
            cron_ms: row.integer_or_null(8),
        }
    }
}

impl From<Row> for Gap {
    fn from(mut row: Row) -> Self {
        Self {
            after: row.integer(0),
            before: row.integer(1),
            from: row.text(2),
            until: row.text(3),
        }
    }
}

impl From<Row> for Incident {
    fn from(mut row: Row) -> Self {
        Self {
            seq: row.integer(0),
            at: row.integer(1),
            drift: row.text(2),
            wanted: row.text(3),
            snapshot: row.text(4),
            ended_at: row.integer_or_null(5),
            outcome: row.text_or_null(6),
            error: row.text_or_null(7),
            began: row.text(8),
        }
    }
}
