//! What Telegram brings: our narrow view of an update against two others, `serde_json`'s and `frankenstein`'s.

use std::collections::BTreeSet;

use onehook::json::Fields;
use onehook::session;
use onehook::telegram::update::{Content, Unusable, Update};
use serde_json::Value;

use crate::fuzzing::witness::{Witness, holds_a_huge_number};

const DEPTH_MAX: usize = 64;
const IDS: std::ops::Range<i64> = 0..1 << 53;

/// Our envelope says what `serde_json` says: whether it is an update at all, its number, its kind, its chat, its person.
pub fn update_envelope(data: &[u8]) {
    let witness = Witness::of(data);
    match (Update::parse(data), witness) {
        (Ok(update), Some(witness)) => check_update(&update, data, &witness),
        (Ok(update), None) => {
            assert!(holds_a_huge_number(data), "we take what is no JSON");
            check_alone(&update, data);
        }
        (Err(unusable), witness) => check_unusable(&unusable, data, witness.as_ref()),
    }
}

/// Whatever `frankenstein` reads as an update, we do too, with the same number and the same kind.
pub fn update_in_full(data: &[u8]) {
    let Ok(full) = serde_json::from_slice::<frankenstein::updates::Update>(data) else {
        return;
    };
    let witness = Witness::of(data).expect("frankenstein reads JSON");
    let update = match Update::parse(data) {
        Ok(update) => update,
        Err(Unusable::TooDeep) => return assert!(witness.depth > DEPTH_MAX),
        Err(unusable) => panic!("frankenstein reads it, and we say: {unusable}"),
    };
    assert_eq!(update.id.0, i64::from(full.update_id));
    let full = serde_json::to_value(&full).expect("it came from JSON");
    if witness.names.len() == 2 {
        let content = &full[&update.kind];
        assert!(content.is_object(), "the kind is {}", update.kind);
        // A chat where `frankenstein` expects none is not in its content.
        let chat = number(&content["chat"]["id"]);
        if let Some(chat) = chat.filter(|_| witness.is_unambiguous) {
            assert_eq!(update.chat().map(|chat| chat.id.0), Some(chat));
        }
    }
}

fn check_alone(update: &Update, data: &[u8]) {
    assert_eq!(update.raw().as_bytes(), data, "not a byte is lost");
    assert!(IDS.contains(&update.id.0));
    assert!(update.kind != "update_id");
    let lane = update.lane();
    assert!(!lane.is_empty());
    // The part of a session key before the colon is the lane, so that one session is never written by two at once.
    let key = session::key(update);
    assert!(key.is_none_or(|key| key.split(':').next() == Some(lane.as_str())));
}

fn check_update(update: &Update, data: &[u8], witness: &Witness) {
    check_alone(update, data);
    assert!(witness.depth <= DEPTH_MAX);
    assert_eq!(witness.value["update_id"].as_i64(), Some(update.id.0));
    assert!(witness.names.contains(&update.kind));
    let ids = witness.names.iter().filter(|name| *name == "update_id");
    assert_eq!(ids.count(), 1);
    if witness.is_unambiguous {
        check_content(&update.content, &witness.value[&update.kind]);
        assert_eq!(
            update.read::<Value>().ok(),
            Some(witness.value[&update.kind].clone())
        );
    }
}

fn check_content(content: &Content, value: &Value) {
    let text = |name: &str| value[name].as_str();
    assert_eq!(content.text.as_deref(), text("text"));
    assert_eq!(content.data.as_deref(), text("data"));
    assert_eq!(content.id.as_deref(), text("id").or(text("poll_id")));
    let message_id = content.message_id.map(|id| id.0);
    assert_eq!(message_id, value["message_id"].as_i64());
    let chat = content.chat.as_ref().map(|chat| chat.id.0);
    assert_eq!(chat, number(&value["chat"]["id"]));
    let from = if value["from"].is_object() {
        &value["from"]
    } else {
        &value["user"]
    };
    let person = content.from.as_ref();
    assert_eq!(person.map(|person| person.id.0), number(&from["id"]));
    if let Some(person) = person {
        assert_eq!(
            person.first_name,
            from["first_name"].as_str().unwrap_or_default()
        );
        assert_eq!(person.username.as_deref(), from["username"].as_str());
    }
    for (ours, name) in [
        (&content.message, "message"),
        (&content.reply_to_message, "reply_to_message"),
    ] {
        assert_eq!(ours.is_some(), value[name].is_object());
        if let Some(ours) = ours {
            check_content(ours, &value[name]);
        }
    }
}

/// The number of a chat or a person: one that a double holds, as databases and JavaScript keep it.
fn number(value: &Value) -> Option<i64> {
    let number = value.as_i64();
    number.filter(|number| number.unsigned_abs() < 1 << 53)
}

fn check_unusable(unusable: &Unusable, data: &[u8], witness: Option<&Witness>) {
    let Some(witness) = witness else { return };
    let names: BTreeSet<&str> = witness.names.iter().map(String::as_str).collect();
    match unusable {
        Unusable::NotText => assert!(std::str::from_utf8(data).is_err()),
        Unusable::TooDeep => assert!(witness.depth > DEPTH_MAX),
        Unusable::NotAnObject(_) => assert!(!witness.value.is_object()),
        Unusable::TwoIds => assert!(witness.names.len() > names.len()),
        Unusable::NoId => {
            let id = witness.value["update_id"].as_i64();
            assert!(!id.is_some_and(|id| IDS.contains(&id)));
        }
        Unusable::NoKind => assert_eq!(names, BTreeSet::from(["update_id"])),
        Unusable::HalfACharacter => panic!("serde_json reads it"),
    }
    let text = std::str::from_utf8(data).expect("serde_json read it");
    assert_eq!(Fields::of(text).is_ok(), witness.value.is_object());
}
