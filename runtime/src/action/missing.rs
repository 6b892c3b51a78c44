//! When a parameter may be left out: iff its type can be decoded from "nothing there".
//!
//! The rule is `serde_derive`'s own for missing struct fields, so it sees through aliases and wrappers where a look at
//! the type's name would not.

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

struct Missing;

impl<'de> Deserializer<'de> for Missing {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The value of an absent parameter, if its type has one.
pub(crate) fn missing<T: DeserializeOwned>() -> Option<T> {
    T::deserialize(Missing).ok()
}

/// Whether a parameter of this type may be left out.
pub(crate) fn is_optional<T: DeserializeOwned>() -> bool {
    missing::<T>().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_options_decode_from_nothing() {
        type Alias = Option<u32>;
        assert!(is_optional::<Alias>());
        assert!(!is_optional::<u32>());
        assert!(!is_optional::<()>());
        assert!(!is_optional::<Vec<u8>>());
    }
}
