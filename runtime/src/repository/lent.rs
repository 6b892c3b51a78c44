//! A repository that is lent stays one: units of work take tables so.

use std::borrow::Borrow;

use super::{Find, ReadRepository, Repository, RepositoryError, Scope};
use crate::state::{AsKey, Cursor, Page};

impl<T, R: ReadRepository<T>> ReadRepository<T> for &mut R {
    type Key = R::Key;

    fn get<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<Option<T>, RepositoryError>
    where
        R::Key: Borrow<Q>,
    {
        R::get(self, key)
    }

    fn get_many<'k, Q>(
        &self,
        keys: impl IntoIterator<Item = &'k Q>,
    ) -> Result<Vec<T>, RepositoryError>
    where
        Q: AsKey + ?Sized + 'k,
        R::Key: Borrow<Q>,
    {
        R::get_many(self, keys)
    }

    fn find(&self, find: impl Into<Find<T>>) -> Result<Vec<T>, RepositoryError> {
        R::find(self, find)
    }

    fn page(
        &self,
        find: impl Into<Find<T>>,
        after: Option<Cursor>,
    ) -> Result<Page<T>, RepositoryError> {
        R::page(self, find, after)
    }

    fn exists<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<bool, RepositoryError>
    where
        R::Key: Borrow<Q>,
    {
        R::exists(self, key)
    }

    fn count(&self, find: impl Into<Find<T>>) -> Result<u64, RepositoryError> {
        R::count(self, find)
    }
}

impl<T, R: Repository<T>> Repository<T> for &mut R {
    fn insert(&mut self, entity: T) -> Result<T, RepositoryError> {
        R::insert(self, entity)
    }

    fn update(&mut self, entity: T) -> Result<T, RepositoryError> {
        R::update(self, entity)
    }

    fn save(&mut self, entity: T) -> Result<T, RepositoryError> {
        R::save(self, entity)
    }

    fn save_many(
        &mut self,
        entities: impl IntoIterator<Item = T>,
    ) -> Result<Vec<T>, RepositoryError> {
        R::save_many(self, entities)
    }

    fn delete<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Result<bool, RepositoryError>
    where
        R::Key: Borrow<Q>,
    {
        R::delete(self, key)
    }

    fn delete_many<'k, Q>(
        &mut self,
        keys: impl IntoIterator<Item = &'k Q>,
    ) -> Result<u64, RepositoryError>
    where
        Q: AsKey + ?Sized + 'k,
        R::Key: Borrow<Q>,
    {
        R::delete_many(self, keys)
    }

    fn key_text(entity: &T) -> Option<String> {
        R::key_text(entity)
    }

    fn get_text(&self, key: &str) -> Result<Option<T>, RepositoryError> {
        R::get_text(self, key)
    }

    fn delete_text(&mut self, key: &str) -> Result<(), RepositoryError> {
        R::delete_text(self, key)
    }

    fn missing(&self, key: &str) -> RepositoryError {
        R::missing(self, key)
    }

    fn scope(&self) -> Scope {
        R::scope(self)
    }
}
