//! What the properties are tried on.

use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Value, json};

/// Texts with the characters that matter to JSON, to SQL, and to people.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        r#"["\\/{}\[\],: a-z\x01-\x1f]{0,12}"#,
        r"['%;?@$() -]{0,12}",
        r"[а-яїєґ✉👍\u{10ffff}]{0,6}",
        "[ -~]{0,40}",
        any::<String>().prop_map(|text| text.replace('\0', "0")),
    ]
}

/// Any JSON of a moderate size.
pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// A number that a double holds, and so does the database.
pub fn id() -> impl Strategy<Value = i64> {
    prop_oneof![0..100_i64, 1..1_i64 << 53, Just((1 << 53) - 1)]
}

/// The number of a chat: of a person, of a group, of a channel.
pub fn chat() -> impl Strategy<Value = i64> {
    prop_oneof![1..5_i64, -5..0_i64, 1..1_i64 << 52, -(1_i64 << 52)..0]
}

/// The name of a kind of update.
pub fn kind() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("message".to_owned()),
        Just("edited_message".to_owned()),
        Just("callback_query".to_owned()),
        Just("poll".to_owned()),
        "[a-z_]{1,20}".prop_filter("a kind", |kind| kind != "update_id"),
    ]
}

prop_compose! {
    /// An update as Telegram makes them: a person says something in a chat, or presses a button there.
    pub fn update()(
        id in id(), chat in prop::option::of(chat()), person in prop::option::of(chat()), text in text(),
        is_pressed in any::<bool>(),
    ) -> Value {
        let mut said = json!({"message_id": 1, "date": 1_800_000_000, "text": text});
        if let Some(chat) = chat {
            said["chat"] = json!({"id": chat, "type": "private"});
        }
        let mut content = if is_pressed { json!({"id": "5", "data": text, "message": said}) } else { said };
        if let Some(person) = person {
            content["from"] = json!({"id": person, "first_name": text});
        }
        let kind = if is_pressed { "callback_query" } else { "message" };
        json!({"update_id": id, kind: content})
    }
}

/// JSON with other spellings of its texts: each letter by `choices` as itself or as an escape. It must hold no bare word.
pub fn respelt(json: &str, choices: &[bool]) -> String {
    let mut choices = choices.iter().cycle();
    let mut letters = json.chars();
    let mut respelt = String::new();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            let escape: String = letters.by_ref().take(1).collect();
            let digits = if escape == "u" { 4 } else { 0 };
            respelt.push('\\');
            respelt += &escape;
            respelt.extend(letters.by_ref().take(digits));
        } else if letter.is_alphabetic() && *choices.next().unwrap_or(&false) {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                write!(respelt, "\\u{unit:04x}").unwrap();
            }
        } else {
            respelt.push(letter);
        }
    }
    respelt
}
