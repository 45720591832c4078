//! The real SQL on a real `SQLite`, watched by triggers: what every statement did to every row, whatever statement it was.

use std::rc::Rc;
use std::sync::{Arc, Mutex};

use onehook::inbox::database::{Batch, DatabaseError, Statement};
use rusqlite::config::DbConfig;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

use crate::simulation::executor::Executor;
use crate::sqlite_database::SqliteDatabase;

/// Statements by name, for the points where a trip may fail: the first of these that is in a trip names it.
const NAMES: &[(&str, &str)] = &[
    ("RECORD", "record"),
    ("SETTLE", "settle"),
    ("END", "end"),
    ("RESUME", "resume"),
    ("WRITE_SESSION", "commit with a session"),
    ("COMMIT", "commit"),
    ("COMMIT_AND_CLOSE", "commit and close"),
    ("CLAIM_UPDATE", "claim again"),
    ("RELEASE", "release"),
    ("QUARANTINE", "quarantine"),
    ("CLAIM_NEXT", "claim the next"),
    ("SESSION", "load the session"),
    ("UNTOLD", "look for alerts"),
    ("TELL", "plan an alert"),
    ("COUNT", "count"),
    ("FORGET", "forget"),
    ("WEBHOOK", "read the webhook"),
    ("BEAT", "beat and look after the webhook"),
    ("TAKE_TURN", "take the turn"),
    ("GIVE_TURN_BACK", "give the turn back"),
    ("OPEN_INCIDENT", "open an incident"),
    ("RESTORED", "note the restored webhook"),
    ("END_INCIDENT", "end an incident"),
    ("REMEMBER_TAKEN", "remember what was taken"),
    ("NOTE_WAITING", "note what waits"),
];

/// What a trip is called.
pub fn name(statements: &[Statement]) -> &'static str {
    let is_in = |name: &str| statements.iter().any(|statement| statement.name == name);
    let known = NAMES.iter().find(|(name, _)| is_in(name));
    known.map_or("another statement", |(_, name)| name)
}

/// Whether a trip decides on an update.
pub fn is_commit(statements: &[Statement]) -> bool {
    name(statements).starts_with("commit")
}

/// What a statement did to a row of the inbox.
#[derive(Clone, Debug, Default)]
pub struct RowChange {
    pub seq: i64,
    pub update_id: i64,
    pub sha256: String,
    pub lane: String,
    pub old: Standing,
    pub new: Standing,
    pub attempts: i64,
    /// The plan, where it was written.
    pub plan: Option<String>,
    pub is_gone: bool,
}

/// Where a row stands. A row that is not there has no state.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    pub state: String,
    pub open: i64,
    pub fence: i64,
    pub lease_until: i64,
}

/// The database, and what happened in it since somebody looked.
pub struct Observed {
    pub sqlite: SqliteDatabase,
    changes: Arc<Mutex<Vec<RowChange>>>,
}

impl Observed {
    pub fn new(executor: &Rc<Executor>) -> Self {
        let clock = Rc::clone(executor);
        let sqlite = SqliteDatabase::new(Rc::new(move || clock.now()));
        let changes: Arc<Mutex<Vec<RowChange>>> = Arc::default();
        let seen = Arc::clone(&changes);
        let note = move |context: &Context| {
            seen.lock().unwrap().push(change(context));
            Ok(0)
        };
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        let connection = sqlite.connection();
        connection
            .create_scalar_function("saw", -1, flags, note)
            .unwrap();
        connection.execute_batch(TRIGGERS).unwrap();
        // Otherwise a statement is compiled anew whenever it is bound to other values.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .unwrap();
        Self { sqlite, changes }
    }

    /// Runs a trip, and tells what it did.
    pub fn run(&self, statements: &[Statement]) -> (Result<Batch, DatabaseError>, Vec<RowChange>) {
        let batch = self.sqlite.run(statements);
        (batch, std::mem::take(&mut self.changes.lock().unwrap()))
    }

    /// How many rows are unfinished.
    pub fn unfinished(&self) -> i64 {
        let sql = "SELECT count(*) FROM inbox WHERE open > 0";
        let mut count = self.sqlite.connection().prepare_cached(sql).unwrap();
        count.query_row([], |row| row.get(0)).unwrap()
    }
}

const TRIGGERS: &str = "
CREATE TRIGGER saw_insert AFTER INSERT ON inbox BEGIN
  SELECT saw(NEW.seq, NEW.update_id, NEW.sha256, NEW.lane, NULL, NEW.state, 0, NEW.open, 0, NEW.fence, 0, NEW.lease_until,
    NEW.attempts, NEW.plan);
END;
CREATE TRIGGER saw_update AFTER UPDATE ON inbox BEGIN
  SELECT saw(NEW.seq, NEW.update_id, NULL, NULL, OLD.state, NEW.state, OLD.open, NEW.open, OLD.fence, NEW.fence,
    OLD.lease_until, NEW.lease_until, NEW.attempts, iif(NEW.plan IS OLD.plan, NULL, NEW.plan));
END;
CREATE TRIGGER saw_delete AFTER DELETE ON inbox BEGIN
  SELECT saw(OLD.seq, OLD.update_id, NULL, NULL, OLD.state, NULL, OLD.open, 0, OLD.fence, 0, OLD.lease_until, 0,
    OLD.attempts, NULL);
END;";

fn change(context: &Context) -> RowChange {
    let number = |place: usize| match context.get_raw(place) {
        ValueRef::Integer(number) => number,
        #[allow(clippy::cast_possible_truncation)]
        ValueRef::Real(number) => number as i64,
        _ => 0,
    };
    let text = |place: usize| match context.get_raw(place) {
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    };
    RowChange {
        seq: number(0),
        update_id: number(1),
        sha256: text(2).unwrap_or_default(),
        lane: text(3).unwrap_or_default(),
        old: Standing {
            state: text(4).unwrap_or_default(),
            open: number(6),
            fence: number(8),
            lease_until: number(10),
        },
        new: Standing {
            state: text(5).unwrap_or_default(),
            open: number(7),
            fence: number(9),
            lease_until: number(11),
        },
        attempts: number(12),
        plan: text(13),
        is_gone: text(5).is_none(),
    }
}
