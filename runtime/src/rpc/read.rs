//! From JSON text to a value.

use serde::Deserialize;
use serde::de::Error as _;

/// Reads JSON that should be UTF-8.
///
/// Everything is read from `&str`: bytes are judged once, faster than string by string, and a Worker holds each type's
/// reader once instead of once for bytes and once for text.
pub(crate) fn from_utf8<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, serde_json::Error> {
    let text = str::from_utf8(json).map_err(serde_json::Error::custom)?;
    serde_json::from_str(text)
}
