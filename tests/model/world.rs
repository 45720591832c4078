//! The world of the model: rows as the statements leave them, visits on their way, and what Telegram has seen.

use onehook::delivery::inbox::{Duty, Event, Standing, State, duty, held_max_ms, next};
use onehook::delivery::outbox::{CallState, PlannedCall, Remainder, remainder};
use onehook::delivery::{CALLS_USEFUL_MS, LANE_HELD_MAX_MS};
use onehook::plan::{OnAmbiguity, Plan};
use onehook::telegram::ids::MessageId;
use onehook::telegram::refusal::{CallError, Refusal};
use onehook::telegram::transport::Unreachable;
use serde_json::json;

/// A way to break the design, so that the model is seen to find what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// As it is shipped.
    Ours,
    /// A repeated delivery is answered 200 because a marker is there, and nobody takes anything over: the usual design.
    MarkerOnly,
    /// Whoever settles does not look at the fence.
    NoFence,
    /// A call travels in the answer although some delivery was answered without it.
    TravelsAlways,
    /// A call travels in the answer to a delivery that took the update over from another.
    TakenOverTravels,
    /// A call found as being made is taken for one that was never made.
    ForgetsSending,
    /// A claim does not look for earlier rows of its lane.
    NoLanes,
}

/// What may happen, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Faults {
    /// Visits that vanish, at any step.
    pub crashes: u8,
    /// Answers of the database or of Telegram that are lost, before or after the effect.
    pub lost: u8,
    /// Leases that end while whoever took them (or was there when they were taken) is still at work.
    pub zombies: u8,
    /// Sessions that somebody else wrote meanwhile.
    pub conflicts: u8,
    /// Pauses that Telegram asks for.
    pub pauses: u8,
    /// Leaps of time: over the time an update may hold its lane, and over the time it is worth an answer.
    pub leaps: u8,
}

/// What is explored.
pub struct Model {
    /// What handlers plan: one call of this policy,
    pub on_ambiguity: OnAmbiguity,
    /// which may travel in the answer or not.
    pub travels: bool,
    /// How many updates there are, all in one lane.
    pub updates: usize,
    /// How much goes wrong.
    pub faults: Faults,
    /// Whether Telegram brings the second update only when it has the answer to the first, as it does for one chat and kind.
    pub is_patient: bool,
    /// Whether Telegram listens to a delivery that it has given up, too.
    pub listens_to_all: bool,
    /// The design.
    pub design: Design,
}

/// A planned call, small enough for millions of worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call {
    pub state: CallState,
    pub tries: i8,
    pub is_in_response: bool,
    pub has_error: bool,
    pub wait_ms: i32,
}

/// A row of the inbox. Its fence is in the visits: only equality matters, and a fence that was passed is never met again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row {
    pub state: State,
    pub attempts: u8,
    pub is_leased: bool,
    pub open: u8,
    pub acknowledged: bool,
    /// How many leaps of time it has seen.
    pub age: u8,
    pub call: Option<Call>,
}

/// What Telegram and an observer have seen of an update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seen {
    pub is_acknowledged: bool,
    pub deliveries: u8,
    pub plans: u8,
    pub copies: u8,
    pub ambiguities: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// `RECORD`
    Record,
    /// `ACKNOWLEDGE`, `CLAIM_UPDATE`, `LOOK`
    Look,
    /// A handler, and `COMMIT`
    Commit,
    /// `RELEASE`
    Release,
    /// `END`
    End(State),
    /// `RESUME`
    Resume,
    /// The call.
    Perform,
    /// `SETTLE`
    Settle,
    /// `CLAIM_NEXT`, after an answer that promised nothing.
    LookOn,
    /// Nothing is left but the answer.
    Over,
}

/// How far the answer to a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reply {
    /// It is not certain that the update is kept.
    Receiving,
    /// It may be given at any time.
    Working,
    /// It waits for a commit, to take the call along.
    Answering,
    /// It may be given at any time, but takes nothing along.
    Bare,
    /// 200, on its way.
    Ready,
    /// 200 with the call, on its way.
    ReadyWithCall,
    /// Telegram was answered, or asks for none.
    Given,
}

/// A visit: somebody at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Visit {
    /// The update that is delivered; `None` is the cron.
    pub delivers: Option<u8>,
    pub step: Step,
    pub row: u8,
    /// Whether its fence is the row's.
    pub holds: bool,
    pub reply: Reply,
    /// Whether Telegram still listens. It does not when it has begun another delivery of the same update.
    pub is_heard: bool,
    /// The rows whose lease was taken while it was there: it is over before these end, unless it is a zombie.
    pub was_there: u8,
    pub call: Option<Call>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub rows: [Option<Row>; 2],
    pub seen: [Seen; 2],
    pub visits: [Option<Visit>; 4],
    pub spent: Faults,
    pub is_order_broken: bool,
}

impl World {
    pub fn new() -> Self {
        Self {
            rows: [None; 2],
            seen: [Seen::default(); 2],
            visits: [None; 4],
            spent: Faults::default(),
            is_order_broken: false,
        }
    }

    pub fn row(&mut self, row: u8) -> &mut Row {
        self.rows[usize::from(row)].as_mut().unwrap()
    }

    pub fn seen(&mut self, update: u8) -> &mut Seen {
        &mut self.seen[usize::from(update)]
    }

    pub fn visiting(&self) -> impl Iterator<Item = &Visit> {
        self.visits.iter().flatten()
    }

    /// Lets a visit go on, if it is to.
    pub fn with(mut self, visit: Option<Visit>) -> Self {
        if let Some(visit) = visit {
            let place = self.visits.iter_mut().find(|place| place.is_none());
            *place.expect("there is room") = Some(visit);
        }
        self
    }

    /// Something arrives at Telegram's side because of a row.
    pub fn takes_effect(&mut self, row: u8) {
        let is_first = self.seen(row).copies == 0;
        let is_overtaken = row == 0 && self.seen[1].copies > 0;
        self.is_order_broken |= is_first && is_overtaken && self.spent.zombies == 0;
        self.seen(row).copies += 1;
    }
}

impl Model {
    /// The same world without what makes no difference any more, so that equal worlds are explored once.
    pub fn essence(&self, mut world: World) -> World {
        for row in world.rows.iter_mut().flatten() {
            row.essence();
        }
        for seen in &mut world.seen {
            if seen.is_acknowledged {
                seen.deliveries = u8::MAX;
            }
        }
        let rows = world.rows;
        let leases = |row: usize| u8::from(rows[row].is_some_and(|row| row.is_leased)) << row;
        for place in &mut world.visits {
            if let Some(visit) = place {
                visit.was_there &= leases(0) | leases(1);
                self.essence_of_visit(visit, &rows);
            }
            *place = place.filter(|visit| visit.step != Step::Over || visit.reply != Reply::Given);
        }
        world.visits.sort_unstable_by(|one, other| other.cmp(one));
        world
    }

    fn essence_of_visit(&self, visit: &mut Visit, rows: &[Option<Row>; 2]) {
        if visit.step == Step::Record && rows[usize::from(visit.row)].is_some() {
            visit.step = Step::Look;
        }
        let changes_nothing = match visit.step {
            Step::Commit | Step::Release | Step::Resume => true,
            Step::End(_) | Step::Settle => self.updates == 1,
            Step::Record | Step::Look | Step::LookOn | Step::Perform | Step::Over => false,
        };
        // Whoever lost the row to a later claim writes nothing to it any more.
        if changes_nothing && !visit.holds && self.design != Design::NoFence {
            *visit = visit.ready();
            visit.step = Step::Over;
        }
        if visit.step == Step::Over {
            (visit.row, visit.holds, visit.call) = (0, false, None);
        }
        if !visit.is_heard && matches!(visit.reply, Reply::Ready | Reply::ReadyWithCall) {
            visit.reply = Reply::Given;
        }
    }

    /// Takes a step with the worker's own functions.
    pub fn step(&self, call: Call, step: impl FnOnce(&mut PlannedCall)) -> Call {
        let mut real = self.real(call);
        step(&mut real);
        Call::of(&real)
    }

    /// The call a handler plans.
    pub fn planned(&self, step: impl FnOnce(&mut PlannedCall)) -> Call {
        let new = Call::of(&prototype(self.on_ambiguity));
        self.step(new, step)
    }

    fn real(&self, call: Call) -> PlannedCall {
        let mut real = prototype(self.on_ambiguity);
        real.state = call.state;
        real.tries = call.tries.into();
        real.is_in_response = call.is_in_response;
        real.error = call.has_error.then(String::new);
        real.wait_ms = call.wait_ms.into();
        real
    }

    /// What is left to do on a row after its call, as `SETTLE` writes it.
    pub fn open_after(&self, row: &Row, call: Call) -> u8 {
        match remainder(&[self.real(call)], &row.standing()) {
            Remainder::Nothing => 0,
            Remainder::HoldingLane(_) => 1,
            Remainder::LettingLaneGo(_) => 2,
        }
    }

    /// Whether a row may be claimed, as the statements say it. When it is due is left open: any time may have passed.
    pub fn is_claimable(&self, world: &World, row: usize) -> bool {
        let holds_lane = |row: &Row| row.open == 1 && self.design != Design::NoLanes;
        let is_behind = row == 1 && world.rows[0].is_some_and(|earlier| holds_lane(&earlier));
        let is_left_alone = self.design == Design::MarkerOnly;
        world.rows[row].is_some_and(|row| {
            row.open > 0 && !row.is_leased && (row.open == 2 || !is_behind) && !is_left_alone
        })
    }

    /// The oldest row that may be claimed, but for one.
    pub fn next_row(&self, world: &World, but: Option<u8>) -> Option<u8> {
        let rows = (0..self.updates).filter(|row| self.is_claimable(world, *row));
        rows.map(|row| u8::try_from(row).unwrap())
            .find(|row| Some(*row) != but)
    }
}

/// Claims a row. Whoever held it holds it no more, and whoever is there now will be gone when the lease ends.
pub fn claim(world: &mut World, place: u8) {
    let row = world.row(place);
    row.attempts += u8::from(row.state != State::Done);
    row.state = next(Some(row.state), Event::Claimed).expect("only open rows are claimed");
    row.is_leased = true;
    for visit in world.visits.iter_mut().flatten() {
        visit.holds &= visit.row != place;
        visit.was_there |= 1 << place;
    }
}

/// A visit has claimed a row, and learns what it has to do.
pub fn take(world: &mut World, visit: &mut Visit, place: u8) {
    claim(world, place);
    let row = world.row(place);
    (visit.row, visit.holds, visit.call) = (place, true, row.call);
    visit.was_there |= 1 << place;
    visit.step = match duty(&row.standing()) {
        Duty::Handle => Step::Commit,
        Duty::Perform => Step::Resume,
        Duty::Bury => Step::End(State::Dead),
        Duty::Expire => Step::End(State::Expired),
    };
}

impl Row {
    fn standing(&self) -> Standing {
        Standing {
            state: self.state,
            attempts: self.attempts.into(),
            is_useful: self.age < 2,
            held_ms: [0, LANE_HELD_MAX_MS + 1, CALLS_USEFUL_MS + 1][usize::from(self.age)],
            held_max_ms: held_max_ms("message"),
        }
    }

    fn essence(&mut self) {
        if self.state == State::Done {
            (self.attempts, self.acknowledged) = (0, false);
        }
        if self.open == 0 {
            (self.attempts, self.acknowledged, self.age, self.is_leased) = (0, false, 0, false);
            if let Some(call) = &mut self.call {
                (call.tries, call.wait_ms) = (0, 0);
            }
        }
    }
}

impl Visit {
    /// The delivery may be answered 200.
    pub fn ready(mut self) -> Self {
        if matches!(self.reply, Reply::Working | Reply::Answering | Reply::Bare) {
            self.reply = Reply::Ready;
        }
        self
    }
}

impl Call {
    fn of(real: &PlannedCall) -> Self {
        Self {
            state: real.state,
            tries: i8::try_from(real.tries).unwrap(),
            is_in_response: real.is_in_response,
            has_error: real.error.is_some(),
            wait_ms: i32::try_from(real.wait_ms).unwrap(),
        }
    }
}

/// A call as a handler plans it.
fn prototype(on_ambiguity: OnAmbiguity) -> PlannedCall {
    thread_local! {
        static CALLS: [PlannedCall; 3] = [OnAmbiguity::Repeat, OnAmbiguity::Resend, OnAmbiguity::Park].map(|policy| {
            let mut plan = Plan::new();
            plan.call_raw("m", &json!({}), policy);
            PlannedCall::new(plan.calls()[0].clone())
        });
    }
    CALLS.with(|calls| calls[on_ambiguity as usize].clone())
}

/// Telegram did it.
pub fn succeeds(call: &mut PlannedCall) {
    call.ended(Ok(Some(MessageId(1))), 20);
}

/// Nobody knows whether Telegram did it.
pub fn is_lost(call: &mut PlannedCall) {
    let method = String::new();
    let cause = Unreachable::TimedOut;
    call.ended(Err(CallError::Unreachable { method, cause }), 20);
}

/// Telegram asks for a pause.
pub fn is_paused(call: &mut PlannedCall) {
    let refusal = Refusal {
        method: String::new(),
        code: 429,
        description: String::new(),
        retry_after: Some(7),
        migrate_to_chat_id: None,
    };
    call.ended(Err(CallError::from(refusal)), 20);
}
