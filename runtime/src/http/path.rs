//! Reading a URL's path: which class, which object, which action.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::error::Code;
use crate::object::ObjectId;
use crate::rpc::WireError;

/// How long an object's name may be, in bytes of UTF-8.
pub(super) const MAX_NAME: usize = 512;

/// A path, split but not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path<'a> {
    /// `/{word}`: the server's own.
    Top(&'a str),
    /// `/{class}/{name}`.
    Object { class: &'a str, name: &'a str },
    /// `/{class}/{name}/{action}`.
    Action {
        class: &'a str,
        name: &'a str,
        action: &'a str,
    },
    /// `/{class}/{name}/{segment}/{segment}` and longer.
    Deep {
        class: &'a str,
        name: &'a str,
        /// What is below the object, without its first `/`.
        below: &'a str,
    },
    /// Anything else.
    Other,
}

impl<'a> Path<'a> {
    pub(super) fn split(path: &'a str) -> Self {
        let Some(path) = path.strip_prefix('/') else {
            return Self::Other;
        };
        let mut segments = path.splitn(4, '/');
        match (
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
        ) {
            (Some(word), None, ..) => Self::Top(word),
            (Some(class), Some(name), None, _) => Self::Object { class, name },
            (Some(class), Some(name), Some(action), None) => Self::Action {
                class,
                name,
                action,
            },
            (Some(class), Some(name), Some(_), Some(_)) => Self::Deep {
                class,
                name,
                below: path.get(class.len() + name.len() + 2..).unwrap_or_default(),
            },
            _ => Self::Other,
        }
    }

    /// The class, the object, and what is below it.
    pub(super) fn below(self) -> Option<(&'a str, &'a str, &'a str)> {
        match self {
            Self::Action {
                class,
                name,
                action,
            } => Some((class, name, action)),
            Self::Deep { class, name, below } => Some((class, name, below)),
            Self::Top(_) | Self::Object { .. } | Self::Other => None,
        }
    }
}

/// What a path names an object by.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// Its name.
    Name(Cow<'a, str>),
    /// Its id, not yet checked to be one of the class.
    Id(ObjectId),
}

/// Decodes the segment that names an object.
pub(super) fn object_name(segment: &str) -> Result<Named<'_>, WireError> {
    let refuse = |message: &'static str| Err(WireError::framework(Code::InvalidName, message));
    // Encoded, a name is at most three times as long.
    if segment.len() > 3 * MAX_NAME {
        return refuse("the object's name is longer than 512 bytes");
    }
    let Some(name) = decode(segment) else {
        return refuse("the object's name is not percent-encoded UTF-8");
    };
    if let Some(id) = name.strip_prefix('~') {
        return match id.parse() {
            Ok(id) => Ok(Named::Id(id)),
            Err(_) if id.len() == 64 => {
                let message = "an object's id is `~` and 64 hex digits";
                Err(WireError::framework(Code::InvalidId, message))
            }
            Err(_) => {
                refuse("an object's name does not start with `~`; an id is `~` and 64 hex digits")
            }
        };
    }
    match &*name {
        "" => refuse("the object's name is empty"),
        "." | ".." => refuse("`.` and `..` are no names of objects"),
        long if long.len() > MAX_NAME => refuse("the object's name is longer than 512 bytes"),
        _ => Ok(Named::Name(name)),
    }
}

/// A segment's text; `None` if it is not percent-encoded UTF-8.
pub(super) fn decode(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    if !is_percent_encoded(segment.as_bytes()) {
        return None;
    }
    percent_decode_str(segment).decode_utf8().ok()
}

/// Whether each `%` is followed by two hex digits.
pub(super) fn is_percent_encoded(text: &[u8]) -> bool {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    text.iter()
        .enumerate()
        .all(|(at, byte)| *byte != b'%' || is_hex(text.get(at + 1)) && is_hex(text.get(at + 2)))
}
