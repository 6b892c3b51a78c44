//! Reading a row with serde: a struct by the names of columns, a tuple by their order, one column as its value.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::{SqlError, SqlFault, SqlValue};

/// One row.
pub(super) struct RowReader<'a> {
    columns: &'a [String],
    values: Vec<SqlValue>,
}

/// One value of a row.
struct Cell<'a> {
    column: &'a str,
    value: SqlValue,
}

/// What does not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) column: String,
    pub(super) reason: String,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(columns: &'a [String], values: Vec<SqlValue>) -> Self {
        Self { columns, values }
    }

    fn cells(self) -> impl Iterator<Item = Cell<'a>> {
        let named = self.columns.iter().zip(self.values);
        named.map(|(column, value)| Cell { column, value })
    }

    /// The value of the only column.
    fn only(self) -> Result<Cell<'a>, Misfit> {
        let count = self.columns.len();
        let mut cells = self.cells();
        match cells.next() {
            Some(cell) if count == 1 => Ok(cell),
            _ => Err(de::Error::custom(format!(
                "it has {count} columns where one value is wanted"
            ))),
        }
    }
}

impl<'de> de::Deserializer<'de> for RowReader<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.columns.len() == 1 {
            return self.only()?.deserialize_any(visitor);
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let members = self.cells().map(|cell| (Name(cell.column), cell));
        visitor.visit_map(MapDeserializer::new(members))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if count != self.columns.len() {
            return Err(de::Error::custom(format!(
                "it has {} columns, {count} are wanted",
                self.columns.len()
            )));
        }
        visitor.visit_seq(SeqDeserializer::new(self.cells()))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_tuple(count, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.columns.len() == 1 {
            return self.only()?.deserialize_seq(visitor);
        }
        visitor.visit_seq(SeqDeserializer::new(self.cells()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.only()?.deserialize_option(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.only()?.deserialize_bool(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.only()?.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.only()?.deserialize_u64(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.only()?.deserialize_byte_buf(visitor)
    }

    forward_to_deserialize_any! { i8 i16 i32 i128 u8 u16 u32 u128 f32 f64 char str string bytes unit_struct identifier }
}

impl Cell<'_> {
    fn misfit(&self, reason: impl fmt::Display) -> Misfit {
        Misfit {
            column: self.column.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// Says which column a fault is of.
    fn told<T>(column: &str, result: Result<T, Misfit>) -> Result<T, Misfit> {
        result.map_err(|fault| Misfit {
            column: column.to_owned(),
            ..fault
        })
    }

    /// An integer beyond what all backends read exactly, as `CAST(n AS TEXT)` gives it.
    fn exact<T: std::str::FromStr>(&self) -> Option<T> {
        match &self.value {
            SqlValue::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn is_beyond(&self) -> bool {
        matches!(self.value, SqlValue::Real(real) if real.fract() == 0.0 && real.is_finite())
    }
}

impl<'de> de::Deserializer<'de> for Cell<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let read = match self.value {
            SqlValue::Null => visitor.visit_unit(),
            SqlValue::Integer(integer) => visitor.visit_i64(integer),
            SqlValue::Real(real) => visitor.visit_f64(real),
            SqlValue::Text(text) => visitor.visit_string(text),
            SqlValue::Blob(bytes) => visitor.visit_byte_buf(bytes),
        };
        Self::told(self.column, read)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            SqlValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// SQL has no truth values: 0 and 1 stand for them.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            SqlValue::Integer(truth @ (0 | 1)) => visitor.visit_bool(truth == 1),
            _ => Err(self.misfit(format!("0 or 1 is wanted, it is {}", self.value.kind()))),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if let Some(integer) = self.exact() {
            return visitor.visit_i64(integer);
        }
        if self.is_beyond() {
            return Err(self.misfit("it is beyond 2^53: read it exactly by `CAST(n AS TEXT)`"));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if let Some(integer) = self.exact() {
            return visitor.visit_u64(integer);
        }
        self.deserialize_i64(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    /// Bytes of a blob, or the elements of a JSON text.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.value {
            SqlValue::Blob(bytes) => {
                let read = visitor.visit_seq(SeqDeserializer::new(bytes.into_iter()));
                Self::told(self.column, read)
            }
            _ => self.json(|json| json.deserialize_seq(visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.value {
            SqlValue::Blob(_) => self.deserialize_seq(visitor),
            _ => self.json(|json| json.deserialize_tuple(count, visitor)),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_tuple(count, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.json(|json| json.deserialize_map(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.json(|json| json.deserialize_struct(name, fields, visitor))
    }

    /// The name of a variant, or a JSON text.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.value {
            SqlValue::Text(text) if !text.starts_with(['{', '"']) => {
                let variant: StrDeserializer<'_, Misfit> = text.as_str().into_deserializer();
                Self::told(self.column, visitor.visit_enum(variant))
            }
            _ => self.json(|json| json.deserialize_enum(name, variants, visitor)),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit unit_struct identifier ignored_any
    }
}

impl Cell<'_> {
    fn json<T>(
        self,
        read: impl FnOnce(serde_json::Value) -> serde_json::Result<T>,
    ) -> Result<T, Misfit> {
        let SqlValue::Text(text) = &self.value else {
            return Err(self.misfit(format!(
                "a JSON text is wanted, it is {}",
                self.value.kind()
            )));
        };
        let json = serde_json::from_str(text).map_err(|fault| self.misfit(fault))?;
        read(json).map_err(|fault| self.misfit(fault))
    }
}

impl IntoDeserializer<'_, Misfit> for Cell<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The name of a column, as the key of a member.
struct Name<'a>(&'a str);

impl<'a> IntoDeserializer<'_, Misfit> for Name<'a> {
    type Deserializer = StrDeserializer<'a, Misfit>;

    fn into_deserializer(self) -> Self::Deserializer {
        self.0.into_deserializer()
    }
}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self {
            column: String::new(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Misfit {}

impl From<Misfit> for SqlError {
    fn from(misfit: Misfit) -> Self {
        SqlFault::Unreadable {
            column: misfit.column,
            reason: misfit.reason,
        }
        .into()
    }
}

/// Reads the value of one column.
pub(super) fn read_value<V: de::DeserializeOwned>(
    column: &str,
    value: SqlValue,
) -> Result<V, SqlError> {
    let read = V::deserialize(Cell { column, value });
    Ok(Cell::told(column, read)?)
}
