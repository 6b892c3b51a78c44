//! Repositories over SQL: entities of a table, each by its key.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::Rc;

use super::access::Reach;
use super::entity::{Row, SqlFinders};
use super::raw::each;
use super::select::{RowQuery, SqlRows};
use super::statement;
use super::{Door, SqlError, SqlFault, SqlValue};
use crate::repository::{
    Find, Part, ReadRepository, Repository, RepositoryError, Scope, Transaction,
};
use crate::state::{AsKey, Ask, Cursor, Page, Read, Write, key_text};

/// The rows of a type's table in SQL: `cx.sql().repository::<User>()`, and to read `cx.sql_read().repository::<User>()`.
///
/// It is a [`Repository`], or, to read, a [`ReadRepository`]. It has a method for each declared index, too
/// (`find_by_email`), and [`query`](Self::query).
///
/// ```
/// use stayput::prelude::*;
/// use stayput::sql::Migration;
///
/// const TABLES: &[Migration] = &[Migration::new(
///     "users",
///     "CREATE TABLE users(id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, age INTEGER NOT NULL)",
/// )];
///
/// #[data]
/// #[derive(Row)]
/// #[row(table = "users")]
/// pub struct User {
///     #[column(key)]
///     pub id: String,
///     #[column(unique)]
///     pub email: String,
///     pub age: u32,
/// }
///
/// #[durable_object(sql(migrations = TABLES))]
/// struct Club {}
///
/// #[durable_object]
/// impl Club {
///     #[action(public)]
///     fn join(&mut self, cx: &mut Context<Self>, user: User) -> Result<User, RepositoryError> {
///         cx.sql().repository::<User>().insert(user)
///     }
///
///     #[action(public)]
///     fn by_email(&self, cx: &Context<Self>, email: String) -> Result<Option<User>, RepositoryError> {
///         cx.sql_read().repository::<User>().find_by_email(email)
///     }
///
///     #[action(public)]
///     fn adults(&self, cx: &Context<Self>) -> Result<Vec<User>, RepositoryError> {
///         cx.sql_read().repository::<User>().find(User::AGE.gte(18))
///     }
/// }
///
/// stayput::app!(Club);
///
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let club = Club::named(t, "chess");
///     let ann = User { id: "ann".into(), email: "ann@example.com".into(), age: 30 };
///     club.join(ann).await.unwrap();
///     assert_eq!(club.by_email("ann@example.com").await.unwrap().unwrap().id, "ann");
///     assert_eq!(club.adults().await.unwrap().len(), 1);
/// });
/// # }
/// ```
pub struct SqlRepository<'a, T: Row, M = Read> {
    finders: T::Finders,
    of: PhantomData<(&'a (), T, M)>,
}

type Outcome<R> = Result<R, RepositoryError>;

/// That a repository may change what it keeps: it was made by `cx.sql()`.
#[diagnostic::on_unimplemented(
    message = "a repository that reads cannot change anything",
    label = "made by `cx.sql_read()`",
    note = "make it by `cx.sql()`, in an action that takes `&mut self`"
)]
pub trait Changing {}

impl Changing for Write {}

impl<T: Row, M> SqlRepository<'_, T, M> {
    pub(super) fn new(reach: Reach) -> Self {
        Self {
            finders: T::Finders::over(SqlRows::new(reach)),
            of: PhantomData,
        }
    }

    fn rows(&self) -> &SqlRows<T> {
        self.finders.rows()
    }

    fn reach(&self) -> &Reach {
        &self.rows().reach
    }

    /// A query of all rows, to be narrowed.
    pub fn query(&self) -> RowQuery<'_, T> {
        RowQuery::over(self.rows())
    }

    fn found(&self, ask: Ask) -> RowQuery<'_, T> {
        RowQuery::new(self.rows(), ask)
    }

    fn with_keys(&self, keys: Vec<String>) -> RowQuery<'_, T> {
        self.found(Ask {
            filter: T::DEFINITION.with_keys(keys),
            order: vec![(T::DEFINITION.key, false)],
            limit: Some(usize::MAX),
            offset: 0,
        })
    }

    pub(super) fn get_by_text(&self, key: &str) -> Outcome<Option<T>> {
        self.with_keys(vec![key.to_owned()]).limit(1).first()
    }

    /// Runs a part that is undone if it fails.
    pub(super) fn attempt<R>(&self, part: impl FnOnce() -> Outcome<R>) -> Outcome<R> {
        match self.reach().door() {
            Some(door) => door.nested(part),
            // Whatever it does is refused.
            None => part(),
        }
    }

    /// The value of the first row's only column; `None`: there is no row.
    fn value(
        &self,
        clause: &super::clause::Clause,
        name: &str,
    ) -> Result<Option<SqlValue>, SqlError> {
        let mut found = None;
        each(self.reach(), &clause.text, &clause.params, &mut |row| {
            found = Some(row.take(name)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// Why nothing was changed: there is no such row, or not in the version that was expected.
    fn why_missing(&self, key: &str, expected: Option<u64>) -> RepositoryError {
        let definition = T::DEFINITION;
        let why = || -> Result<RepositoryError, SqlError> {
            let key = definition.key_column()?.value(key)?;
            let shown = match &key {
                SqlValue::Text(text) => text.clone(),
                SqlValue::Integer(integer) => integer.to_string(),
                other => format!("{other:?}"),
            };
            let stored = self.value(&statement::version(definition, key)?, "v")?;
            Ok(match (stored, expected) {
                (Some(SqlValue::Integer(actual)), Some(expected)) => {
                    let actual = actual.try_into().unwrap_or(0);
                    RepositoryError::conflict(definition.table, &shown, expected, actual)
                }
                _ => RepositoryError::not_found(definition.table, &shown),
            })
        };
        why().unwrap_or_else(RepositoryError::from)
    }

    fn insert_row(&self, mut row: T) -> Outcome<T> {
        let given = gives_key(&row);
        let clause = statement::insert(T::DEFINITION, row.to_row()?, given)?;
        if !given {
            self.reach().exec(&clause.text, &clause.params)?;
            return Ok(row);
        }
        let name = T::DEFINITION.key_column()?.name;
        let key = match self.value(&clause, name)? {
            Some(SqlValue::Text(key)) => key.parse().ok(),
            Some(SqlValue::Integer(key)) => key.try_into().ok(),
            _ => None,
        };
        let Some(key) = key else {
            let reason = "a table that gives keys needs an `INTEGER PRIMARY KEY`";
            return Err(SqlError::from(SqlFault::Invalid(reason.to_owned())).into());
        };
        row.set_key(key);
        Ok(row)
    }

    /// Changes the row under the key with this text.
    pub(super) fn update_row(&self, mut row: T, key: &str) -> Outcome<T> {
        let expected = row.version();
        if let Some(version) = expected {
            row.set_version(version.saturating_add(1));
        }
        let definition = T::DEFINITION;
        let value = definition.key_column()?.value(key)?;
        let clause = statement::update(definition, row.to_row()?, value, expected)?;
        if self.reach().exec(&clause.text, &clause.params)?.rows == 0 {
            return Err(self.why_missing(key, expected));
        }
        Ok(row)
    }

    fn save_row(&self, mut row: T) -> Outcome<T> {
        if gives_key(&row) {
            return self.insert_row(row);
        }
        let definition = T::DEFINITION;
        let clause = statement::save(definition, row.to_row()?)?;
        let Some(version) = definition.version else {
            self.reach().exec(&clause.text, &clause.params)?;
            return Ok(row);
        };
        match self.value(&clause, definition.column(version)?.name)? {
            Some(SqlValue::Integer(version)) => row.set_version(version.try_into().unwrap_or(0)),
            _ => return Err(self.why_missing(&key_text(row.key()), row.version())),
        }
        Ok(row)
    }
}

impl<T: Row, M> ReadRepository<T> for SqlRepository<'_, T, M> {
    type Key = T::Key;

    fn get<Q: AsKey + ?Sized>(&self, key: &Q) -> Outcome<Option<T>>
    where
        T::Key: Borrow<Q>,
    {
        self.get_by_text(&key_text(key))
    }

    fn get_many<'k, Q>(&self, keys: impl IntoIterator<Item = &'k Q>) -> Outcome<Vec<T>>
    where
        Q: AsKey + ?Sized + 'k,
        T::Key: Borrow<Q>,
    {
        self.with_keys(keys.into_iter().map(key_text).collect())
            .all()
    }

    fn find(&self, find: impl Into<Find<T>>) -> Outcome<Vec<T>> {
        self.found(find.into().ask).all()
    }

    fn page(&self, find: impl Into<Find<T>>, after: Option<Cursor>) -> Outcome<Page<T>> {
        self.found(find.into().ask).page(after)
    }

    fn count(&self, find: impl Into<Find<T>>) -> Outcome<u64> {
        self.found(find.into().ask).count()
    }

    fn exists<Q: AsKey + ?Sized>(&self, key: &Q) -> Outcome<bool>
    where
        T::Key: Borrow<Q>,
    {
        self.with_keys(vec![key_text(key)]).exists()
    }
}

/// What changes rows: here, not only in the trait, so that who reads is told what to do.
impl<T: Row, M> SqlRepository<'_, T, M> {
    /// [`Repository::insert`].
    ///
    /// # Errors
    /// The same; as everywhere here.
    pub fn insert(&mut self, row: T) -> Outcome<T>
    where
        M: Changing,
    {
        self.insert_row(row)
    }

    /// [`Repository::update`].
    ///
    /// # Errors
    /// The same.
    pub fn update(&mut self, row: T) -> Outcome<T>
    where
        M: Changing,
    {
        let key = key_text(row.key());
        self.update_row(row, &key)
    }

    /// [`Repository::save`].
    ///
    /// # Errors
    /// The same.
    pub fn save(&mut self, row: T) -> Outcome<T>
    where
        M: Changing,
    {
        self.save_row(row)
    }

    /// [`Repository::save_many`].
    ///
    /// # Errors
    /// The same.
    pub fn save_many(&mut self, rows: impl IntoIterator<Item = T>) -> Outcome<Vec<T>>
    where
        M: Changing,
    {
        self.attempt(|| rows.into_iter().map(|row| self.save_row(row)).collect())
    }

    /// [`Repository::delete`].
    ///
    /// # Errors
    /// The same.
    pub fn delete<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Outcome<bool>
    where
        T::Key: Borrow<Q>,
        M: Changing,
    {
        Ok(self.delete_texts(vec![key_text(key)])? > 0)
    }

    /// [`Repository::delete_many`].
    ///
    /// # Errors
    /// The same.
    pub fn delete_many<'k, Q>(&mut self, keys: impl IntoIterator<Item = &'k Q>) -> Outcome<u64>
    where
        Q: AsKey + ?Sized + 'k,
        T::Key: Borrow<Q>,
        M: Changing,
    {
        self.delete_texts(keys.into_iter().map(key_text).collect())
    }

    /// A query whose rows can be removed or changed.
    pub fn query_mut(&mut self) -> RowQuery<'_, T, Write>
    where
        M: Changing,
    {
        RowQuery::new(self.rows(), Ask::default())
    }

    fn delete_texts(&self, keys: Vec<String>) -> Outcome<u64> {
        let ask = Ask {
            filter: T::DEFINITION.with_keys(keys),
            ..Ask::default()
        };
        RowQuery::<T, Write>::new(self.rows(), ask).delete()
    }
}

impl<T: Row, M: Changing> Repository<T> for SqlRepository<'_, T, M> {
    fn insert(&mut self, row: T) -> Outcome<T> {
        self.insert(row)
    }

    fn update(&mut self, row: T) -> Outcome<T> {
        self.update(row)
    }

    fn save(&mut self, row: T) -> Outcome<T> {
        self.save(row)
    }

    fn save_many(&mut self, rows: impl IntoIterator<Item = T>) -> Outcome<Vec<T>> {
        self.save_many(rows)
    }

    fn delete<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Outcome<bool>
    where
        T::Key: Borrow<Q>,
    {
        self.delete(key)
    }

    fn delete_many<'k, Q>(&mut self, keys: impl IntoIterator<Item = &'k Q>) -> Outcome<u64>
    where
        Q: AsKey + ?Sized + 'k,
        T::Key: Borrow<Q>,
    {
        self.delete_many(keys)
    }

    fn key_text(row: &T) -> Option<String> {
        (!gives_key(row)).then(|| key_text(row.key()))
    }

    fn get_text(&self, key: &str) -> Outcome<Option<T>> {
        self.get_by_text(key)
    }

    fn delete_text(&mut self, key: &str) -> Outcome<()> {
        match self.delete_texts(vec![key.to_owned()])? {
            0 => Err(self.why_missing(key, None)),
            _ => Ok(()),
        }
    }

    fn missing(&self, key: &str) -> RepositoryError {
        self.why_missing(key, None)
    }

    fn scope(&self) -> Scope {
        let door = self.reach().door();
        Scope::of(door.map(|door| Rc::clone(door) as Rc<dyn Transaction>))
    }
}

/// Whether the table is to give the key.
fn gives_key<T: Row>(row: &T) -> bool {
    T::DEFINITION.auto && key_text(row.key()) == key_text(&0_u64)
}

impl Transaction for Door {
    fn attempt(&self, part: &mut Part<'_>) -> Outcome<()> {
        self.nested(part)
    }

    fn place(&self) -> *const () {
        std::ptr::from_ref(self).cast()
    }
}

/// A repository has a method for each declared index (`find_by_email`).
impl<T: Row, M> Deref for SqlRepository<'_, T, M> {
    type Target = T::Finders;

    fn deref(&self) -> &T::Finders {
        &self.finders
    }
}

impl<T: Row, M> fmt::Debug for SqlRepository<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlRepository({})", T::DEFINITION.table)
    }
}
