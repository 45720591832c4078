//! D1 as our database: statements bound and sent in one batch.

use serde::Deserialize;
use worker::D1Database;
use worker::wasm_bindgen::JsValue;

use crate::inbox::database::{Batch, Database, DatabaseError, Statement, Value};

/// The binding `DB`.
pub(crate) struct D1(pub(crate) D1Database);

/// Every statement answers with one column.
#[derive(Deserialize)]
struct Row {
    row: String,
}

impl Database for D1 {
    async fn batch(&self, statements: &[Statement]) -> Result<Batch, DatabaseError> {
        let mut prepared = Vec::with_capacity(statements.len());
        for statement in statements {
            let values: Vec<JsValue> = statement.values.iter().map(js_value).collect();
            prepared.push(
                self.0
                    .prepare(statement.sql)
                    .bind(&values)
                    .map_err(failed)?,
            );
        }
        let mut batch = Batch::default();
        for result in self.0.batch(prepared).await.map_err(failed)? {
            let rows: Vec<Row> = result.results().map_err(failed)?;
            batch
                .rows
                .push(rows.into_iter().map(|row| row.row).collect());
            let meta = result.meta().map_err(failed)?;
            batch.rows_written +=
                meta.and_then(|meta| meta.rows_written).unwrap_or_default() as u64;
        }
        Ok(batch)
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

#[allow(clippy::needless_pass_by_value)]
fn failed(error: worker::Error) -> DatabaseError {
    DatabaseError(error.to_string())
}
