//! Decoding a parameter that came in a URL, where every value is a text.

use serde::de::value::SeqDeserializer;
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde_json::value::RawValue;

/// A value of a query that a type is decoded from.
///
/// The edge writes `7`, `true`, `null`, `{..}` and `[..]` as the JSON they look like and all else as a string. What was
/// meant is known only here: a type that wants a string (or `char`, or the name of an enum's variant) takes the text as
/// it stood in the URL, a type that wants a list takes a single value for a list of one.
#[derive(Debug, Clone, Copy)]
pub struct QueryValue<'de>(pub &'de RawValue);

impl QueryValue<'_> {
    fn is_string(self) -> bool {
        self.0.get().starts_with('"')
    }
}

/// The types that are decoded from a text.
macro_rules! from_text {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            if self.is_string() {
                self.0.$method(visitor)
            } else {
                serde::de::value::BorrowedStrDeserializer::new(self.0.get()).$method(visitor)
            }
        }
    )*};
}

/// The types that are decoded from the JSON a text looks like.
macro_rules! from_json {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.0.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for QueryValue<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_any(visitor)
    }

    from_text! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if self.is_string() || self.0.get().starts_with('{') {
            return self.0.deserialize_enum(name, variants, visitor);
        }
        serde::de::value::BorrowedStrDeserializer::new(self.0.get())
            .deserialize_enum(name, variants, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.get() == "null" {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        // The name by which a `RawValue` asks for the text itself.
        if name.starts_with("$serde_json::private") {
            return self.0.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let items: Vec<&'de RawValue> = if self.0.get().starts_with('[') {
            serde_json::from_str(self.0.get())?
        } else {
            vec![self.0]
        };
        visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(QueryValue)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_seq(visitor)
    }

    from_json! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_map deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_struct(name, fields, visitor)
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for QueryValue<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
