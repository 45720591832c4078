//! A second opinion on JSON, by `serde_json`: what the bytes say, and whether two readers could understand them differently.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Some JSON, as `serde_json` understands it.
pub struct Witness {
    /// The value. Of two equal names the last counts.
    pub value: Value,
    /// Whether no object has a name twice, so that all readers agree.
    pub is_unambiguous: bool,
    /// The deepest nesting of objects and arrays.
    pub depth: usize,
    /// The names of the outermost object, in order, as often as they are there.
    pub names: Vec<String>,
}

impl Witness {
    /// Reads some bytes. `None`: they are no JSON, or hold a number that no double can hold, which only `Value` minds.
    pub fn of(data: &[u8]) -> Option<Self> {
        let value = serde_json::from_slice(data).ok()?;
        let shape: Shape = serde_json::from_slice(data).ok()?;
        Some(Self {
            value,
            is_unambiguous: shape.is_unambiguous,
            depth: shape.depth,
            names: shape.names,
        })
    }
}

/// Whether the bytes are JSON but for a number that no double can hold: JSON's grammar allows it, `Value` does not.
pub fn holds_a_huge_number(data: &[u8]) -> bool {
    let error = serde_json::from_slice::<Value>(data).err();
    error.is_some_and(|error| error.to_string().starts_with("number out of range"))
}

/// Whether the bytes are JSON by its grammar, though `Value` refuses them: a huge number, or half of a character.
pub fn is_json_for_some(data: &[u8]) -> bool {
    let is_json = serde_json::from_slice::<IgnoredAny>(data).is_ok();
    is_json && serde_json::from_slice::<Value>(data).is_err()
}

/// Whether two values are the same. `serde_json` may miss a fraction by its last digit, where we do not.
pub fn are_the_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64(), other.as_f64());
            let far = one
                .zip(other)
                .map(|(one, other)| (one - other).abs() / one.abs().max(f64::MIN_POSITIVE));
            far.is_some_and(|far| far < 1e-12)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| are_the_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same =
                |((name, one), (other_name, other))| name == other_name && are_the_same(one, other);
            one.len() == other.len() && one.iter().zip(other).all(same)
        }
        _ => one == other,
    }
}

struct Shape {
    is_unambiguous: bool,
    depth: usize,
    names: Vec<String>,
}

impl Shape {
    const LEAF: Self = Self {
        is_unambiguous: true,
        depth: 0,
        names: Vec::new(),
    };
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shapes)
    }
}

struct Shapes;

impl<'de> Visitor<'de> for Shapes {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::LEAF)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::LEAF)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::LEAF)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::LEAF)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::LEAF)
    }

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape::LEAF)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Shape, A::Error> {
        let mut whole = Shape::LEAF;
        while let Some(inner) = elements.next_element::<Shape>()? {
            whole.is_unambiguous &= inner.is_unambiguous;
            whole.depth = whole.depth.max(inner.depth);
        }
        whole.depth += 1;
        Ok(whole)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Shape, A::Error> {
        let mut whole = Shape::LEAF;
        let mut seen = BTreeSet::new();
        while let Some((name, inner)) = members.next_entry::<String, Shape>()? {
            whole.is_unambiguous &= inner.is_unambiguous & seen.insert(name.clone());
            whole.depth = whole.depth.max(inner.depth);
            whole.names.push(name);
        }
        whole.depth += 1;
        Ok(whole)
    }
}
