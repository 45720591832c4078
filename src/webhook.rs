//! The spine: what happens to one update, from Telegram's knock to the last call.
//!
//! An update acknowledged is an update stored. A plan is made exactly once. A call is sent at least once, and twice only
//! when the network hid the outcome.

use std::rc::Rc;

use crate::app::App;
use crate::delivery::inbox::{Duty, State, duty, useful_seconds};
use crate::delivery::outbox::{CallState, PlannedCall, Remainder, complaint, remainder};
use crate::delivery::{ATTEMPTS_MAX, backoff_ms};
use crate::handlers;
use crate::inbox::database::Database;
use crate::inbox::webhook::WebhookRecord;
use crate::inbox::{Claimed, Committed, InboxError, Open, Recorded};
use crate::isolate::Door;
use crate::json::Fields;
use crate::language::Language;
use crate::notes::Notes;
use crate::plan::Plan;
use crate::reply::Reply;
use crate::request::{Body, BodyError, Request};
use crate::secret;
use crate::session::{self, Session};
use crate::telegram::ids::{MessageId, UpdateId};
use crate::telegram::transport::Transport;
use crate::telegram::update::Update;
use crate::visit::Visit;

/// The largest body that is read. Telegram keeps updates below 512 KiB.
const BODY_BYTES_MAX: usize = 1 << 20;

/// The length of our secrets. Anything else is refused without a look at the database.
const SECRET_LENGTH: usize = 64;

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The secret is missing or wrong.
    Refused,
    /// The body is larger than an update can be.
    TooLarge,
    /// The body broke off, or the database does not answer: Telegram is to bring it again.
    Unavailable,
    /// It is no update. It is kept for the operator.
    Quarantined,
    /// It is kept, and will be handled after an earlier one of its lane, or by whoever is at it already.
    Waiting,
    /// It was here before and is finished.
    Repeated,
    /// It was handled.
    Done,
    /// It was handled, and its only call travels in the answer.
    Answered(String),
    /// It was too old to be answered.
    Expired,
    /// It was given up.
    Dead,
}

impl Verdict {
    /// Its name in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::TooLarge => "too large",
            Self::Unavailable => "unavailable",
            Self::Quarantined => "quarantined",
            Self::Waiting => "waiting",
            Self::Repeated => "repeated",
            Self::Done => "done",
            Self::Answered(_) => "answered",
            Self::Expired => "expired",
            Self::Dead => "dead",
        }
    }

    /// What Telegram is told. Never 410: after a day of those it would delete the webhook.
    pub fn reply(&self, now_ms: i64) -> Reply {
        match self {
            Self::Refused => Reply::empty(401),
            Self::TooLarge => Reply::empty(413),
            // 5 to 10 seconds, so that updates that failed together do not come back together.
            Self::Unavailable => {
                Reply::empty(503).with_header("retry-after", (5 + now_ms.rem_euclid(6)).to_string())
            }
            Self::Answered(call) => Reply::empty(200)
                .with_header("content-type", "application/json")
                .with_body(call.clone()),
            _ => Reply::empty(200),
        }
    }
}

/// What a delivery needs after it was received.
pub enum Received {
    /// Nothing more.
    Settled(Option<UpdateId>, Verdict),
    /// A handler, on a row that is ours.
    Work(Claimed, Session, Rc<Door>),
}

/// What is to be written down after Telegram has its answer.
pub enum Afterwards {
    /// What became of the calls.
    Settle(Claimed, Vec<PlannedCall>),
    /// Nothing, but the next update of the lane is ours already.
    Next(Claimed),
    /// Nothing.
    Nothing,
}

/// Lets Telegram in and records what it brings.
pub async fn receive<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    request: &Request,
    body: impl Body,
) -> Received {
    if request.announces_more_than(BODY_BYTES_MAX) {
        return Received::Settled(None, Verdict::TooLarge);
    }
    let secret = request
        .header("x-telegram-bot-api-secret-token")
        .unwrap_or_default();
    let door = match authenticate(app, secret).await {
        Ok(Some(door)) => door,
        Ok(None) => return Received::Settled(None, Verdict::Refused),
        Err(_) => return Received::Settled(None, Verdict::Unavailable),
    };
    let body = match body.read(BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => return Received::Settled(None, Verdict::TooLarge),
        Err(BodyError::Broken) => return Received::Settled(None, Verdict::Unavailable),
    };
    let update = match Update::parse(&body) {
        Ok(update) => update,
        Err(unusable) => return quarantine(app, &body, &unusable.to_string()).await,
    };
    let (id, key) = (update.id, session::key(&update));
    let useful_seconds = useful_seconds(&update.kind);
    match app
        .inbox
        .record(update, key.as_deref(), useful_seconds)
        .await
    {
        Ok(Recorded::Ours(claimed, session)) => Received::Work(claimed, session, door),
        Ok(Recorded::Waiting) => Received::Settled(Some(id), Verdict::Waiting),
        Ok(Recorded::Finished(plan)) => Received::Settled(Some(id), again(&plan)),
        Err(_) => Received::Settled(Some(id), Verdict::Unavailable),
    }
}

/// Does the work on an update: handle, commit, perform. Everything that must be done before Telegram gets its answer.
pub async fn carry_out<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    claimed: Claimed,
    mut session: Session,
    door: &Door,
) -> (Verdict, Afterwards) {
    let outcome = match duty(claimed.state, claimed.attempts, claimed.is_useful) {
        Duty::Handle => {
            let plan = handle(app, &claimed, &mut session, door).await;
            commit(app, claimed, &plan, &session).await
        }
        Duty::Perform => resume(app, claimed).await,
        Duty::Bury => {
            let error = format!("every one of {ATTEMPTS_MAX} attempts ended in a crash");
            end(app, &claimed, State::Dead, &error).await
        }
        Duty::Expire => end(app, &claimed, State::Expired, "too old to be answered").await,
    };
    // The row is kept and leased, so the cron finishes what the database did not let us finish.
    outcome.unwrap_or((Verdict::Waiting, Afterwards::Nothing))
}

/// Writes down what became of the calls, and goes on with the lane until nothing in it is left to do.
pub async fn settle<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    mut afterwards: Afterwards,
    door: &Door,
) -> Result<(), InboxError> {
    loop {
        let next = match afterwards {
            Afterwards::Nothing => None,
            Afterwards::Next(next) => Some(next),
            Afterwards::Settle(claimed, plan) => write_down(app, &claimed, &plan).await?,
        };
        let Some(next) = next else { return Ok(()) };
        let key = session::key(&next.update);
        let session = app.inbox.load_session(key.as_deref()).await?;
        (_, afterwards) = carry_out(app, next, session, door).await;
    }
}

/// What is known about the door, read where this isolate does not know it yet.
pub async fn door<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<Rc<Door>, InboxError> {
    match app.isolate.door() {
        Some(door) => Ok(door),
        None => read_door(app).await,
    }
}

/// Remembers what is known about the webhook's row.
pub fn remember_door<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    record: WebhookRecord,
) -> Rc<Door> {
    let door = Door {
        accepted: record.accepted,
        username: record.username,
    };
    app.isolate.remember_door(door, app.now_ms)
}

/// The door, if the secret opens it. A wrong one may be a new one that another isolate has set, so it is looked up, at a bounded rate.
async fn authenticate<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    secret: &str,
) -> Result<Option<Rc<Door>>, InboxError> {
    if secret.len() != SECRET_LENGTH {
        return Ok(None);
    }
    if let Some(door) = app.isolate.door() {
        if secret::matches(secret, &door.accepted) {
            return Ok(Some(door));
        }
        if !app.isolate.may_reread_door(app.now_ms) {
            return Ok(None);
        }
    }
    let door = read_door(app).await?;
    Ok(secret::matches(secret, &door.accepted).then_some(door))
}

async fn read_door<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<Rc<Door>, InboxError> {
    let record = app.inbox.webhook().await?;
    Ok(remember_door(app, record))
}

async fn quarantine<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    body: &[u8],
    why: &str,
) -> Received {
    match app.inbox.quarantine(body, why).await {
        Ok(id) => Received::Settled(Some(id), Verdict::Quarantined),
        Err(_) => Received::Settled(None, Verdict::Unavailable),
    }
}

/// The answer to a repeated delivery: the same as the first time, where that carried a call.
fn again(plan: &[PlannedCall]) -> Verdict {
    match plan {
        [only] if only.is_in_response => Verdict::Answered(in_response(only)),
        _ => Verdict::Repeated,
    }
}

async fn handle<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    claimed: &Claimed,
    session: &mut Session,
    door: &Door,
) -> Plan {
    let person = claimed.update.person();
    let tag = person.and_then(|person| person.language_code.as_deref());
    let visit = Visit {
        update: &claimed.update,
        language: tag
            .and_then(Language::from_tag)
            .unwrap_or(app.settings.language),
        owners: &app.settings.owners,
        now_ms: app.now_ms,
        username: door.username.as_deref(),
        outside: app,
    };
    handlers::dispatch(&visit, session).await
}

async fn commit<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    claimed: Claimed,
    plan: &Plan,
    session: &Session,
) -> Result<(Verdict, Afterwards), InboxError> {
    let mut calls: Vec<PlannedCall> = plan.calls().iter().cloned().map(PlannedCall::new).collect();
    let is_in_response = plan.fits_in_response(app.settings.answer_in_response);
    for call in &mut calls {
        if is_in_response {
            call.travels_in_response();
        } else {
            call.begin();
        }
    }
    let open = if calls.is_empty() || is_in_response {
        Open::Closed
    } else {
        Open::HoldsLane
    };
    let key = session::key(&claimed.update);
    let key = key.as_deref().map(|key| (key, session));
    match app.inbox.commit(&claimed, &calls, open, key).await? {
        Committed::No => {
            let wait_ms = backoff_ms(claimed.attempts);
            app.inbox
                .release(&claimed, wait_ms, "the session was changed meanwhile")
                .await?;
            Ok((Verdict::Waiting, Afterwards::Nothing))
        }
        Committed::Yes(next) if open == Open::Closed => {
            let verdict = calls
                .first()
                .map_or(Verdict::Done, |call| Verdict::Answered(in_response(call)));
            Ok((verdict, next.map_or(Afterwards::Nothing, Afterwards::Next)))
        }
        Committed::Yes(_) => {
            perform(app, &mut calls).await;
            Ok((Verdict::Done, Afterwards::Settle(claimed, calls)))
        }
    }
}

/// Goes on with calls that somebody else planned, and may have begun to make.
async fn resume<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    mut claimed: Claimed,
) -> Result<(Verdict, Afterwards), InboxError> {
    let mut calls = std::mem::take(&mut claimed.plan);
    for call in &mut calls {
        call.interrupted();
    }
    for call in calls.iter_mut().filter(|call| call.is_due()) {
        call.begin();
    }
    if !app.inbox.resume(&claimed, &calls).await? {
        return Ok((Verdict::Waiting, Afterwards::Nothing));
    }
    perform(app, &mut calls).await;
    Ok((Verdict::Done, Afterwards::Settle(claimed, calls)))
}

/// Makes the calls in order. Where one has to be made again later, those behind it wait too.
async fn perform<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    calls: &mut [PlannedCall],
) {
    for place in 0..calls.len() {
        let (earlier, rest) = calls.split_at_mut(place);
        let Some(call) = rest
            .first_mut()
            .filter(|call| call.state == CallState::Sending)
        else {
            continue;
        };
        let Some(parameters) = call.parameters(earlier) else {
            call.fail("the call it depends on did not succeed");
            continue;
        };
        let result = app.telegram.call_raw(&call.call.method, &parameters).await;
        call.ended(result.map(|result| {
            let sent = Fields::of(&result).ok()?;
            sent.integer("message_id").map(MessageId)
        }));
        if call.is_due() {
            rest.iter_mut().for_each(PlannedCall::put_back);
            return;
        }
    }
}

async fn write_down<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    claimed: &Claimed,
    calls: &[PlannedCall],
) -> Result<Option<Claimed>, InboxError> {
    let (open, wait_ms) = match remainder(calls) {
        Remainder::Nothing => (Open::Closed, 0),
        Remainder::HoldingLane(wait_ms) => (Open::HoldsLane, wait_ms),
        Remainder::LettingLaneGo(wait_ms) => (Open::LetsLaneGo, wait_ms),
    };
    app.inbox
        .settle(claimed, calls, open, wait_ms, complaint(calls))
        .await
}

async fn end<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    claimed: &Claimed,
    state: State,
    error: &str,
) -> Result<(Verdict, Afterwards), InboxError> {
    let next = app.inbox.end(claimed, state, error).await?;
    let verdict = if state == State::Dead {
        Verdict::Dead
    } else {
        Verdict::Expired
    };
    Ok((verdict, next.map_or(Afterwards::Nothing, Afterwards::Next)))
}

/// A call as the body of an answer to Telegram.
fn in_response(call: &PlannedCall) -> String {
    let parameters = call.call.parameters.get().trim();
    let members = parameters.trim_start_matches('{');
    let separator = if members.trim_start().starts_with('}') {
        ""
    } else {
        ","
    };
    // Telegram takes the first of two equal names, so a parameter called `method` changes nothing.
    format!("{{\"method\":\"{}\"{separator}{members}", call.call.method)
}
