//! The one encoder of stored values, and their decoder.
//!
//! JSON text whose bytes are a function of the value: no white space, struct fields in the order of
//! their declaration, map entries sorted by key. What JSON would change silently is refused by the
//! name of the field: numbers that are not finite, map keys that are not strings, and an `Option`
//! whose content may itself be `null`. Whatever is encoded can be decoded.

mod entries;
mod members;

use std::fmt;

use serde::de::DeserializeOwned;
use serde::ser::{self, Serialize, Serializer};

use self::entries::Entries;
use self::members::Members;
use super::MAX_VALUE_BYTES;
use crate::backend::StorageFault;
use crate::rpc::from_utf8;

/// How deep arrays and objects may be nested: the decoder's limit.
const MAX_NESTING: u8 = 127;

/// The stored form of a value: JSON text of at most 2,000,000 bytes.
///
/// # Errors
/// [`StorageFault::Encode`] with the path of what cannot be stored, which starts with `path`.
pub fn encode<T: Serialize + ?Sized>(path: &str, value: &T) -> Result<Vec<u8>, StorageFault> {
    let mut out = Vec::new();
    encode_into(&mut out, value).map_err(|error| error.at(path))?;
    if out.len() <= MAX_VALUE_BYTES {
        return Ok(out);
    }
    Err(StorageFault::Encode {
        path: path.to_owned(),
        reason: format!(
            "a value of {} bytes is larger than {MAX_VALUE_BYTES}; split it into several records",
            out.len()
        ),
    })
}

/// The value of a stored form.
///
/// # Errors
/// [`StorageFault::Decode`] with the record's `key`.
pub fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StorageFault> {
    from_utf8(bytes).map_err(|error| StorageFault::Decode {
        key: key.to_owned(),
        reason: error.to_string(),
    })
}

/// Appends the stored form of `value` to `out`. After an error `out` ends in a part of it.
pub(super) fn encode_into<T>(out: &mut Vec<u8>, value: &T) -> Result<(), EncodeError>
where
    T: Serialize + ?Sized,
{
    value.serialize(Encoder {
        out,
        depth: 0,
        in_option: false,
    })
}

/// Why a value cannot be stored, and where in it.
#[derive(Debug)]
pub(super) struct EncodeError(Box<(String, String)>);

impl EncodeError {
    fn new(reason: impl Into<String>) -> Self {
        Self(Box::new((String::new(), reason.into())))
    }

    /// Puts a step before the path; the path is put together on the way out, so it costs nothing
    /// when all is well.
    fn inside(mut self, step: fmt::Arguments<'_>) -> Self {
        self.0.0 = format!("{step}{}", self.0.0);
        self
    }

    /// The fault, for a value at `path`.
    pub(super) fn at(self, path: &str) -> StorageFault {
        let (inner, reason) = *self.0;
        StorageFault::Encode {
            path: format!("{path}{inner}"),
            reason,
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.0, self.0.1)
    }
}

impl std::error::Error for EncodeError {}

impl ser::Error for EncodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

/// Writes one value.
struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    depth: u8,
    /// Whether this value is the content of a `Some`: then it must not be `null`.
    in_option: bool,
}

impl<'a> Encoder<'a> {
    /// Text and numbers look the same in every JSON writer.
    fn leaf<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        write_leaf(self.out, value)
    }

    fn float(self, value: f64, text: impl Serialize) -> Result<(), EncodeError> {
        if value.is_finite() {
            return self.leaf(&text);
        }
        Err(EncodeError::new(format!(
            "`{value}` is no JSON number; check the calculation, or store an `Option`"
        )))
    }

    fn null(self) -> Result<(), EncodeError> {
        if self.in_option {
            return Err(ambiguous());
        }
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    /// Opens an array or object, or one inside an enum's object.
    fn nest(&mut self, open: &[u8]) -> Result<(), EncodeError> {
        if self.depth >= MAX_NESTING {
            return Err(EncodeError::new(format!(
                "it is nested deeper than {MAX_NESTING} levels"
            )));
        }
        self.depth += 1;
        self.out.extend_from_slice(open);
        Ok(())
    }

    /// Writes `{"Variant":`.
    fn variant(&mut self, variant: &str) -> Result<(), EncodeError> {
        self.nest(b"{")?;
        write_leaf(self.out, variant)?;
        self.out.push(b':');
        Ok(())
    }

    fn members(mut self, open: &[u8], close: &'static [u8]) -> Result<Members<'a>, EncodeError> {
        self.nest(open)?;
        Ok(Members::new(self.out, self.depth, close))
    }
}

fn write_leaf<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), EncodeError> {
    serde_json::to_writer(out, value).map_err(ser::Error::custom)
}

fn ambiguous() -> EncodeError {
    EncodeError::new(
        "`None` and a `Some` of `None` or `()` are both `null`; use an enum of your own instead of \
         the inner or the outer `Option`",
    )
}

macro_rules! leaves {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), EncodeError> {
            self.leaf(&value)
        }
    )*};
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Members<'a>;
    type SerializeTuple = Members<'a>;
    type SerializeTupleStruct = Members<'a>;
    type SerializeTupleVariant = Members<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Members<'a>;

    leaves! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_i128: i128, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_u128: u128, serialize_char: char,
        serialize_str: &str
    }

    fn serialize_f32(self, value: f32) -> Result<(), EncodeError> {
        self.float(f64::from(value), value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        self.float(value, value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.null()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        if self.in_option {
            return Err(ambiguous());
        }
        value.serialize(Self {
            in_option: true,
            ..self
        })
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.null()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.null()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.leaf(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.variant(variant)?;
        value
            .serialize(Encoder {
                out: self.out,
                depth: self.depth,
                in_option: false,
            })
            .map_err(|error| error.inside(format_args!(".{variant}")))?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'a>, EncodeError> {
        self.members(b"[", b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Members<'a>, EncodeError> {
        self.members(b"[", b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, EncodeError> {
        self.members(b"[", b"]")
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'a>, EncodeError> {
        self.variant(variant)?;
        self.members(b"[", b"]}")
    }

    fn serialize_map(mut self, _: Option<usize>) -> Result<Entries<'a>, EncodeError> {
        self.nest(b"{")?;
        Ok(Entries::new(self.out, self.depth))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, EncodeError> {
        self.members(b"{", b"}")
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'a>, EncodeError> {
        self.variant(variant)?;
        self.members(b"{", b"}}")
    }
}
