//! What comes back out of the database: planned calls and sessions.

use std::collections::BTreeMap;

use onehook::delivery::outbox::{CallState, PlannedCall};
use onehook::json::text_of;
use onehook::session::Session;
use onehook::telegram::ids::MessageId;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::fuzzing::witness::{Witness, are_the_same};

/// A planned call that can be read survives being written down, and its parameters are JSON with or without the message they
/// are about.
pub fn outbox_row(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(call) = PlannedCall::of(text) else {
        return;
    };
    let written = text_of(&call);
    let again = PlannedCall::of(&written).expect("our own writing");
    assert_eq!(text_of(&again), written);
    assert_eq!(again.state, call.state);
    assert_eq!((again.tries, again.wait_ms), (call.tries, call.wait_ms));
    assert_eq!(again.call.method, call.call.method);
    let Some(witness) = Witness::of(data).filter(|witness| witness.is_unambiguous) else {
        return;
    };
    assert_eq!(witness.value["call"]["method"], call.call.method.as_str());
    let stored = &witness.value["call"]["parameters"];
    let mut needed = call.clone();
    needed.state = CallState::Sent;
    needed.message_id = Some(MessageId(77));
    let earlier = vec![needed; 3];
    let parameters = |call: &PlannedCall, earlier: &[PlannedCall]| {
        let text = call.parameters(earlier)?;
        Some(serde_json::from_str::<Value>(&text).expect("JSON leaves"))
    };
    if call.call.after.is_none() {
        assert_eq!(parameters(&call, &[]).as_ref(), Some(stored));
    } else {
        assert_eq!(parameters(&call, &[]), None, "nothing was sent yet");
    }
    if let (Some(0..3), true, Some(stored)) = (
        call.call.after,
        call.call.is_about_that_message,
        stored.as_object(),
    ) {
        let mut expected = stored.clone();
        expected.insert("message_id".to_owned(), 77.into());
        assert_eq!(parameters(&call, &earlier), Some(Value::Object(expected)));
    }
}

/// A session that can be read keeps every part but the one that changes, and is written only where something changed.
pub fn session_document(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let witness = Witness::of(data).filter(|witness| witness.is_unambiguous && witness.depth <= 64);
    let Some(Value::Object(stored)) = witness.map(|witness| witness.value) else {
        let mut session = Session::stored(3, text);
        let before: u64 = session.read("part");
        session.write("part", &before.wrapping_add(1));
        let change = session.change().expect("a change");
        let read = serde_json::from_str::<BTreeMap<String, &RawValue>>(&change);
        return assert!(read.is_ok(), "{change}");
    };
    let mut session = Session::stored(3, text);
    assert_eq!(session.change(), None);
    let mut expected = stored.clone();
    for (name, value) in &stored {
        assert!(are_the_same(&session.read::<Value>(name), value));
    }
    session.forget("not there \u{1}");
    assert_eq!(session.change(), None, "nothing was forgotten");
    let name = stored.keys().next().cloned().unwrap_or_default();
    session.write(&name, &"new \"part\"");
    session.write("added", &[1, 2]);
    session.forget("id");
    expected.insert(name, "new \"part\"".into());
    expected.insert("added".to_owned(), vec![1, 2].into());
    expected.remove("id");
    let change = session.change().expect("a change");
    let written: Value = serde_json::from_str(&change).expect("JSON");
    assert_eq!(written, Value::Object(expected));
    let mut again = Session::stored(4, &change);
    assert_eq!(again.version(), 4);
    again.write("added", &[1, 2]);
    assert_eq!(again.change(), None, "the same part again is no change");
}
