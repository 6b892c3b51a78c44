//! A table: rows by their primary key, found by declared indexes as well.

mod ask;
mod build;
mod cell;
mod column;
mod entity;
mod error;
mod explain;
mod filter;
mod index;
mod like;
mod plan;
mod query;
mod read;
mod repository;
mod rows;
mod run;
mod select;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::SchemaGenerator;

use super::field::Field;
use super::{Loader, Saver};
use crate::manifest::{StateManifest, TableIndexManifest, TableKeyManifest};

pub(crate) use ask::Ask;
pub(super) use build::unbuild;
pub use cell::{Cell, Number, Operand, Text};
pub(crate) use cell::{NONE, SOME};
pub use column::{Column, Index, Order, equal};
pub(crate) use entity::key_text;
pub use entity::{
    AutoKey, CellProbe, ColumnInfo, Columns, Definition, Entity, Finders, IndexInfo, NoCellProbe,
    Probe, Version, holds,
};
pub use error::{TableError, TableErrorKind};
pub use explain::Explain;
pub use filter::Filter;
pub(crate) use filter::{Node, Test};
pub use query::{Query, Read, Write, Writes};
pub use rows::Rows;
pub(crate) use select::Whole;
pub use select::{Projection, Selected};

/// Rows of a type, each under its primary key, in the order of the keys, and findable by declared indexes.
///
/// ```
/// use stayput::prelude::*;
///
/// #[data]
/// #[derive(Entity)]
/// #[index(by_city_and_age(city, age))]
/// pub struct User {
///     #[key(auto)]
///     pub id: u64,
///     #[index(unique)]
///     pub email: String,
///     pub city: String,
///     pub age: u32,
/// }
///
/// #[durable_object]
/// struct Club {
///     users: Table<User>,
/// }
///
/// #[durable_object]
/// impl Club {
///     /// Takes a new member; an address that is taken is refused with `table.unique`.
///     #[action]
///     fn join(&mut self, email: String, city: String, age: u32) -> Result<u64> {
///         Ok(self.users.insert(User { id: 0, email, city, age })?)
///     }
///
///     #[action]
///     fn grown_ups(&self, city: String) -> Vec<User> {
///         self.users
///             .query()
///             .filter(User::CITY.eq(city).and(User::AGE.gte(18)))
///             .all()
///     }
///
///     #[action]
///     fn by_email(&self, email: String) -> Option<User> {
///         self.users.find_by_email(email)
///     }
/// }
/// # fn main() {}
/// ```
///
/// A row is one record of at most 2,000,000 bytes, an entry of an index another one; they change together or not at all.
/// Nothing is kept in memory: every call reads or writes records, and rows come out by value. Costs, in records: `get` reads
/// 1; `insert`, `put` and `update` read 1 and 1 for each unique index, and write 1 and 1 for each index whose values change;
/// `remove` reads 1 and writes 1 and 1 for each index; `#[key(auto)]` adds 1 read and 1 write to an insert; `len` reads the
/// whole table. What a query costs, its [`explain`](Query::explain) tells.
///
/// Faults of the storage poison the action: it fails as a whole, and until then the table looks empty. The `try_` forms
/// return the fault instead and leave the action alone.
pub struct Table<T: Entity> {
    finders: T::Finders,
    /// At the end, so that what is no entity is told once and not wherever a size is asked for.
    of: PhantomData<T>,
}

impl<T: Entity> Table<T> {
    fn of(rows: Rows<T>) -> Self {
        Self {
            finders: T::Finders::over(rows),
            of: PhantomData,
        }
    }

    fn rows(&self) -> &Rows<T> {
        self.finders.rows()
    }
}

/// A table has a method for each declared index (`find_by_email`).
impl<T: Entity> Deref for Table<T> {
    type Target = T::Finders;

    fn deref(&self) -> &T::Finders {
        &self.finders
    }
}

/// A table that belongs to no object: it is empty and takes nothing.
impl<T: Entity> Default for Table<T> {
    fn default() -> Self {
        Self::of(Rows::default())
    }
}

impl<T: Entity> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows().site.fmt("Table", f)
    }
}

impl<T: Entity> Field for Table<T> {
    fn load(
        loader: &mut Loader<'_>,
        name: &str,
        was: &[&str],
        _initial: impl FnOnce() -> Self,
    ) -> Self {
        Self::of(Rows::load(loader, name, was))
    }

    fn reload(
        &mut self,
        loader: &mut Loader<'_>,
        name: &str,
        was: &[&str],
        _initial: impl FnOnce() -> Self,
    ) {
        if !self.rows().site.is_of_loader(loader, name) {
            *self = Self::of(Rows::load(loader, name, was));
        }
    }

    fn save(&self, saver: &mut Saver<'_>, name: &str) {
        self.rows().site.save(saver, name);
    }

    fn describe(generator: &mut SchemaGenerator) -> StateManifest {
        let definition = T::DEFINITION;
        let name = |column: &usize| definition.columns[*column].name.to_owned();
        let indexes = definition.indexes.iter().map(|index| TableIndexManifest {
            name: index.name.to_owned(),
            columns: (index.columns.iter())
                .map(|(column, descending)| {
                    let sign = if *descending { "-" } else { "" };
                    [sign, &name(column)].concat()
                })
                .collect(),
            unique: index.unique,
            include: index.include.iter().map(name).collect(),
            condition: index.condition.to_owned(),
        });
        StateManifest::Table {
            key: TableKeyManifest {
                column: name(&definition.key),
                r#type: <T::Key as super::Key>::key_type(),
                auto: definition.auto,
            },
            row: generator.subschema_for::<T>().to_value(),
            indexes: indexes.collect(),
        }
    }
}
