//! The port to the database: named statements in, rows out, several in one transaction.

/// A database that speaks `SQLite`'s SQL, reached in trips.
///
/// `batch` MUST be atomic: all statements take effect, in order, or none does. It may fail although they took effect, when
/// the answer was lost, so every statement MUST be safe to send again.
pub trait Database {
    /// Runs the statements in one transaction and returns the rows of each.
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError>;

    /// Waits, before a batch is sent again.
    async fn pause(&self, milliseconds: u32);
}

/// A statement with its values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its name in `statements.js`, where its text is.
    pub name: &'static str,
    /// The values of `?1`, `?2`, ….
    pub values: Vec<Value>,
}

/// A value, to bind or to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// A number below 2^53 in size, since D1 carries numbers as doubles.
    Integer(i64),
    /// A text.
    Text(String),
}

/// A row: its values in the order of the statement's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Vec<Value>);

/// What a batch brought.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// For each statement its rows.
    pub rows: Vec<Vec<Row>>,
    /// How many rows were written, as the database bills them, indexes included.
    pub rows_written: u64,
}

/// The database did not answer, or answered with an error. The statements may have taken effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DatabaseError(pub String);

impl Row {
    /// Takes the text of a column. An empty one if it is something else.
    pub fn text(&mut self, column: usize) -> String {
        self.text_or_null(column).unwrap_or_default()
    }

    /// Takes the text of a column that may be NULL.
    pub fn text_or_null(&mut self, column: usize) -> Option<String> {
        match self.0.get_mut(column) {
            Some(Value::Text(text)) => Some(std::mem::take(text)),
            _ => None,
        }
    }

    /// The number in a column. 0 if it is something else.
    pub fn integer(&self, column: usize) -> i64 {
        self.integer_or_null(column).unwrap_or_default()
    }

    /// The number in a column that may be NULL.
    pub fn integer_or_null(&self, column: usize) -> Option<i64> {
        match self.0.get(column) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}

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
