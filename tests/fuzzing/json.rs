//! JSON into types: our small reader against `serde_json`'s.

use std::collections::BTreeMap;
use std::fmt::Debug;

use onehook::json::{Fields, elements, read};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::fuzzing::witness::{Witness, are_the_same};

/// A type with something of everything that a handler may keep.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Kept {
    text: String,
    letter: Option<char>,
    small: u8,
    large: u64,
    negative: i64,
    flag: bool,
    pair: Option<(i16, String)>,
    choices: Vec<Choice>,
    table: BTreeMap<String, Option<bool>>,
    inner: Option<Box<Kept>>,
    nothing: (),
}

#[derive(Debug, PartialEq, Deserialize)]
enum Choice {
    Unit,
    One(i64),
    Two(i64, String),
    Named { name: String },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    a: i32,
    b: Option<Vec<i32>>,
}

/// What our reader makes of a text is what `serde_json` makes of it, for each of a dozen types.
pub fn typed_json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    same_members(text);
    // `Value` alone minds numbers that no double holds; a text that holds half a character has a test of its own.
    let Some(witness) = Witness::of(data) else {
        return;
    };
    if witness.depth > 64 {
        return; // what is stored comes from an update or from our own writer, neither of which nests deeper
    }
    let value = read::<Value>(text);
    assert!(value.is_some_and(|value| are_the_same(&value, &witness.value)));
    if !witness.is_unambiguous {
        return;
    }
    same::<String>(text);
    same::<i64>(text);
    same::<u64>(text);
    same::<i8>(text);
    let fraction = read::<f64>(text).map(Value::from);
    let theirs = serde_json::from_str::<f64>(text).ok().map(Value::from);
    assert_eq!(fraction.is_some(), theirs.is_some());
    assert!(
        fraction
            .zip(theirs)
            .is_none_or(|(ours, theirs)| are_the_same(&ours, &theirs))
    );
    same::<bool>(text);
    same::<Option<u32>>(text);
    same::<Vec<Option<bool>>>(text);
    same::<(i64, String)>(text);
    same::<BTreeMap<String, u16>>(text);
    same::<Choice>(text);
    same::<Strict>(text);
    same::<Kept>(text);
}

#[track_caller]
fn same<T: DeserializeOwned + PartialEq + Debug>(text: &str) {
    let theirs = serde_json::from_str::<T>(text).ok();
    assert_eq!(read::<T>(text), theirs, "{}", std::any::type_name::<T>());
}

/// Objects and arrays are taken apart at the same places.
fn same_members(text: &str) {
    let theirs = serde_json::from_str::<Vec<&RawValue>>(text).ok();
    let theirs = theirs.map(|list| list.into_iter().map(RawValue::get).collect::<Vec<_>>());
    assert_eq!(elements(text), theirs);
    let theirs = serde_json::from_str::<BTreeMap<String, &RawValue>>(text);
    let ours = Fields::of(text);
    assert_eq!(ours.is_ok(), theirs.is_ok());
    let (Ok(ours), Ok(theirs)) = (ours, theirs) else {
        return;
    };
    // Of two equal names `BTreeMap` keeps the last.
    let ours: BTreeMap<&str, &str> = ours
        .members()
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let theirs: BTreeMap<&str, &str> = theirs
        .iter()
        .map(|(name, value)| (name.as_str(), value.get()))
        .collect();
    assert_eq!(ours, theirs);
}
