//! The work on a row that is ours: handle, commit, perform, settle, and then the next one.

use crate::app::App;
use crate::delivery::inbox::{Duty, State, duty};
use crate::delivery::outbox::{
    CallState, Gate, PlannedCall, Remainder, complaint, gate_wait_ms, remainder,
};
use crate::delivery::{CALLS_USEFUL_MS, backoff_ms};
use crate::handlers;
use crate::inbox::database::Database;
use crate::inbox::{Claimed, Committed, InboxError, Open, Reach, Settlement};
use crate::isolate::Door;
use crate::json::{Fields, text_of};
use crate::language::Language;
use crate::notes::Notes;
use crate::plan::Plan;
use crate::session::{self, Session};
use crate::telegram::ids::MessageId;
use crate::telegram::transport::Transport;
use crate::telegram::update::Update;
use crate::visit::Visit;
use crate::webhook::Verdict;
use crate::webhook::watch::{Stage, Watch};

/// What is to be written down after Telegram has its answer.
#[derive(Debug)]
pub enum Afterwards {
    /// What became of the calls.
    Settle(Claimed, Vec<PlannedCall>),
    /// Nothing, but another row is ours already.
    Next(Claimed),
    /// Nothing, but whoever is at the head of this lane may have vanished.
    Look(String),
    /// Nothing.
    Nothing,
}

/// Everything a visit needs for its work.
pub struct Work<'a, D, T, N> {
    /// The app.
    pub app: &'a App<D, T, N>,
    /// What is known about the door.
    pub door: &'a Door,
    /// What the visit may still do.
    pub watch: &'a Watch,
}

impl<D: Database, T: Transport, N: Notes> Work<'_, D, T, N> {
    /// Does the work on an update: handle, commit, perform. Everything that must be done before Telegram gets its answer.
    pub async fn carry_out(&self, claimed: Claimed, session: Session) -> (Verdict, Afterwards) {
        let outcome = match duty(&claimed.standing) {
            Duty::Handle => self.handle_and_commit(claimed, session).await,
            Duty::Perform => self.resume(claimed).await,
            Duty::Bury => {
                let error = "no attempt came to its end";
                self.end(&claimed, State::Dead, error).await
            }
            Duty::Expire => {
                let error = "too old to be answered";
                self.end(&claimed, State::Expired, error).await
            }
        };
        outcome.unwrap_or_else(|_| {
            let verdict = match self.watch.stage() {
                // The call may be committed to travel in an answer. The next delivery finds out, if this one is not acknowledged.
                Stage::Answering => Verdict::Unavailable,
                // The row is kept and leased, so somebody else finishes what the database did not let us finish.
                _ => Verdict::Waiting,
            };
            (verdict, Afterwards::Nothing)
        })
    }

    /// Writes down what became of the calls, and goes on with other rows as long as the visit may.
    pub async fn settle(&self, mut afterwards: Afterwards) -> Result<(), InboxError> {
        loop {
            let (next, lane) = match afterwards {
                Afterwards::Nothing => return Ok(()),
                Afterwards::Next(next) => (Some(next), None),
                Afterwards::Look(lane) => {
                    let reach = self.reach();
                    let next = self.app.inbox.claim_unfinished(&lane, reach).await?;
                    (next, Some(lane))
                }
                Afterwards::Settle(claimed, plan) => {
                    let next = self.write_down(&claimed, &plan).await?;
                    (next, Some(claimed.lane))
                }
            };
            let Some(next) = next else { return Ok(()) };
            self.watch
                .took_up(lane.is_none_or(|lane| lane != next.lane));
            afterwards = self.take_up(next).await?;
        }
    }

    /// Works on a row that was left behind.
    pub async fn take_up(&self, claimed: Claimed) -> Result<Afterwards, InboxError> {
        let key = match &claimed.update {
            Ok(update) if duty(&claimed.standing) == Duty::Handle => session::key(update),
            _ => None,
        };
        let session = match key.as_deref() {
            Some(key) => self.app.inbox.load_session(key).await?,
            None => Session::default(),
        };
        let (_, afterwards) = self.carry_out(claimed, session).await;
        Ok(afterwards)
    }

    async fn handle_and_commit(
        &self,
        claimed: Claimed,
        mut session: Session,
    ) -> Result<(Verdict, Afterwards), InboxError> {
        match &claimed.update {
            Ok(update) => {
                let plan = self.handle(update, &mut session).await;
                self.commit(claimed, &plan, &session).await
            }
            Err(unusable) => {
                let error = format!("the kept body cannot be read: {unusable}");
                self.end(&claimed, State::Dead, &error).await
            }
        }
    }

    async fn handle(&self, update: &Update, session: &mut Session) -> Plan {
        let person = update.person();
        let tag = person.and_then(|person| person.language_code.as_deref());
        let visit = Visit {
            update,
            language: tag
                .and_then(Language::from_tag)
                .unwrap_or(self.app.settings.language),
            owners: &self.app.settings.owners,
            now_ms: self.app.now_ms,
            username: self.door.username.as_deref(),
            outside: self.app,
        };
        handlers::dispatch(&visit, session).await
    }

    async fn commit(
        &self,
        claimed: Claimed,
        plan: &Plan,
        session: &Session,
    ) -> Result<(Verdict, Afterwards), InboxError> {
        // Whoever takes an update over cannot know what an earlier delivery was answered, or whether anybody still listens.
        let is_first = claimed.standing.attempts == 1;
        let may_travel = is_first
            && self.watch.stage() == Stage::Working
            && plan.fits_in_response(self.app.settings.answer_in_response);
        if may_travel {
            self.watch.enters(Stage::Answering);
            let calls = planned(&claimed, plan, PlannedCall::travels_in_response);
            let committed = self.write_plan(&claimed, &calls, true, session).await?;
            if !matches!(committed, Committed::AnsweredAlready) {
                return self.committed(claimed, calls, committed).await;
            }
            self.watch.enters(Stage::Answered);
        }
        let calls = planned(&claimed, plan, PlannedCall::begin);
        let committed = self.write_plan(&claimed, &calls, false, session).await?;
        self.committed(claimed, calls, committed).await
    }

    async fn committed(
        &self,
        claimed: Claimed,
        mut calls: Vec<PlannedCall>,
        committed: Committed,
    ) -> Result<(Verdict, Afterwards), InboxError> {
        match committed {
            Committed::Yes { gates, .. }
                if calls.iter().any(|call| call.state == CallState::Sending) =>
            {
                self.perform(&mut calls, &gates).await;
                Ok((Verdict::Done, Afterwards::Settle(claimed, calls)))
            }
            Committed::Yes { next, .. } => {
                let travels = calls.last().filter(|call| call.is_in_response);
                let verdict =
                    travels.map_or(Verdict::Done, |call| Verdict::Answered(in_response(call)));
                Ok((verdict, next.map_or(Afterwards::Nothing, Afterwards::Next)))
            }
            Committed::AnsweredAlready | Committed::No => {
                let wait_ms = backoff_ms(claimed.standing.attempts, claimed.seq);
                let error = "the session was changed meanwhile";
                self.app.inbox.release(&claimed, wait_ms, error).await?;
                Ok((Verdict::Waiting, Afterwards::Nothing))
            }
        }
    }

    async fn write_plan(
        &self,
        claimed: &Claimed,
        calls: &[PlannedCall],
        must_travel: bool,
        session: &Session,
    ) -> Result<Committed, InboxError> {
        let key = claimed.update.as_ref().ok().and_then(session::key);
        let session = key.as_deref().map(|key| (key, session));
        let inbox = &self.app.inbox;
        inbox
            .commit(claimed, calls, must_travel, session, self.reach())
            .await
    }

    /// Goes on with calls that somebody else planned, and may have begun to make.
    async fn resume(&self, mut claimed: Claimed) -> Result<(Verdict, Afterwards), InboxError> {
        let mut calls = claimed.plan.clone();
        for call in &mut calls {
            call.interrupted();
        }
        let is_too_late = claimed.standing.held_ms > CALLS_USEFUL_MS;
        for call in calls.iter_mut().filter(|call| call.is_due()) {
            if is_too_late {
                call.skip("a day has passed");
            } else {
                call.begin();
            }
        }
        let Some(gates) = self.app.inbox.resume(&claimed, &calls).await? else {
            return Ok((Verdict::Waiting, Afterwards::Nothing));
        };
        claimed.plan.clone_from(&calls);
        self.perform(&mut calls, &gates).await;
        Ok((Verdict::Done, Afterwards::Settle(claimed, calls)))
    }

    /// Makes the calls in order. Where one has to be made again later, those behind it wait too.
    async fn perform(&self, calls: &mut [PlannedCall], gates: &[Gate]) {
        for place in 0..calls.len() {
            let (earlier, rest) = calls.split_at_mut(place);
            let Some(call) = rest
                .first_mut()
                .filter(|call| call.state == CallState::Sending)
            else {
                continue;
            };
            match gate_wait_ms(gates, &call.call) {
                _ if !self.watch.may_begin() => call.put_back(),
                0 => self.make(call, earlier).await,
                wait_ms => call.wait_for_gate(wait_ms),
            }
            if call.is_due() {
                return rest.iter_mut().for_each(PlannedCall::put_back);
            }
        }
    }

    /// Makes one call, and once more where the group it went to has moved.
    async fn make(&self, call: &mut PlannedCall, earlier: &[PlannedCall]) {
        loop {
            let Some(parameters) = call.parameters(earlier) else {
                return call.skip("the call it depends on did not succeed");
            };
            let telegram = &self.app.telegram;
            let result = telegram.call_raw(&call.call.method, &parameters).await;
            let outcome = result.map(|result| {
                let sent = Fields::of(&result).ok()?;
                sent.integer("message_id").map(MessageId)
            });
            call.ended(outcome, self.app.now_ms);
            if call.state != CallState::Planned {
                return;
            }
            call.begin();
        }
    }

    async fn write_down(
        &self,
        claimed: &Claimed,
        calls: &[PlannedCall],
    ) -> Result<Option<Claimed>, InboxError> {
        let (open, wait_ms) = match remainder(calls, &claimed.standing) {
            Remainder::Nothing => (Open::Closed, 0),
            Remainder::HoldingLane(wait_ms) => (Open::HoldsLane, wait_ms),
            Remainder::LettingLaneGo(wait_ms) => (Open::LetsLaneGo, wait_ms),
        };
        let settlement = Settlement {
            plan: calls,
            open,
            wait_ms,
            error: complaint(calls),
        };
        let reach = self.reach();
        self.app.inbox.settle(claimed, &settlement, reach).await
    }

    /// Whose row may be claimed next.
    fn reach(&self) -> Reach {
        let requests = self.app.inbox.cost().trips + self.app.telegram.requests();
        self.watch.reach(requests)
    }

    async fn end(
        &self,
        claimed: &Claimed,
        state: State,
        error: &str,
    ) -> Result<(Verdict, Afterwards), InboxError> {
        let inbox = &self.app.inbox;
        let next = inbox.end(claimed, state, error, self.reach()).await?;
        let verdict = if state == State::Dead {
            Verdict::Dead
        } else {
            Verdict::Expired
        };
        Ok((verdict, next.map_or(Afterwards::Nothing, Afterwards::Next)))
    }
}

/// The calls that were planned for earlier epochs, and behind them those of this plan.
fn planned(claimed: &Claimed, plan: &Plan, mark: fn(&mut PlannedCall)) -> Vec<PlannedCall> {
    let earlier = claimed.plan.len();
    let calls = plan.calls().iter().cloned().map(|mut call| {
        call.after = call.after.map(|step| step + earlier);
        let mut call = PlannedCall::new(call);
        mark(&mut call);
        call
    });
    claimed.plan.iter().cloned().chain(calls).collect()
}

/// A call as the body of an answer to Telegram.
pub(super) fn in_response(call: &PlannedCall) -> String {
    let fields = Fields::of(call.call.parameters.get()).unwrap_or_default();
    // Telegram takes the first of two equal names, so no parameter may be called `method`.
    fields.with("method", &text_of(&call.call.method))
}
