//! Our reading of JSON says what `serde_json` says.

use std::collections::BTreeMap;

use onehook::json::{Fields, elements};
use onehook::session::Session;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// A session part with something of everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Part {
    text: String,
    letter: char,
    small: u8,
    large: u64,
    negative: i64,
    fraction: f64,
    flag: bool,
    perhaps: Option<i32>,
    nothing: (),
    pair: (i16, String),
    list: Vec<Choice>,
    table: BTreeMap<String, Option<bool>>,
    wrapped: Wrapped,
    any: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Choice {
    Unit,
    One(i64),
    Two(i64, String),
    Named { name: String },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Wrapped(Vec<u32>);

/// Texts with the characters that matter: quotes, backslashes, control characters, and those outside the basic plane.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        r#"["\\/{}\[\],: a-z\x00-\x1f]{0,12}"#,
        r"[а-яїєґ✉👍\u{10ffff}]{0,6}",
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// The same JSON with every character outside ASCII escaped.
fn escaped(json: &str) -> String {
    let escape = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04X}"),
    };
    json.encode_utf16().map(escape).collect()
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Unit),
        any::<i64>().prop_map(Choice::One),
        (any::<i64>(), text()).prop_map(|(number, text)| Choice::Two(number, text)),
        text().prop_map(|name| Choice::Named { name }),
    ]
}

prop_compose! {
    fn part()(
        (text, letter, small, large, negative) in (text(), any::<char>(), any::<u8>(), any::<u64>(), any::<i64>()),
        (fraction, flag, perhaps, pair) in (-1e9..1e9, any::<bool>(), any::<Option<i32>>(), (any::<i16>(), text())),
        list in prop::collection::vec(choice(), 0..4),
        table in prop::collection::btree_map(text(), any::<Option<bool>>(), 0..4),
        wrapped in any::<Vec<u32>>(),
        any in value(),
    ) -> Part {
        Part {
            text, letter, small, large, negative, fraction, flag, perhaps, nothing: (), pair, list, table,
            wrapped: Wrapped(wrapped), any,
        }
    }
}

fn check_member(fields: &Fields, name: &str, expected: &Value) {
    let raw = fields.raw(name);
    assert_eq!(raw.is_none(), expected.is_null());
    if let Some(raw) = raw {
        assert_eq!(&serde_json::from_str::<Value>(raw).unwrap(), expected);
    }
    assert_eq!(fields.text(name).as_deref(), expected.as_str());
    assert_eq!(fields.integer(name), expected.as_i64());
    assert_eq!(fields.flag(name), expected.as_bool());
    let object = fields.object(name);
    assert_eq!(object.is_some(), expected.is_object());
    if let (Some(object), Some(expected)) = (object, expected.as_object()) {
        check_members(&object, expected);
    }
    let list = fields.list(name);
    let expected_list = expected.as_array();
    assert_eq!(list.as_ref().map(Vec::len), expected_list.map(Vec::len));
    for (element, expected) in list
        .iter()
        .flatten()
        .zip(expected_list.into_iter().flatten())
    {
        assert_eq!(&serde_json::from_str::<Value>(element).unwrap(), expected);
    }
    let texts: Option<Vec<&str>> =
        expected_list.and_then(|list| list.iter().map(Value::as_str).collect());
    let read = fields.texts(name);
    let read: Option<Vec<&str>> = read
        .as_ref()
        .map(|texts| texts.iter().map(String::as_str).collect());
    assert_eq!(read, texts);
}

fn check_members(fields: &Fields, expected: &serde_json::Map<String, Value>) {
    let names: Vec<&String> = fields.members().iter().map(|(name, _)| name).collect();
    assert_eq!(names, expected.keys().collect::<Vec<_>>());
    for (name, expected) in expected {
        check_member(fields, name, expected);
    }
}

proptest! {
    #[test]
    fn every_member_is_what_serde_json_finds(
        members in prop::collection::btree_map(text(), value(), 0..6)
    ) {
        let value: Value = members.into_iter().collect();
        let compact = value.to_string();
        let pretty = format!("\n\t{} ", serde_json::to_string_pretty(&value).unwrap());
        for text in [&compact, &pretty, &escaped(&compact), &escaped(&pretty)] {
            check_members(&Fields::of(text).unwrap(), value.as_object().unwrap());
        }
    }

    #[test]
    fn the_same_texts_are_objects(text in r#"\{?("[a"\\ud80c]{0,8}"|[\[\]{}",: \n\t]|true|null|-?[0-9.e]{1,4}){0,12}\}?"#) {
        let expected = serde_json::from_str::<BTreeMap<String, &RawValue>>(&text);
        prop_assert_eq!(Fields::of(&text).is_ok(), expected.is_ok(), "{}", text);
        let expected = serde_json::from_str::<Vec<&RawValue>>(&text).ok();
        let expected = expected.map(|list| list.into_iter().map(RawValue::get).collect::<Vec<_>>());
        prop_assert_eq!(elements(&text), expected, "{}", text);
    }

    #[test]
    fn a_session_part_comes_back_as_it_was_written(part in part()) {
        let mut session = Session::default();
        session.write("part", &part);
        let stored = session.change().unwrap();
        for stored in [escaped(&stored), stored] {
            prop_assert_eq!(&Session::stored(1, &stored).read::<Part>("part"), &part);
        }
    }

    #[test]
    fn a_session_part_of_another_shape_is_refused_as_serde_json_would(value in value()) {
        fn check<T: serde::de::DeserializeOwned + Default + PartialEq + std::fmt::Debug>(value: &Value) {
            let document = json!({ "part": value }).to_string();
            let expected: T = serde_json::from_str(&value.to_string()).unwrap_or_default();
            assert_eq!(Session::stored(1, &document).read::<T>("part"), expected);
        }
        check::<String>(&value);
        check::<i64>(&value);
        check::<u8>(&value);
        check::<bool>(&value);
        check::<Option<String>>(&value);
        check::<Vec<i64>>(&value);
        check::<Vec<Value>>(&value);
        check::<BTreeMap<String, Value>>(&value);
        check::<Value>(&value);
        check::<Part>(&value);
        check::<Wrapped>(&value);
    }
}

#[test]
fn a_member_that_holds_half_a_character_is_no_text() {
    let fields = Fields::of(r#"{"a":"\ud83d","b":"\ud83d\udc4d","c":"\udc4d\ud83d"}"#).unwrap();
    assert_eq!(fields.text("a"), None);
    assert_eq!(fields.text("b").as_deref(), Some("👍"));
    assert_eq!(fields.text("c"), None);
}

#[test]
fn a_type_takes_all_of_a_value_or_nothing() {
    #[track_caller]
    fn check<T: serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) {
        let theirs = serde_json::from_str::<T>(text).ok();
        assert_eq!(onehook::json::read::<T>(text), theirs, "{text}");
    }
    check::<(i64, String)>(r#"[1,"x"]"#);
    check::<(i64, String)>(r#"[1,"x","y"]"#);
    check::<Choice>(r#"{"Two":[1,"x"]}"#);
    check::<Choice>(r#"{"Two":[1,"x","y"]}"#);
    check::<Choice>(r#"{"One":1,"Unit":null}"#);
    check::<Choice>("{}");
}

#[test]
fn numbers_at_the_edges_are_read_as_serde_json_reads_them() {
    for text in [
        "-0",
        "-0.0",
        "18446744073709551616",
        "-9223372036854775809",
        "1e300",
    ] {
        let theirs: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            onehook::json::read::<Value>(text),
            Some(theirs.clone()),
            "{text}"
        );
        assert_eq!(onehook::json::read::<i64>(text), theirs.as_i64(), "{text}");
        let object = format!(r#"{{"number":{text}}}"#);
        assert_eq!(
            Fields::of(&object).unwrap().integer("number"),
            theirs.as_i64()
        );
    }
}
