//! A request as plain values, with a body that is not read before somebody asks for it.

use crate::language::Language;
use crate::reply::Format;
use crate::search::{split, split_once};

/// The headers that are read anywhere. The door hands over these and no others.
pub const HEADERS: [&str; 7] = [
    "accept",
    "accept-language",
    "authorization",
    "cf-connecting-ip",
    "content-length",
    "content-type",
    "x-telegram-bot-api-secret-token",
];

/// A request without its body.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The scheme, host and port it came to, such as `https://onehook.example.workers.dev`.
    pub origin: String,
    /// The path.
    pub path: String,
    /// What follows the question mark.
    pub query: String,
    /// The headers out of [`HEADERS`] that it has.
    pub headers: Vec<(&'static str, String)>,
}

/// The body of a request, still on its way.
pub trait Body {
    /// Reads it. MUST stop as soon as there are more than `bytes_max` bytes.
    async fn read(self, bytes_max: usize) -> Result<Vec<u8>, BodyError>;
}

/// Why a body cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is longer than allowed.
    TooLarge,
    /// It broke off.
    Broken,
}

impl Request {
    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(header, _)| *header == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter of the query, decoded. An empty one counts as missing.
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter_in(&self.query, name)
    }

    /// How the visitor wants to read the answer: JSON, unless plain text is asked for.
    pub fn format(&self) -> Format {
        let accepted = self.header("accept").unwrap_or_default();
        let mut accepted = split(accepted, ",").into_iter();
        if accepted.any(|entry| entry.trim_ascii().starts_with("text/plain")) {
            Format::Text
        } else {
            Format::Json
        }
    }

    /// The visitor's language: `?lang=`, else `Accept-Language`, else the deployment's.
    pub fn language(&self, default: Language) -> Language {
        let asked = self
            .parameter("lang")
            .and_then(|tag| Language::from_tag(&tag));
        let accepted = || Language::from_accept_language(self.header("accept-language")?);
        asked.or_else(accepted).unwrap_or(default)
    }

    /// Whether the body announces more than `bytes_max` bytes.
    pub fn announces_more_than(&self, bytes_max: usize) -> bool {
        let length = self
            .header("content-length")
            .and_then(|length| length.parse::<u64>().ok());
        length.is_some_and(|length| length > bytes_max as u64)
    }
}

/// A parameter of a query or a form, decoded. An empty one counts as missing.
pub(crate) fn parameter_in(form: &str, name: &str) -> Option<String> {
    split(form, "&").into_iter().find_map(|pair| {
        let (key, value) = split_once(pair, "=").unwrap_or((pair, ""));
        (decoded(key) == name)
            .then(|| decoded(value))
            .filter(|value| !value.is_empty())
    })
}

/// Undoes percent-encoding. Of what is no UTF-8 afterwards, ASCII stays.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut ahead = rest.clone();
                match (ahead.next().and_then(digit), ahead.next().and_then(digit)) {
                    (Some(high), Some(low)) => {
                        rest = ahead;
                        high << 4 | low
                    }
                    _ => byte,
                }
            }
            _ => byte,
        });
    }
    readable(bytes)
}

/// Bytes as a text. Of what is no UTF-8, ASCII stays.
pub(crate) fn readable(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let ascii = error.into_bytes().into_iter().filter(u8::is_ascii);
        ascii.map(char::from).collect()
    })
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
