//! Values of SQL, and how values of Rust become some.

use super::SqlFault;

/// A value of a column or of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// `NULL`.
    Null,
    /// A whole number. Bound exactly, up to 64 bits; read within 2^53.
    Integer(i64),
    /// Any other number, and whole ones beyond 2^53 as they are read: `CAST(n AS TEXT)` reads those exactly.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl SqlValue {
    /// A value as JSON text, for columns that hold JSON: a field of a row that is no number, text or blob is read from
    /// such a text.
    ///
    /// # Errors
    ///
    /// The value has no JSON form.
    pub fn json(value: &impl serde::Serialize) -> Result<Self, super::SqlError> {
        match serde_json::to_string(value) {
            Ok(text) => Ok(Self::Text(text)),
            Err(error) => Err(SqlFault::Invalid(format!("a parameter is no JSON: {error}")).into()),
        }
    }

    /// A number as it is read: where all numbers are floats, there is no whole one within 2^53 that is none.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "within 2^53 both are exact"
    )]
    pub(crate) fn of_number(number: f64) -> Self {
        if number.fract() == 0.0 && number.abs() <= super::MAX_SAFE as f64 {
            Self::Integer(number as i64)
        } else {
            Self::Real(number)
        }
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a number",
            Self::Text(_) => "a text",
            Self::Blob(_) => "a blob",
        }
    }

    /// Bytes of a text or blob.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

macro_rules! from {
    ($($from:ty: $value:ident => $to:expr;)*) => {
        $(impl From<$from> for SqlValue {
            fn from($value: $from) -> Self {
                $to
            }
        })*
    };
}

from! {
    i64: value => Self::Integer(value);
    i32: value => Self::Integer(value.into());
    i16: value => Self::Integer(value.into());
    i8: value => Self::Integer(value.into());
    u32: value => Self::Integer(value.into());
    u16: value => Self::Integer(value.into());
    u8: value => Self::Integer(value.into());
    bool: value => Self::Integer(value.into());
    f64: value => Self::Real(value);
    f32: value => Self::Real(value.into());
    &str: value => Self::Text(value.to_owned());
    String: value => Self::Text(value);
    &String: value => Self::Text(value.clone());
    Vec<u8>: value => Self::Blob(value);
    &[u8]: value => Self::Blob(value.to_vec());
    (): _value => Self::Null;
    crate::object::Timestamp: value => Self::Integer(value.as_millis());
}

impl<T: Into<Self>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&Self> for SqlValue {
    fn from(value: &Self) -> Self {
        value.clone()
    }
}

/// The parameters of a statement, by position: a tuple, an array or slice of [`SqlValue`], or nothing (`()`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the parameters of a statement",
    note = "write a tuple, `(name, 5)`, of one too: `(name,)`; or a slice of `SqlValue`; `()` for none"
)]
pub trait Params {
    /// The values, in order.
    fn into_values(self) -> Vec<SqlValue>;
}

impl Params for () {
    fn into_values(self) -> Vec<SqlValue> {
        Vec::new()
    }
}

impl Params for Vec<SqlValue> {
    fn into_values(self) -> Self {
        self
    }
}

impl Params for &[SqlValue] {
    fn into_values(self) -> Vec<SqlValue> {
        self.to_vec()
    }
}

impl<const N: usize> Params for [SqlValue; N] {
    fn into_values(self) -> Vec<SqlValue> {
        self.into()
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {
        $(impl<$($name: Into<SqlValue>),+> Params for ($($name,)+) {
            #[expect(non_snake_case, reason = "named as their types")]
            fn into_values(self) -> Vec<SqlValue> {
                let ($($name,)+) = self;
                vec![$($name.into()),+]
            }
        })*
    };
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
    A B C D E F G H I J;
    A B C D E F G H I J K;
    A B C D E F G H I J K L;
}
