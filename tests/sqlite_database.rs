//! The database port on a real `SQLite`: the shipped statements and migrations, on the test's clock, with faults.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use onehook::inbox::database::{Batch, Database, DatabaseError, Row, Statement, Value};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, params_from_iter};

use crate::statements;

/// What goes wrong with a trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trip {
    /// Nothing.
    Works,
    /// It fails, and nothing was written.
    FailsBefore,
    /// It fails, although everything was written: the nasty case.
    FailsAfter,
}

/// The shipped migrations, in their order.
const MIGRATIONS: [&str; 4] = [
    include_str!("../migrations/0001_inbox.sql"),
    include_str!("../migrations/0002_delivery.sql"),
    include_str!("../migrations/0003_guard.sql"),
    include_str!("../migrations/0004_feed.sql"),
];

/// A database in memory.
pub struct SqliteDatabase {
    connection: Connection,
    now: Rc<dyn Fn() -> u64>,
    clock: Arc<AtomicU64>,
    trips: Cell<u64>,
    to_come: RefCell<VecDeque<Trip>>,
    is_down: Cell<bool>,
}

impl SqliteDatabase {
    /// A database with the shipped migrations, whose clock is `now` in milliseconds.
    pub fn new(now: Rc<dyn Fn() -> u64>) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.set_prepared_statement_cache_capacity(64);
        let clock = Arc::new(AtomicU64::new(now()));
        give_clock(&connection, Arc::clone(&clock));
        for migration in MIGRATIONS {
            connection.execute_batch(migration).unwrap();
        }
        Self {
            connection,
            now,
            clock,
            trips: Cell::new(0),
            to_come: RefCell::default(),
            is_down: Cell::new(false),
        }
    }

    /// How many trips were made so far.
    pub fn trips(&self) -> u64 {
        self.trips.get()
    }

    /// Says what goes wrong with the next trips, in order.
    pub fn next_trips(&self, trips: &[Trip]) {
        self.to_come.borrow_mut().extend(trips);
    }

    /// Takes the database down, or up again.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.set(is_down);
    }

    /// One value out of the database, as text.
    pub fn value(&self, sql: &str) -> String {
        let value: SqlValue = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .unwrap();
        match value {
            SqlValue::Integer(number) => number.to_string(),
            SqlValue::Text(text) => text,
            other => format!("{other:?}"),
        }
    }

    /// Changes the database behind the bot's back.
    pub fn execute(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    /// How many rows were changed so far. D1 counts those of the indices, too.
    fn changes(&self) -> u64 {
        let changes = self.connection.prepare_cached("SELECT total_changes()");
        let changes: i64 = changes.unwrap().query_row((), |row| row.get(0)).unwrap();
        changes.cast_unsigned()
    }

    /// The connection, for whoever watches.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Runs statements in one transaction, at the time the clock shows.
    pub fn run(&self, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        self.clock.store((self.now)(), Ordering::Relaxed);
        let transaction = self.connection.unchecked_transaction().unwrap();
        let changes_before = self.changes();
        let mut batch = Batch::default();
        for statement in statements {
            let rows = rows(&transaction, statement);
            batch
                .rows
                .push(rows.map_err(|error| DatabaseError(format!("D1_ERROR: {error}")))?);
        }
        transaction.commit().unwrap();
        batch.rows_written = self.changes() - changes_before;
        Ok(batch)
    }
}

impl Database for &SqliteDatabase {
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        self.trips.set(self.trips.get() + 1);
        let trip = self.to_come.borrow_mut().pop_front().unwrap_or(Trip::Works);
        if self.is_down.get() || trip == Trip::FailsBefore {
            return Err(DatabaseError("D1_ERROR: D1 DB is overloaded".to_owned()));
        }
        let batch = self.run(statements)?;
        if trip == Trip::FailsAfter {
            return Err(DatabaseError(
                "D1_ERROR: Network connection lost.".to_owned(),
            ));
        }
        Ok(batch)
    }

    async fn pause(&self, _: u32) {}
}

/// Puts the test's clock in place of the database's own.
fn give_clock(connection: &Connection, clock: Arc<AtomicU64>) {
    let now = move |_: &rusqlite::functions::Context| {
        #[allow(clippy::cast_precision_loss)]
        Ok(clock.load(Ordering::Relaxed) as f64 / 1000.0)
    };
    connection
        .create_scalar_function("unixepoch", 1, FunctionFlags::SQLITE_UTF8, now)
        .unwrap();
}

fn rows(connection: &Connection, statement: &Statement) -> rusqlite::Result<Vec<Row>> {
    let mut prepared = connection.prepare_cached(statements::text(statement.name))?;
    let columns = prepared.column_count();
    // D1 refuses fewer values than a statement has places for, and more.
    let values = statement.values.iter().map(bound);
    let mut found = prepared.query(params_from_iter(values))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values = (0..columns).map(|column| row.get_ref(column).map(read));
        rows.push(Row(values.collect::<rusqlite::Result<_>>()?));
    }
    Ok(rows)
}

/// D1 binds every number as a double, so this does too.
fn bound(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        #[allow(clippy::cast_precision_loss)]
        Value::Integer(number) => SqlValue::Real(*number as f64),
        Value::Text(text) => SqlValue::Text(text.clone()),
    }
}

/// D1 answers every number as a double.
#[allow(clippy::cast_possible_truncation)]
fn read(value: ValueRef) -> Value {
    match value {
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Integer(number as i64),
        ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).unwrap()),
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    }
}
