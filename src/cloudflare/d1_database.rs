//! D1 as our database: statements bound and sent in one batch, rows read by place.

use worker::js_sys::{Array, Function, Object, Promise, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::{D1Database, D1PreparedStatement};

use crate::inbox::database::{Batch, Database, DatabaseError, Row, Statement, Value};

/// The binding `DB`.
pub(crate) struct D1(pub(crate) D1Database);

impl Database for D1 {
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        let prepared = Array::new();
        for statement in statements {
            let statement = self
                .prepare(statement)
                .map_err(|error| DatabaseError(error.to_string()))?;
            prepared.push(statement.inner().as_ref());
        }
        let answers = self
            .send(&prepared)
            .await
            .map_err(|error| DatabaseError(told(&error)))?;
        let mut batch = Batch::default();
        for answer in answers.iter() {
            let rows: Array = property(&answer, "results").unchecked_into();
            batch
                .rows
                .push(rows.iter().map(|object| row(&object)).collect());
            let written = property(&property(&answer, "meta"), "rows_written");
            batch.rows_written += count(&written);
        }
        Ok(batch)
    }
}

impl D1 {
    fn prepare(&self, statement: &Statement) -> worker::Result<D1PreparedStatement> {
        let values: Vec<JsValue> = statement.values.iter().map(js_value).collect();
        self.0.prepare(statement.sql).bind(&values)
    }

    /// Calls `batch` by name: the `worker` crate's own would take the rows through a deserialiser first.
    async fn send(&self, prepared: &Array) -> Result<Array, JsValue> {
        let database: &JsValue = self.0.as_ref();
        let batch: Function = property(database, "batch").dyn_into()?;
        let promise: Promise = batch.call1(database, prepared)?.dyn_into()?;
        JsFuture::from(promise).await?.dyn_into()
    }
}

/// D1 carries numbers as doubles and refuses JavaScript's big integers. All our numbers are below 2^53, where that is exact.
#[allow(clippy::cast_precision_loss)]
fn js_value(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Integer(number) => JsValue::from_f64(*number as f64),
        Value::Text(text) => JsValue::from_str(text),
    }
}

/// A row comes as an object whose properties stand in the order of the columns.
fn row(object: &JsValue) -> Row {
    let values = Object::values(object.unchecked_ref());
    Row(values.iter().map(|value| our_value(&value)).collect())
}

#[allow(clippy::cast_possible_truncation)]
fn our_value(value: &JsValue) -> Value {
    match value.as_string() {
        Some(text) => Value::Text(text),
        None => value
            .as_f64()
            .map_or(Value::Null, |number| Value::Integer(number as i64)),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn count(value: &JsValue) -> u64 {
    value.as_f64().unwrap_or_default() as u64
}

/// A property of an object; undefined where it has none.
fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// D1's own words, such as `D1_ERROR: no such table: inbox`.
fn told(error: &JsValue) -> String {
    let message = property(error, "message").as_string();
    message.unwrap_or_else(|| "D1 gave no reason".to_owned())
}
