//! The time a visit has: when Telegram must have its answer, when nothing new is begun, and when everything stops.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;

use futures_util::future::{Either, select};

use crate::delivery::{HARD_STOP_MS, LAST_START_MS, SOFT_DEADLINE_MS};
use crate::inbox::Reach;
use crate::telegram::ids::UpdateId;
use crate::telegram::transport::Transport;

/// How many rows one visit takes up besides its own.
pub(super) const ROWS_MAX: u32 = 10;

/// After how many requests a visit takes up no more rows. The free plan allows 50; a row costs about eight, and twenty-five where
/// the database fails for seconds.
const REQUESTS_MAX: u64 = 24;

/// The same for a batch of the queue, which is for the paid plan: that allows 1,000 queries to D1.
const REQUESTS_MAX_OF_BATCH: u64 = 800;

/// How far a visit has come, as far as its answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is not certain that the update is kept.
    Receiving,
    /// The update is kept and ours. The answer may be given at any time.
    Working,
    /// A call is being committed to travel in the answer, so the answer must wait for it.
    Answering,
    /// The answer is given, or is somebody else's: a call cannot travel in it.
    Answered,
}

/// What a visit may still do.
#[derive(Debug)]
pub struct Watch {
    stage: Cell<Stage>,
    update_id: Cell<Option<UpdateId>>,
    is_late: Cell<bool>,
    requests_max: u64,
    rows_left: Cell<u32>,
    others_left: Cell<u32>,
}

impl Watch {
    /// For the visit of a delivery: after its own work it takes up to two rows of other lanes along.
    pub fn of_delivery() -> Self {
        Self::new(Stage::Receiving, REQUESTS_MAX, 2)
    }

    /// For a visit that nobody delivers anything in: it takes up what is left behind, of any lane.
    pub fn of_cron() -> Self {
        Self::new(Stage::Answered, REQUESTS_MAX, ROWS_MAX)
    }

    /// For a part of a batch of the queue: the same, with more requests.
    pub fn of_batch() -> Self {
        Self::new(Stage::Answered, REQUESTS_MAX_OF_BATCH, ROWS_MAX)
    }

    fn new(stage: Stage, requests_max: u64, others: u32) -> Self {
        Self {
            stage: Cell::new(stage),
            update_id: Cell::default(),
            is_late: Cell::new(false),
            requests_max,
            rows_left: Cell::new(ROWS_MAX),
            others_left: Cell::new(others),
        }
    }

    /// How far the visit has come.
    pub fn stage(&self) -> Stage {
        self.stage.get()
    }

    /// The update that was delivered, as soon as it is kept.
    pub fn update_id(&self) -> Option<UpdateId> {
        self.update_id.get()
    }

    /// The delivered update is kept, and ours.
    pub fn is_kept(&self, update_id: UpdateId) {
        self.update_id.set(Some(update_id));
        self.enters(Stage::Working);
    }

    /// The visit goes on to another stage; what was answered stays so.
    pub fn enters(&self, stage: Stage) {
        if self.stage.get() != Stage::Answered {
            self.stage.set(stage);
        }
    }

    /// Whether another call may be begun.
    pub fn may_begin(&self) -> bool {
        !self.is_late.get()
    }

    /// Whose row may be claimed next, after so many requests.
    pub fn reach(&self, requests: u64) -> Reach {
        if requests > self.requests_max {
            return Reach::Nothing;
        }
        match (
            self.is_late.get(),
            self.rows_left.get(),
            self.others_left.get(),
        ) {
            (true, _, _) | (_, 0, _) => Reach::Nothing,
            (_, _, 0) => Reach::Lane,
            _ => Reach::Anywhere,
        }
    }

    /// Counts a row that was taken up.
    pub fn took_up(&self, is_of_other_lane: bool) {
        let less = |count: &Cell<u32>| count.set(count.get().saturating_sub(1));
        less(&self.rows_left);
        if is_of_other_lane {
            less(&self.others_left);
        }
    }

    /// How many rows were taken up.
    pub fn taken_up(&self) -> u32 {
        ROWS_MAX - self.rows_left.get()
    }

    /// Runs the work that goes on after the soft deadline, or after the answer: from the last start on it begins nothing, and at
    /// the hard stop it is dropped. `None`: it was.
    pub async fn limits<W: Future>(
        &self,
        transport: &impl Transport,
        work: W,
    ) -> Option<W::Output> {
        let clock = pin!(async {
            transport.pause(LAST_START_MS - SOFT_DEADLINE_MS).await;
            self.is_late.set(true);
            transport.pause(HARD_STOP_MS - LAST_START_MS).await;
        });
        match select(pin!(work), clock).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }
}
