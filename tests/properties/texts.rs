//! JSON in and out: texts, names, spellings, and where a value ends.

use std::collections::BTreeMap;

use onehook::json::{Fields, elements, read, text_of};
use onehook::session::Session;
use proptest::prelude::*;
use serde_json::Value;

use crate::properties::given;

/// A text in JSON with every character escaped, in capital or small digits.
fn escaped(text: &str, in_capitals: bool) -> String {
    let unit = |unit: u16| {
        let digits = format!("{unit:04x}");
        let digits = if in_capitals {
            digits.to_uppercase()
        } else {
            digits
        };
        format!("\\u{digits}")
    };
    text.encode_utf16().map(unit).collect()
}

/// What may happen to a session.
#[derive(Clone, Debug)]
enum Change {
    Write(String, Value),
    Forget(String),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let name = prop_oneof![3 => "[a-c]", 1 => given::text()];
    let change = (name, prop::option::of(given::value())).prop_map(|(name, value)| match value {
        Some(value) => Change::Write(name, value),
        None => Change::Forget(name),
    });
    prop::collection::vec(change, 0..8)
}

proptest! {
    #[test]
    fn a_text_comes_back_out_of_json(text in given::text()) {
        let object = format!("{{\"text\":{}}}", text_of(&text));
        prop_assert_eq!(Fields::of(&object).unwrap().text("text"), Some(text));
    }

    #[test]
    fn an_escaped_text_is_the_same_text(text in any::<String>(), in_capitals in any::<bool>()) {
        let object = format!("{{\"{0}\":\"{0}\"}}", escaped(&text, in_capitals));
        prop_assert_eq!(Fields::of(&object).unwrap().text(&text), Some(text));
    }

    #[test]
    fn a_text_with_half_of_a_character_is_no_text(
        before in "[a-z👍]{0,3}", half in 0xd800_u16..0xe000, after in "[a-z]{0,3}",
    ) {
        let object = format!("{{\"half\":\"{}\\u{half:04x}{after}\",\"whole\":1}}", escaped(&before, false));
        let fields = Fields::of(&object).unwrap();
        prop_assert_eq!(fields.text("half"), None);
        prop_assert_eq!(fields.integer("whole"), Some(1));
    }

    #[test]
    fn members_keep_their_order_and_their_spelling(
        members in prop::collection::vec((given::text(), given::value()), 0..6), space in "[ \t\r\n]{0,3}",
    ) {
        let written: Vec<(String, String)> = members
            .into_iter()
            .map(|(name, value)| (name, format!("{value:#}")))
            .collect();
        let texts: Vec<String> = written
            .iter()
            .map(|(name, value)| format!("{space}{}{space}:{space}{value}{space}", text_of(name)))
            .collect();
        let object = format!("{space}{{{}}}{space}", texts.join(","));
        let fields = Fields::of(&object).unwrap();
        let found: Vec<(String, String)> = fields
            .members()
            .iter()
            .map(|(name, value)| (name.clone(), (*value).to_owned()))
            .collect();
        prop_assert_eq!(found, written);
    }

    #[test]
    fn of_two_equal_names_the_first_counts(name in given::text(), one in 1_i64..9, other in 1_i64..9) {
        let object = format!("{{{0}:{one},\"{1}\":{other}}}", text_of(&name), escaped(&name, true));
        prop_assert_eq!(Fields::of(&object).unwrap().integer(&name), Some(one));
    }

    #[test]
    fn a_number_is_whole_or_none(number in any::<i64>(), fraction in "\\.[0-9]{1,3}|e[0-9]|E\\+1|") {
        let object = format!("{{\"number\":{number}{fraction}}}");
        let expected = fraction.is_empty().then_some(number);
        prop_assert_eq!(Fields::of(&object).unwrap().integer("number"), expected);
    }

    #[test]
    fn an_object_that_was_cut_off_is_none(value in given::value(), at in any::<prop::sample::Index>()) {
        let object = format!("{{\"a\":{value}}}");
        let mut end = at.index(object.len());
        while !object.is_char_boundary(end) {
            end -= 1;
        }
        prop_assert!(Fields::of(&object[..end]).is_err());
    }

    #[test]
    fn an_object_with_something_behind_it_is_none(value in given::value(), garbage in "[^ \t\r\n]") {
        let object = format!("{{\"a\":{value}}}");
        prop_assert!(Fields::of(&object).is_ok());
        prop_assert!(Fields::of(&(object + &garbage)).is_err());
    }

    #[test]
    fn elements_are_what_was_put_in(values in prop::collection::vec(given::value(), 0..6)) {
        let texts: Vec<String> = values.iter().map(Value::to_string).collect();
        let array = format!("[ {} ]", texts.join(" ,\n"));
        prop_assert_eq!(elements(&array).unwrap(), texts);
    }

    #[test]
    fn a_table_comes_back_whole_and_no_number_too_large_for_its_type(
        table in prop::collection::btree_map(given::text(), any::<i64>(), 0..5),
    ) {
        let written = text_of(&table);
        prop_assert_eq!(read::<BTreeMap<String, i64>>(&written), Some(table.clone()));
        let small: Option<BTreeMap<String, i8>> = table
            .into_iter()
            .map(|(name, number)| Some((name, i8::try_from(number).ok()?)))
            .collect();
        prop_assert_eq!(read::<BTreeMap<String, i8>>(&written), small);
    }

    #[test]
    fn a_session_is_the_sum_of_its_changes(
        stored in prop::collection::btree_map("[a-c]", given::value(), 0..3), changes in changes(),
    ) {
        let mut expected = stored.clone();
        let mut session = Session::stored(7, &text_of(&stored));
        for change in changes {
            match change {
                Change::Write(name, value) => {
                    session.write(&name, &value);
                    expected.insert(name, value);
                }
                Change::Forget(name) => {
                    session.forget(&name);
                    expected.remove(&name);
                }
            }
        }
        let Some(document) = session.change() else {
            prop_assert_eq!(stored, expected, "what changed is written");
            return Ok(());
        };
        let again = Session::stored(8, &document);
        let written: BTreeMap<String, Value> = serde_json::from_str(&document).unwrap();
        prop_assert_eq!(&written, &expected);
        for (name, value) in &expected {
            prop_assert_eq!(&again.read::<Value>(name), value);
        }
    }

    #[test]
    fn a_session_that_cannot_be_read_is_empty_and_can_be_written(document in given::text(), value in any::<u32>()) {
        let document = format!("{document}?"); // and so never an object
        let mut session = Session::stored(1, &document);
        prop_assert_eq!(session.read::<u32>("part"), 0);
        session.write("part", &value);
        let written = session.change().unwrap();
        prop_assert_eq!(Session::stored(2, &written).read::<u32>("part"), value);
    }
}
