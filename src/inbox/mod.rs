//! The inbox: where updates are kept, with their plans and sessions, from the first byte to the last call.

pub mod database;
pub mod statements;
pub mod webhook;

use std::cell::Cell;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::delivery::inbox::State;
use crate::delivery::outbox::PlannedCall;
use crate::inbox::database::{Database, DatabaseError, Row, Statement, Value};
use crate::json::{elements, text_of};
use crate::secret::{hex, sha256};
use crate::session::Session;
use crate::telegram::ids::{BotId, ChatId, UpdateId};
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

/// A periodic task whose last run is noted.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    /// The cron tick, each minute.
    Cron,
}

/// What became of an update that was to be recorded.
#[derive(Debug)]
pub enum Recorded {
    /// It is new (or was left behind), and it is ours to work on.
    Ours(Claimed, Session),
    /// It is kept, and somebody else works on it or on an earlier one of its lane.
    Waiting,
    /// It was here before and is finished, with the calls that were planned for it.
    Finished(Vec<PlannedCall>),
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

/// How many rows are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCount {
    /// The state.
    pub state: State,
    /// How many rows.
    pub rows: i64,
}

/// An update as the operator sees it.
#[derive(Debug, Serialize)]
pub struct ListedUpdate {
    /// Its place in the order of arrival; a page ends before one.
    #[serde(skip)]
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
    /// The planned calls and what became of each. Only where one update is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<Box<RawValue>>,
    /// What arrived, as it arrived; as a JSON text where it is no JSON. Only where one update is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
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
        let [recorded, session] = self
            .trip(DOING, [record, self.session(session_key)])
            .await?;
        let Some(mut row) = first(recorded) else {
            return self.claim_again(&update, &sha256, session_key).await;
        };
        let state = state_of(DOING, &mut row, 2)?;
        if state == State::Stored {
            return Ok(Recorded::Waiting);
        }
        let claimed = Claimed {
            seq: row.integer(0),
            lane,
            state,
            attempts: 1,
            fence: row.integer(1),
            is_useful: true,
            plan: Vec::new(),
            update,
        };
        Ok(Recorded::Ours(claimed, stored_session(session)))
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
        let statements = [claim, look, self.session(session_key)];
        let [claimed, found, session] = self.trip(DOING, statements).await?;
        if let Some(claimed) = self::claimed(claimed)? {
            return Ok(Recorded::Ours(claimed, stored_session(session)));
        }
        let Some(mut row) = first(found) else {
            return Err(broken(DOING, "it is neither new nor known"));
        };
        Ok(match state_of(DOING, &mut row, 0)? {
            State::Stored | State::Leased => Recorded::Waiting,
            _ => Recorded::Finished(plan_of(row.text_or_null(1))),
        })
    }

    /// Keeps a body that is no update. What is no text is kept in hexadecimal.
    pub async fn quarantine(&self, body: &[u8], why: &str) -> Result<UpdateId, InboxError> {
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
        let [rows] = self
            .trip(DOING, [statement(statements::QUARANTINE, values)])
            .await?;
        let row = first(rows).ok_or_else(|| broken(DOING, "no row came back"))?;
        Ok(UpdateId(row.integer(0)))
    }

    /// Claims the oldest unfinished update that is due.
    pub async fn claim_unfinished(&self) -> Result<Option<Claimed>, InboxError> {
        let claim = statement(statements::CLAIM_UNFINISHED, vec![self.bot.0.into()]);
        let [rows] = self.trip("claim unfinished work", [claim]).await?;
        claimed(rows)
    }

    /// Loads a session.
    pub async fn load_session(&self, key: Option<&str>) -> Result<Session, InboxError> {
        let [rows] = self.trip("load the session", [self.session(key)]).await?;
        Ok(stored_session(rows))
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
        let closes = open == Open::Closed;
        let mut values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            text_of(&plan).into(),
        ];
        let change = session.and_then(|(key, session)| Some((key, session, session.change()?)));
        let commit = if let Some((key, session, document)) = change {
            let written: [Value; 3] = [key.into(), (session.version() + 1).into(), document.into()];
            let mut session_values = vec![claimed.seq.into(), claimed.fence.into()];
            session_values.extend(written.clone());
            values.extend(written);
            statements.push(statement(statements::WRITE_SESSION, session_values));
            if closes {
                statements::COMMIT_AND_CLOSE_WITH_SESSION
            } else {
                statements::COMMIT_WITH_SESSION
            }
        } else if closes {
            statements::COMMIT_AND_CLOSE
        } else {
            statements::COMMIT
        };
        statements.push(statement(commit, values));
        statements.push(statement(statements::STANDING, vec![claimed.seq.into()]));
        let standing = statements.len() - 1;
        if closes {
            statements.push(self.claim_lane(&claimed.lane));
        }
        let mut rows = self.trip_twice(DOING, statements).await?;
        let next = rows.split_off(standing + 1).pop();
        let mine = rows.pop().and_then(first).is_some_and(|mut row| {
            row.text(0) == State::Done.name() && row.integer(1) == claimed.fence
        });
        if !mine {
            return Ok(Committed::No);
        }
        Ok(Committed::Yes(
            next.map(self::claimed).transpose()?.flatten(),
        ))
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
        let values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            text_of(&plan).into(),
            (open as i64).into(),
            wait_ms.into(),
            error.into(),
        ];
        let settle = statement(statements::SETTLE, values);
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
        let end = statement(statements::END, values);
        self.then_next(claimed, "end the update", end).await
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
        let release = statement(statements::RELEASE, values);
        let [_] = self.trip("give the update back", [release]).await?;
        Ok(())
    }

    /// Writes down that calls are about to be made again. `false`: the row is no longer ours.
    pub async fn resume(
        &self,
        claimed: &Claimed,
        plan: &[PlannedCall],
    ) -> Result<bool, InboxError> {
        let values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            text_of(&plan).into(),
        ];
        let resume = statement(statements::RESUME, values);
        let [rows] = self.trip("resume the calls", [resume]).await?;
        Ok(!rows.is_empty())
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
        let [rows] = self
            .trip(DOING, [statement(statements::LIST, values)])
            .await?;
        rows.into_iter().map(|row| listed(DOING, row)).collect()
    }

    /// One update with its calls and its body: the newest of this number.
    pub async fn show(&self, update: UpdateId) -> Result<Option<ListedUpdate>, InboxError> {
        const DOING: &str = "show an update";
        let values = vec![self.bot.0.into(), update.0.into()];
        let [rows] = self
            .trip(DOING, [statement(statements::SHOW, values)])
            .await?;
        first(rows).map(|row| listed(DOING, row)).transpose()
    }

    /// How many updates are in which state.
    pub async fn count(&self) -> Result<Vec<StateCount>, InboxError> {
        const DOING: &str = "count updates";
        let count = statement(statements::COUNT, vec![self.bot.0.into()]);
        let [rows] = self.trip(DOING, [count]).await?;
        let counts = rows.into_iter().map(|mut row| {
            Ok(StateCount {
                state: state_of(DOING, &mut row, 0)?,
                rows: row.integer(1),
            })
        });
        counts.collect()
    }

    /// Removes what is older than `keep_hours`, a bite at a time.
    pub async fn forget_old(&self, keep_hours: i64) -> Result<(), InboxError> {
        let values = vec![
            self.bot.0.into(),
            (keep_hours * 3_600_000).into(),
            KEEP_FAILED_MS.into(),
        ];
        let forget = statement(statements::FORGET, values);
        let [_] = self.trip("forget old updates", [forget]).await?;
        Ok(())
    }

    /// Notes that a periodic task ran.
    pub async fn beat(&self, task: Task) -> Result<(), InboxError> {
        let beat = statement(statements::BEAT, vec![task.name().into()]);
        let [_] = self.trip("note the heartbeat", [beat]).await?;
        Ok(())
    }

    /// How long ago a periodic task ran, in milliseconds.
    pub async fn since_beat(&self, task: Task) -> Result<Option<i64>, InboxError> {
        let since = statement(statements::SINCE_BEAT, vec![task.name().into()]);
        let [rows] = self.trip("read the heartbeat", [since]).await?;
        Ok(first(rows).map(|row| row.integer(0)))
    }

    async fn then_next(
        &self,
        claimed: &Claimed,
        doing: &'static str,
        ending: Statement,
    ) -> Result<Option<Claimed>, InboxError> {
        let statements = vec![ending, self.claim_lane(&claimed.lane)];
        let mut rows = self.trip_twice(doing, statements).await?;
        self::claimed(rows.pop().unwrap_or_default())
    }

    fn claim_lane(&self, lane: &str) -> Statement {
        statement(statements::CLAIM_LANE, vec![self.bot.0.into(), lane.into()])
    }

    fn session(&self, key: Option<&str>) -> Statement {
        statement(statements::SESSION, vec![self.bot.0.into(), key.into()])
    }

    /// One trip, with as many answers as statements.
    async fn trip<const N: usize>(
        &self,
        doing: &'static str,
        statements: [Statement; N],
    ) -> Result<[Vec<Row>; N], InboxError> {
        let rows = self.send(doing, &statements).await?;
        rows.try_into()
            .map_err(|_| broken(doing, "some statements were not answered"))
    }

    /// One trip, and once more when its answer was lost. For statements whose second run does no harm.
    async fn trip_twice(
        &self,
        doing: &'static str,
        statements: Vec<Statement>,
    ) -> Result<Vec<Vec<Row>>, InboxError> {
        match self.send(doing, &statements).await {
            Ok(rows) => Ok(rows),
            Err(_) => self.send(doing, &statements).await,
        }
    }

    async fn send(
        &self,
        doing: &'static str,
        statements: &[Statement],
    ) -> Result<Vec<Vec<Row>>, InboxError> {
        let batch = self.database.batch(statements).await;
        let mut cost = self.cost.get();
        cost.trips += 1;
        cost.rows_written += batch.as_ref().map_or(0, |batch| batch.rows_written);
        self.cost.set(cost);
        match batch {
            Ok(batch) => Ok(batch.rows),
            Err(DatabaseError(cause)) => Err(InboxError { doing, cause }),
        }
    }
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Self::Cron => "cron",
        }
    }
}

fn statement(sql: &'static str, values: Vec<Value>) -> Statement {
    Statement { sql, values }
}

fn first(rows: Vec<Row>) -> Option<Row> {
    rows.into_iter().next()
}

/// Reads a row that a claim brought.
fn claimed(rows: Vec<Row>) -> Result<Option<Claimed>, InboxError> {
    const DOING: &str = "read a claimed update";
    let Some(mut row) = first(rows) else {
        return Ok(None);
    };
    let body = row.text(7);
    let update =
        Update::parse(body.as_bytes()).map_err(|unusable| broken(DOING, &unusable.to_string()))?;
    Ok(Some(Claimed {
        seq: row.integer(0),
        lane: row.text(1),
        state: state_of(DOING, &mut row, 2)?,
        attempts: row.integer(3),
        fence: row.integer(4),
        is_useful: row.integer(5) != 0,
        plan: plan_of(row.text_or_null(6)),
        update,
    }))
}

/// Reads a row of the list, or of one shown update, which has two columns more.
fn listed(doing: &'static str, mut row: Row) -> Result<ListedUpdate, InboxError> {
    let calls = row
        .text_or_null(9)
        .and_then(|plan| RawValue::from_string(plan).ok());
    let body = row.text_or_null(10).map(|body| {
        let as_text = text_of(&body);
        RawValue::from_string(body)
            .or_else(|_| RawValue::from_string(as_text))
            .unwrap_or_default()
    });
    Ok(ListedUpdate {
        seq: row.integer(0),
        update_id: UpdateId(row.integer(1)),
        kind: row.text(2),
        lane: row.text(3),
        chat_id: row.integer_or_null(4).map(ChatId),
        state: state_of(doing, &mut row, 5)?,
        attempts: row.integer(6),
        received_at: row.integer(7),
        error: row.text_or_null(8),
        calls,
        body,
    })
}

fn state_of(doing: &'static str, row: &mut Row, column: usize) -> Result<State, InboxError> {
    State::from_name(&row.text(column))
        .ok_or_else(|| broken(doing, "a state has a name nobody knows"))
}

fn stored_session(rows: Vec<Row>) -> Session {
    first(rows).map_or_else(Session::default, |mut row| {
        Session::stored(row.integer(0), &row.text(1))
    })
}

fn plan_of(plan: Option<String>) -> Vec<PlannedCall> {
    let plan = plan.unwrap_or_default();
    let calls = elements(&plan).unwrap_or_default();
    calls.into_iter().filter_map(PlannedCall::of).collect()
}

fn broken(doing: &'static str, cause: &str) -> InboxError {
    InboxError {
        doing,
        cause: cause.to_owned(),
    }
}
