//! Values of tables as JSON, each of exactly its type.

use serde::{Deserialize, Serialize};

/// A value: `null`, a whole number, a text, or an object that says what else it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Null(()),
    Integer(i64),
    Text(String),
    Other(Other),
}

/// What JSON has no type for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Other {
    /// A float, in the fewest digits that read as the same one; `inf` and `-inf` are some.
    Real(String),
    /// Bytes in base64.
    Blob(String),
    /// A text that is not UTF-8, in base64.
    Text(String),
}
