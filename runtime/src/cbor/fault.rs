//! Why bytes are no CBOR that could be taken for JSON.

use std::fmt;

use crate::rpc::MAX_JSON_DEPTH;

/// What is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The byte at which it begins.
    pub(crate) at: usize,
    pub(crate) what: What,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// It ends early.
    Ended,
    /// It breaks the rules of RFC 8949.
    Malformed,
    /// Something follows the value.
    Trailing,
    /// Arrays and maps lie too deep in each other.
    TooDeep,
    /// A key of a map that is no text.
    Key,
    /// A float that is no number.
    NotFinite,
    /// An integer of more than 128 bits.
    Integer,
    /// A tag that makes another value of what it stands on.
    Tag(u64),
    /// A simple value other than true, false, null and undefined.
    Simple,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at;
        match self.what {
            What::Ended => write!(f, "the body is not CBOR: it ends within a value"),
            What::Malformed => write!(f, "the body is not CBOR: byte {at} is wrong"),
            What::Trailing => write!(
                f,
                "the body is more than one CBOR value: byte {at} is beyond it"
            ),
            What::TooDeep => {
                write!(f, "the body is nested deeper than {MAX_JSON_DEPTH} levels")
            }
            What::Key => write!(
                f,
                "the key at byte {at} is no text: send text as the keys of maps"
            ),
            What::NotFinite => {
                write!(
                    f,
                    "the float at byte {at} is no number: send null, or a text"
                )
            }
            What::Integer => {
                write!(
                    f,
                    "the integer at byte {at} has more than 128 bits: send a text"
                )
            }
            What::Tag(tag) => {
                write!(
                    f,
                    "the tag {tag} at byte {at} is not known here: send the plain value"
                )
            }
            What::Simple => {
                write!(
                    f,
                    "the simple value at byte {at} is not known here: send true, false or null"
                )
            }
        }
    }
}
