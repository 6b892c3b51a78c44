//! Rows on their way from a statement to the type that reads them.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::columns::RowReader;
use super::{FromRow, SqlError, SqlRow, SqlValue};
use crate::backend::RowSink;

/// Rows of a result, each read into a `T` when its turn comes.
pub struct Rows<T> {
    columns: Vec<String>,
    left: VecDeque<Vec<SqlValue>>,
    typed: PhantomData<fn() -> T>,
}

/// Rows that were found.
#[derive(Default)]
pub(super) struct Found {
    columns: Vec<String>,
    rows: VecDeque<Vec<SqlValue>>,
}

/// Rows that nobody wants.
pub(super) struct Nothing;

/// What looks at a row, the names of its columns first, and says whether it wants more.
type Look<'a> = dyn FnMut(&[String], Vec<SqlValue>) -> Result<bool, SqlError> + 'a;

/// Rows that are looked at one by one.
pub(super) struct Each<'a> {
    columns: Vec<String>,
    look: &'a mut Look<'a>,
    fault: Option<SqlError>,
}

/// Rows of a [`RawQuery`](super::RawQuery), each read when its turn comes.
pub struct TypedRows<T>(Rows<T>);

impl<T> Rows<T> {
    pub(super) fn new(found: Found) -> Self {
        Self {
            columns: found.columns,
            left: found.rows,
            typed: PhantomData,
        }
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

impl<T> TypedRows<T> {
    pub(super) fn new(found: Found) -> Self {
        Self(Rows::new(found))
    }
}

impl<T: FromRow> Iterator for TypedRows<T> {
    type Item = Result<T, SqlError>;

    fn next(&mut self) -> Option<Self::Item> {
        let values = self.0.left.pop_front()?;
        Some(T::from_row(&mut SqlRow::new(&self.0.columns, values)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.left.len(), Some(self.0.left.len()))
    }
}

impl<T> fmt::Debug for TypedRows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: DeserializeOwned> Iterator for Rows<T> {
    type Item = Result<T, SqlError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.left.pop_front()?;
        Some(read(&self.columns, row))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left.len(), Some(self.left.len()))
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("columns", &self.columns)
            .field("left", &self.left.len())
            .finish()
    }
}

impl RowSink for Found {
    fn columns(&mut self, names: Vec<String>) {
        self.columns = names;
        self.rows.clear();
    }

    fn row(&mut self, values: Vec<SqlValue>) -> bool {
        self.rows.push_back(values);
        true
    }
}

impl RowSink for Nothing {
    fn columns(&mut self, _: Vec<String>) {}

    fn row(&mut self, _: Vec<SqlValue>) -> bool {
        true
    }
}

impl<'a> Each<'a> {
    pub(super) fn new(look: &'a mut Look<'a>) -> Self {
        Self {
            columns: Vec::new(),
            look,
            fault: None,
        }
    }

    pub(super) fn end(self) -> Result<(), SqlError> {
        self.fault.map_or(Ok(()), Err)
    }
}

impl RowSink for Each<'_> {
    fn columns(&mut self, names: Vec<String>) {
        self.columns = names;
    }

    fn row(&mut self, values: Vec<SqlValue>) -> bool {
        match (self.look)(&self.columns, values) {
            Ok(more) => more,
            Err(fault) => {
                self.fault = Some(fault);
                false
            }
        }
    }
}

pub(super) fn read<T: DeserializeOwned>(
    columns: &[String],
    values: Vec<SqlValue>,
) -> Result<T, SqlError> {
    let reader = RowReader::new(columns, values);
    T::deserialize(reader).map_err(SqlError::from)
}
