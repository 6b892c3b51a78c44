//! SQL for objects: tables beside the fields, in the same transaction.
//!
//! A class says `#[durable_object(sql)]`, and its commands get [`Sql`] from `cx.sql()`, its queries [`SqlRead`] from
//! `cx.sql_read()`. What a turn does to tables, fields, collections and the alarm is kept together or not at all.

mod access;
mod class;
mod clause;
mod columns;
mod door;
mod encode;
mod entity;
mod error;
mod migrate;
mod raw;
mod repository;
mod row;
mod select;
mod statement;
mod text;
mod value;

pub use access::{Changes, Sql, SqlRead};
pub use class::{HasSql, SqlClass};
pub(crate) use door::Door;
pub use entity::Row;
#[doc(hidden)]
pub use entity::{
    IntoValue, IsWide, NotWide, RowColumn, RowDefinition, SerdeValue, SqlFinders, ValueProbe, Wide,
    WideProbe, row_json,
};
pub use error::{SqlError, SqlFault};
pub use migrate::Migration;
pub use raw::{FromRow, RawQuery, SqlRow, ToRow};
pub use repository::{Changing, SqlRepository};
pub use row::{Rows, TypedRows};
#[doc(hidden)]
pub use select::SqlRows;
pub use select::{RowIter, RowQuery, SelectedRows};
#[cfg(target_arch = "wasm32")]
pub(crate) use text::exact_integers;
pub use value::{Params, SqlValue};

/// Longest text of statements, in bytes.
const MAX_TEXT: usize = 100_000;

/// Most parameters of a statement.
const MAX_PARAMS: usize = 100;

/// Longest text or blob that is bound to a parameter, in bytes.
const MAX_VALUE: usize = 2_000_000;

/// The largest integer that every backend reads back as it is: 2^53 - 1.
pub(crate) const MAX_SAFE: u64 = 9_007_199_254_740_991;

#[cfg(test)]
mod tests;
