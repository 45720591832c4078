//! The doctor: what is found, what a pasted error means, and what listening for a poller tells.

mod bot;
mod errors;
mod evidence;
mod findings;
mod probe;
mod rivals;
mod rules;

use onehook::doctor::finding::{self, Finding};
use onehook::language::Language;
use onehook::phrases::Voice;
use onehook::reply::Format;

use crate::phrases::phrase;

/// English and Ukrainian.
fn voices() -> [Voice; 2] {
    Language::ALL.map(|language| Voice::new(language, phrase))
}

/// The report about findings, for a person.
fn text(findings: &[Finding], voice: Voice, origin: &str) -> String {
    finding::reply(findings, voice, origin, Format::Text).body
}
