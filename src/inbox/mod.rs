//! The inbox: where updates are kept, with their plans and sessions, from the first byte to the last call.

pub mod database;
pub mod statements;
pub mod webhook;

use std::cell::Cell;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::delivery::inbox::State;
use crate::delivery::outbox::PlannedCall;
use crate::inbox::database::{Database, DatabaseError, Statement, Value};
use crate::secret::{hex, sha256};
use crate::session::Session;
use crate::telegram::ids::{BotId, ChatId, UpdateId};
use crate::telegram::json;
use crate::telegram::update::Update;

/// How long dead and quarantined updates are kept, in milliseconds.
const KEEP_FAILED_MS: i64 = 30 * 24 * 3600 * 1000;

/// The inbox of one bot.
pub struct Inbox<D> {
    database: D,
    bot: BotId,
    cost: Cell<Cost>,
}

/// What a visit cost the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Trips to the database.
    pub trips: u64,
    /// Rows written, as it bills them.
    pub rows_written: u64,
}

/// The database did not do what it was asked. Nobody branches on why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {doing}: {cause}")]
pub struct InboxError {
    /// What was being done.
    pub doing: &'static str,
    /// Why it failed.
    pub cause: String,
}

/// What became of an update that was to be recorded.
#[derive(Debug)]
pub enum Recorded {
    /// It is new (or was left behind), and it is ours to work on.
    Ours(Claimed, Session),
    /// It is kept, and somebody else works on it or on an earlier one of its lane.
    Waiting,
    /// It was here before and is finished, with the calls that were planned for it.
    Finished(State, Vec<PlannedCall>),
}

/// Whether a plan was committed.
#[derive(Debug)]
pub enum Committed {
    /// It was. With nothing left to do on the row, the next update of its lane is claimed too, if there is one.
    Yes(Option<Claimed>),
    /// It was not, because somebody else claimed the row or wrote the session.
    No,
}

/// A row that is ours for the length of a lease.
#[derive(Debug)]
pub struct Claimed {
    /// Its place in the order of arrival.
    pub seq: i64,
    /// Its lane.
    pub lane: String,
    /// Its state.
    pub state: State,
    /// How often a handler was started for it, this time included.
    pub attempts: i64,
    /// The number of the claim. Whoever claims it later has a higher one.
    pub fence: i64,
    /// Whether an answer is still worth giving.
    pub is_useful: bool,
    /// The calls that are committed already.
    pub plan: Vec<PlannedCall>,
    /// The update.
    pub update: Update,
}

/// A claimed row as the database tells it.
#[derive(Deserialize)]
struct ClaimedRow {
    seq: i64,
    lane: String,
    state: State,
    attempts: i64,
    fence: i64,
    useful_for_ms: i64,
    plan: Option<String>,
    body: String,
}

#[derive(Deserialize)]
struct RecordedRow {
    seq: i64,
    fence: i64,
    state: State,
}

#[derive(Deserialize)]
struct LookRow {
    state: State,
    plan: Option<String>,
}

#[derive(Deserialize)]
struct SessionRow {
    version: i64,
    document: String,
}

#[derive(Deserialize)]
struct StandingRow {
    state: State,
    fence: i64,
}

/// How many rows are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StateCount {
    /// The state.
    pub state: State,
    /// How many rows.
    pub rows: i64,
}

/// An update as the operator sees it.
#[derive(Debug, Deserialize, Serialize)]
pub struct ListedUpdate {
    /// Its place in the order of arrival; a page ends before one.
    #[serde(skip_serializing)]
    pub seq: i64,
    /// Telegram's number, or a negative one for a body that gave none.
    pub update_id: UpdateId,
    /// Its kind.
    pub kind: String,
    /// Its lane.
    pub lane: String,
    /// Its chat, where there is one.
    pub chat_id: Option<ChatId>,
    /// Its state.
    pub state: State,
    /// How often a handler was started for it.
    pub attempts: i64,
    /// When it arrived, in milliseconds since 1970.
    pub received_at: i64,
    /// What went wrong last.
    pub error: Option<String>,
}

/// An update with its body and its plan, for the operator.
#[derive(Debug, Deserialize)]
pub struct ShownUpdate {
    /// What the list shows.
    #[serde(flatten)]
    pub listed: ListedUpdate,
    /// The planned calls and what became of each, a JSON text.
    pub plan: Option<String>,
    /// What arrived. In hexadecimal where it is no text.
    pub body: String,
}

/// What is left to do on a row after its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Open {
    /// Nothing.
    Closed = 0,
    /// Something, and its lane waits.
    HoldsLane = 1,
    /// Something, but its lane goes on.
    LetsLaneGo = 2,
}

impl<D: Database> Inbox<D> {
    /// The inbox of `bot` in `database`.
    pub fn new(database: D, bot: BotId) -> Self {
        Self {
            database,
            bot,
            cost: Cell::default(),
        }
    }

    /// What it cost so far.
    pub fn cost(&self) -> Cost {
        self.cost.get()
    }

    /// Keeps an update and claims it where its lane is free, or learns what became of it before.
    pub async fn record(
        &self,
        update: Update,
        session_key: Option<&str>,
        useful_seconds: i64,
    ) -> Result<Recorded, InboxError> {
        const DOING: &str = "record the update";
        let sha256 = hex(&sha256(update.raw().as_bytes()));
        let lane = update.lane();
        let record = statement(
            statements::RECORD,
            vec![
                self.bot.0.into(),
                update.id.0.into(),
                sha256.as_str().into(),
                update.kind.as_str().into(),
                lane.as_str().into(),
                update.chat().map(|chat| chat.id.0).into(),
                (useful_seconds * 1000).into(),
                update.raw().into(),
            ],
        );
        let rows = self
            .trip(DOING, vec![record, self.session(session_key)])
            .await?;
        let Some(row) = first::<RecordedRow>(DOING, &rows[0])? else {
            return self.claim_again(&update, &sha256, session_key).await;
        };
        if row.state == State::Stored {
            return Ok(Recorded::Waiting);
        }
        let session = stored_session(&rows[1])?;
        let claimed = Claimed {
            seq: row.seq,
            lane,
            state: row.state,
            attempts: 1,
            fence: row.fence,
            is_useful: true,
            plan: Vec::new(),
            update,
        };
        Ok(Recorded::Ours(claimed, session))
    }

    /// Claims an update that was here before, if it is unfinished and nobody is at it.
    async fn claim_again(
        &self,
        update: &Update,
        sha256: &str,
        session_key: Option<&str>,
    ) -> Result<Recorded, InboxError> {
        const DOING: &str = "look at a repeated update";
        let key = || vec![self.bot.0.into(), update.id.0.into(), sha256.into()];
        let claim = statement(statements::CLAIM_UPDATE, key());
        let look = statement(statements::LOOK, key());
        let rows = self
            .trip(DOING, vec![claim, look, self.session(session_key)])
            .await?;
        if let Some(claimed) = claimed(&rows[0])? {
            return Ok(Recorded::Ours(claimed, stored_session(&rows[2])?));
        }
        match first::<LookRow>(DOING, &rows[1])? {
            Some(row) if matches!(row.state, State::Stored | State::Leased) => {
                Ok(Recorded::Waiting)
            }
            Some(row) => Ok(Recorded::Finished(row.state, plan_of(row.plan.as_deref()))),
            None => Err(broken(DOING, "it is neither new nor known")),
        }
    }

    /// Keeps a body that is no update. What is no text is kept in hexadecimal.
    pub async fn quarantine(&self, body: &[u8], why: &str) -> Result<UpdateId, InboxError> {
        #[derive(Deserialize)]
        struct Row {
            update_id: UpdateId,
        }
        const DOING: &str = "quarantine a body";
        let text = match std::str::from_utf8(body) {
            Ok(text) if !text.contains('\0') => text.to_owned(),
            _ => hex(body),
        };
        let values = vec![
            self.bot.0.into(),
            hex(&sha256(body)).into(),
            why.into(),
            text.into(),
        ];
        let rows = self
            .trip(DOING, vec![statement(statements::QUARANTINE, values)])
            .await?;
        let row = first::<Row>(DOING, &rows[0])?;
        row.map(|row| row.update_id)
            .ok_or_else(|| broken(DOING, "no row came back"))
    }

    /// Claims the oldest unfinished update that is due.
    pub async fn claim_unfinished(&self) -> Result<Option<Claimed>, InboxError> {
        const DOING: &str = "claim unfinished work";
        let values = vec![self.bot.0.into()];
        let rows = self
            .trip(DOING, vec![statement(statements::CLAIM_UNFINISHED, values)])
            .await?;
        claimed(&rows[0])
    }

    /// Loads a session.
    pub async fn load_session(&self, key: Option<&str>) -> Result<Session, InboxError> {
        let rows = self
            .trip("load the session", vec![self.session(key)])
            .await?;
        stored_session(&rows[0])
    }

    /// Commits a plan with its session.
    ///
    /// A lost answer is not taken for a failure: the batch is sent once more, and the row itself tells who committed it.
    pub async fn commit(
        &self,
        claimed: &Claimed,
        plan: &[PlannedCall],
        open: Open,
        session: Option<(&str, &Session)>,
    ) -> Result<Committed, InboxError> {
        const DOING: &str = "commit the plan";
        let mut statements = Vec::with_capacity(4);
        let mut values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            json(&plan).into(),
            (open as i64).into(),
        ];
        let change = session.and_then(|(key, session)| Some((key, session, session.change()?)));
        if let Some((key, session, document)) = change {
            let written: [Value; 3] = [key.into(), (session.version() + 1).into(), document.into()];
            let mut session_values = vec![claimed.seq.into(), claimed.fence.into()];
            session_values.extend(written.clone());
            values.extend(written);
            statements.push(statement(statements::WRITE_SESSION, session_values));
            statements.push(statement(statements::COMMIT_WITH_SESSION, values));
        } else {
            statements.push(statement(statements::COMMIT, values));
        }
        statements.push(statement(statements::STANDING, vec![claimed.seq.into()]));
        let standing_at = statements.len() - 1;
        if open == Open::Closed {
            statements.push(self.claim_lane(&claimed.lane));
        }
        let rows = self.trip_twice(DOING, statements).await?;
        let standing = first::<StandingRow>(DOING, &rows[standing_at])?;
        let is_committed =
            standing.is_some_and(|row| row.state == State::Done && row.fence == claimed.fence);
        if !is_committed {
            return Ok(Committed::No);
        }
        let next = rows.get(standing_at + 1).map(|rows| self::claimed(rows));
        Ok(Committed::Yes(next.transpose()?.flatten()))
    }

    /// Writes down what became of the calls, lets go of the row, and claims the next of its lane where that is free now.
    pub async fn settle(
        &self,
        claimed: &Claimed,
        plan: &[PlannedCall],
        open: Open,
        wait_ms: i64,
        error: Option<String>,
    ) -> Result<Option<Claimed>, InboxError> {
        let settle = statement(
            statements::SETTLE,
            vec![
                claimed.seq.into(),
                claimed.fence.into(),
                json(&plan).into(),
                (open as i64).into(),
                wait_ms.into(),
                error.into(),
            ],
        );
        self.then_next(claimed, "settle the calls", settle).await
    }

    /// Ends a row without a plan, and claims the next of its lane.
    pub async fn end(
        &self,
        claimed: &Claimed,
        state: State,
        error: &str,
    ) -> Result<Option<Claimed>, InboxError> {
        let values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            state.name().into(),
            error.into(),
        ];
        self.then_next(
            claimed,
            "end the update",
            statement(statements::END, values),
        )
        .await
    }

    /// Gives a row back, to be handled after a while.
    pub async fn release(
        &self,
        claimed: &Claimed,
        wait_ms: i64,
        error: &str,
    ) -> Result<(), InboxError> {
        let values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            wait_ms.into(),
            error.into(),
        ];
        self.trip(
            "give the update back",
            vec![statement(statements::RELEASE, values)],
        )
        .await?;
        Ok(())
    }

    /// Writes down that calls are about to be made again. `false`: the row is no longer ours.
    pub async fn resume(
        &self,
        claimed: &Claimed,
        plan: &[PlannedCall],
    ) -> Result<bool, InboxError> {
        let values = vec![claimed.seq.into(), claimed.fence.into(), json(&plan).into()];
        let rows = self
            .trip(
                "resume the calls",
                vec![statement(statements::RESUME, values)],
            )
            .await?;
        Ok(!rows[0].is_empty())
    }

    /// Updates, newest first, below `before` in the order of arrival.
    pub async fn list(
        &self,
        state: Option<State>,
        before: i64,
        limit: i64,
    ) -> Result<Vec<ListedUpdate>, InboxError> {
        const DOING: &str = "list updates";
        let values = vec![
            self.bot.0.into(),
            before.into(),
            state.map(State::name).into(),
            limit.into(),
        ];
        let rows = self
            .trip(DOING, vec![statement(statements::LIST, values)])
            .await?;
        all(DOING, &rows[0])
    }

    /// One update with its body: the newest of this number.
    pub async fn show(&self, update: UpdateId) -> Result<Option<ShownUpdate>, InboxError> {
        const DOING: &str = "show an update";
        let values = vec![self.bot.0.into(), update.0.into()];
        let rows = self
            .trip(DOING, vec![statement(statements::SHOW, values)])
            .await?;
        first(DOING, &rows[0])
    }

    /// How many updates are in which state.
    pub async fn count(&self) -> Result<Vec<StateCount>, InboxError> {
        const DOING: &str = "count updates";
        let values = vec![self.bot.0.into()];
        let rows = self
            .trip(DOING, vec![statement(statements::COUNT, values)])
            .await?;
        all(DOING, &rows[0])
    }

    /// Removes what is older than `keep_hours`, a bite at a time.
    pub async fn forget_old(&self, keep_hours: i64) -> Result<(), InboxError> {
        let values = vec![
            self.bot.0.into(),
            (keep_hours * 3_600_000).into(),
            KEEP_FAILED_MS.into(),
        ];
        self.trip(
            "forget old updates",
            vec![statement(statements::FORGET, values)],
        )
        .await?;
        Ok(())
    }

    /// Notes that a periodic task ran.
    pub async fn beat(&self, task: &str) -> Result<(), InboxError> {
        let values = vec![task.into()];
        self.trip(
            "note the heartbeat",
            vec![statement(statements::BEAT, values)],
        )
        .await?;
        Ok(())
    }

    /// How long ago a periodic task ran, in milliseconds.
    pub async fn since_beat(&self, task: &str) -> Result<Option<i64>, InboxError> {
        #[derive(Deserialize)]
        struct Row {
            age_ms: i64,
        }
        const DOING: &str = "read the heartbeat";
        let values = vec![task.into()];
        let rows = self
            .trip(DOING, vec![statement(statements::SINCE_BEAT, values)])
            .await?;
        Ok(first::<Row>(DOING, &rows[0])?.map(|row| row.age_ms))
    }

    async fn then_next(
        &self,
        claimed: &Claimed,
        doing: &'static str,
        ending: Statement,
    ) -> Result<Option<Claimed>, InboxError> {
        let next = self.claim_lane(&claimed.lane);
        let rows = self.trip_twice(doing, vec![ending, next]).await?;
        self::claimed(&rows[1])
    }

    fn claim_lane(&self, lane: &str) -> Statement {
        statement(statements::CLAIM_LANE, vec![self.bot.0.into(), lane.into()])
    }

    fn session(&self, key: Option<&str>) -> Statement {
        statement(statements::SESSION, vec![self.bot.0.into(), key.into()])
    }

    /// One trip, and once more when its answer was lost. For statements whose second run does no harm.
    async fn trip_twice(
        &self,
        doing: &'static str,
        statements: Vec<Statement>,
    ) -> Result<Vec<Vec<String>>, InboxError> {
        match self.trip(doing, statements.clone()).await {
            Ok(rows) => Ok(rows),
            Err(_) => self.trip(doing, statements).await,
        }
    }

    async fn trip(
        &self,
        doing: &'static str,
        statements: Vec<Statement>,
    ) -> Result<Vec<Vec<String>>, InboxError> {
        let expected = statements.len();
        let mut cost = self.cost.get();
        cost.trips += 1;
        self.cost.set(cost);
        let batch = self.database.batch(&statements).await;
        let batch = batch.map_err(|DatabaseError(cause)| InboxError { doing, cause })?;
        cost = self.cost.get();
        cost.rows_written += batch.rows_written;
        self.cost.set(cost);
        if batch.rows.len() != expected {
            return Err(broken(
                doing,
                "the database answered fewer statements than it was sent",
            ));
        }
        Ok(batch.rows)
    }
}

impl From<ClaimedRow> for Option<Claimed> {
    fn from(row: ClaimedRow) -> Self {
        Some(Claimed {
            update: Update::parse(row.body.as_bytes()).ok()?,
            plan: plan_of(row.plan.as_deref()),
            seq: row.seq,
            lane: row.lane,
            state: row.state,
            attempts: row.attempts,
            fence: row.fence,
            is_useful: row.useful_for_ms > 0,
        })
    }
}

impl ShownUpdate {
    /// What arrived, as JSON: the text itself where it is JSON, else as a JSON text.
    pub fn body_as_json(&self) -> Box<RawValue> {
        RawValue::from_string(self.body.clone())
            .or_else(|_| RawValue::from_string(json(&self.body)))
            .unwrap_or_default()
    }
}

fn statement(sql: &'static str, values: Vec<Value>) -> Statement {
    Statement { sql, values }
}

fn claimed(rows: &[String]) -> Result<Option<Claimed>, InboxError> {
    const DOING: &str = "read a claimed update";
    match first::<ClaimedRow>(DOING, rows)? {
        None => Ok(None),
        Some(row) => Option::from(row)
            .map(Some)
            .ok_or_else(|| broken(DOING, "its body cannot be read")),
    }
}

fn stored_session(rows: &[String]) -> Result<Session, InboxError> {
    let row = first::<SessionRow>("read the session", rows)?;
    Ok(row.map_or_else(Session::default, |row| {
        Session::stored(row.version, &row.document)
    }))
}

fn plan_of(plan: Option<&str>) -> Vec<PlannedCall> {
    plan.and_then(|plan| serde_json::from_str(plan).ok())
        .unwrap_or_default()
}

fn first<T: DeserializeOwned>(
    doing: &'static str,
    rows: &[String],
) -> Result<Option<T>, InboxError> {
    rows.first().map(|row| read(doing, row)).transpose()
}

fn all<T: DeserializeOwned>(doing: &'static str, rows: &[String]) -> Result<Vec<T>, InboxError> {
    rows.iter().map(|row| read(doing, row)).collect()
}

fn read<T: DeserializeOwned>(doing: &'static str, row: &str) -> Result<T, InboxError> {
    serde_json::from_str(row)
        .map_err(|error| broken(doing, &format!("a row has another shape: {error}")))
}

fn broken(doing: &'static str, cause: &str) -> InboxError {
    InboxError {
        doing,
        cause: cause.to_owned(),
    }
}
