//! The port to the database: named statements in, rows out, several in one transaction.

/// A database that speaks `SQLite`'s SQL, reached in trips.
///
/// `batch` MUST be atomic: all statements take effect, in order, or none does. It may fail although they took effect, when
/// the answer was lost, so every statement MUST be safe to send again.
///
/// Each statement answers with rows of one column that holds a JSON text. That carries 64-bit numbers unharmed through D1,
/// whose own numbers are doubles, and it keeps the adapters free of any knowledge of our tables.
pub trait Database {
    /// Runs the statements in one transaction and returns the rows of each.
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError>;
}

/// A statement with its values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text, a constant of `statements.rs`.
    pub sql: &'static str,
    /// The values of `?1`, `?2`, ….
    pub values: Vec<Value>,
}

/// A value to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// A number below 2^53 in size, since D1 carries numbers as doubles.
    Integer(i64),
    /// A text.
    Text(String),
}

/// What a batch brought.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// For each statement its rows, each a JSON text.
    pub rows: Vec<Vec<String>>,
    /// How many rows were written, as the database bills them, indexes included.
    pub rows_written: u64,
}

/// The database did not answer, or answered with an error. The statements may have taken effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DatabaseError(pub String);

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
