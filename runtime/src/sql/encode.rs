//! Values as serde shows them, as values of SQL: what [`columns`](super::columns) reads, written.

use std::fmt;

use serde::ser::{Impossible, Serialize, Serializer};

use super::{SqlError, SqlFault, SqlValue};

/// A scalar as it is, everything else as JSON text.
pub(super) fn value_of<V: Serialize + ?Sized>(value: &V) -> Result<SqlValue, SqlError> {
    match value.serialize(Scalar) {
        Ok(value) => Ok(value),
        Err(NoScalar::Compound) => SqlValue::json(&value),
        Err(NoScalar::Fault(reason)) => Err(SqlFault::Invalid(reason).into()),
    }
}

/// A value as JSON text, but `NULL` for what JSON calls so.
pub(super) fn json_of<V: Serialize + ?Sized>(value: &V) -> Result<SqlValue, SqlError> {
    match SqlValue::json(&value)? {
        SqlValue::Text(text) if text == "null" => Ok(SqlValue::Null),
        json => Ok(json),
    }
}

struct Scalar;

/// Why a value is no scalar.
#[derive(Debug)]
enum NoScalar {
    Compound,
    Fault(String),
}

type NoParts = Impossible<SqlValue, NoScalar>;

fn whole(number: impl TryInto<i64> + fmt::Display + Copy) -> Result<SqlValue, NoScalar> {
    let too_large = || NoScalar::Fault(format!("{number} is beyond 64 bits with a sign"));
    let number = number.try_into().map_err(|_| too_large())?;
    Ok(SqlValue::Integer(number))
}

macro_rules! scalars {
    ($($method:ident($value:ident: $type:ty) $answer:expr;)*) => {
        $(fn $method(self, $value: $type) -> Result<SqlValue, NoScalar> {
            $answer
        })*
    };
}

impl Serializer for Scalar {
    type Ok = SqlValue;
    type Error = NoScalar;
    type SerializeSeq = NoParts;
    type SerializeTuple = NoParts;
    type SerializeTupleStruct = NoParts;
    type SerializeTupleVariant = NoParts;
    type SerializeMap = NoParts;
    type SerializeStruct = NoParts;
    type SerializeStructVariant = NoParts;

    scalars! {
        serialize_bool(value: bool) Ok(value.into());
        serialize_i8(value: i8) Ok(value.into());
        serialize_i16(value: i16) Ok(value.into());
        serialize_i32(value: i32) Ok(value.into());
        serialize_i64(value: i64) Ok(value.into());
        serialize_i128(value: i128) whole(value);
        serialize_u8(value: u8) Ok(value.into());
        serialize_u16(value: u16) Ok(value.into());
        serialize_u32(value: u32) Ok(value.into());
        serialize_u64(value: u64) whole(value);
        serialize_u128(value: u128) whole(value);
        serialize_f32(value: f32) Ok(value.into());
        serialize_f64(value: f64) Ok(value.into());
        serialize_char(value: char) Ok(SqlValue::Text(value.to_string()));
        serialize_str(value: &str) Ok(value.into());
        serialize_bytes(value: &[u8]) Ok(value.into());
    }

    fn serialize_none(self) -> Result<SqlValue, NoScalar> {
        Ok(SqlValue::Null)
    }

    fn serialize_some<V: Serialize + ?Sized>(self, value: &V) -> Result<SqlValue, NoScalar> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<SqlValue, NoScalar> {
        Ok(SqlValue::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<SqlValue, NoScalar> {
        Ok(SqlValue::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<SqlValue, NoScalar> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<V: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &V,
    ) -> Result<SqlValue, NoScalar> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<V: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &V,
    ) -> Result<SqlValue, NoScalar> {
        Err(NoScalar::Compound)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<NoParts, NoScalar> {
        Err(NoScalar::Compound)
    }

    fn serialize_tuple(self, _: usize) -> Result<NoParts, NoScalar> {
        Err(NoScalar::Compound)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<NoParts, NoScalar> {
        Err(NoScalar::Compound)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<NoParts, NoScalar> {
        Err(NoScalar::Compound)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<NoParts, NoScalar> {
        Err(NoScalar::Compound)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<NoParts, NoScalar> {
        Err(NoScalar::Compound)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<NoParts, NoScalar> {
        Err(NoScalar::Compound)
    }
}

impl serde::ser::Error for NoScalar {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::Fault(reason.to_string())
    }
}

impl fmt::Display for NoScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compound => f.write_str("it has parts"),
            Self::Fault(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for NoScalar {}
