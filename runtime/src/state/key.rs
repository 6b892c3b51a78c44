//! Keys of collections as text whose byte order is the order of the values.
//!
//! | type | text | length |
//! |---|---|---|
//! | `u8`..`u64` | hex digits, lower case | 16 |
//! | `i8`..`i64`, `Timestamp` | the same of the value plus 2^63 | 16 |
//! | `u128`; `i128` | hex digits; of the value plus 2^127 | 32 |
//! | `bool` | `0` or `1` | 1 |
//! | `char` | the code point in hex digits | 6 |
//! | `String` | itself with U+0000 as 01 01 and U+0001 as 01 02, then 00 | varies |
//! | `ObjectId` | hex digits | 64 |
//! | tuples of 2 to 4 | the members, one after the other | the sum |
//!
//! No text of a type is the beginning of another text of the same type; so tuples order like their
//! members, and integers may be widened (`u32` to `u64`) without touching stored keys.

use std::fmt::Write as _;

use crate::object::{ObjectId, Timestamp};

/// What a collection can be asked for: a [`Key`], or its borrowed form (`str` for `String`).
pub trait AsKey {
    /// Appends the key's text.
    fn write_key(&self, out: &mut String);
}

/// The key of a [`Map`](super::Map), a [`Set`](super::Set) or a [`Table`](super::Table).
///
/// An implementation of your own must keep three rules: the order of the texts is the order of the
/// values, no text is the beginning of another, and what was written is read back. Delegating both
/// methods to one of the ready types, or a tuple of them, keeps all three.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a `Map`, `Set` or `Table`",
    label = "not a key",
    note = "keys are integers, `bool`, `char`, `String`, `ObjectId`, `Timestamp`, and tuples of 2 to 4 of them",
    note = "for a type of your own implement `AsKey` and `Key` by delegating to one of these"
)]
pub trait Key: AsKey + Sized {
    /// Reads a key from the front of `text` and takes it away; `None` if `text` starts otherwise.
    fn read_key(text: &mut &str) -> Option<Self>;

    /// The type as the manifest names it.
    fn key_type() -> String;
}

/// The first members of a tuple key: `A` of `(A, B)`, `A` or `(A, B)` of `(A, B, C)`, and so on.
#[diagnostic::on_unimplemented(
    message = "`{P}` is not how a key `{Self}` begins",
    note = "a prefix is the first member of a tuple key, or a tuple of its first members"
)]
pub trait KeyPrefix<P: AsKey>: Key {}

/// By hand: most keys are numbers, and the formatter takes about as long as the rest of a look-up outside of SQLite.
fn write_hex(out: &mut String, value: u128, digits: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(value.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    // Digits are text.
    out.push_str(std::str::from_utf8(&text[text.len() - digits..]).unwrap_or_default());
}

fn read_hex(text: &mut &str, digits: usize) -> Option<u128> {
    let (head, tail) = text.split_at_checked(digits)?;
    let mut value = 0;
    for byte in head.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        value = value << 4 | u128::from(digit);
    }
    *text = tail;
    Some(value)
}

macro_rules! unsigned_keys {
    ($($type:ty: $digits:literal),*) => {$(
        impl AsKey for $type {
            fn write_key(&self, out: &mut String) {
                write_hex(out, u128::from(*self), $digits);
            }
        }

        impl Key for $type {
            fn read_key(text: &mut &str) -> Option<Self> {
                read_hex(text, $digits)?.try_into().ok()
            }

            fn key_type() -> String {
                stringify!($type).to_owned()
            }
        }
    )*};
}

unsigned_keys!(u8: 16, u16: 16, u32: 16, u64: 16, u128: 32);

macro_rules! signed_keys {
    ($($type:ty),*) => {$(
        impl AsKey for $type {
            fn write_key(&self, out: &mut String) {
                write_hex(out, u128::from(i64::from(*self).cast_unsigned() ^ SIGN), 16);
            }
        }

        impl Key for $type {
            fn read_key(text: &mut &str) -> Option<Self> {
                let bits: u64 = read_hex(text, 16)?.try_into().ok()?;
                (bits ^ SIGN).cast_signed().try_into().ok()
            }

            fn key_type() -> String {
                stringify!($type).to_owned()
            }
        }
    )*};
}

const SIGN: u64 = 1 << 63;

signed_keys!(i8, i16, i32, i64);

impl AsKey for i128 {
    fn write_key(&self, out: &mut String) {
        write_hex(out, self.cast_unsigned() ^ (1 << 127), 32);
    }
}

impl Key for i128 {
    fn read_key(text: &mut &str) -> Option<Self> {
        Some((read_hex(text, 32)? ^ (1 << 127)).cast_signed())
    }

    fn key_type() -> String {
        "i128".to_owned()
    }
}

impl AsKey for bool {
    fn write_key(&self, out: &mut String) {
        out.push(if *self { '1' } else { '0' });
    }
}

impl Key for bool {
    fn read_key(text: &mut &str) -> Option<Self> {
        let (value, tail) = match text.as_bytes().first()? {
            b'0' => (false, &text[1..]),
            b'1' => (true, &text[1..]),
            _ => return None,
        };
        *text = tail;
        Some(value)
    }

    fn key_type() -> String {
        "bool".to_owned()
    }
}

impl AsKey for char {
    fn write_key(&self, out: &mut String) {
        write_hex(out, u128::from(u32::from(*self)), 6);
    }
}

impl Key for char {
    fn read_key(text: &mut &str) -> Option<Self> {
        char::from_u32(read_hex(text, 6)?.try_into().ok()?)
    }

    fn key_type() -> String {
        "char".to_owned()
    }
}

impl AsKey for str {
    fn write_key(&self, out: &mut String) {
        let mut rest = self;
        while let Some(at) = rest.find(['\0', '\u{1}']) {
            out.push_str(&rest[..at]);
            out.push_str(if rest.as_bytes()[at] == 0 {
                "\u{1}\u{1}"
            } else {
                "\u{1}\u{2}"
            });
            rest = &rest[at + 1..];
        }
        out.push_str(rest);
        out.push('\0');
    }
}

impl AsKey for &str {
    fn write_key(&self, out: &mut String) {
        str::write_key(self, out);
    }
}

impl AsKey for String {
    fn write_key(&self, out: &mut String) {
        str::write_key(self, out);
    }
}

impl Key for String {
    fn read_key(text: &mut &str) -> Option<Self> {
        let (mut escaped, tail) = text.split_once('\0')?;
        let mut value = Self::with_capacity(escaped.len());
        while let Some((plain, code)) = escaped.split_once('\u{1}') {
            value.push_str(plain);
            value.push(match code.as_bytes().first()? {
                1 => '\0',
                2 => '\u{1}',
                _ => return None,
            });
            escaped = &code[1..];
        }
        value.push_str(escaped);
        *text = tail;
        Some(value)
    }

    fn key_type() -> String {
        "String".to_owned()
    }
}

impl AsKey for ObjectId {
    fn write_key(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl Key for ObjectId {
    fn read_key(text: &mut &str) -> Option<Self> {
        let (head, tail) = text.split_at_checked(64)?;
        if head.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let id = head.parse().ok()?;
        *text = tail;
        Some(id)
    }

    fn key_type() -> String {
        "ObjectId".to_owned()
    }
}

impl AsKey for Timestamp {
    fn write_key(&self, out: &mut String) {
        self.as_millis().write_key(out);
    }
}

impl Key for Timestamp {
    fn read_key(text: &mut &str) -> Option<Self> {
        i64::read_key(text).map(Self::from_millis)
    }

    fn key_type() -> String {
        "Timestamp".to_owned()
    }
}

macro_rules! tuple_keys {
    ($($name:ident $index:tt),*) => {
        impl<$($name: AsKey),*> AsKey for ($($name,)*) {
            fn write_key(&self, out: &mut String) {
                $(self.$index.write_key(out);)*
            }
        }

        impl<$($name: Key),*> Key for ($($name,)*) {
            fn read_key(text: &mut &str) -> Option<Self> {
                Some(($($name::read_key(text)?,)*))
            }

            fn key_type() -> String {
                format!("({})", [$($name::key_type()),*].join(", "))
            }
        }
    };
}

tuple_keys!(A 0, B 1);
tuple_keys!(A 0, B 1, C 2);
tuple_keys!(A 0, B 1, C 2, D 3);

impl<A: Key, B: Key> KeyPrefix<A> for (A, B) {}
impl<A: Key, B: Key, C: Key> KeyPrefix<A> for (A, B, C) {}
impl<A: Key, B: Key, C: Key> KeyPrefix<(A, B)> for (A, B, C) {}
impl<A: Key, B: Key, C: Key, D: Key> KeyPrefix<A> for (A, B, C, D) {}
impl<A: Key, B: Key, C: Key, D: Key> KeyPrefix<(A, B)> for (A, B, C, D) {}
impl<A: Key, B: Key, C: Key, D: Key> KeyPrefix<(A, B, C)> for (A, B, C, D) {}
