//! A place in a collection, as it travels: opaque text that clients hand back.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::MAX_KEY_BYTES;

/// The longest cursor, in characters: that of the longest key.
const MAX_CURSOR_CHARS: usize = (MAX_KEY_BYTES * 4).div_ceil(3);

/// What a client should have sent.
pub(crate) const EXPECTED: &str = "a cursor: the `next` of an earlier page of the same list";

/// Where a page of a collection ended: the [`next`](super::Page::next) of that page.
///
/// It is the place of a key, not of a record: it stays good when the record there is removed, and across restarts and
/// upgrades. To callers it is opaque text of `A-Z a-z 0-9 - _`; it is not secret, who takes it apart reads the key. A
/// caller may make one up: that is a place, too, in the collection that the action reads, and reveals nothing else.
///
/// ```
/// use stayput::prelude::*;
///
/// let cursor: Cursor = "MDAwMDAwMDAwMDAwMDAwMg".parse()?;
/// assert_eq!(cursor.to_string(), "MDAwMDAwMDAwMDAwMDAwMg");
/// assert!("?".parse::<Cursor>().is_err());
/// # Ok::<(), stayput::state::CursorError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The text of the key, as the record's key ends in it.
    key: String,
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorError;

impl Cursor {
    /// The place of the key with this text.
    pub(crate) fn at(key: &str) -> Self {
        Self {
            key: key.to_owned(),
        }
    }

    /// The text of the key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.key))
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({self})")
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        if text.is_empty() || text.len() > MAX_CURSOR_CHARS {
            return Err(CursorError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let key = String::from_utf8(bytes).map_err(|_| CursorError)?;
        Ok(Self { key })
    }
}

impl fmt::Display for CursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is not {EXPECTED}")
    }
}

impl std::error::Error for CursorError {}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Cursor;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Cursor, E> {
                text.parse()
                    .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Cursor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        concat!(module_path!(), "::Cursor").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where a page ended: the `next` of an earlier page of the same list. Opaque.",
            "type": "string",
            "format": "cursor",
            "pattern": "^[A-Za-z0-9_-]+$",
        })
    }
}
