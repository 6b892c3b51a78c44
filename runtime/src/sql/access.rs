//! `cx.sql()` and `cx.sql_read()`.

use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use super::row::{Each, Rows};
use super::{
    Door, MAX_VALUE, Params, RawQuery, Row, SqlError, SqlFault, SqlRepository, SqlValue, row, text,
};
use crate::backend::{Counts, RowSink, Statement};
use crate::state::{Read, Write};

/// The tables of an object, to read and to change: `cx.sql()` in commands, handlers and `atomic`.
///
/// ```
/// use stayput::prelude::*;
/// use stayput::sql::Migration;
///
/// const TABLES: &[Migration] = &[
///     Migration::new("entries", "CREATE TABLE entry(id INTEGER PRIMARY KEY, what TEXT NOT NULL UNIQUE, cents INTEGER)"),
/// ];
///
/// #[durable_object(sql(migrations = TABLES))]
/// struct Ledger {}
///
/// #[durable_object]
/// impl Ledger {
///     #[action(public)]
///     fn enter(&mut self, cx: &mut Context<Self>, what: String, cents: i64) -> Result<()> {
///         cx.sql().exec("INSERT INTO entry(what, cents) VALUES(?, ?)", (what, cents))?;
///         Ok(())
///     }
///
///     #[action(public)]
///     fn total(&self, cx: &Context<Self>) -> Result<i64> {
///         Ok(cx.sql_read().one("SELECT coalesce(sum(cents), 0) FROM entry", ())?)
///     }
/// }
///
/// stayput::app!(Ledger);
///
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let ledger = Ledger::named(t, "2026");
///     ledger.enter("tea", 350i64).await.unwrap();
///     ledger.enter("milk", 120i64).await.unwrap();
///     assert_eq!(ledger.enter("tea", 1i64).await.unwrap_err().rejection().unwrap().code(), "sql.unique");
///     assert_eq!(ledger.total().await.unwrap(), 470);
/// });
/// # }
/// ```
pub struct Sql<'a> {
    reach: Reach,
    of: PhantomData<&'a mut ()>,
}

/// The tables of an object, to read: `cx.sql_read()`. A statement that writes is refused.
pub struct SqlRead<'a> {
    reach: Reach,
    of: PhantomData<&'a ()>,
}

/// What a statement did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rows inserted, updated or deleted, those by triggers aside.
    pub rows: u64,
    /// Rows read, as the platform counts them for its bill. The native program counts those that came out.
    pub rows_read: u64,
    /// Rows written, likewise. The native program counts those of tables, not those of indexes.
    pub rows_written: u64,
}

/// The way to the tables, and what is allowed there.
#[derive(Clone)]
pub(super) struct Reach {
    door: Option<Rc<Door>>,
    read_only: bool,
}

impl Reach {
    /// The tables themselves, while the turn lasts.
    pub(super) fn door(&self) -> Option<&Rc<Door>> {
        self.door.as_ref()
    }

    /// Runs what answers no rows, or none that anybody wants.
    pub(super) fn exec(&self, sql: &str, params: &[SqlValue]) -> Result<Changes, SqlError> {
        let counts = self.run(sql, params, &mut row::Nothing)?;
        Ok(Changes {
            rows: counts.changed,
            rows_read: counts.read,
            rows_written: counts.written,
        })
    }

    pub(super) fn run(
        &self,
        sql: &str,
        params: &[SqlValue],
        rows: &mut dyn RowSink,
    ) -> Result<Counts, SqlError> {
        let Some(door) = &self.door else {
            let reason = "the turn that this context was of has ended";
            return Err(SqlFault::Refused(reason.to_owned()).into());
        };
        let statements = text::read(sql)?;
        let expected = statements.last().map_or(0, |last| last.values);
        if expected != params.len() {
            let given = params.len();
            return Err(SqlFault::Parameters { expected, given }.into());
        }
        if let Some(large) = params.iter().find(|value| value.len() > MAX_VALUE) {
            let reason = format!(
                "a parameter has {} bytes, {MAX_VALUE} are the limit",
                large.len()
            );
            return Err(SqlFault::TooLarge(reason).into());
        }
        let reads = statements.iter().all(text::Statement::reads);
        if self.read_only && (statements.len() > 1 || !reads) {
            return Err(SqlFault::ReadOnly.into());
        }
        let statement = Statement {
            text: sql,
            params,
            single: statements.len() == 1,
            changes_rows: statements.last().is_some_and(text::Statement::changes_rows),
            read_only: self.read_only,
        };
        let ran = door.run(&statement, rows);
        // One that failed has done nothing; of several the first ones may have.
        if !reads && (ran.is_ok() || !statement.single) {
            door.note_write();
        }
        ran
    }
}

/// What both kinds of access offer.
macro_rules! reading {
    () => {
        /// The one row of the result: a struct by column names, a tuple by position, or the value of a single column.
        ///
        /// # Errors
        ///
        /// [`SqlFault::NoRow`], [`SqlFault::ManyRows`], or why the statement failed.
        pub fn one<T: DeserializeOwned>(
            &self,
            sql: &str,
            params: impl Params,
        ) -> Result<T, SqlError> {
            let row = self.optional(sql, params)?;
            row.ok_or_else(|| SqlFault::NoRow.into())
        }

        /// The one row of the result, if there is one.
        ///
        /// # Errors
        ///
        /// [`SqlFault::ManyRows`], or why the statement failed.
        pub fn optional<T: DeserializeOwned>(
            &self,
            sql: &str,
            params: impl Params,
        ) -> Result<Option<T>, SqlError> {
            let mut rows = self.rows(sql, params)?;
            let first = rows.next().transpose()?;
            match rows.next() {
                None => Ok(first),
                Some(_) => Err(SqlFault::ManyRows.into()),
            }
        }

        /// All rows of the result.
        ///
        /// # Errors
        ///
        /// Why the statement failed, or a row cannot be read.
        pub fn all<T: DeserializeOwned>(
            &self,
            sql: &str,
            params: impl Params,
        ) -> Result<Vec<T>, SqlError> {
            self.rows(sql, params)?.collect()
        }

        /// The rows of the result for a `for` loop, each read when its turn comes. What they hold is in memory meanwhile:
        /// [`each`](Self::each) is for more than that.
        ///
        /// # Errors
        ///
        /// Why the statement failed.
        pub fn rows<T: DeserializeOwned>(
            &self,
            sql: &str,
            params: impl Params,
        ) -> Result<Rows<T>, SqlError> {
            let mut found = row::Found::default();
            self.reach.run(sql, &params.into_values(), &mut found)?;
            Ok(Rows::new(found))
        }

        /// Hands the rows over one by one as they are found, until `look` answers `false`. Nothing else can be done with the
        /// tables meanwhile.
        ///
        /// # Errors
        ///
        /// Why the statement failed, or a row cannot be read.
        pub fn each<T: DeserializeOwned>(
            &self,
            sql: &str,
            params: impl Params,
            mut look: impl FnMut(T) -> bool,
        ) -> Result<(), SqlError> {
            let mut read = |columns: &[String], values| Ok(look(row::read(columns, values)?));
            let mut each = Each::new(&mut read);
            self.reach.run(sql, &params.into_values(), &mut each)?;
            each.end()
        }

        /// A statement whose rows are read by [`FromRow`](super::FromRow): those that derive [`Row`], and types that
        /// implement it by hand. The methods above read with serde.
        ///
        /// ```
        /// # use stayput::prelude::*;
        /// # #[data] #[derive(Row)] #[row(table = "users")]
        /// # struct User { #[column(key)] id: u64, #[column(name = "full_name")] name: String }
        /// # #[durable_object(sql)] struct Club {}
        /// # #[durable_object] impl Club {
        /// #[action(public)]
        /// fn begins(&self, cx: &Context<Self>, start: String) -> Result<Vec<User>> {
        ///     let sql = cx.sql_read();
        ///     let users = sql.query("SELECT * FROM users WHERE full_name LIKE ?", (format!("{start}%"),));
        ///     Ok(users.all()?)
        /// }
        /// # }
        /// # fn main() {}
        /// ```
        pub fn query(&self, sql: &str, params: impl Params) -> RawQuery<'_> {
            RawQuery::new(&self.reach, sql, params.into_values())
        }
    };
}

impl Sql<'_> {
    pub(crate) fn new(door: Option<Rc<Door>>) -> Self {
        Self {
            reach: Reach {
                door,
                read_only: false,
            },
            of: PhantomData,
        }
    }

    /// Runs a statement, or several of which the last may have parameters, and tells what the last one did.
    ///
    /// # Errors
    ///
    /// Why it failed. A statement that failed has done nothing; those before it have.
    pub fn exec(&mut self, sql: &str, params: impl Params) -> Result<Changes, SqlError> {
        self.reach.exec(sql, &params.into_values())
    }

    reading!();
}

impl<'a> Sql<'a> {
    /// The rows of a type's table, to read and to change. Several may be at hand at once.
    pub fn repository<T: Row>(&self) -> SqlRepository<'a, T, Write> {
        SqlRepository::new(self.reach.clone())
    }
}

impl<'a> SqlRead<'a> {
    /// The rows of a type's table, to read.
    pub fn repository<T: Row>(&self) -> SqlRepository<'a, T, Read> {
        SqlRepository::new(self.reach.clone())
    }
}

impl SqlRead<'_> {
    pub(crate) fn new(door: Option<Rc<Door>>) -> Self {
        Self {
            reach: Reach {
                door,
                read_only: true,
            },
            of: PhantomData,
        }
    }

    reading!();
}

impl fmt::Debug for Sql<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sql(..)")
    }
}

impl fmt::Debug for SqlRead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqlRead(..)")
    }
}
