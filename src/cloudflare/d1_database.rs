//! D1 as our database: statements bound and sent in one batch, rows read by place.

use worker::js_sys::{Array, Object};
use worker::wasm_bindgen::{JsCast, JsValue};

use crate::cloudflare::js::{self, call, call_and_wait, property};
use crate::inbox::database::{Batch, Database, DatabaseError, Row, Statement, Value};

/// The binding `DB`.
pub(crate) struct D1(pub(crate) JsValue);

impl Database for D1 {
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        let prepared = Array::new();
        for statement in statements {
            prepared.push(&self.prepare(statement).map_err(|error| told(&error))?);
        }
        let answers = call_and_wait(&self.0, "batch", &Array::of1(&prepared)).await;
        let answers: Array = answers.map_err(|error| told(&error))?.unchecked_into();
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

    async fn pause(&self, milliseconds: u32) {
        js::pause(milliseconds).await;
    }
}

impl D1 {
    fn prepare(&self, statement: &Statement) -> Result<JsValue, JsValue> {
        let values: Array = statement.values.iter().map(js_value).collect();
        let prepared = call(
            &self.0,
            "prepare",
            &Array::of1(&js::statement(statement.name)),
        )?;
        call(&prepared, "bind", &values)
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

/// D1's own words, such as `D1_ERROR: no such table: inbox`.
fn told(error: &JsValue) -> DatabaseError {
    let message = property(error, "message").as_string();
    DatabaseError(message.unwrap_or_else(|| "D1 gave no reason".to_owned()))
}
