//! An HTTP answer of ours, and the one shape of our errors.

use crate::json::{Written, object_of, text_of};
use crate::search::{rsplit_once, split_once};

/// An answer, as plain values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, beside those every answer carries.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// What went wrong, why, and what to do about it, which begins with a verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint(String);

/// How the visitor wants to read the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For programs.
    Json,
    /// For people at a terminal.
    Text,
}

impl Reply {
    /// An empty answer.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// An answer in JSON: an object out of its members, each a name and the JSON text of its value.
    pub(crate) fn object(status: u16, members: &[(&str, &str)]) -> Self {
        Self::empty(status)
            .with_header("content-type", "application/json")
            .with_body(object_of(members))
    }

    /// An answer in plain text.
    pub fn text(status: u16, body: &str) -> Self {
        Self::empty(status)
            .with_header("content-type", "text/plain; charset=utf-8")
            .with_body([body.trim_ascii_end(), "\n"].concat())
    }

    /// An error, in the form the visitor asked for.
    pub fn error(status: u16, complaint: &Complaint, format: Format) -> Self {
        match format {
            Format::Json => Self::object(status, &[("error", &text_of(complaint))]),
            Format::Text => Self::text(status, &complaint.lines()),
        }
    }

    /// The same answer to everything that is not here.
    pub fn not_found() -> Self {
        Self::text(404, "not found")
    }

    /// The answer to a method a path does not know.
    pub fn method_not_allowed(allow: &str) -> Self {
        Self::text(405, "method not allowed").with_header("allow", allow)
    }

    /// The same answer to everybody who may not enter.
    pub fn unauthorized() -> Self {
        Self::text(401, "unauthorized").with_header("www-authenticate", "Bearer")
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: String) -> Self {
        self.body = body;
        self
    }
}

impl Written for Complaint {
    fn text(&self) -> String {
        let [what, why, remedy] = self.parts().map(text_of);
        object_of(&[("what", &what), ("why", &why), ("remedy", &remedy)])
    }
}

impl Complaint {
    /// A complaint out of its parts, a line each. Only the second may have lines of its own.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// What went wrong, why, and what to do about it.
    pub fn parts(&self) -> [&str; 3] {
        let (what, rest) = split_once(&self.0, "\n").unwrap_or((&self.0, ""));
        let (why, remedy) = rsplit_once(rest, "\n").unwrap_or((rest, ""));
        [what, why, remedy]
    }

    /// The complaint as a person reads it.
    pub fn lines(&self) -> String {
        let [what, why, remedy] = self.parts();
        [what, ": ", why, "\n→ ", remedy].concat()
    }
}
