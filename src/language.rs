//! The two languages onehook speaks.

use crate::phrases::filled;
use crate::search::{before, split};

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Ukrainian.
    Ukrainian,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Ukrainian];

    /// The language of an IETF tag such as `uk` or `en-GB`, where it is one of ours.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = before(before(tag.trim_ascii(), "-"), "_");
        match primary.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "uk" => Some(Self::Ukrainian),
            _ => None,
        }
    }

    /// The first of ours in an `Accept-Language` header. Browsers list languages in order of preference, so weights are not read.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut entries = split(header, ",").into_iter();
        entries.find_map(|entry| Self::from_tag(before(entry, ";")))
    }

    /// Its tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Ukrainian => "uk",
        }
    }

    /// Picks the text of this language.
    pub fn pick<T>(self, english: T, ukrainian: T) -> T {
        match self {
            Self::English => english,
            Self::Ukrainian => ukrainian,
        }
    }

    /// Picks the text of this language and puts the values in place of its `{}`, in order.
    pub fn fill(self, english: &str, ukrainian: &str, values: &[&str]) -> String {
        filled(self.pick(english, ukrainian), values)
    }
}
