//! What happens next: Telegram delivers, the cron comes, leases end, visits go on step by step as in `src/webhook/`.

use onehook::delivery::inbox::{Event, State, next};
use onehook::delivery::outbox::{CallState, PlannedCall};

use super::world::{
    Call, Design, Model, Reply, Row, Step, Visit, World, claim, is_lost, is_paused, succeeds, take,
};

/// How often Telegram brings an update.
const DELIVERIES_MAX: u8 = 3;

/// How many visits of a kind there are at once.
const AT_ONCE_MAX: usize = 2;

/// Collects the worlds that may come next.
pub struct Futures<'a> {
    model: &'a Model,
    worlds: Vec<World>,
}

/// What goes wrong with a trip.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trip {
    /// It fails: the visit goes on as if nothing was done.
    GivenUp,
    /// It fails, and is made again until it succeeds.
    Repeated,
}

impl<'a> Futures<'a> {
    /// All worlds that may come after one.
    pub fn of(model: &'a Model, world: &World) -> Vec<World> {
        let mut futures = Self {
            model,
            worlds: Vec::new(),
        };
        futures.telegram_delivers(world);
        futures.cron_comes(world);
        futures.leases_end(world);
        futures.time_leaps(world);
        for (place, visit) in world.visits.iter().enumerate() {
            if let Some(visit) = visit {
                let mut others = *world;
                others.visits[place] = None;
                futures.goes_on(others, *visit);
            }
        }
        futures.worlds
    }

    fn push(&mut self, world: World, visit: Option<Visit>) {
        self.worlds.push(self.model.essence(world.with(visit)));
    }

    fn telegram_delivers(&mut self, world: &World) {
        let at_once = world.visiting().filter(|visit| visit.delivers.is_some());
        if at_once.count() >= AT_ONCE_MAX {
            return;
        }
        for update in 0..u8::try_from(self.model.updates).unwrap() {
            let seen = world.seen[usize::from(update)];
            // The first is the one that arrives first.
            let is_its_turn = update == 0
                || (world.rows[0].is_some()
                    && (world.seen[0].is_acknowledged || !self.model.is_patient));
            if seen.is_acknowledged || seen.deliveries >= DELIVERIES_MAX || !is_its_turn {
                continue;
            }
            let mut world = *world;
            world.seen(update).deliveries += 1;
            for other in world.visits.iter_mut().flatten() {
                // It brings an update again only when it has given up the delivery before.
                other.is_heard &= other.delivers != Some(update) || self.model.listens_to_all;
            }
            let visit = Visit {
                delivers: Some(update),
                step: Step::Record,
                row: update,
                holds: false,
                reply: Reply::Receiving,
                is_heard: true,
                was_there: 0,
                call: None,
            };
            self.push(world, Some(visit));
        }
    }

    fn cron_comes(&mut self, world: &World) {
        let at_once = world.visiting().filter(|visit| visit.delivers.is_none());
        let Some(row) = self.model.next_row(world, None) else {
            return;
        };
        if at_once.count() >= AT_ONCE_MAX {
            return;
        }
        let mut visit = Visit {
            delivers: None,
            step: Step::Over,
            row,
            holds: false,
            reply: Reply::Given,
            is_heard: false,
            was_there: 0,
            call: None,
        };
        let mut claimed = *world;
        take(&mut claimed, &mut visit, row);
        self.push(claimed, Some(visit));
        if world.spent.lost < self.model.faults.lost {
            claimed.spent.lost += 1;
            self.push(claimed, None);
        }
    }

    fn leases_end(&mut self, world: &World) {
        for place in 0..2_u8 {
            if !world.rows[usize::from(place)].is_some_and(|row| row.is_leased && row.open > 0) {
                continue;
            }
            let mut world = *world;
            let outlives = |visit: &Visit| visit.was_there & 1 << place != 0;
            if world.visiting().any(outlives) {
                if world.spent.zombies >= self.model.faults.zombies {
                    continue;
                }
                world.spent.zombies += 1;
            }
            world.row(place).is_leased = false;
            self.push(world, None);
        }
    }

    fn time_leaps(&mut self, world: &World) {
        let is_open = world.rows.iter().flatten().any(|row| row.open > 0);
        if world.spent.leaps < self.model.faults.leaps && is_open {
            let mut world = *world;
            world.spent.leaps += 1;
            let open = world.rows.iter_mut().flatten().filter(|row| row.open > 0);
            open.for_each(|row| row.age += 1);
            self.push(world, None);
        }
    }

    fn goes_on(&mut self, world: World, visit: Visit) {
        if world.spent.crashes < self.model.faults.crashes {
            let mut world = world;
            world.spent.crashes += 1;
            self.push(world, None);
        }
        self.is_answered(world, visit);
        match visit.step {
            Step::Record => self.record(world, visit),
            Step::Look => self.look(world, visit),
            Step::Commit => self.commit(world, visit),
            Step::Release => self.release(world, visit),
            Step::End(state) => self.end(world, visit, state),
            Step::Resume => self.resume(world, visit),
            Step::Perform => self.perform(world, visit),
            Step::Settle => self.settle(world, visit),
            Step::LookOn => self.look_on(world, visit),
            Step::Over => {}
        }
    }

    /// Telegram is answered: because the work is done, or because the soft deadline is over.
    fn is_answered(&mut self, mut world: World, mut visit: Visit) {
        let may = !matches!(
            visit.reply,
            Reply::Receiving | Reply::Answering | Reply::Given
        );
        let Some(update) = visit.delivers.filter(|_| may) else {
            return;
        };
        if visit.is_heard {
            world.seen(update).is_acknowledged = true;
            if visit.reply == Reply::ReadyWithCall {
                world.takes_effect(update);
            }
        }
        visit.reply = Reply::Given;
        self.push(world, Some(visit));
    }

    fn record(&mut self, world: World, mut visit: Visit) {
        let place = visit.row;
        let is_busy = place == 1 && world.rows[0].is_some_and(|row| row.open == 1);
        let event = if is_busy && self.model.design != Design::NoLanes {
            Event::ArrivedBehind
        } else {
            Event::Arrived
        };
        let state = next(None, event).unwrap();
        let is_ours = state == State::Leased;
        let mut recorded = world;
        recorded.rows[usize::from(place)] = Some(Row {
            state: State::Stored,
            attempts: 0,
            is_leased: false,
            open: 1,
            acknowledged: !is_ours,
            age: 0,
            call: None,
        });
        if is_ours {
            take(&mut recorded, &mut visit, place);
            visit.reply = Reply::Working;
            self.push(recorded, Some(visit));
        } else {
            (visit.step, visit.reply) = (Step::LookOn, Reply::Ready);
            self.push(recorded, Some(visit));
        }
        self.answer_is_lost(recorded);
    }

    fn look(&mut self, world: World, mut visit: Visit) {
        let place = visit.row;
        if self.model.design == Design::MarkerOnly {
            visit.reply = Reply::Ready;
            return self.is_over(world, visit);
        }
        let mut looked = world;
        if self.model.is_claimable(&world, place.into()) {
            take(&mut looked, &mut visit, place);
            visit.reply = Reply::Working;
            self.push(looked, Some(visit));
            return self.answer_is_lost(looked);
        }
        let row = looked.row(place);
        row.acknowledged |= row.open > 0 && row.state != State::Done;
        let is_finished = !matches!(row.state, State::Stored | State::Leased);
        let travels = is_finished && row.call.is_some_and(|call| call.is_in_response);
        visit.reply = if travels {
            Reply::ReadyWithCall
        } else {
            Reply::Ready
        };
        if is_finished {
            self.is_over(looked, visit);
        } else {
            visit.step = Step::LookOn;
            self.push(looked, Some(visit));
        }
        self.answer_is_lost(looked);
    }

    /// Whoever is at the head of the lane may have vanished.
    fn look_on(&mut self, world: World, mut visit: Visit) {
        self.is_over(world, visit);
        if let Some(next) = self.model.next_row(&world, None) {
            let mut world = world;
            take(&mut world, &mut visit, next);
            self.push(world, Some(visit));
            self.answer_is_lost(world);
        }
    }

    /// Nobody learns what a trip brought, and Telegram, if it waits for an answer, is told 503.
    fn answer_is_lost(&mut self, mut world: World) {
        if world.spent.lost < self.model.faults.lost {
            world.spent.lost += 1;
            self.push(world, None);
        }
    }

    fn commit(&mut self, world: World, mut visit: Visit) {
        let is_first = { world }.row(visit.row).attempts == 1
            || matches!(
                self.model.design,
                Design::TravelsAlways | Design::TakenOverTravels
            );
        let travels = self.model.travels
            && (visit.reply == Reply::Answering || (visit.reply == Reply::Working && is_first));
        if travels {
            visit.reply = Reply::Answering;
        }
        let (place, update) = (visit.row, visit.row);
        let mut done = world;
        let row = done.row(place);
        let is_in_time =
            !travels || !row.acknowledged || self.model.design == Design::TravelsAlways;
        if row.state == State::Leased && visit.holds && is_in_time {
            row.state = next(Some(row.state), Event::Planned).unwrap();
            let mark = if travels {
                PlannedCall::travels_in_response
            } else {
                PlannedCall::begin
            };
            row.call = Some(self.model.planned(mark));
            if travels {
                (row.open, row.is_leased) = (0, false);
            }
            done.seen(update).plans += 1;
            done.is_order_broken |=
                place == 1 && done.rows[0].is_some_and(|earlier| earlier.open == 1);
        }
        self.trip_fails(world, done, visit, Trip::Repeated);
        self.committed(done, visit, travels);
        if world.spent.conflicts < self.model.faults.conflicts && visit.holds && done != world {
            let mut world = world;
            world.spent.conflicts += 1;
            self.push(
                world,
                Some(Visit {
                    step: Step::Release,
                    ..visit
                }),
            );
        }
    }

    fn committed(&mut self, mut world: World, mut visit: Visit, travels: bool) {
        let row = *world.row(visit.row);
        match row.state {
            State::Done if visit.holds && travels => {
                visit.reply = Reply::ReadyWithCall;
                self.goes_on_with_next(world, visit);
            }
            State::Done if visit.holds => {
                visit.call = row.call;
                visit.step = Step::Perform;
                self.push(world, Some(visit));
            }
            State::Leased if visit.holds && travels && row.acknowledged => {
                visit.reply = Reply::Bare;
                self.push(world, Some(visit));
            }
            _ => {
                visit.step = Step::Release;
                self.push(world, Some(visit));
            }
        }
    }

    fn release(&mut self, world: World, visit: Visit) {
        let mut done = world;
        let row = done.row(visit.row);
        if row.state == State::Leased && visit.holds {
            row.state = next(Some(row.state), Event::LetGo).unwrap();
            row.is_leased = false;
        }
        self.trip_fails(world, done, visit, Trip::GivenUp);
        self.is_over(done, visit.ready());
    }

    fn end(&mut self, world: World, visit: Visit, state: State) {
        let event = if state == State::Dead {
            Event::GivenUp
        } else {
            Event::TimeRanOut
        };
        let mut done = world;
        let row = done.row(visit.row);
        if row.state == State::Leased && visit.holds {
            row.state = next(Some(row.state), event).unwrap();
            (row.open, row.is_leased) = (0, false);
        }
        self.trip_fails(world, done, visit, Trip::Repeated);
        self.goes_on_with_next(done, visit.ready());
    }

    fn resume(&mut self, world: World, mut visit: Visit) {
        let row = *{ world }.row(visit.row);
        let is_too_late = row.age >= 2;
        let before = visit.call.unwrap();
        let call = self.model.step(before, |call| {
            if self.model.design == Design::ForgetsSending {
                call.put_back();
            }
            call.interrupted();
            match call.is_due() {
                true if is_too_late => call.skip("a day has passed"),
                true => call.begin(),
                false => {}
            }
        });
        let mut done = world;
        let is_ours = row.state == State::Done && visit.holds && row.open > 0;
        if is_ours && row.call != Some(call) {
            done.row(visit.row).call = Some(call);
            done.seen(visit.row).ambiguities += u8::from(before.state == CallState::Sending);
        }
        self.trip_fails(world, done, visit, Trip::Repeated);
        if !is_ours {
            return self.is_over(done, visit.ready());
        }
        visit.call = Some(call);
        if call.state == CallState::Sending {
            visit.step = Step::Perform;
            self.push(done, Some(visit));
        } else {
            visit.step = Step::Settle;
            self.push(done, Some(visit.ready()));
        }
    }

    fn perform(&mut self, world: World, visit: Visit) {
        self.performed(world, visit, succeeds, true);
        self.performed(world, visit, PlannedCall::put_back, false);
        let (spent, most) = (world.spent, self.model.faults);
        if spent.lost < most.lost {
            let mut world = world;
            world.spent.lost += 1;
            world.seen(visit.row).ambiguities += 1;
            self.performed(world, visit, is_lost, true);
            self.performed(world, visit, is_lost, false);
        }
        if spent.pauses < most.pauses {
            let mut world = world;
            world.spent.pauses += 1;
            self.performed(world, visit, is_paused, false);
        }
    }

    fn performed(
        &mut self,
        mut world: World,
        mut visit: Visit,
        outcome: fn(&mut PlannedCall),
        takes_effect: bool,
    ) {
        if takes_effect {
            world.takes_effect(visit.row);
        }
        visit.call = visit.call.map(|call| self.model.step(call, outcome));
        visit.step = Step::Settle;
        self.push(world, Some(visit.ready()));
    }

    fn settle(&mut self, world: World, visit: Visit) {
        let call = visit.call.unwrap();
        let mut done = world;
        let row = done.row(visit.row);
        let is_mine = visit.holds || self.model.design == Design::NoFence;
        if row.state == State::Done && is_mine && row.open > 0 {
            row.call = Some(Call { wait_ms: 0, ..call });
            row.open = self.model.open_after(row, call);
            row.is_leased = false;
        }
        self.trip_fails(world, done, visit, Trip::Repeated);
        self.goes_on_with_next(done, visit);
    }

    /// A trip's answer is lost. It is repeated, or given up; its last statement may have claimed a row for nobody.
    fn trip_fails(&mut self, mut before: World, mut done: World, visit: Visit, trip: Trip) {
        if before.spent.lost >= self.model.faults.lost {
            return;
        }
        before.spent.lost += 1;
        done.spent.lost += 1;
        let mut outcomes = vec![done];
        let claims_next = matches!(visit.step, Step::Commit | Step::End(_) | Step::Settle);
        if let Some(next) = self
            .model
            .next_row(&done, Some(visit.row))
            .filter(|_| claims_next)
        {
            let mut claimed = done;
            claim(&mut claimed, next);
            outcomes.push(claimed);
        }
        for world in outcomes {
            if trip == Trip::Repeated && world != before {
                self.push(world, Some(visit));
            }
            self.fails(world, visit);
        }
        self.fails(before, visit);
    }

    /// The database did not let the visit finish. Whatever is left is somebody else's.
    fn fails(&mut self, world: World, visit: Visit) {
        match visit.reply {
            Reply::Answering => self.push(world, None),
            _ => self.is_over(world, visit.ready()),
        }
    }

    /// Takes another row along, if there is one and time is left.
    fn goes_on_with_next(&mut self, world: World, mut visit: Visit) {
        self.is_over(world, visit);
        if let Some(next) = self.model.next_row(&world, Some(visit.row)) {
            let mut world = world;
            take(&mut world, &mut visit, next);
            self.push(world, Some(visit));
        }
    }

    fn is_over(&mut self, world: World, mut visit: Visit) {
        visit.step = Step::Over;
        self.push(world, Some(visit));
    }
}
