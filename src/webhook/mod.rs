//! The spine: what happens to one update, from Telegram's knock to the last call.
//!
//! An update acknowledged is an update stored. A plan is made exactly once. A call is sent at least once, and twice only
//! when the network hid the outcome.

pub mod consumer;
pub mod door;
mod outside;
pub mod repair;
pub mod rotation;
pub mod watch;
pub mod work;

use std::rc::Rc;

use futures_util::future::{Either, ready, select};

use crate::app::App;
use crate::delivery::SOFT_DEADLINE_MS;
use crate::delivery::outbox::PlannedCall;
use crate::inbox::database::Database;
use crate::inbox::{InboxError, Recorded};
use crate::isolate::Door;
use crate::notes::Notes;
use crate::queue::QUEUED_BYTES_MAX;
use crate::reply::Reply;
use crate::request::{Body, BodyError, Request};
use crate::session;
use crate::telegram::ids::UpdateId;
use crate::telegram::transport::Transport;
use crate::telegram::update::Update;
use crate::visit::Boxed;
use crate::webhook::watch::{Stage, Watch};
use crate::webhook::work::{Afterwards, Work, in_response};

/// The largest body that is read. Telegram keeps updates below 512 KiB.
const BODY_BYTES_MAX: usize = 1 << 20;

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
    /// It is kept in the queue, and will be handled when it comes out.
    Queued,
    /// It is kept for the main feed.
    Fed,
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
            Self::Queued => "queued",
            Self::Fed => "fed",
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

/// A delivery that has its answer.
pub struct Delivered {
    /// The update's number, where there is one.
    pub update_id: Option<UpdateId>,
    /// What became of it so far.
    pub verdict: Verdict,
    /// What goes on after the answer. It ends with what became of the update, if it comes to its end.
    pub rest: Option<Boxed<'static, Option<Verdict>>>,
}

/// How far a delivery came before its answer.
struct Received {
    update_id: Option<UpdateId>,
    verdict: Verdict,
    afterwards: Afterwards,
    door: Option<Rc<Door>>,
    /// The bell that was rung because of it, until everybody has heard.
    ring: Option<Boxed<'static, ()>>,
}

/// Answers a delivery within the soft deadline, whatever goes on.
pub async fn answer<D, T, N>(
    app: &Rc<App<D, T, N>>,
    request: &Request,
    body: impl Body + 'static,
) -> Delivered
where
    D: Database + 'static,
    T: Transport + 'static,
    N: Notes + 'static,
{
    if request.announces_more_than(BODY_BYTES_MAX) {
        return Delivered::settled(None, Verdict::TooLarge);
    }
    let secret = request.header("x-telegram-bot-api-secret-token");
    let secret = secret.unwrap_or_default().to_owned();
    let watch = Rc::new(Watch::of_delivery());
    let visit: Boxed<'static, Received> = {
        let (app, watch) = (Rc::clone(app), Rc::clone(&watch));
        Box::pin(async move { deliver(&app, &watch, &secret, body).await })
    };
    let soft_deadline = Box::pin(app.telegram.transport().pause(SOFT_DEADLINE_MS));
    let visit = match select(visit, soft_deadline).await {
        Either::Left((received, _)) => return received.answer(app, watch),
        Either::Right(((), visit)) => visit,
    };
    match watch.stage() {
        // Nobody knows whether it is kept, so Telegram is to bring it again.
        Stage::Receiving => Delivered::settled(None, Verdict::Unavailable),
        Stage::Answering => {
            match watch.limits(app.telegram.transport(), visit).await {
                Some(received) => received.answer(app, watch),
                // Whatever was committed is in the answer to the next delivery.
                None => Delivered::settled(None, Verdict::Unavailable),
            }
        }
        Stage::Working | Stage::Answered => {
            watch.enters(Stage::Answered);
            Delivered {
                update_id: watch.update_id(),
                verdict: Verdict::Waiting,
                rest: Some(Box::pin(go_on(Rc::clone(app), watch, visit))),
            }
        }
    }
}

/// Works on rows that were left behind, as long as the visit may. How many it took up.
pub async fn take_up<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
) -> Result<u32, InboxError> {
    let watch = Watch::of_cron();
    take_up_within(app, &watch).await.unwrap_or(Ok(()))?;
    Ok(watch.taken_up())
}

/// Works on rows that were left behind. `None`: it was dropped at the hard stop, and may still hold one.
async fn take_up_within<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    watch: &Watch,
) -> Option<Result<(), InboxError>> {
    let work = async {
        let door = door::door(app).await?;
        let work = Work {
            app,
            door: &door,
            watch,
        };
        work.settle(Afterwards::Look(String::new())).await
    };
    watch.limits(app.telegram.transport(), work).await
}

impl Delivered {
    fn settled(update_id: Option<UpdateId>, verdict: Verdict) -> Self {
        Self {
            update_id,
            verdict,
            rest: None,
        }
    }
}

impl Received {
    fn settled(update_id: Option<UpdateId>, verdict: Verdict) -> Self {
        Self {
            update_id,
            verdict,
            afterwards: Afterwards::Nothing,
            door: None,
            ring: None,
        }
    }

    /// The answer to a delivery whose work is done, and what is to be written down after it.
    fn answer<D, T, N>(self, app: &Rc<App<D, T, N>>, watch: Rc<Watch>) -> Delivered
    where
        D: Database + 'static,
        T: Transport + 'static,
        N: Notes + 'static,
    {
        watch.enters(Stage::Answered);
        let mut delivered = Delivered::settled(self.update_id, self.verdict.clone());
        if self.ring.is_some() || !matches!(self.afterwards, Afterwards::Nothing) {
            let done: Boxed<'static, Self> = Box::pin(ready(self));
            delivered.rest = Some(Box::pin(go_on(Rc::clone(app), watch, done)));
        }
        delivered
    }
}

/// Everything after the answer: the rest of the work, and what is to be written down.
async fn go_on<D: Database, T: Transport, N: Notes>(
    app: Rc<App<D, T, N>>,
    watch: Rc<Watch>,
    visit: Boxed<'static, Received>,
) -> Option<Verdict> {
    let work = async {
        let received = visit.await;
        if let Some(ring) = received.ring {
            ring.await;
        }
        if let Some(door) = received.door {
            let work = Work {
                app: &*app,
                door: &door,
                watch: &watch,
            };
            // What is not written down here is found by the cron.
            let _ = work.settle(received.afterwards).await;
        }
        received.verdict
    };
    watch.limits(app.telegram.transport(), work).await
}

/// Lets Telegram in, records what it brings, and works on it.
async fn deliver<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    watch: &Watch,
    secret: &str,
    body: impl Body,
) -> Received {
    let door = match door::authenticate(app, secret).await {
        Ok(Some(door)) => door,
        Ok(None) => return Received::settled(None, Verdict::Refused),
        Err(_) => return Received::settled(None, Verdict::Unavailable),
    };
    let body = match body.read(BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => return Received::settled(None, Verdict::TooLarge),
        Err(BodyError::Broken) => return Received::settled(None, Verdict::Unavailable),
    };
    let update = match Update::parse(&body) {
        Ok(update) => update,
        Err(unusable) => return quarantine(app, &body, &unusable.to_string()).await,
    };
    let (id, key, lane) = (update.id, session::key(&update), update.lane());
    if let Some(queue) = &app.queue
        && update.raw().len() <= QUEUED_BYTES_MAX
    {
        let verdict = match queue.send(update.raw()).await {
            Ok(()) => Verdict::Queued,
            Err(_) => Verdict::Unavailable,
        };
        return Received::settled(Some(id), verdict);
    }
    let recorded = app.inbox.record(update, key.as_deref()).await;
    let ring = match &recorded {
        Ok(Recorded::Ours(..) | Recorded::Waiting | Recorded::Fed) => ring(app),
        _ => None,
    };
    let (claimed, session) = match recorded {
        Ok(Recorded::Ours(claimed, session)) => (claimed, session),
        Ok(Recorded::Waiting) => {
            return Received {
                afterwards: Afterwards::Look(lane),
                door: Some(door),
                ring,
                ..Received::settled(Some(id), Verdict::Waiting)
            };
        }
        Ok(Recorded::Fed) => {
            return Received {
                ring,
                ..Received::settled(Some(id), Verdict::Fed)
            };
        }
        Ok(Recorded::TooOld) => return Received::settled(Some(id), Verdict::Expired),
        Ok(Recorded::Finished(plan)) => return Received::settled(Some(id), again(&plan)),
        Err(_) => return Received::settled(Some(id), Verdict::Unavailable),
    };
    watch.is_kept(id);
    let work = Work {
        app,
        door: &door,
        watch,
    };
    let (verdict, afterwards) = work.carry_out(claimed, session).await;
    Received {
        update_id: Some(id),
        verdict,
        afterwards,
        door: Some(door),
        ring,
    }
}

/// Tells those who wait for updates that one is here.
fn ring<D: Database, T: Transport, N: Notes>(app: &App<D, T, N>) -> Option<Boxed<'static, ()>> {
    app.bell.as_ref().map(|bell| bell.ring())
}

async fn quarantine<D: Database, T: Transport, N: Notes>(
    app: &App<D, T, N>,
    body: &[u8],
    why: &str,
) -> Received {
    match app.inbox.quarantine(body, why).await {
        Ok(id) => Received::settled(Some(id), Verdict::Quarantined),
        Err(_) => Received::settled(None, Verdict::Unavailable),
    }
}

/// The answer to a repeated delivery: the same as the first time, where that carried a call.
fn again(plan: &[PlannedCall]) -> Verdict {
    match plan {
        [only] if only.is_in_response => Verdict::Answered(in_response(only)),
        _ => Verdict::Repeated,
    }
}
