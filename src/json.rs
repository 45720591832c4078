//! JSON in and out: any plain data to text, and objects read field by field, tolerantly.
//!
//! Objects from outside are read through [`Fields`] and not through derived types. A field of an unexpected shape is then one
//! missing field, where a derived type would refuse the whole object; and each derived reader costs two to four KB of wasm.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Plain data as JSON text. Data with text keys always has a JSON form.
pub fn text_of<T: Serialize + ?Sized>(data: &T) -> String {
    serde_json::to_string(data).unwrap_or_default()
}

/// The members of an object, in their order, each still a text of its own.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads an object.
    pub fn of(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The members, in their order.
    pub fn members(&self) -> &[(String, &'a RawValue)] {
        &self.0
    }

    /// The JSON text of a member; `null` counts as missing.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        let member = self.0.iter().find(|(member, _)| member == name);
        member
            .map(|(_, value)| value.get())
            .filter(|value| *value != "null")
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// A member that is a whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.raw(name)?.parse().ok()
    }

    /// A member that is `true` or `false`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.raw(name)?.parse().ok()
    }

    /// A member that is an object.
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::of(self.raw(name)?).ok()
    }

    /// The elements of a member that is an array, each still a text of its own.
    pub fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// A member that is an array of texts.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.list(name)?;
        list.into_iter()
            .map(|text| serde_json::from_str(text.get()).ok())
            .collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Members).map(Self)
    }
}
