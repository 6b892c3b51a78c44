//! What `#[derive(Entity)]` says of a type of rows, as data, and how rows show their columns.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::cell::{Cell, NONE};
use super::rows::Rows;
use crate::state::{AsKey, Key};

/// A type of rows of a [`Table`](super::Table); derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a row of a `Table`",
    label = "not an entity",
    note = "put `#[data]` and `#[derive(Entity)]` on the struct, and `#[key]` on the field that rows are told apart by"
)]
pub trait Entity: Columns + Serialize + DeserializeOwned + JsonSchema + 'static {
    /// The type of the primary key.
    type Key: Key;
    /// What a table of these dereferences to: a method for each declared index.
    #[doc(hidden)]
    type Finders: Finders<Of = Self>;
    /// Columns and indexes.
    #[doc(hidden)]
    const DEFINITION: &'static Definition;

    /// The primary key.
    fn key(&self) -> &Self::Key;

    /// Takes the key that the table gives.
    #[doc(hidden)]
    fn set_key(&mut self, _key: u64) {}

    /// Whether the row is in an index; all are in one without a condition.
    #[doc(hidden)]
    fn belongs_in(&self, _index: usize) -> bool {
        true
    }
}

/// What rows of a [`Table`](super::Table) and of SQL have in common: numbered columns, and perhaps a version.
#[doc(hidden)]
pub trait Columns: Sized {
    /// Appends the text of a column's value.
    fn write_column(&self, column: usize, out: &mut String);

    /// How often the row was changed, if it has a column for that.
    fn version(&self) -> Option<u64> {
        None
    }

    /// Takes another version.
    fn set_version(&mut self, _version: u64) {}
}

/// The type of a column that counts how often its row was changed.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a version cannot be a `{Self}`",
    label = "not a type of versions",
    note = "it counts the changes of its row: `u64`, `u32` or `i64`"
)]
pub trait Version: Copy {
    fn number(self) -> u64;
    fn of(number: u64) -> Self;
}

impl Version for u64 {
    fn number(self) -> u64 {
        self
    }

    fn of(number: u64) -> Self {
        number
    }
}

impl Version for u32 {
    fn number(self) -> u64 {
        self.into()
    }

    fn of(number: u64) -> Self {
        number.try_into().unwrap_or(Self::MAX)
    }
}

impl Version for i64 {
    fn number(self) -> u64 {
        self.try_into().unwrap_or(0)
    }

    fn of(number: u64) -> Self {
        number.try_into().unwrap_or(Self::MAX)
    }
}

/// The type of keys that a table gives.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a table gives no keys of type `{Self}`",
    label = "not `u64`",
    note = "`#[key(auto)]` is for a field of type `u64`; keys of other types come with their rows: `#[key]`"
)]
pub trait AutoKey {
    fn given(key: u64) -> Self;
}

impl AutoKey for u64 {
    fn given(key: u64) -> Self {
        key
    }
}

/// Whether a condition holds for a row.
#[doc(hidden)]
pub fn holds<T>(row: &T, condition: impl FnOnce(&T) -> bool) -> bool {
    condition(row)
}

/// The methods that a table has by its declared indexes.
#[doc(hidden)]
pub trait Finders {
    /// The rows' type.
    type Of: Entity<Finders = Self>;

    /// Of these rows.
    fn over(rows: Rows<Self::Of>) -> Self;
    /// The rows.
    fn rows(&self) -> &Rows<Self::Of>;
}

/// Columns and indexes of a table.
#[doc(hidden)]
#[derive(Debug)]
pub struct Definition {
    /// The fields of the struct, in order.
    pub columns: &'static [ColumnInfo],
    /// The number of the primary key's column.
    pub key: usize,
    /// Whether the table gives the keys.
    pub auto: bool,
    /// The declared indexes, in order.
    pub indexes: &'static [IndexInfo],
}

/// One column.
#[doc(hidden)]
#[derive(Debug)]
pub struct ColumnInfo {
    /// The field's name.
    pub name: &'static str,
    /// Takes a text of the column from the front of others.
    pub skip: fn(&mut &str) -> bool,
    /// The type as the manifest names it; empty if it is not one of columns.
    pub cell_type: fn() -> String,
    /// Whether it is known to be an `Option`.
    pub optional: bool,
}

/// One declared index.
#[doc(hidden)]
#[derive(Debug)]
pub struct IndexInfo {
    /// Its name.
    pub name: &'static str,
    /// Its columns, and whether their highest values come first.
    pub columns: &'static [(usize, bool)],
    /// Whether no two rows may have the same values in its columns.
    pub unique: bool,
    /// The columns that its entries hold besides.
    pub include: &'static [usize],
    /// The source text of its condition; empty for one of all rows.
    pub condition: &'static str,
}

/// One row, or as much of it as an index's entry holds, as texts of columns.
pub(super) trait Cells {
    /// Appends the text of a column's value.
    fn cell(&self, column: usize, out: &mut String);
    /// Whether it is in an index.
    fn belongs(&self, index: usize) -> bool;
}

impl<T: Entity> Cells for T {
    fn cell(&self, column: usize, out: &mut String) {
        self.write_column(column, out);
    }

    fn belongs(&self, index: usize) -> bool {
        self.belongs_in(index)
    }
}

/// The text of a column's value.
pub(super) fn cell(cells: &dyn Cells, column: usize) -> String {
    let mut text = String::new();
    cells.cell(column, &mut text);
    text
}

/// The text of a key.
pub(crate) fn key_text<K: AsKey + ?Sized>(key: &K) -> String {
    let mut text = String::new();
    key.write_key(&mut text);
    text
}

/// Asks whether `V` is a type of columns, where that is not known: the methods of [`CellProbe`] are found first, if it is,
/// else those of [`NoCellProbe`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Probe<V>(pub PhantomData<V>);

#[doc(hidden)]
pub trait CellProbe<V> {
    fn skip_cell(&self, text: &mut &str) -> bool;
    fn read_cell(&self, text: &mut &str) -> Option<V>;
    fn is_optional(&self) -> bool;
    fn cell_type(&self) -> String;
    fn write_value(&self, value: &V, out: &mut String);
}

#[doc(hidden)]
pub trait NoCellProbe<V> {
    fn skip_cell(&self, _text: &mut &str) -> bool {
        false
    }
    fn read_cell(&self, _text: &mut &str) -> Option<V> {
        None
    }
    fn is_optional(&self) -> bool {
        false
    }
    fn cell_type(&self) -> String {
        String::new()
    }
    fn write_value(&self, _value: &V, _out: &mut String) {}
}

impl<V: Cell> CellProbe<V> for Probe<V> {
    fn skip_cell(&self, text: &mut &str) -> bool {
        V::read_cell(text).is_some()
    }

    fn read_cell(&self, text: &mut &str) -> Option<V> {
        V::read_cell(text)
    }

    fn is_optional(&self) -> bool {
        V::OPTIONAL
    }

    fn cell_type(&self) -> String {
        V::cell_type()
    }

    fn write_value(&self, value: &V, out: &mut String) {
        value.write_cell(out);
    }
}

impl<V> NoCellProbe<V> for &Probe<V> {}

impl ColumnInfo {
    /// A column of a type that must be one of columns: a key, or in an index.
    pub const fn of<V: Cell>(name: &'static str) -> Self {
        Self {
            name,
            skip: |text| V::read_cell(text).is_some(),
            cell_type: V::cell_type,
            optional: V::OPTIONAL,
        }
    }

    /// Whether the text of a column in an index is that of `None`.
    pub(super) fn is_none(&self, text: &str) -> bool {
        self.optional && text == NONE
    }
}

/// What is asked of a [`Probe`]: the info of a column, or the text of its value.
#[doc(hidden)]
#[macro_export]
macro_rules! __probed {
    ($name:literal, $type:ty) => {{
        #[allow(unused_imports, reason = "one of them answers")]
        use $crate::__private::{CellProbe as _, NoCellProbe as _};
        $crate::__private::ColumnInfo {
            name: $name,
            skip: |text| {
                (&$crate::__private::Probe::<$type>(::core::marker::PhantomData)).skip_cell(text)
            },
            cell_type: || {
                (&$crate::__private::Probe::<$type>(::core::marker::PhantomData)).cell_type()
            },
            optional: false,
        }
    }};
    ($value:expr, $type:ty, $out:expr) => {{
        #[allow(unused_imports, reason = "one of them answers")]
        use $crate::__private::{CellProbe as _, NoCellProbe as _};
        (&$crate::__private::Probe::<$type>(::core::marker::PhantomData)).write_value($value, $out)
    }};
}
