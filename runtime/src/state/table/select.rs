//! What a query answers: whole rows, columns of them, or what a closure makes of them.

use std::fmt;

use super::cell::Cell;
use super::column::Column;
use super::entity::{Cells, Columns, Entity, cell};
use super::query::Query;
use super::run::Reader;
use crate::backend::{Record, StorageFault};
use crate::state::{Cursor, Page, decode};

/// What a query can be asked for: a column, a tuple of 2 to 6 columns, or a closure from rows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a query of `{T}` can select",
    note = "select a column (`User::NAME`), a tuple of 2 to 6 columns, or a closure (`|user| user.name`)"
)]
pub trait Projection<T> {
    /// What it makes of a row.
    type Item;

    /// The numbers of its columns; `None`: it takes whole rows.
    #[doc(hidden)]
    fn columns(&self) -> Option<Vec<usize>>;

    /// Of a row.
    #[doc(hidden)]
    fn of_row(&mut self, row: T) -> Option<Self::Item>;

    /// Of the texts of its columns.
    #[doc(hidden)]
    fn of_cells(&mut self, texts: &dyn Fn(usize) -> String) -> Option<Self::Item>;
}

impl<T, R, F: FnMut(T) -> R> Projection<T> for F {
    type Item = R;

    fn columns(&self) -> Option<Vec<usize>> {
        None
    }

    fn of_row(&mut self, row: T) -> Option<R> {
        Some(self(row))
    }

    fn of_cells(&mut self, _: &dyn Fn(usize) -> String) -> Option<R> {
        None
    }
}

impl<T: Columns, V: Cell> Projection<T> for Column<T, V> {
    type Item = V;

    fn columns(&self) -> Option<Vec<usize>> {
        Some(vec![self.index])
    }

    fn of_row(&mut self, row: T) -> Option<V> {
        self.of_cells(&|column| column_text(&row, column))
    }

    fn of_cells(&mut self, texts: &dyn Fn(usize) -> String) -> Option<V> {
        V::read_cell(&mut &*texts(self.index))
    }
}

/// The text of a column's value.
fn column_text(row: &impl Columns, column: usize) -> String {
    let mut text = String::new();
    row.write_column(column, &mut text);
    text
}

macro_rules! column_tuples {
    ($($name:ident $value:ident $index:tt),*) => {
        impl<T: Columns, $($name: Cell),*> Projection<T> for ($(Column<T, $name>,)*) {
            type Item = ($($name,)*);

            fn columns(&self) -> Option<Vec<usize>> {
                Some(vec![$(self.$index.index),*])
            }

            fn of_row(&mut self, row: T) -> Option<Self::Item> {
                self.of_cells(&|column| column_text(&row, column))
            }

            fn of_cells(&mut self, texts: &dyn Fn(usize) -> String) -> Option<Self::Item> {
                Some(($(self.$index.of_cells(texts)?,)*))
            }
        }
    };
}

column_tuples!(A a 0, B b 1);
column_tuples!(A a 0, B b 1, C c 2);
column_tuples!(A a 0, B b 1, C c 2, D d 3);
column_tuples!(A a 0, B b 1, C c 2, D d 3, E e 4);
column_tuples!(A a 0, B b 1, C c 2, D d 3, E e 4, F f 5);

/// Whole rows.
pub(crate) struct Whole;

impl<T> Projection<T> for Whole {
    type Item = T;

    fn columns(&self) -> Option<Vec<usize>> {
        None
    }

    fn of_row(&mut self, row: T) -> Option<T> {
        Some(row)
    }

    fn of_cells(&mut self, _: &dyn Fn(usize) -> String) -> Option<T> {
        None
    }
}

/// Nothing but that there is a row.
pub(super) struct Counted;

impl<T> Projection<T> for Counted {
    type Item = ();

    fn columns(&self) -> Option<Vec<usize>> {
        Some(Vec::new())
    }

    fn of_row(&mut self, _: T) -> Option<()> {
        Some(())
    }

    fn of_cells(&mut self, _: &dyn Fn(usize) -> String) -> Option<()> {
        Some(())
    }
}

/// The texts of the keys.
pub(super) struct Keys(pub(super) usize);

impl<T: Entity> Projection<T> for Keys {
    type Item = String;

    fn columns(&self) -> Option<Vec<usize>> {
        Some(vec![self.0])
    }

    fn of_row(&mut self, row: T) -> Option<String> {
        Some(cell(&row, self.0))
    }

    fn of_cells(&mut self, texts: &dyn Fn(usize) -> String) -> Option<String> {
        Some(texts(self.0))
    }
}

/// Gathers what a projection makes of the rows that are found.
pub(super) struct Gather<'p, T, P: Projection<T>> {
    projection: &'p mut P,
    current: Option<T>,
    key: String,
    pub(super) items: Vec<Option<P::Item>>,
}

impl<'p, T, P: Projection<T>> Gather<'p, T, P> {
    pub(super) fn new(projection: &'p mut P) -> Self {
        Self {
            projection,
            current: None,
            key: String::new(),
            items: Vec::new(),
        }
    }
}

/// A row that is not there.
struct Nothing;

impl Cells for Nothing {
    fn cell(&self, _: usize, _: &mut String) {}

    fn belongs(&self, _: usize) -> bool {
        false
    }
}

impl<T: Entity, P: Projection<T>> Reader for Gather<'_, T, P> {
    fn read(&mut self, record: &Record) -> Result<(), StorageFault> {
        self.current = Some(decode(&record.key, &record.value)?);
        self.key.clone_from(&record.key);
        Ok(())
    }

    fn current(&self) -> &dyn Cells {
        match &self.current {
            Some(row) => row,
            None => &Nothing,
        }
    }

    fn keep(&mut self, covered: Option<&dyn Cells>) -> Result<(), StorageFault> {
        let item = match covered {
            Some(row) => self.projection.of_cells(&|column| cell(row, column)),
            None => (self.current.take()).and_then(|row| self.projection.of_row(row)),
        };
        let item = item.ok_or_else(|| StorageFault::Decode {
            key: self.key.clone(),
            reason: "a column's text is none of its type".to_owned(),
        })?;
        self.items.push(Some(item));
        Ok(())
    }

    fn kept(&self) -> usize {
        self.items.len()
    }

    fn choose(&mut self, places: &[usize]) {
        let mut chosen = Vec::with_capacity(places.len());
        for place in places {
            chosen.push(self.items.get_mut(*place).and_then(Option::take));
        }
        self.items = chosen;
    }
}

/// A query and what it is asked for: made by [`Query::select`].
#[must_use = "a query does nothing until it is asked for its rows"]
pub struct Selected<'t, T: Entity, P> {
    pub(super) query: Query<'t, T>,
    pub(super) projection: P,
}

impl<T: Entity, P: Projection<T>> Selected<'_, T, P> {
    /// [`Query::all`], of what is selected.
    pub fn all(self) -> Vec<P::Item> {
        self.query.settle(|| self.query.select_all(self.projection))
    }

    /// [`Query::first`], of what is selected.
    pub fn first(self) -> Option<P::Item> {
        let query = self.query.limit(1);
        query.settle(|| query.select_all(self.projection)).pop()
    }

    /// [`Query::page`], of what is selected.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes by value, as a parameter of the action"
    )]
    pub fn page(self, after: Option<Cursor>) -> Page<P::Item> {
        self.query
            .settle(|| self.query.select_page(self.projection, after.as_ref()))
    }

    /// [`Query::explain`], for what is selected.
    pub fn explain(&self) -> super::Explain {
        self.query.explain_for(self.projection.columns())
    }
}

impl<T: Entity, P> fmt::Debug for Selected<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Selected").field(&self.query).finish()
    }
}
