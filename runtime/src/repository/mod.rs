//! Repositories: entities by their keys, the same over SQL and over records; and units of work across several.
//!
//! [`SqlRepository`](crate::sql::SqlRepository) keeps types that derive [`Row`](crate::sql::Row) in tables of SQL, a
//! [`Table`](crate::state::Table) those that derive [`Entity`](crate::state::Entity) in records.

mod error;
mod find;
mod lent;
mod member;
mod scope;
mod unit;

use std::borrow::Borrow;

pub use error::{RepositoryError, RepositoryFault};
pub use find::Find;
pub use member::Member;
#[doc(hidden)]
pub use scope::Scope;
pub(crate) use scope::{Part, Transaction};
pub use unit::UnitOfWork;

use crate::state::{AsKey, Cursor, Key, Page};

/// Where entities of type `T` are kept, to be read.
///
/// ```
/// use stayput::prelude::*;
///
/// #[data]
/// #[derive(Entity)]
/// struct User {
///     #[key]
///     id: u64,
///     age: u32,
/// }
///
/// /// Of users, wherever they are.
/// fn adults(users: &impl ReadRepository<User>) -> Result<Vec<User>, RepositoryError> {
///     users.find(Find::by(User::AGE.gte(18)).order_by(User::AGE.desc()).limit(20))
/// }
/// # fn main() {}
/// ```
pub trait ReadRepository<T> {
    /// The type of the keys.
    type Key: Key;

    /// The entity of a key.
    ///
    /// # Errors
    /// Why it cannot be read; as everywhere here.
    fn get<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<Option<T>, RepositoryError>
    where
        Self::Key: Borrow<Q>;

    /// Those of some keys that are there, in the order of the keys, each once.
    ///
    /// # Errors
    /// As of [`get`](Self::get).
    fn get_many<'k, Q>(
        &self,
        keys: impl IntoIterator<Item = &'k Q>,
    ) -> Result<Vec<T>, RepositoryError>
    where
        Q: AsKey + ?Sized + 'k,
        Self::Key: Borrow<Q>;

    /// Those that are asked for, at most 100 if it is not said how many: `find(User::AGE.gte(18))`, or a [`Find`].
    ///
    /// # Errors
    /// As of [`get`](Self::get).
    fn find(&self, find: impl Into<Find<T>>) -> Result<Vec<T>, RepositoryError>;

    /// The first of those that are asked for.
    ///
    /// # Errors
    /// As of [`get`](Self::get).
    fn find_one(&self, find: impl Into<Find<T>>) -> Result<Option<T>, RepositoryError> {
        Ok(self.find(find.into().limit(1))?.pop())
    }

    /// Those after a cursor, or the first ones, and the cursor to go on with; without an order in the order of the keys.
    ///
    /// # Errors
    /// As of [`get`](Self::get); `invalid_params`: the cursor does not fit the order.
    fn page(
        &self,
        find: impl Into<Find<T>>,
        after: Option<Cursor>,
    ) -> Result<Page<T>, RepositoryError>;

    /// Whether there is one of a key.
    ///
    /// # Errors
    /// As of [`get`](Self::get).
    fn exists<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<bool, RepositoryError>
    where
        Self::Key: Borrow<Q>;

    /// How many there are of those that are asked for; all of them, if no limit is said.
    ///
    /// # Errors
    /// As of [`get`](Self::get).
    fn count(&self, find: impl Into<Find<T>>) -> Result<u64, RepositoryError>;
}

/// Where entities of type `T` are kept, to be read and changed. What is refused leaves nothing.
///
/// Those with a version (`#[column(version)]`, in a [`Table`](crate::state::Table) `#[version]`) are changed only if the
/// stored one has the same; the new one has the next. So what was read long ago, or came from a client, overwrites nothing
/// that happened since.
pub trait Repository<T>: ReadRepository<T> {
    /// Adds an entity, and returns it as it is kept: with its key, if the table gives that.
    ///
    /// # Errors
    /// There is one of its key, or a constraint is broken.
    fn insert(&mut self, entity: T) -> Result<T, RepositoryError>;

    /// Changes the entity of the same key, and returns it as it is kept.
    ///
    /// # Errors
    /// [`RepositoryFault::NotFound`], [`RepositoryFault::Conflict`], or a constraint is broken.
    fn update(&mut self, entity: T) -> Result<T, RepositoryError>;

    /// Adds an entity, or changes the one of the same key, and returns it as it is kept.
    ///
    /// # Errors
    /// [`RepositoryFault::Conflict`], or a constraint is broken.
    fn save(&mut self, entity: T) -> Result<T, RepositoryError>;

    /// Saves all or none.
    ///
    /// # Errors
    /// That of [`save`](Self::save) for the first that cannot be.
    fn save_many(
        &mut self,
        entities: impl IntoIterator<Item = T>,
    ) -> Result<Vec<T>, RepositoryError>;

    /// Removes the entity of a key, and says whether there was one.
    ///
    /// # Errors
    /// Why it cannot be removed: others may refer to it.
    fn delete<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Result<bool, RepositoryError>
    where
        Self::Key: Borrow<Q>;

    /// Removes those of some keys, and says how many there were.
    ///
    /// # Errors
    /// Why one cannot be removed; none is then.
    fn delete_many<'k, Q>(
        &mut self,
        keys: impl IntoIterator<Item = &'k Q>,
    ) -> Result<u64, RepositoryError>
    where
        Q: AsKey + ?Sized + 'k,
        Self::Key: Borrow<Q>;

    /// The text of an entity's key; `None` if the table is to give it.
    #[doc(hidden)]
    fn key_text(entity: &T) -> Option<String>;

    /// The entity of the key with this text.
    #[doc(hidden)]
    fn get_text(&self, key: &str) -> Result<Option<T>, RepositoryError>;

    /// Removes the entity of the key with this text, which has to be there.
    #[doc(hidden)]
    fn delete_text(&mut self, key: &str) -> Result<(), RepositoryError>;

    /// That there is no entity of the key with this text.
    #[doc(hidden)]
    fn missing(&self, key: &str) -> RepositoryError;

    /// What is undone where a part of several changes fails.
    #[doc(hidden)]
    fn scope(&self) -> Scope;
}
