//! What onehook says to operators and owners: phrases by name, in the language of whoever reads them.
//!
//! They are kept in `phrases.js`, beside the wasm and not in it, since they would be a fifth of it and are seldom said.

use crate::inbox::InboxError;
use crate::language::Language;
use crate::reply::Complaint;
use crate::search::split_once;
use crate::telegram::refusal::CallError;

/// Finds a phrase by its name and the tag of a language. Each `{}` in it takes a value, in order.
pub type Phrases = fn(name: &str, tag: &str) -> Option<String>;

/// Somebody who knows the phrases and speaks one language.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    language: Language,
    phrases: Phrases,
}

impl Voice {
    /// A voice in a language.
    pub fn new(language: Language, phrases: Phrases) -> Self {
        Self { language, phrases }
    }

    /// Says a phrase with its values. One that is not there is said by its name, which the tests rule out.
    pub fn say(self, name: &str, values: &[&str]) -> String {
        let phrase = (self.phrases)(name, self.language.tag());
        filled(phrase.as_deref().unwrap_or(name), values)
    }

    /// Says a phrase of three lines as a complaint: what, why, and the remedy. Only the values in the second may have lines of their own.
    pub fn complain(self, name: &str, values: &[&str]) -> Complaint {
        Complaint::new(self.say(name, values))
    }

    /// A failed call, with what to do about it.
    pub fn call_failed(self, error: &CallError) -> Complaint {
        let name = match error {
            CallError::Refused(refusal) if refusal.blames_the_token() => "admin.token_refused",
            CallError::Refused(refusal) => match refusal.code {
                429 => "admin.called_too_often",
                409 => "admin.called_at_once",
                _ => "admin.call_refused",
            },
            _ => "admin.no_answer",
        };
        self.complain(name, &[&error.to_string()])
    }

    /// A database that did not do what it was asked, with what to do about it.
    pub fn not_recorded(self, error: &InboxError) -> Complaint {
        self.complain("admin.not_recorded", &[&error.to_string()])
    }
}

/// Puts the values in place of each `{}`, in order.
pub(crate) fn filled(phrase: &str, values: &[&str]) -> String {
    let mut text = String::new();
    let mut rest = phrase;
    for value in values {
        let Some((piece, behind)) = split_once(rest, "{}") else {
            break;
        };
        text.push_str(piece);
        text.push_str(value);
        rest = behind;
    }
    text.push_str(rest);
    text
}
