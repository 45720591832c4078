//! Our narrow view of updates against two others: `frankenstein`'s full types, and `serde_json`'s values.

use onehook::telegram::update::Update;
use proptest::prelude::*;
use serde_json::Value;

use crate::fixtures;

#[test]
fn frankenstein_knows_every_kind_we_ask_for_and_reads_every_fixture() {
    let fixtures = fixtures::updates();
    for (name, body) in &fixtures {
        let known = serde_json::from_slice::<frankenstein::updates::Update>(body);
        assert_eq!(known.is_ok(), name != "unknown_kind", "{name}: {known:?}");
    }
    for kind in onehook::settings::DEFAULT_ALLOWED_UPDATES {
        assert!(
            fixtures.iter().any(|(name, _)| name == kind),
            "no fixture for {kind}"
        );
    }
    assert!(fixtures.len() >= 27);
}

#[test]
fn our_view_says_what_the_whole_update_says() {
    for (name, body) in fixtures::updates() {
        let update = Update::parse(&body).unwrap();
        let whole: Value = serde_json::from_slice(&body).unwrap();
        let content = &whole[&update.kind];
        assert_eq!(Some(update.id.0), whole["update_id"].as_i64(), "{name}");
        assert!(content.is_object(), "{name}: the kind is {}", update.kind);
        let chat = content["chat"]["id"]
            .as_i64()
            .or(content["message"]["chat"]["id"].as_i64());
        assert_eq!(update.chat().map(|chat| chat.id.0), chat, "{name}");
        let person = content["from"]["id"]
            .as_i64()
            .or(content["user"]["id"].as_i64());
        assert_eq!(update.person().map(|person| person.id.0), person, "{name}");
        assert_eq!(
            update.content.text.as_deref(),
            content["text"].as_str(),
            "{name}"
        );
        assert_eq!(
            update.content.data.as_deref(),
            content["data"].as_str(),
            "{name}"
        );
        assert_eq!(
            update.content.message_id.map(|id| id.0),
            content["message_id"].as_i64(),
            "{name}"
        );
        assert_eq!(update.raw().as_bytes(), body, "{name}");
        assert_eq!(update.read::<Value>().unwrap(), *content, "{name}");
    }
}

#[test]
fn the_buttons_below_a_message_are_seen() {
    let (_, body) = fixtures::updates()
        .into_iter()
        .find(|(name, _)| name == "message_topic_reply")
        .unwrap();
    let update = Update::parse(&body).unwrap();
    let whole: Value = serde_json::from_slice(&body).unwrap();
    let keyboard = &whole["message"]["reply_to_message"]["reply_markup"]["inline_keyboard"];
    let data: Vec<&str> = keyboard
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .filter_map(|button| button["callback_data"].as_str())
        .collect();
    assert!(!data.is_empty());
    assert_eq!(
        update.content.reply_to_message.as_ref().unwrap().buttons,
        data
    );
    assert_eq!(
        update.content.topic,
        whole["message"]["message_thread_id"].as_i64()
    );
}

/// Any JSON value, not too large.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("id".to_owned()),
        Just("chat".to_owned()),
        Just("from".to_owned()),
        Just("text".to_owned()),
        Just("message".to_owned()),
        Just("reply_markup".to_owned()),
        Just("inline_keyboard".to_owned()),
        any::<String>(),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        let object = prop::collection::vec((key.clone(), inner.clone()), 0..8);
        prop_oneof![
            prop::collection::vec(inner, 0..8).prop_map(Value::from),
            object.prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn any_object_with_a_number_and_a_kind_is_an_update_and_stays_as_it_is(
        id in 0_i64..(1 << 53),
        kind in "[a-z_]{1,30}",
        content in value(),
        pretty in any::<bool>(),
    ) {
        prop_assume!(kind != "update_id");
        let whole = serde_json::json!({"update_id": id, &kind: content});
        let text = if pretty { format!("{whole:#}") } else { whole.to_string() };
        let update = Update::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(update.id.0, id);
        prop_assert_eq!(&update.kind, &kind);
        prop_assert_eq!(update.raw(), text);
        let text = whole[&kind]["text"].as_str();
        prop_assert_eq!(update.content.text.as_deref(), text);
        prop_assert!(!update.lane().is_empty());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Update::parse(&bytes);
    }

    #[test]
    fn whatever_it_takes_is_json(text in "[{}\\[\\]\",:0-9a-zA-Z_\\\\. -]{0,40}") {
        if Update::parse(text.as_bytes()).is_ok() {
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
        }
    }
}
