//! A table as a repository: the same methods as over SQL.

use std::borrow::Borrow;

use super::Table;
use super::ask::Ask;
use super::entity::{Entity, key_text};
use super::query::Query;
use super::rows::Rows;
use crate::repository::{Find, ReadRepository, Repository, RepositoryError, Scope, Transaction};
use crate::state::{AsKey, Cursor, Key, Page};

type Outcome<R> = Result<R, RepositoryError>;

impl<T: Entity> Table<T> {
    fn found(&self, ask: Ask) -> Query<'_, T> {
        Query::asked(self.rows(), ask)
    }

    /// The next version of a row, if the stored one is the one that it was made of.
    fn next_version(&self, row: &mut T, stored: &T) -> Outcome<()> {
        if let (Some(expected), Some(actual)) = (row.version(), stored.version()) {
            if expected != actual {
                let place = self.rows().site.place()?;
                let key = shown::<T::Key>(&key_text(row.key()));
                return Err(RepositoryError::conflict(
                    &place.path,
                    &key,
                    expected,
                    actual,
                ));
            }
            row.set_version(expected.saturating_add(1));
        }
        Ok(())
    }

    fn stored(&self, row: &T) -> Outcome<Option<T>> {
        Ok(self.found_by_text(&key_text(row.key()))?)
    }

    fn found_by_text(&self, key: &str) -> Result<Option<T>, crate::backend::StorageFault> {
        let place = self.rows().site.place()?;
        Rows::read(place, &place.key_of_text(key))
    }

    fn gives_key(row: &T) -> bool {
        T::DEFINITION.auto && key_text(row.key()) == key_text(&0_u64)
    }

    fn save_row(&self, mut row: T) -> Outcome<T> {
        if !Self::gives_key(&row)
            && let Some(stored) = self.stored(&row)?
        {
            self.next_version(&mut row, &stored)?;
        }
        Ok(self.rows().put(row)?.0)
    }

    /// Runs a part that is undone if it fails.
    fn attempt<R>(&self, part: impl FnOnce() -> Outcome<R>) -> Outcome<R> {
        let (mut part, mut done) = (Some(part), None);
        let place = self.rows().site.place()?;
        place.records.attempt(&mut || {
            done = part.take().map(|part| part()).transpose()?;
            Ok(())
        })?;
        done.ok_or_else(|| self.missing(""))
    }
}

impl<T: Entity> ReadRepository<T> for Table<T> {
    type Key = T::Key;

    fn get<Q: AsKey + ?Sized>(&self, key: &Q) -> Outcome<Option<T>>
    where
        T::Key: Borrow<Q>,
    {
        Ok(self.try_get(key)?)
    }

    fn get_many<'k, Q>(&self, keys: impl IntoIterator<Item = &'k Q>) -> Outcome<Vec<T>>
    where
        Q: AsKey + ?Sized + 'k,
        T::Key: Borrow<Q>,
    {
        let mut keys: Vec<String> = keys.into_iter().map(key_text).collect();
        keys.sort_unstable();
        keys.dedup();
        let rows = keys.iter().map(|key| self.found_by_text(key));
        let rows: Result<Vec<_>, _> = rows.filter_map(Result::transpose).collect();
        Ok(rows?)
    }

    fn find(&self, find: impl Into<Find<T>>) -> Outcome<Vec<T>> {
        Ok(self.found(find.into().ask).try_all()?)
    }

    fn page(&self, find: impl Into<Find<T>>, after: Option<Cursor>) -> Outcome<Page<T>> {
        Ok(self.found(find.into().ask).try_page(after)?)
    }

    fn exists<Q: AsKey + ?Sized>(&self, key: &Q) -> Outcome<bool>
    where
        T::Key: Borrow<Q>,
    {
        Ok(self.try_contains(key)?)
    }

    fn count(&self, find: impl Into<Find<T>>) -> Outcome<u64> {
        Ok(self.found(find.into().ask).try_count()?)
    }
}

impl<T: Entity> Repository<T> for Table<T> {
    fn insert(&mut self, row: T) -> Outcome<T> {
        Ok(self.rows().insert(row)?)
    }

    fn update(&mut self, mut row: T) -> Outcome<T> {
        let Some(stored) = self.stored(&row)? else {
            return Err(self.missing(&key_text(row.key())));
        };
        self.next_version(&mut row, &stored)?;
        Ok(self.rows().put(row)?.0)
    }

    fn save(&mut self, row: T) -> Outcome<T> {
        self.save_row(row)
    }

    fn save_many(&mut self, rows: impl IntoIterator<Item = T>) -> Outcome<Vec<T>> {
        self.attempt(|| rows.into_iter().map(|row| self.save_row(row)).collect())
    }

    fn delete<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Outcome<bool>
    where
        T::Key: Borrow<Q>,
    {
        Ok(self.try_remove(key)?.is_some())
    }

    fn delete_many<'k, Q>(&mut self, keys: impl IntoIterator<Item = &'k Q>) -> Outcome<u64>
    where
        Q: AsKey + ?Sized + 'k,
        T::Key: Borrow<Q>,
    {
        let place = self.rows().site.place()?;
        self.attempt(|| {
            let mut deleted = 0;
            for key in keys {
                deleted += u64::from(self.rows().remove(&place.key(key)?)?.is_some());
            }
            Ok(deleted)
        })
    }

    fn key_text(row: &T) -> Option<String> {
        (!Self::gives_key(row)).then(|| key_text(row.key()))
    }

    fn get_text(&self, key: &str) -> Outcome<Option<T>> {
        Ok(self.found_by_text(key)?)
    }

    fn delete_text(&mut self, key: &str) -> Outcome<()> {
        let place = self.rows().site.place()?;
        match self.rows().remove(&place.key_of_text(key))? {
            Some(_) => Ok(()),
            None => Err(self.missing(key)),
        }
    }

    fn missing(&self, key: &str) -> RepositoryError {
        match self.rows().site.place() {
            Ok(place) => RepositoryError::not_found(&place.path, &shown::<T::Key>(key)),
            Err(fault) => fault.into(),
        }
    }

    fn scope(&self) -> Scope {
        match self.rows().site.place() {
            Ok(place) => Scope::records(&place.records),
            Err(_) => Scope::of(None),
        }
    }
}

/// A key for people: of texts and integers the value, of others the text that it is stored under.
fn shown<K: Key>(text: &str) -> String {
    let mut rest = text;
    let value = match K::key_type().as_str() {
        "String" => String::read_key(&mut rest),
        "u8" | "u16" | "u32" | "u64" => u64::read_key(&mut rest).map(|key| key.to_string()),
        "i8" | "i16" | "i32" | "i64" => i64::read_key(&mut rest).map(|key| key.to_string()),
        _ => None,
    };
    value.unwrap_or_else(|| text.to_owned())
}
