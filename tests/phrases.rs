//! The phrases beside the wasm: read as the worker reads them, and held against the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use onehook::language::Language;
use onehook::phrases::Voice;

use crate::tidy;

static PHRASES: LazyLock<BTreeMap<String, [String; 2]>> = LazyLock::new(|| {
    let file = tidy::read("src/phrases.js");
    let object = file.split_once("const phrases = ").unwrap().1;
    let object = object.split_once("\n};\n").unwrap().0;
    serde_json::from_str(&format!("{object}\n}}")).expect("an object of pairs, as JSON")
});

/// Families whose names are put together, which have tests of their own: tests/doctor/rules.rs.
const COMPOSED: [&str; 4] = ["doctor", "error", "incident", "probe"];

/// As `phrase` in `phrases.js`.
pub fn phrase(name: &str, tag: &str) -> Option<String> {
    Some(PHRASES.get(name)?[usize::from(tag == "uk")].clone())
}

/// Whoever speaks English.
pub fn english() -> Voice {
    Voice::new(Language::English, phrase)
}

/// The names of one family, without its own and the dot.
pub fn family(room: &str) -> Vec<String> {
    let names = PHRASES.keys().filter_map(|name| name.split_once('.'));
    let names = names.filter(|(first, _)| *first == room);
    names.map(|(_, rest)| rest.to_owned()).collect()
}

#[test]
fn each_phrase_says_the_same_in_both_languages() {
    for (name, [english, ukrainian]) in PHRASES.iter() {
        assert!(!english.is_empty() && !ukrainian.is_empty(), "{name}");
        let places = |phrase: &str| phrase.matches("{}").count();
        assert_eq!(places(english), places(ukrainian), "{name}");
        let is_cyrillic = |letter: char| ('А'..='ї').contains(&letter);
        assert!(!english.contains(is_cyrillic), "{name}: {english}");
    }
}

#[test]
fn each_phrase_is_said_somewhere_and_no_other() {
    let sources = tidy::sources("src").into_iter();
    let code: String = sources.map(|source| source.text).collect();
    let is_whole = |name: &&str| !COMPOSED.contains(&room(name));
    let known: BTreeSet<_> = PHRASES
        .keys()
        .map(String::as_str)
        .filter(is_whole)
        .collect();
    let rooms: BTreeSet<_> = known.iter().map(|name| room(name)).collect();
    let is_name = |text: &&str| {
        let is_of_a_name = |letter| matches!(letter, 'a'..='z' | '_' | '.');
        rooms.contains(room(text)) && text.contains('.') && text.chars().all(is_of_a_name)
    };
    let said: BTreeSet<_> = code.split('"').filter(is_name).collect();
    assert_eq!(
        said, known,
        "what the sources say, and what there is to say"
    );
}

#[test]
fn each_complaint_says_what_and_why_and_names_a_remedy() {
    for source in tidy::sources("src") {
        for said in source.text.split("complain(\"").skip(1) {
            let phrases = PHRASES.get(said.split('"').next().unwrap());
            for phrase in phrases.into_iter().flatten() {
                assert_eq!(phrase.lines().count(), 3, "{phrase}");
            }
        }
    }
}

fn room(name: &str) -> &str {
    name.split('.').next().unwrap()
}
