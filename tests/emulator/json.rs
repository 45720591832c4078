//! Writes JSON the way Telegram writes it: compact, ASCII only, fields in the server's own order.

use std::fmt::Write;

use serde_json::Value;

/// Fields that Telegram writes before the others of the same object, in this order; the rest follow
/// by name. Covers the envelope (`Query.h:196-235`), `WebhookInfo` (`Client.cpp:5945-5984`), and the head of messages.
const FIRST_FIELDS: &[&str] = &[
    "ok",
    "error_code",
    "result",
    "description",
    "parameters",
    "url",
    "has_custom_certificate",
    "pending_update_count",
    "last_error_date",
    "last_error_message",
    "max_connections",
    "ip_address",
    "allowed_updates",
    "update_id",
    "message_id",
    "id",
    "is_bot",
    "first_name",
    "last_name",
    "title",
    "username",
    "type",
    "from",
    "message",
    "chat",
    "date",
    "edit_date",
    "forward_origin",
    "reply_to_message",
    "text",
    "entities",
];

pub fn written(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value);
    text
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_by_key(|name| (rank(name), name.as_str()));
            text.push('{');
            for (position, name) in names.into_iter().enumerate() {
                separate(text, position);
                write_string(text, name);
                text.push(':');
                write_value(text, &fields[name]);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                separate(text, position);
                write_value(text, item);
            }
            text.push(']');
        }
        Value::String(string) => write_string(text, string),
        other => text.push_str(&other.to_string()),
    }
}

fn rank(name: &str) -> usize {
    let place = FIRST_FIELDS.iter().position(|first| *first == name);
    place.unwrap_or(FIRST_FIELDS.len())
}

fn separate(text: &mut String, position: usize) {
    if position > 0 {
        text.push(',');
    }
}

/// Non-ASCII becomes lower-case `\uXXXX`, in surrogate pairs above U+FFFF; `/` stays as it is (facts §1.3).
fn write_string(text: &mut String, string: &str) {
    let quoted = Value::from(string).to_string();
    for character in quoted.chars() {
        if character.is_ascii() {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(text, "\\u{unit:04x}").expect("writing to a string cannot fail");
        }
    }
}
