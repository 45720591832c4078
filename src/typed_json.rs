//! JSON into types of a handler's own, with an error that says nothing: the sentences of `serde_json`'s cost fifteen KB of wasm.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};

use crate::json::{Fields, elements_in, text_in};

/// A value that is known to be JSON.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a>(pub(crate) &'a str);

/// The value has another shape than the type wants.
#[derive(Debug, thiserror::Error)]
#[error("the value has another shape")]
pub(crate) struct OtherShape;

impl de::Error for OtherShape {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self
    }
}

impl<'de> Value<'de> {
    /// Reads whatever is no number. Numbers stand apart, so that reading fractions costs nothing where no type wants any.
    fn read<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OtherShape> {
        match self.0.as_bytes() {
            [b'{', ..] => visitor.visit_map(MapDeserializer::new(self.members()?)),
            [b'[', ..] => {
                let elements = elements_in(self.0).ok_or(OtherShape)?;
                let mut elements = SeqDeserializer::new(elements.into_iter().map(Self));
                let sequence = visitor.visit_seq(&mut elements)?;
                elements.end().map(|()| sequence)
            }
            [b'"', ..] => visitor.visit_string(text_in(self.0).ok_or(OtherShape)?),
            b"true" => visitor.visit_bool(true),
            b"false" => visitor.visit_bool(false),
            b"null" => visitor.visit_unit(),
            _ => Err(OtherShape),
        }
    }

    fn read_integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OtherShape> {
        match (self.0.parse(), self.0.parse()) {
            _ if self.0 == "-0" => Err(OtherShape), // a fraction, to `serde_json` too
            (Ok(number), _) => visitor.visit_i64(number),
            (_, Ok(number)) => visitor.visit_u64(number),
            _ => Err(OtherShape),
        }
    }

    /// Whether it is a number that only a fraction can hold.
    fn is_fraction(self) -> bool {
        let fits = self.0.parse::<i64>().is_ok() || self.0.parse::<u64>().is_ok();
        self.0 == "-0" || !fits
    }

    fn members(self) -> Result<impl Iterator<Item = (String, Self)> + 'de, OtherShape> {
        Ok(members_of(Fields::of_valid(self.0).ok_or(OtherShape)?))
    }
}

fn members_of(fields: Fields<'_>) -> impl Iterator<Item = (String, Value<'_>)> {
    let members = fields.into_members();
    members.map(|(name, value)| (name, Value(value)))
}

macro_rules! read {
    ($($method:ident($($parameter:ty),*) by $reader:ident;)+) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $parameter,)* visitor: V) -> Result<V::Value, OtherShape> {
            self.$reader(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = OtherShape;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OtherShape> {
        match self.0.as_bytes() {
            [b'-' | b'0'..=b'9', ..] if self.is_fraction() => self.deserialize_f64(visitor),
            [b'-' | b'0'..=b'9', ..] => self.read_integer(visitor),
            _ => self.read(visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OtherShape> {
        visitor.visit_f64(self.0.parse().map_err(|_| OtherShape)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OtherShape> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OtherShape> {
        match self.0 {
            "null" => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, OtherShape> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, OtherShape> {
        if let Some(variant) = text_in(self.0) {
            return visitor.visit_enum(variant.into_deserializer());
        }
        let fields = Fields::of_valid(self.0).filter(|fields| fields.members().len() == 1);
        let variant = MapDeserializer::new(members_of(fields.ok_or(OtherShape)?));
        visitor.visit_enum(MapAccessDeserializer::new(variant))
    }

    read! {
        deserialize_bool() by read;
        deserialize_i8() by read_integer;
        deserialize_i16() by read_integer;
        deserialize_i32() by read_integer;
        deserialize_i64() by read_integer;
        deserialize_u8() by read_integer;
        deserialize_u16() by read_integer;
        deserialize_u32() by read_integer;
        deserialize_u64() by read_integer;
        deserialize_char() by read;
        deserialize_str() by read;
        deserialize_string() by read;
        deserialize_bytes() by read;
        deserialize_byte_buf() by read;
        deserialize_unit() by read;
        deserialize_unit_struct(&'static str) by read;
        deserialize_seq() by read;
        deserialize_tuple(usize) by read;
        deserialize_tuple_struct(&'static str, usize) by read;
        deserialize_map() by read;
        deserialize_struct(&'static str, &'static [&'static str]) by read;
        deserialize_identifier() by read;
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, OtherShape> {
        visitor.visit_unit()
    }
}

impl<'de> IntoDeserializer<'de, OtherShape> for Value<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
