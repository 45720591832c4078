//! The planned calls in the operator's hands: listed, counted, and decided about.

use crate::delivery::outbox::{CallState, PlannedCall};
use crate::inbox::database::Database;
use crate::inbox::{Inbox, InboxError, first, plan_of, statement};
use crate::json::{Written, list_of};
use crate::search::split_once;

/// The place of a planned call: the row of its update in the order of arrival, and its step in the plan. Written `seq.step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId {
    /// The row.
    pub seq: i64,
    /// The step, from 0.
    pub step: i64,
}

/// A planned call as the operator sees it.
#[derive(Debug)]
pub struct ListedCall {
    /// Its place, as [`CallId::of`] reads it.
    pub id: String,
    /// Its place, the update it answers, the call, its state, tries and error: a JSON object.
    pub json: String,
}

/// Calls in one state.
#[derive(Debug)]
pub struct CallCount {
    /// The state's name.
    pub state: String,
    /// The code of Telegram's refusal, where there was one.
    pub code: Option<i64>,
    /// How many calls.
    pub calls: i64,
}

/// What an operator decides about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Make it again.
    Resend,
    /// Let it be.
    Drop,
}

/// What came of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It is written down.
    Yes,
    /// There is no such call, or somebody is at its row right now.
    NotHere,
    /// In its state there is nothing to decide.
    NotIn(CallState),
}

impl Written for ListedCall {
    fn text(&self) -> String {
        self.json.clone()
    }
}

impl CallId {
    /// Reads `seq.step`.
    pub fn of(text: &str) -> Option<Self> {
        let (seq, step) = split_once(text, ".")?;
        Some(Self {
            seq: seq.parse().ok()?,
            step: step.parse().ok()?,
        })
    }
}

impl<D: Database> Inbox<D> {
    /// Planned calls, newest first, below `before`. Without the name of a state all that did not end well.
    pub async fn calls(
        &self,
        state: Option<&'static str>,
        before: CallId,
        limit: i64,
    ) -> Result<Vec<ListedCall>, InboxError> {
        let values = vec![
            self.bot.0.into(),
            before.seq.into(),
            before.step.into(),
            state.into(),
            limit.into(),
        ];
        let outbox = statement("OUTBOX", values);
        let rows = self.trip("list calls", vec![outbox]).await?;
        let calls = rows.into_iter().map(|mut row| ListedCall {
            id: row.text(0),
            json: row.text(1),
        });
        Ok(calls.collect())
    }

    /// Writes down what an operator decided about a call.
    pub async fn decide(&self, id: CallId, decision: Decision) -> Result<Decided, InboxError> {
        let values = vec![self.bot.0.into(), id.seq.into()];
        let look = statement("CALLS", values);
        let rows = self.trip("look at a call", vec![look]).await?;
        let Some(mut row) = first(rows) else {
            return Ok(Decided::NotHere);
        };
        let mut plan = plan_of(row.text_or_null(1));
        let step = usize::try_from(id.step).unwrap_or(usize::MAX);
        let Some(call) = plan.get_mut(step) else {
            return Ok(Decided::NotHere);
        };
        let may = match decision {
            Decision::Resend => call.resend(),
            Decision::Drop => call.drop_by_operator(),
        };
        if !may {
            return Ok(Decided::NotIn(call.state));
        }
        let values = vec![
            id.seq.into(),
            row.integer(0).into(),
            list_of(&plan).into(),
            i64::from(plan.iter().any(PlannedCall::is_due)).into(),
        ];
        let decide = statement("DECIDE", values);
        let written = self.trip("decide about a call", vec![decide]).await?;
        Ok(if written.is_empty() {
            Decided::NotHere
        } else {
            Decided::Yes
        })
    }

    /// How many calls are in which state.
    pub async fn count_calls(&self) -> Result<Vec<CallCount>, InboxError> {
        let count = self.about_bot("COUNT_CALLS");
        let rows = self.trip("count calls", vec![count]).await?;
        let counts = rows.into_iter().map(|mut row| CallCount {
            state: row.text(0),
            code: row.integer_or_null(1),
            calls: row.integer(2),
        });
        Ok(counts.collect())
    }
}
