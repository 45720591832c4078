//! The buttons under a message.

use serde_json::{Value, json};

use super::answer::Refusal;
use super::arguments::Arguments;

const CALLBACK_DATA_BYTES_MAX: usize = 64;

/// The markup that a call gives its message, if any.
pub fn reply_markup(arguments: &Arguments) -> Result<Option<Value>, Refusal> {
    if arguments.text("reply_markup").is_empty() {
        return Ok(None);
    }
    let markup = arguments.json("reply_markup").filter(Value::is_object);
    let markup = markup
        .ok_or_else(|| Refusal::bad_request("can't parse reply keyboard markup JSON object"))?;
    let rows = markup["inline_keyboard"].as_array().into_iter().flatten();
    let mut data = rows
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|button| button["callback_data"].as_str());
    if data.any(|data| data.len() > CALLBACK_DATA_BYTES_MAX) {
        return Err(Refusal::bad_request("BUTTON_DATA_INVALID"));
    }
    // An inline keyboard without buttons takes the keyboard away.
    let is_empty = markup["inline_keyboard"]
        .as_array()
        .is_some_and(Vec::is_empty);
    Ok((!is_empty).then_some(markup))
}

/// The buttons of either kind of keyboard, row by row.
pub fn buttons(markup: &Value) -> Value {
    let rows = markup["inline_keyboard"]
        .as_array()
        .or_else(|| markup["keyboard"].as_array());
    let button = |button: &Value| match button.as_str() {
        Some(text) => json!({"text": text}),
        None => button.clone(),
    };
    let row = |row: &Value| {
        Value::from(
            row.as_array()
                .into_iter()
                .flatten()
                .map(button)
                .collect::<Vec<Value>>(),
        )
    };
    Value::from(rows.into_iter().flatten().map(row).collect::<Vec<Value>>())
}
