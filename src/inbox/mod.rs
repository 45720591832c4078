//! The inbox: where updates are kept, with their plans and sessions, from the first byte to the last call.

pub mod alerts;
pub mod database;
pub mod feeds;
pub mod guard;
pub mod listing;
pub mod outbox;
pub mod webhook;

use std::cell::{Cell, OnceCell};
use std::mem;
use std::rc::Rc;
use std::slice;

use crate::alert::Alert;
use crate::delivery::inbox::{Standing, State, held_max_ms, useful_seconds};
use crate::delivery::outbox::{CallState, Gate, PlannedCall};
use crate::inbox::database::{Database, DatabaseError, Row, Statement, Value};
use crate::json::{array_of, elements, list_of, text_of};
use crate::secret::{Sha256Digest, hex, sha256};
use crate::session::Session;
use crate::telegram::ids::{BotId, UpdateId};
use crate::telegram::update::{Unusable, Update};
use crate::visit::Boxed;

/// The pauses between the tries of a trip that must succeed, in milliseconds. D1 asks its clients to try again.
///
/// Together nearly the time a visit has from its last start to its hard stop: a database that fails one time in five fails eleven
/// times in a row once in fifty million.
const PAUSES_MS: [u32; 10] = [50, 100, 200, 400, 800, 1_000, 1_500, 2_000, 2_000, 2_000];

/// The same before an update is ours: Telegram waits for its answer, and brings it again.
const SHORT_PAUSES_MS: [u32; 2] = [50, 200];

/// How many bytes of bodies one statement may bring. D1 takes 2 MB a value.
const BODIES_BYTES_MAX: usize = 1 << 20;

/// How long updates are kept that somebody may want to look into: dead, quarantined, or with a parked call. In milliseconds.
const KEEP_FAILED_MS: i64 = 30 * 24 * 3600 * 1000;

/// After how many milliseconds without a cron the worker counts as ill.
pub const CRON_AGE_MAX_MS: i64 = 5 * 60 * 1000;

/// How long incidents that are over are kept, in milliseconds.
const KEEP_INCIDENTS_MS: i64 = 90 * 24 * 3600 * 1000;

/// The inbox of one bot.
pub struct Inbox<D> {
    database: D,
    bot: BotId,
    /// Whose claims these are: a random name for the visit, made when it first claims; NULL where there is no chance.
    visit: OnceCell<Value>,
    cost: Cell<Cost>,
    totals: Rc<Costs>,
    is_for_delivery: Cell<bool>,
}

/// What a visit cost the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Trips to the database.
    pub trips: u64,
    /// Rows written, as it bills them.
    pub rows_written: u64,
}

/// What all visits of an isolate cost the database.
#[derive(Debug, Default)]
pub struct Costs {
    /// Those that bring updates.
    pub of_updates: Cell<Cost>,
    /// Cron, operators, and the readers of feeds.
    pub of_others: Cell<Cost>,
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
    /// It is older than anything Telegram brings. It is kept, and not answered.
    TooOld,
    /// It is kept for the main feed, and is not ours to handle.
    Fed,
}

/// Whether a plan was committed.
#[derive(Debug)]
pub enum Committed {
    /// It was.
    Yes {
        /// A row that was claimed besides, where the commit left nothing to do on its own.
        next: Option<Claimed>,
        /// The gates that are closed.
        gates: Vec<Gate>,
    },
    /// It was not, because it was to travel in the answer to a delivery, and Telegram has been answered already.
    AnsweredAlready,
    /// It was not, because somebody else claimed the row or wrote the session.
    No,
}

/// Whose row a visit may claim when it is done with its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody's.
    Nothing,
    /// The next of the same lane.
    Lane,
    /// The next of the same lane, else the oldest that is due.
    Anywhere,
}

/// A row that is ours for the length of a lease.
#[derive(Debug)]
pub struct Claimed {
    /// Its place in the order of arrival.
    pub seq: i64,
    /// Its lane.
    pub lane: String,
    /// How it stands.
    pub standing: Standing,
    /// The number of the claim. Whoever claims it later has a higher one.
    pub fence: i64,
    /// The calls that are committed already.
    pub plan: Vec<PlannedCall>,
    /// The update, or why the kept body cannot be read (by this version of the worker).
    pub update: Result<Update, Unusable>,
}

/// An update that came through the queue.
#[derive(Debug)]
pub struct Queued {
    /// The update.
    pub update: Update,
    /// How long ago it came, in milliseconds.
    pub age_ms: i64,
}

/// What is written down after calls were made.
#[derive(Debug)]
pub struct Settlement<'a> {
    /// The calls and what became of each.
    pub plan: &'a [PlannedCall],
    /// What is left to do.
    pub open: Open,
    /// How long to wait until then, in milliseconds.
    pub wait_ms: i64,
    /// What went wrong, for the operator.
    pub error: Option<String>,
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
    /// The inbox of `bot` in `database`, whose cost counts up one of `totals` as well.
    pub fn new(database: D, bot: BotId, totals: Rc<Costs>) -> Self {
        Self {
            database,
            bot,
            visit: OnceCell::new(),
            cost: Cell::default(),
            totals,
            is_for_delivery: Cell::default(),
        }
    }

    /// What it cost so far.
    pub fn cost(&self) -> Cost {
        self.cost.get()
    }

    /// From here on the cost is that of an update's delivery.
    pub fn serves_delivery(&self) {
        self.is_for_delivery.set(true);
    }

    /// Keeps an update and claims it where its lane is free, or learns what became of it before.
    pub async fn record(
        &self,
        update: Update,
        session_key: Option<&str>,
    ) -> Result<Recorded, InboxError> {
        const DOING: &str = "record the update";
        let sha256 = digest(&update);
        let lane = update.lane();
        let record = statement(
            "RECORD",
            vec![
                self.bot.0.into(),
                update.id.0.into(),
                sha256.as_str().into(),
                update.kind.as_str().into(),
                lane.as_str().into(),
                update.chat().map(|chat| chat.id.0).into(),
                (useful_seconds(&update.kind) * 1000).into(),
                update.raw().into(),
                update.made_at_ms().into(),
                self.visit(),
            ],
        );
        let statements = vec![record, self.session(session_key)];
        let rows = self.send(DOING, statements, &SHORT_PAUSES_MS).await?;
        let mut rows = rows.into_iter();
        let Some(mut row) = rows.next().and_then(first) else {
            return self.claim_again(&update, &sha256, session_key).await;
        };
        let state = state_of(DOING, &mut row, 2)?;
        Ok(match state {
            State::Leased => {
                let claimed = Claimed {
                    seq: row.integer(0),
                    lane,
                    standing: Standing {
                        state,
                        attempts: 1,
                        is_useful: true,
                        held_ms: 0,
                        held_max_ms: held_max_ms(&update.kind),
                    },
                    fence: row.integer(1),
                    plan: Vec::new(),
                    update: Ok(update),
                };
                Recorded::Ours(claimed, stored_session(rows.next().unwrap_or_default()))
            }
            State::Stored => Recorded::Waiting,
            State::Done => Recorded::Fed,
            _ => Recorded::TooOld,
        })
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
        let key_and_visit = || [key(), vec![self.visit()]].concat();
        let acknowledge = statement("ACKNOWLEDGE", key_and_visit());
        let claim = statement("CLAIM_UPDATE", key_and_visit());
        let look = statement("LOOK", key());
        let statements = vec![acknowledge, claim, look, self.session(session_key)];
        let rows = self.send(DOING, statements, &SHORT_PAUSES_MS).await?;
        let mut rows = rows.into_iter().skip(1);
        let claimed = self::claimed(rows.next().unwrap_or_default())?;
        let found = rows.next().and_then(first);
        if let Some(claimed) = claimed {
            return Ok(Recorded::Ours(
                claimed,
                stored_session(rows.next().unwrap_or_default()),
            ));
        }
        let Some(mut row) = found else {
            return Err(broken(DOING, "it is neither new nor known"));
        };
        Ok(match state_of(DOING, &mut row, 0)? {
            State::Stored | State::Leased => Recorded::Waiting,
            _ => Recorded::Finished(plan_of(row.text_or_null(1))),
        })
    }

    /// Keeps many updates at once, the oldest first, for whoever claims them. What is here already stays as it is.
    pub fn record_many(&self, updates: &[Queued]) -> Boxed<'_, Result<(), InboxError>> {
        let mut statements = Vec::new();
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for queued in updates {
            if bytes + queued.update.raw().len() > BODIES_BYTES_MAX && !rows.is_empty() {
                statements.push(self.record_rows(mem::take(&mut rows)));
                bytes = 0;
            }
            bytes += queued.update.raw().len();
            rows.push(queued.row());
        }
        statements.push(self.record_rows(rows));
        self.note("record many updates", statements, &[])
    }

    fn record_rows(&self, rows: Vec<String>) -> Statement {
        let rows = array_of(rows.into_iter());
        statement("RECORD_MANY", vec![self.bot.0.into(), rows.into()])
    }

    /// Keeps a body that is no update. What is no text is kept in hexadecimal.
    pub async fn quarantine(&self, body: &[u8], why: &str) -> Result<UpdateId, InboxError> {
        let text = match std::str::from_utf8(body) {
            Ok(text) if text.bytes().all(|byte| byte != 0) => text.to_owned(),
            _ => hex(body),
        };
        let digest = sha256(body);
        let id = number_of(digest);
        let key = || [self.bot.0.into(), id.0.into(), hex(&digest).into()];
        let with = |values: &[Value]| [&key(), values].concat();
        let statements = vec![
            statement(
                "ALERT_OF_QUARANTINE",
                with(&[Alert::Quarantined.name().into()]),
            ),
            statement("QUARANTINE", with(&[why.into(), text.into()])),
        ];
        self.note("quarantine a body", statements, &[]).await?;
        Ok(id)
    }

    /// Claims an unfinished update that is due: the next of a lane, or the oldest of any.
    pub async fn claim_unfinished(
        &self,
        lane: &str,
        reach: Reach,
    ) -> Result<Option<Claimed>, InboxError> {
        let claim = self.claim_next(lane, reach, None);
        let doing = "claim unfinished work";
        let rows = self.send(doing, vec![claim], &PAUSES_MS).await?;
        claimed(rows.into_iter().next().unwrap_or_default())
    }

    /// Loads the session for a row that is claimed already: without it the claim would come to nothing, and count as an attempt.
    pub async fn load_session(&self, key: &str) -> Result<Session, InboxError> {
        let session = vec![self.session(Some(key))];
        let mut rows = self.send("load the session", session, &PAUSES_MS).await?;
        Ok(stored_session(rows.pop().unwrap_or_default()))
    }

    /// Commits a plan with its session. `must_travel`: only if its call can still travel in the answer to a delivery.
    ///
    /// A lost answer is not taken for a failure: it is said again, and the row itself tells who committed it.
    pub async fn commit(
        &self,
        claimed: &Claimed,
        plan: &[PlannedCall],
        must_travel: bool,
        session: Option<(&str, &Session)>,
        reach: Reach,
    ) -> Result<Committed, InboxError> {
        const DOING: &str = "commit the plan";
        let closes = must_travel || plan.iter().all(|call| call.state != CallState::Sending);
        let acknowledged_max = Value::from(i64::from(!must_travel));
        let change = session.and_then(|(key, session)| Some((key, session, session.change()?)));
        let written: [Value; 3] = match change {
            Some((key, session, document)) => {
                [key.into(), (session.version() + 1).into(), document.into()]
            }
            None => [Value::Null, Value::Null, Value::Null],
        };
        let claim: [Value; 2] = [claimed.seq.into(), claimed.fence.into()];
        let mut statements = Vec::with_capacity(5);
        if written[0] != Value::Null {
            let ours = [
                claim.as_slice(),
                &written,
                slice::from_ref(&acknowledged_max),
            ]
            .concat();
            statements.push(statement("WRITE_SESSION", ours));
        }
        let plan = [list_of(plan).into(), acknowledged_max];
        let commit = if closes { "COMMIT_AND_CLOSE" } else { "COMMIT" };
        let values = [claim.as_slice(), &plan, &written].concat();
        statements.push(statement(commit, values));
        statements.push(statement("STANDING", vec![claimed.seq.into()]));
        let standing = statements.len() - 1;
        statements.push(if closes {
            self.claim_next(&claimed.lane, reach, Some(claimed.seq))
        } else {
            self.gates()
        });
        let mut rows = self.send(DOING, statements, &PAUSES_MS).await?;
        let last = rows.pop().unwrap_or_default();
        let row = rows.into_iter().nth(standing).and_then(first);
        let mut row = row.ok_or_else(|| broken(DOING, "the row is gone"))?;
        let is_mine = row.integer(1) == claimed.fence;
        match State::from_name(&row.text(0)) {
            Some(State::Done) if is_mine && closes => Ok(Committed::Yes {
                next: self::claimed(last)?,
                gates: Vec::new(),
            }),
            Some(State::Done) if is_mine => Ok(Committed::Yes {
                next: None,
                gates: gates_of(last),
            }),
            Some(State::Leased) if is_mine && must_travel && row.integer(2) == 1 => {
                Ok(Committed::AnsweredAlready)
            }
            _ => Ok(Committed::No),
        }
    }

    /// Writes down what became of the calls, lets go of the row, and claims another where that is wanted.
    pub async fn settle(
        &self,
        claimed: &Claimed,
        settlement: &Settlement<'_>,
        reach: Reach,
    ) -> Result<Option<Claimed>, InboxError> {
        let mut statements = Vec::with_capacity(3);
        statements.extend(alert_of_parked(claimed, settlement.plan));
        for gate in settlement.plan.iter().filter_map(PlannedCall::gate) {
            let values: Vec<Value> = vec![self.bot.0.into(), gate.chat.into(), gate.wait_ms.into()];
            statements.push(statement("CLOSE_GATE", values.clone()));
            statements.push(statement("CLOSE_GATE_OF_BOT", values));
        }
        let values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            list_of(settlement.plan).into(),
            (settlement.open as i64).into(),
            settlement.wait_ms.into(),
            settlement.error.clone().into(),
        ];
        statements.push(statement("SETTLE", values));
        self.then_next(claimed, "settle the calls", statements, reach)
            .await
    }

    /// Ends a row without a plan, and claims another where that is wanted.
    pub async fn end(
        &self,
        claimed: &Claimed,
        state: State,
        error: &str,
        reach: Reach,
    ) -> Result<Option<Claimed>, InboxError> {
        let values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            state.name().into(),
            error.into(),
        ];
        let mut statements = Vec::with_capacity(3);
        if state == State::Dead {
            statements.push(alert(claimed, Alert::Dead, Value::Null));
        }
        statements.push(statement("END", values));
        self.then_next(claimed, "end the update", statements, reach)
            .await
    }

    /// Gives a row back, to be handled after a while.
    pub fn release(
        &self,
        claimed: &Claimed,
        wait_ms: i64,
        error: &str,
    ) -> Boxed<'_, Result<(), InboxError>> {
        let values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            wait_ms.into(),
            error.into(),
        ];
        let release = vec![statement("RELEASE", values)];
        self.note("give the update back", release, &PAUSES_MS)
    }

    /// Writes down that calls are about to be made again, and tells which gates are closed. `None`: the row is no longer ours.
    pub async fn resume(
        &self,
        claimed: &Claimed,
        plan: &[PlannedCall],
    ) -> Result<Option<Vec<Gate>>, InboxError> {
        let values = vec![
            claimed.seq.into(),
            claimed.fence.into(),
            list_of(plan).into(),
        ];
        let mut statements = Vec::with_capacity(3);
        statements.extend(alert_of_parked(claimed, plan));
        statements.push(statement("RESUME", values));
        statements.push(self.gates());
        let mut rows = self
            .send("resume the calls", statements, &PAUSES_MS)
            .await?;
        let gates = gates_of(rows.pop().unwrap_or_default());
        let is_ours = rows.pop().is_some_and(|rows| !rows.is_empty());
        Ok(is_ours.then_some(gates))
    }

    /// Removes what is older than `keep_hours`, so many updates at most.
    pub fn forget_old(&self, keep_hours: i64, bite: i64) -> Boxed<'_, Result<(), InboxError>> {
        let values = vec![
            (keep_hours * 3_600_000).into(),
            KEEP_FAILED_MS.into(),
            bite.into(),
        ];
        let forget = statement("FORGET", values);
        let gates = self.about_bot("FORGET_GATES");
        let incidents = vec![self.bot.0.into(), KEEP_INCIDENTS_MS.into()];
        let statements = vec![
            forget,
            statement("FORGET_FED", Vec::new()),
            statement("REWIND_FEEDS", Vec::new()),
            gates,
            statement("FORGET_INCIDENTS", incidents),
        ];
        self.note("forget old updates", statements, &[])
    }

    /// How long ago a periodic task ran, in milliseconds.
    pub async fn since_beat(&self, task: Task) -> Result<Option<i64>, InboxError> {
        let since = statement("SINCE_BEAT", vec![task.name().into()]);
        let rows = self.trip("read the heartbeat", vec![since]).await?;
        Ok(first(rows).map(|row| row.integer(0)))
    }

    async fn then_next(
        &self,
        claimed: &Claimed,
        doing: &'static str,
        mut statements: Vec<Statement>,
        reach: Reach,
    ) -> Result<Option<Claimed>, InboxError> {
        statements.push(self.claim_next(&claimed.lane, reach, Some(claimed.seq)));
        let rows = self.send(doing, statements, &PAUSES_MS).await?;
        self::claimed(rows.into_iter().last().unwrap_or_default())
    }

    /// Claims another row. With [`Reach::Nothing`] it claims none.
    fn claim_next(&self, lane: &str, reach: Reach, known: Option<i64>) -> Statement {
        let (lane, visit) = match reach {
            Reach::Nothing => (Value::Null, Value::Null),
            Reach::Lane | Reach::Anywhere => (lane.into(), self.visit()),
        };
        let others = i64::from(reach == Reach::Anywhere);
        let values = vec![self.bot.0.into(), lane, others.into(), visit, known.into()];
        statement("CLAIM_NEXT", values)
    }

    fn visit(&self) -> Value {
        let named = self.visit.get_or_init(|| {
            let mut name = [0; 8];
            let name = getrandom::fill(&mut name).ok().map(|()| hex(&name));
            name.into()
        });
        named.clone()
    }

    fn gates(&self) -> Statement {
        self.about_bot("GATES")
    }

    /// A statement whose only value is the bot.
    fn about_bot(&self, name: &'static str) -> Statement {
        statement(name, vec![self.bot.0.into()])
    }

    fn session(&self, key: Option<&str>) -> Statement {
        statement("SESSION", vec![self.bot.0.into(), key.into()])
    }

    /// One trip: the rows that its last statement brings.
    fn trip(
        &self,
        doing: &'static str,
        statements: Vec<Statement>,
    ) -> Boxed<'_, Result<Vec<Row>, InboxError>> {
        let sent = self.send(doing, statements, &[]);
        Box::pin(async { Ok(sent.await?.pop().unwrap_or_default()) })
    }

    /// A trip that brings nothing back.
    fn note(
        &self,
        doing: &'static str,
        statements: Vec<Statement>,
        pauses_ms: &'static [u32],
    ) -> Boxed<'_, Result<(), InboxError>> {
        let sent = self.send(doing, statements, pauses_ms);
        Box::pin(async { sent.await.map(drop) })
    }

    /// Makes a trip, and again after each of the pauses as long as it fails.
    ///
    /// With [`PAUSES_MS`] for statements whose second run does no harm: a failed trip may have taken effect. What is never written
    /// down has to be done again, and a message would be sent twice.
    fn send(
        &self,
        doing: &'static str,
        statements: Vec<Statement>,
        pauses_ms: &'static [u32],
    ) -> Boxed<'_, Result<Vec<Vec<Row>>, InboxError>> {
        Box::pin(async move {
            let mut pauses = pauses_ms.iter();
            loop {
                match (self.send_once(doing, &statements).await, pauses.next()) {
                    (Err(_), Some(ms)) => self.database.pause(*ms).await,
                    (outcome, _) => return outcome,
                }
            }
        })
    }

    async fn send_once(
        &self,
        doing: &'static str,
        statements: &[Statement],
    ) -> Result<Vec<Vec<Row>>, InboxError> {
        let batch = self.database.batch(statements).await;
        let rows_written = batch.as_ref().map_or(0, |batch| batch.rows_written);
        let total = if self.is_for_delivery.get() {
            &self.totals.of_updates
        } else {
            &self.totals.of_others
        };
        for account in [&self.cost, total] {
            let mut cost = account.get();
            cost.trips += 1;
            cost.rows_written += rows_written;
            account.set(cost);
        }
        match batch {
            Ok(batch) if batch.rows.len() == statements.len() => Ok(batch.rows),
            Ok(_) => Err(broken(doing, "some statements were not answered")),
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

fn statement(name: &'static str, values: Vec<Value>) -> Statement {
    Statement { name, values }
}

fn first(rows: Vec<Row>) -> Option<Row> {
    rows.into_iter().next()
}

/// Counts an alert about a claimed row that is about to be written.
fn alert(claimed: &Claimed, alert: Alert, plan: Value) -> Statement {
    let values = vec![
        claimed.seq.into(),
        claimed.fence.into(),
        alert.name().into(),
        plan,
    ];
    statement("ALERT", values)
}

/// Counts an alert where more calls are parked than when the row was claimed.
fn alert_of_parked(claimed: &Claimed, plan: &[PlannedCall]) -> Option<Statement> {
    let parked = |plan: &[PlannedCall]| {
        let parked = plan.iter().filter(|call| call.state == CallState::Parked);
        parked.count()
    };
    (parked(plan) > parked(&claimed.plan))
        .then(|| alert(claimed, Alert::Parked, list_of(plan).into()))
}

/// The digest of an update's bytes, as it is kept.
fn digest(update: &Update) -> String {
    hex(&sha256(update.raw().as_bytes()))
}

/// The number a body that gave none is filed under: negative, and the same for the same bytes.
fn number_of(digest: Sha256Digest) -> UpdateId {
    let bytes = digest.into_iter().take(6);
    UpdateId(-1 - bytes.fold(0, |number, byte| number << 8 | i64::from(byte)))
}

impl Queued {
    /// The row as `RECORD_MANY` wants it.
    fn row(&self) -> String {
        let Self { update, age_ms } = self;
        text_of(&(
            update.id,
            digest(update),
            &update.kind,
            update.lane(),
            update.chat().map(|chat| chat.id),
            useful_seconds(&update.kind) * 1000,
            update.made_at_ms(),
            age_ms,
            update.raw(),
        ))
    }
}

/// Reads a row that a claim brought.
fn claimed(rows: Vec<Row>) -> Result<Option<Claimed>, InboxError> {
    const DOING: &str = "read a claimed update";
    let Some(mut row) = first(rows) else {
        return Ok(None);
    };
    Ok(Some(Claimed {
        seq: row.integer(0),
        lane: row.text(1),
        standing: Standing {
            state: state_of(DOING, &mut row, 2)?,
            attempts: row.integer(3),
            is_useful: row.integer(5) != 0,
            held_ms: row.integer(9),
            held_max_ms: held_max_ms(&row.text(8)),
        },
        fence: row.integer(4),
        plan: plan_of(row.text_or_null(6)),
        update: Update::parse(row.text(7).as_bytes()),
    }))
}

fn gates_of(rows: Vec<Row>) -> Vec<Gate> {
    let gates = rows.into_iter().map(|mut row| Gate {
        chat: row.text(0),
        wait_ms: row.integer(1),
    });
    gates.collect()
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
