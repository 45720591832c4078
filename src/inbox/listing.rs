//! The inbox as the operator sees it: lists, one update, counts, and another try.

use crate::delivery::inbox::{State, useful_seconds};
use crate::inbox::database::{Database, Row};
use crate::inbox::{Inbox, InboxError, Open, first, state_of, statement};
use crate::json::{Json, Written, object_of, text_of};
use crate::telegram::ids::{ChatId, UpdateId};

/// How many rows are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCount {
    /// The state.
    pub state: State,
    /// How many rows.
    pub rows: i64,
    /// How often handlers were started for them.
    pub attempts: i64,
}

/// An update as the operator sees it.
#[derive(Debug)]
pub struct ListedUpdate {
    /// Its place in the order of arrival; a page ends before one.
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
    /// Whether something is left to do.
    pub is_open: bool,
    /// How often a handler was started for it.
    pub attempts: i64,
    /// How often an operator had it handled again.
    pub epoch: i64,
    /// When it arrived, in milliseconds since 1970.
    pub received_at: i64,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it arrived, in UTC. Only where one update is shown.
    pub received: Option<String>,
    /// The planned calls and what became of each. Only where one update is shown.
    pub calls: Option<Json>,
    /// What arrived, as it arrived; as a JSON text where it is no JSON. Only where one update is shown.
    pub body: Option<Json>,
}

impl Written for ListedUpdate {
    fn text(&self) -> String {
        let shown = |json: &Option<Json>| {
            json.as_ref()
                .map_or_else(String::new, |json| json.get().to_owned())
        };
        object_of(&[
            ("seq", &self.seq.to_string()),
            ("update_id", &self.update_id.to_string()),
            ("kind", &text_of(&self.kind)),
            ("lane", &text_of(&self.lane)),
            ("chat_id", &text_of(&self.chat_id)),
            ("state", &text_of(self.state.name())),
            ("is_open", &self.is_open.to_string()),
            ("attempts", &self.attempts.to_string()),
            ("epoch", &self.epoch.to_string()),
            ("received_at", &self.received_at.to_string()),
            ("error", &text_of(&self.error)),
            ("calls", &shown(&self.calls)),
            ("body", &shown(&self.body)),
        ])
    }
}

impl<D: Database> Inbox<D> {
    /// Updates, newest first, below `before` in the order of arrival.
    pub async fn list(
        &self,
        state: Option<&'static str>,
        before: i64,
        limit: i64,
    ) -> Result<Vec<ListedUpdate>, InboxError> {
        const DOING: &str = "list updates";
        let values = vec![self.bot.0.into(), before.into(), state.into(), limit.into()];
        let rows = self.trip(DOING, vec![statement("LIST", values)]).await?;
        rows.into_iter().map(|row| listed(DOING, row)).collect()
    }

    /// One update with its calls and its body: the newest of this number.
    pub async fn show(&self, update: UpdateId) -> Result<Option<ListedUpdate>, InboxError> {
        const DOING: &str = "show an update";
        let values = vec![self.bot.0.into(), update.0.into()];
        let rows = self.trip(DOING, vec![statement("SHOW", values)]).await?;
        first(rows).map(|row| listed(DOING, row)).transpose()
    }

    /// Lets a finished update be handled again. `false`: there is none, or something is still left to do on it.
    pub async fn replay(&self, update: UpdateId, kind: &str) -> Result<bool, InboxError> {
        let useful_ms = useful_seconds(kind) * 1000;
        let values = vec![self.bot.0.into(), update.0.into(), useful_ms.into()];
        let replay = statement("REPLAY", values);
        let rows = self.trip("replay an update", vec![replay]).await?;
        Ok(!rows.is_empty())
    }

    /// How many updates are in which state.
    pub async fn count(&self) -> Result<Vec<StateCount>, InboxError> {
        const DOING: &str = "count updates";
        let count = self.about_bot("COUNT");
        let rows = self.trip(DOING, vec![count]).await?;
        let counts = rows.into_iter().map(|mut row| {
            Ok(StateCount {
                state: state_of(DOING, &mut row, 0)?,
                rows: row.integer(1),
                attempts: row.integer(2),
            })
        });
        counts.collect()
    }

    /// How long the oldest update with something left to do has been here, in milliseconds.
    pub async fn oldest_open_ms(&self) -> Result<Option<i64>, InboxError> {
        let oldest = self.about_bot("OLDEST_OPEN");
        let rows = self
            .trip("look for the oldest open update", vec![oldest])
            .await?;
        Ok(first(rows).and_then(|row| row.integer_or_null(0)))
    }
}

/// Reads a row of the list, or of one shown update, which has three columns more.
fn listed(doing: &'static str, mut row: Row) -> Result<ListedUpdate, InboxError> {
    let calls = row.text_or_null(11).and_then(|plan| Json::of(&plan));
    let body = row.text_or_null(12).map(|body| {
        let as_text = || Json::of(&text_of(&body));
        Json::of(&body).or_else(as_text).unwrap_or_default()
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
        epoch: row.integer(9),
        is_open: row.integer(10) != Open::Closed as i64,
        received: row.text_or_null(13),
        calls,
        body,
    })
}
