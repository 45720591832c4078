//! JSON in and out: any plain data to text, and objects read field by field, tolerantly.
//!
//! Objects from outside are read through [`Fields`] and not through derived types. A field of an unexpected shape is then one
//! missing field, where a derived type would refuse the whole object; and each derived reader costs two to four KB of wasm.
//!
//! `serde_json` says whether a text is JSON at all. What it found valid is taken apart here, because its own typed readers
//! carry ten KB of error messages about numbers with them.

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::search::holds;
use crate::typed_json::Value;

/// What has a JSON text: plain data, and what puts its text together by hand, which costs less wasm.
pub trait Written {
    /// The text.
    fn text(&self) -> String;
}

/// A JSON text, kept as it is.
#[derive(Clone, Debug)]
pub struct Json(String);

/// Why a text is no object.
#[derive(Debug, thiserror::Error)]
pub enum NoObject {
    /// It is no JSON at all. What the parser says of it would be three KB of wasm.
    #[error("it is no JSON from line {}, column {} on", .0.line(), .0.column())]
    NoJson(#[from] serde_json::Error),
    /// It is another value.
    #[error("it is no object")]
    AnotherValue,
}

impl<T: Serialize + ?Sized> Written for T {
    /// Data with text keys always has a JSON form.
    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Default for Json {
    fn default() -> Self {
        Self("null".to_owned())
    }
}

impl Json {
    /// A text that is JSON.
    pub fn of(text: &str) -> Option<Self> {
        Some(Self(valid(text).ok()?.to_owned()))
    }

    /// The text, without the space around it.
    pub fn get(&self) -> &str {
        &self.0
    }
}

/// The JSON text of what has one.
pub fn text_of<T: Written + ?Sized>(data: &T) -> String {
    data.text()
}

/// The JSON text of a list.
pub fn list_of<T: Written>(elements: &[T]) -> String {
    array_of(elements.iter().map(T::text))
}

/// An array out of the JSON texts of its elements.
pub(crate) fn array_of(elements: impl Iterator<Item = String>) -> String {
    let mut array = String::from("[");
    for element in elements {
        if array.len() > 1 {
            array.push(',');
        }
        array.push_str(&element);
    }
    array.push(']');
    array
}

/// An object out of its members, each a name and the JSON text of its value. One whose text is empty is left out.
pub(crate) fn object_of(members: &[(&str, &str)]) -> String {
    let mut object = String::from("{");
    for (name, value) in members.iter().filter(|(_, value)| !value.is_empty()) {
        if object.len() > 1 {
            object.push(',');
        }
        object.push_str(&text_of(*name));
        object.push(':');
        object.push_str(value);
    }
    object.push('}');
    object
}

/// The value of a member that is left out where there is none.
pub(crate) fn if_any<T: Written + ?Sized>(data: Option<&T>) -> String {
    data.map_or_else(String::new, T::text)
}

/// The value of a member that is left out unless it is true.
pub(crate) fn only_if(is_so: bool) -> &'static str {
    if is_so { "true" } else { "" }
}

/// The members of an object, in their order, each still a text of its own.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(String, &'a str)>);

impl<'a> Fields<'a> {
    /// Reads an object.
    pub fn of(text: &'a str) -> Result<Self, NoObject> {
        Self::of_valid(valid(text)?).ok_or(NoObject::AnotherValue)
    }

    /// Takes an object apart that is known to be JSON.
    pub(crate) fn of_valid(value: &'a str) -> Option<Self> {
        let mut rest = value.strip_prefix('{')?.strip_suffix('}')?.trim_ascii();
        let mut members = Vec::new();
        while !rest.is_empty() {
            let (name, after) = cut(rest);
            let (value, after) = cut(after);
            members.push((text_in(name)?, value));
            rest = after;
        }
        Some(Self(members))
    }

    /// The members, in their order.
    pub fn members(&self) -> &[(String, &'a str)] {
        &self.0
    }

    /// The object with another value in place of one member, or with one member more, which comes first.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let others = self.0.iter().filter(|(other, _)| other != name);
        let mut members = vec![(name, value)];
        members.extend(others.map(|(other, value)| (other.as_str(), *value)));
        object_of(&members)
    }

    /// The members, in their order, given away.
    pub(crate) fn into_members(self) -> impl Iterator<Item = (String, &'a str)> {
        self.0.into_iter()
    }

    /// The JSON text of a member; `null` counts as missing.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        let member = self.0.iter().find(|(member, _)| member == name);
        member
            .map(|(_, value)| *value)
            .filter(|value| *value != "null")
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<String> {
        text_in(self.raw(name)?)
    }

    /// A member that is a whole number. `-0` is a fraction, to `serde_json` too.
    pub fn integer(&self, name: &str) -> Option<i64> {
        let number = self.raw(name).filter(|number| *number != "-0");
        number?.parse().ok()
    }

    /// A member that is `true` or `false`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.raw(name)?.parse().ok()
    }

    /// A member that is an object.
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::of_valid(self.raw(name)?)
    }

    /// The elements of a member that is an array, each still a text of its own.
    pub fn list(&self, name: &str) -> Option<Vec<&'a str>> {
        elements_in(self.raw(name)?)
    }

    /// A member that is an array of texts.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.list(name)?;
        list.into_iter().map(text_in).collect()
    }
}

/// Reads a value into a type of the caller's own. `None`: it has another shape.
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    T::deserialize(Value(valid(text).ok()?)).ok()
}

/// The elements of an array, each still a text of its own.
pub fn elements(text: &str) -> Option<Vec<&str>> {
    elements_in(valid(text).ok()?)
}

/// The value in a text, without the space around it.
fn valid(text: &str) -> Result<&str, serde_json::Error> {
    serde_json::from_str::<IgnoredAny>(text).map(|_| text.trim_ascii())
}

pub(crate) fn elements_in(value: &str) -> Option<Vec<&str>> {
    let mut rest = value.strip_prefix('[')?.strip_suffix(']')?.trim_ascii();
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (element, after) = cut(rest);
        elements.push(element);
        rest = after;
    }
    Some(elements)
}

/// The text a value stands for. `None`: it is something else, or holds half of a character.
pub(crate) fn text_in(value: &str) -> Option<String> {
    unescaped_text(value.strip_prefix('"')?.strip_suffix('"')?)
}

/// Whether an escape somewhere in valid JSON stands for half of a character. Readers disagree on what to make of that.
pub(crate) fn holds_half_a_character(text: &str) -> bool {
    holds(text, "\\u") && unescaped_text(text).is_none()
}

fn unescaped_text(escaped: &str) -> Option<String> {
    // UTF-16, since that is how JSON escapes characters.
    let mut units = escaped.encode_utf16();
    let mut text = Vec::with_capacity(escaped.len());
    while let Some(unit) = units.next() {
        text.push(if unit == u16::from(b'\\') {
            unescaped(&mut units)?
        } else {
            unit
        });
    }
    String::from_utf16(&text).ok()
}

/// What follows a backslash.
fn unescaped(units: &mut impl Iterator<Item = u16>) -> Option<u16> {
    let escape = units.next()?;
    Some(match u8::try_from(escape).ok()? {
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => 0x0a,
        b'r' => 0x0d,
        b't' => 0x09,
        b'u' => (0..4).try_fold(0, |unit, _| {
            let digit = char::from(u8::try_from(units.next()?).ok()?).to_digit(16)?;
            Some(unit << 4 | u16::try_from(digit).ok()?)
        })?,
        _ => escape,
    })
}

/// Cuts valid JSON at the end of its first value: the value, and what follows the comma or colon behind it.
fn cut(text: &str) -> (&str, &str) {
    let end = end_of_value(text);
    let (value, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (
        value.trim_ascii(),
        rest.get(1..).unwrap_or_default().trim_ascii(),
    )
}

fn end_of_value(text: &str) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b',' | b':' if depth == 0 => return place,
            _ => {}
        }
    }
    text.len()
}
