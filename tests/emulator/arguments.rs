//! Reads the arguments of a call as leniently as Telegram does: query, form, JSON, multipart (`HttpReader.cpp:595-707`).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::multipart;

/// `HttpReader` refuses more than this much of parameters with a bare 413.
const PARAMETERS_BYTES_MAX: usize = 1 << 20;

/// What a client gave with a call; the first occurrence of a name wins (`Query.h:56-60`).
#[derive(Default)]
pub struct Arguments {
    list: Vec<Argument>,
    pub uploads: Vec<Upload>,
}

struct Argument {
    name: String,
    /// What Telegram reads: strings unescaped, anything else as its raw JSON text.
    text: String,
    /// What the client wrote, by type, for people who look at `state`.
    shown: Value,
}

/// An uploaded file.
#[derive(Clone)]
pub struct Upload {
    pub field: String,
    pub file_name: String,
    pub bytes: Vec<u8>,
}

impl Arguments {
    /// Arguments of the query come before those of the body. The error is the status of a bare answer.
    pub fn read(query: &str, content_type: &str, body: &[u8]) -> Result<Self, u16> {
        let mut arguments = Self::default();
        arguments.read_form(query);
        if content_type.contains("application/json") {
            arguments.read_json(&String::from_utf8_lossy(body));
        } else if content_type.contains("application/x-www-form-urlencoded") {
            arguments.read_form(&String::from_utf8_lossy(body));
        } else if let Some(boundary) = multipart::boundary(content_type) {
            multipart::read(&boundary, body, &mut arguments)?;
        } else if !body.is_empty() {
            arguments.add_upload("file", "", body);
        }
        let size: usize = arguments
            .list
            .iter()
            .map(|argument| argument.text.len())
            .sum();
        if size > PARAMETERS_BYTES_MAX {
            return Err(413);
        }
        Ok(arguments)
    }

    pub fn add_text(&mut self, name: &str, text: &str) {
        self.add(name, text.to_owned(), Value::from(text));
    }

    pub fn add_upload(&mut self, field: &str, file_name: &str, bytes: &[u8]) {
        self.uploads.push(Upload {
            field: field.to_owned(),
            file_name: file_name.to_owned(),
            bytes: bytes.to_vec(),
        });
    }

    /// The text of an argument, empty when it was not given: Telegram makes no difference.
    pub fn text(&self, name: &str) -> &str {
        let found = self.list.iter().find(|argument| argument.name == name);
        found.map_or("", |argument| &argument.text)
    }

    /// Optional `-`, leading digits, the rest ignored, garbage is 0, then clamped (`Client.cpp:12360-12365`).
    pub fn integer(&self, name: &str, default: i64, low: i64, high: i64) -> i64 {
        match self.text(name) {
            "" => default,
            text => lenient_integer(text).clamp(low, high),
        }
    }

    /// True if the trimmed lower-case value is `true`, `yes` or `1` (`Client.cpp:9357-9361`).
    pub fn boolean(&self, name: &str) -> bool {
        let text = self.text(name).trim().to_lowercase();
        matches!(text.as_str(), "true" | "yes" | "1")
    }

    pub fn json(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.text(name)).ok()
    }

    /// The file uploaded for a field: under its own name, or under another one by `attach://name`.
    pub fn upload(&self, name: &str) -> Option<&Upload> {
        let field = self.text(name).strip_prefix("attach://").unwrap_or(name);
        self.uploads.iter().find(|upload| upload.field == field)
    }

    /// The arguments as a JSON object, for `state`.
    pub fn shown(&self) -> Value {
        let mut shown = Map::new();
        for argument in self.list.iter().rev() {
            shown.insert(argument.name.clone(), argument.shown.clone());
        }
        for upload in &self.uploads {
            let file =
                serde_json::json!({"file_name": upload.file_name, "size": upload.bytes.len()});
            shown.insert(upload.field.clone(), file);
        }
        Value::Object(shown)
    }

    fn add(&mut self, name: &str, text: String, shown: Value) {
        let name = name.to_owned();
        self.list.push(Argument { name, text, shown });
    }

    fn read_form(&mut self, form: &str) {
        for pair in form.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (percent_decoded(name), percent_decoded(value));
            self.add_text(&name, &value);
        }
    }

    /// A syntax error is ignored and what was read before it is kept (`HttpReader.cpp:214-229`).
    fn read_json(&mut self, body: &str) {
        if let Ok(content) = serde_json::from_str::<String>(body) {
            return self.add_text("content", &content);
        }
        let mut entries = Vec::new();
        let mut deserializer = serde_json::Deserializer::from_str(body);
        let _syntax_error = EntriesUpToAnError(&mut entries).deserialize(&mut deserializer);
        for (name, raw) in entries {
            let shown: Value = serde_json::from_str(raw.get()).unwrap_or_default();
            let text = shown.as_str().unwrap_or(raw.get()).to_owned();
            self.add(&name, text, shown);
        }
    }
}

struct EntriesUpToAnError<'a>(&'a mut Vec<(String, Box<RawValue>)>);

impl<'de> DeserializeSeed<'de> for EntriesUpToAnError<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntriesUpToAnError<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(entry) = map.next_entry()? {
            self.0.push(entry);
        }
        Ok(())
    }
}

pub fn lenient_integer(text: &str) -> i64 {
    let digits_of = |text: &str| {
        let end = text.find(|character: char| !character.is_ascii_digit());
        text[..end.unwrap_or(text.len())].parse().unwrap_or(0)
    };
    match text.strip_prefix('-') {
        Some(rest) => -digits_of(rest),
        None => digits_of(text),
    }
}

/// Decodes `%XX` and `+` of forms and queries.
pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let escaped = (bytes[position] == b'%')
            .then(|| text.get(position + 1..position + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (escaped, bytes[position]) {
            (Some(byte), _) => {
                decoded.push(byte);
                position += 2;
            }
            (None, b'+') => decoded.push(b' '),
            (None, byte) => decoded.push(byte),
        }
        position += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
