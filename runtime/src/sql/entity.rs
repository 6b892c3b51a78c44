//! What `#[derive(Row)]` says of a type of rows in SQL, as data.

use std::marker::PhantomData;

use serde::ser::Serialize;

use super::encode::value_of;
use super::raw::{FromRow, SqlRow, ToRow};
use super::select::SqlRows;
use super::{SqlError, SqlValue};
use crate::state::{Columns, Key};

/// A type of rows of a table in SQL; derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no row of a table in SQL",
    label = "not a row",
    note = "put `#[derive(Row)]` and `#[row(table = \"..\")]` on the struct, and `#[column(key)]` on the field that rows are told apart by"
)]
pub trait Row: FromRow + ToRow + Columns + 'static {
    /// The type of the primary key.
    type Key: Key;
    /// What a repository of these dereferences to: a method for each declared index.
    #[doc(hidden)]
    type Finders: SqlFinders<Of = Self>;
    /// Table and columns.
    #[doc(hidden)]
    const DEFINITION: &'static RowDefinition;

    /// The primary key.
    fn key(&self) -> &Self::Key;

    /// Takes the key that the table gives.
    #[doc(hidden)]
    fn set_key(&mut self, _key: u64) {}
}

/// The methods that a repository has by the declared indexes of its rows.
#[doc(hidden)]
pub trait SqlFinders {
    /// The rows' type.
    type Of: Row<Finders = Self>;

    /// Of these rows.
    fn over(rows: SqlRows<Self::Of>) -> Self;
    /// The rows.
    fn rows(&self) -> &SqlRows<Self::Of>;
}

/// A table and its columns.
#[doc(hidden)]
#[derive(Debug)]
pub struct RowDefinition {
    /// The table's name.
    pub table: &'static str,
    /// The columns, in the order of the fields.
    pub columns: &'static [RowColumn],
    /// The number of the primary key's column.
    pub key: usize,
    /// Whether the table gives the keys.
    pub auto: bool,
    /// The number of the column that counts changes.
    pub version: Option<usize>,
}

/// One column.
#[doc(hidden)]
#[derive(Debug)]
pub struct RowColumn {
    /// Its name.
    pub name: &'static str,
    /// Whether it may be `None`.
    pub optional: fn() -> bool,
    /// Whether it holds integers that are read exactly only as text.
    pub wide: fn() -> bool,
    /// Takes a text of the column from the front of others.
    pub skip: fn(&mut &str) -> bool,
    /// The value that a text of the column is bound as; `None` if it is no such text.
    pub bind: fn(&str) -> Option<Result<SqlValue, SqlError>>,
    /// Appends the text of the value that a row has in the column.
    pub read: fn(&mut SqlRow<'_>, &mut String) -> Result<(), SqlError>,
}

/// A column of a type that is known to be [`SqlValue`]'s, or else one of serde's.
#[doc(hidden)]
pub trait IntoValue<V> {
    fn to_value(&self, value: &V) -> Result<SqlValue, SqlError>;
}

#[doc(hidden)]
pub trait SerdeValue<V> {
    fn to_value(&self, value: &V) -> Result<SqlValue, SqlError>;
}

/// Asks how a type becomes a value of SQL, where that is not known: by `Into<SqlValue>`, if it has it, else by serde.
#[doc(hidden)]
#[derive(Debug)]
pub struct ValueProbe<V>(pub PhantomData<V>);

impl<V: Clone + Into<SqlValue>> IntoValue<V> for ValueProbe<V> {
    fn to_value(&self, value: &V) -> Result<SqlValue, SqlError> {
        Ok(value.clone().into())
    }
}

impl<V: Serialize> SerdeValue<V> for &ValueProbe<V> {
    fn to_value(&self, value: &V) -> Result<SqlValue, SqlError> {
        value_of(value)
    }
}

/// Integers that may be beyond 2^53.
#[doc(hidden)]
pub trait Wide {}

impl Wide for u64 {}
impl Wide for i64 {}
impl<W: Wide> Wide for Option<W> {}

#[doc(hidden)]
#[derive(Debug)]
pub struct WideProbe<V>(pub PhantomData<V>);

#[doc(hidden)]
pub trait IsWide {
    fn is_wide(&self) -> bool;
}

#[doc(hidden)]
pub trait NotWide {
    fn is_wide(&self) -> bool {
        false
    }
}

impl<V: Wide> IsWide for WideProbe<V> {
    fn is_wide(&self) -> bool {
        true
    }
}

impl<V> NotWide for &WideProbe<V> {}

/// The value of a field as SQL has it.
#[doc(hidden)]
#[macro_export]
macro_rules! __row_value {
    ($value:expr, $type:ty) => {{
        #[allow(unused_imports, reason = "one of them answers")]
        use $crate::__private::{IntoValue as _, SerdeValue as _};
        (&$crate::__private::ValueProbe::<$type>(::core::marker::PhantomData)).to_value($value)
    }};
    ($value:expr, $type:ty, json) => {
        $crate::__private::row_json::<$type>($value)
    };
    ($value:expr, $type:ty, ($($module:tt)+)) => {
        ::core::result::Result::<_, $crate::__private::SqlError>::Ok($($module)+::to_sql($value))
    };
}

/// The value of a field, out of a row.
#[doc(hidden)]
#[macro_export]
macro_rules! __row_field {
    ($row:expr, $name:literal, $type:ty) => {
        $row.get::<$type>($name)
    };
    ($row:expr, $name:literal, $type:ty, json) => {
        $row.json::<$type>($name)
    };
    ($row:expr, $name:literal, $type:ty, ($($module:tt)+)) => {
        $row.with::<$type, _>($name, $($module)+::from_sql)
    };
}

/// A column as data.
#[doc(hidden)]
#[macro_export]
macro_rules! __row_column {
    ($name:literal, $type:ty $(, $how:tt)*) => {{
        #[allow(unused_imports, reason = "one of them answers")]
        use $crate::__private::{CellProbe as _, IsWide as _, NoCellProbe as _, NotWide as _};
        $crate::__private::RowColumn {
            name: $name,
            optional: || {
                (&$crate::__private::Probe::<$type>(::core::marker::PhantomData)).is_optional()
            },
            wide: || $crate::__row_wide!($type $(, $how)*),
            skip: |text| {
                (&$crate::__private::Probe::<$type>(::core::marker::PhantomData)).skip_cell(text)
            },
            bind: |mut text| {
                let probe = &$crate::__private::Probe::<$type>(::core::marker::PhantomData);
                let value: ::core::option::Option<$type> = probe.read_cell(&mut text);
                let value = value.filter(|_| text.is_empty());
                value.map(|value| $crate::__row_value!(&value, $type $(, $how)*))
            },
            read: |row, out| {
                let value = $crate::__row_field!(row, $name, $type $(, $how)*)?;
                (&$crate::__private::Probe::<$type>(::core::marker::PhantomData)).write_value(&value, out);
                ::core::result::Result::Ok(())
            },
        }
    }};
}

/// Whether a column has to be read as text.
#[doc(hidden)]
#[macro_export]
macro_rules! __row_wide {
    ($type:ty) => {
        (&$crate::__private::WideProbe::<$type>(::core::marker::PhantomData)).is_wide()
    };
    ($type:ty, $($how:tt)*) => {
        false
    };
}

/// A value as JSON text.
#[doc(hidden)]
pub fn row_json<V: Serialize>(value: &V) -> Result<SqlValue, SqlError> {
    super::encode::json_of(value)
}
