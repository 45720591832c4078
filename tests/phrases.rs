//! The phrases beside the wasm: read as the worker reads them, and held against the sources.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::tidy;

static PHRASES: LazyLock<BTreeMap<String, [String; 2]>> = LazyLock::new(|| {
    let file = tidy::read("src/phrases.js");
    let object = file.split_once("const phrases = ").unwrap().1;
    let object = object.split_once("\n};\n").unwrap().0;
    serde_json::from_str(&format!("{object}\n}}")).expect("an object of pairs, as JSON")
});

/// Families whose names are put together, which have tests of their own: tests/guard.rs and tests/doctor.rs.
const COMPOSED: [&str; 3] = ["doctor.", "error.", "incident."];

/// As `phrase` in `phrases.js`.
pub fn phrase(name: &str, tag: &str) -> Option<String> {
    Some(PHRASES.get(name)?[usize::from(tag == "uk")].clone())
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
    let code: String = tidy::sources("src")
        .into_iter()
        .map(|source| source.text)
        .collect();
    let is_composed = |name: &&String| COMPOSED.iter().any(|family| name.starts_with(family));
    for name in PHRASES.keys().filter(|name| !is_composed(name)) {
        assert!(code.contains(&format!("\"{name}\"")), "nobody says {name}");
    }
    for said in code.split("say(\"").skip(1) {
        let name = said.split('"').next().unwrap();
        let is_name = name.contains('.') && !name.contains(' ');
        assert!(
            !is_name || PHRASES.contains_key(name),
            "{name} has no phrase"
        );
    }
}
