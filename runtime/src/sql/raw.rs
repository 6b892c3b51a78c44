//! Statements in SQL text whose rows become entities: `cx.sql().query(..)`.

use std::fmt;

use serde::de::DeserializeOwned;

use super::access::Reach;
use super::columns::read_value;
use super::row::{Each, Found, TypedRows};
use super::{SqlError, SqlFault, SqlValue};

/// What is made of a row of a result. `#[derive(Row)]` implements it; by hand it serves rows that are no table's:
///
/// ```
/// use stayput::prelude::*;
/// use stayput::sql::{FromRow, SqlError, SqlRow};
///
/// struct Total { customer: String, cents: i64 }
///
/// impl FromRow for Total {
///     fn from_row(row: &mut SqlRow<'_>) -> Result<Self, SqlError> {
///         Ok(Self { customer: row.get("name")?, cents: row.get("total")? })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made of a row",
    label = "not made of rows",
    note = "put `#[derive(Row)]` on the struct, or implement `FromRow`; `all`, `one` and `rows` of `cx.sql()` itself read with serde"
)]
pub trait FromRow: Sized {
    /// Reads a row.
    ///
    /// # Errors
    /// [`SqlFault::Unreadable`]: a column is missing, or does not fit.
    fn from_row(row: &mut SqlRow<'_>) -> Result<Self, SqlError>;
}

/// What a row is made of. `#[derive(Row)]` implements it; by hand it serves statements of one's own.
pub trait ToRow {
    /// The names of the columns.
    const COLUMNS: &'static [&'static str];

    /// Their values, in the same order.
    ///
    /// # Errors
    /// A value is none of SQL and has no JSON form.
    fn to_row(&self) -> Result<Vec<SqlValue>, SqlError>;
}

/// A row of a result, to be taken apart by the names of its columns.
pub struct SqlRow<'a> {
    columns: &'a [String],
    values: Vec<SqlValue>,
    /// Where the next column is that is asked for, if they are asked for in order.
    next: usize,
}

impl<'a> SqlRow<'a> {
    pub(super) fn new(columns: &'a [String], values: Vec<SqlValue>) -> Self {
        Self {
            columns,
            values,
            next: 0,
        }
    }

    /// The names of the columns.
    pub fn columns(&self) -> &'a [String] {
        self.columns
    }

    /// Takes the value of a column out; a second time it is `NULL`.
    ///
    /// # Errors
    /// There is no such column.
    pub fn take(&mut self, column: &str) -> Result<SqlValue, SqlError> {
        let is_it = |at: &usize| self.columns.get(*at).is_some_and(|name| name == column);
        let expected = Some(self.next).filter(is_it);
        let found = expected.or_else(|| self.columns.iter().position(|name| name == column));
        let value = found.and_then(|at| Some((at, self.values.get_mut(at)?)));
        let Some((at, value)) = value else {
            return Err(unreadable(column, "the result has no such column"));
        };
        self.next = at + 1;
        Ok(std::mem::replace(value, SqlValue::Null))
    }

    /// Takes the value of a column out, read with serde like all rows: what is no number, text or blob from JSON text.
    ///
    /// # Errors
    /// There is no such column, or its value does not fit.
    pub fn get<V: DeserializeOwned>(&mut self, column: &str) -> Result<V, SqlError> {
        read_value(column, self.take(column)?)
    }

    /// Takes the value of a column out, read from JSON text whatever it is.
    ///
    /// # Errors
    /// There is no such column, or its value is not JSON or does not fit.
    pub fn json<V: DeserializeOwned>(&mut self, column: &str) -> Result<V, SqlError> {
        let text = match self.take(column)? {
            SqlValue::Null => "null".to_owned(),
            SqlValue::Text(text) => text,
            other => {
                let reason = format!("a JSON text is wanted, it is {}", other.kind());
                return Err(unreadable(column, reason));
            }
        };
        serde_json::from_str(&text).map_err(|fault| unreadable(column, fault))
    }

    /// Takes the value of a column out and has it read.
    ///
    /// # Errors
    /// There is no such column, or what `read` says.
    pub fn with<V, E: fmt::Display>(
        &mut self,
        column: &str,
        read: impl FnOnce(SqlValue) -> Result<V, E>,
    ) -> Result<V, SqlError> {
        let value = self.take(column)?;
        read(value).map_err(|fault| unreadable(column, fault))
    }
}

fn unreadable(column: &str, reason: impl fmt::Display) -> SqlError {
    let (column, reason) = (column.to_owned(), reason.to_string());
    SqlFault::Unreadable { column, reason }.into()
}

/// A statement whose rows become entities; made by [`Sql::query`](super::Sql::query).
#[must_use = "a query does nothing until it is asked for its rows"]
pub struct RawQuery<'s> {
    reach: &'s Reach,
    sql: String,
    params: Vec<SqlValue>,
}

impl<'s> RawQuery<'s> {
    pub(super) fn new(reach: &'s Reach, sql: &str, params: Vec<SqlValue>) -> Self {
        Self {
            reach,
            sql: sql.to_owned(),
            params,
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// Why the statement failed, or a row cannot be read.
    pub fn all<T: FromRow>(&self) -> Result<Vec<T>, SqlError> {
        self.rows()?.collect()
    }

    /// The one row.
    ///
    /// # Errors
    /// [`SqlFault::NoRow`], [`SqlFault::ManyRows`], or why the statement failed.
    pub fn one<T: FromRow>(&self) -> Result<T, SqlError> {
        self.optional()?.ok_or_else(|| SqlFault::NoRow.into())
    }

    /// The one row, if there is one.
    ///
    /// # Errors
    /// [`SqlFault::ManyRows`], or why the statement failed.
    pub fn optional<T: FromRow>(&self) -> Result<Option<T>, SqlError> {
        let mut rows = self.rows()?;
        let first = rows.next().transpose()?;
        match rows.next() {
            None => Ok(first),
            Some(_) => Err(SqlFault::ManyRows.into()),
        }
    }

    /// The rows for a `for` loop, each read when its turn comes; what they hold is in memory meanwhile.
    ///
    /// # Errors
    /// Why the statement failed.
    pub fn rows<T: FromRow>(&self) -> Result<TypedRows<T>, SqlError> {
        let mut found = Found::default();
        self.reach.run(&self.sql, &self.params, &mut found)?;
        Ok(TypedRows::new(found))
    }

    /// Hands the rows over one by one as they are found, until `look` answers `false`. Nothing else can be done with the
    /// tables meanwhile.
    ///
    /// # Errors
    /// Why the statement failed, or a row cannot be read.
    pub fn each<T: FromRow>(&self, mut look: impl FnMut(T) -> bool) -> Result<(), SqlError> {
        each(self.reach, &self.sql, &self.params, &mut |row| {
            Ok(look(T::from_row(row)?))
        })
    }
}

/// Shows the rows of a statement one by one.
pub(super) fn each(
    reach: &Reach,
    sql: &str,
    params: &[SqlValue],
    look: &mut dyn FnMut(&mut SqlRow<'_>) -> Result<bool, SqlError>,
) -> Result<(), SqlError> {
    let mut read = |columns: &[String], values| look(&mut SqlRow::new(columns, values));
    let mut each = Each::new(&mut read);
    reach.run(sql, params, &mut each)?;
    each.end()
}

impl fmt::Debug for SqlRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.columns.iter().zip(&self.values))
            .finish()
    }
}

impl fmt::Debug for RawQuery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawQuery").field(&self.sql).finish()
    }
}
