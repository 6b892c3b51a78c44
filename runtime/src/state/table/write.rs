//! What changes a table.

use std::borrow::Borrow;

use super::Table;
use super::entity::Entity;
use super::error::TableError;
use super::rows::own_key;
use crate::backend::StorageFault;
use crate::state::collection::Place;
use crate::state::iter::Pages;
use crate::state::{AsKey, decode};

use super::index::end_of;

impl<T: Entity> Table<T> {
    /// Adds a row and returns its key. With `#[key(auto)]`, a key of 0 is replaced by one that was never used before, and any
    /// other counts as used from then on.
    ///
    /// # Errors
    /// `table.exists`: there is a row of this key. `table.unique`: another row has the same values in the columns of a unique
    /// index. Nothing is written then. A fault of the storage also poisons the action.
    pub fn insert(&mut self, row: T) -> Result<T::Key, TableError> {
        let result = self.try_insert(row);
        self.rows().poisoned(result)
    }

    /// [`insert`](Self::insert), without poison.
    ///
    /// # Errors
    /// The same.
    pub fn try_insert(&mut self, row: T) -> Result<T::Key, TableError> {
        own_key(&self.rows().insert(row)?)
    }

    /// Writes a row, whether or not there is one of its key, and returns the one it replaces. A key of 0 is replaced as by
    /// [`insert`](Self::insert).
    ///
    /// # Errors
    /// `table.unique`; nothing is written then. A fault of the storage also poisons the action.
    pub fn put(&mut self, row: T) -> Result<Option<T>, TableError> {
        let result = self.try_put(row);
        self.rows().poisoned(result)
    }

    /// [`put`](Self::put), without poison.
    ///
    /// # Errors
    /// The same.
    pub fn try_put(&mut self, row: T) -> Result<Option<T>, TableError> {
        Ok(self.rows().put(row)?.1)
    }

    /// Changes the row under `key` and returns what `change` does; `None` if there is none. The row may get another key.
    ///
    /// # Errors
    /// `table.unique`, and `table.exists` if there is a row of its new key; nothing is written then. A fault of the storage also
    /// poisons the action.
    pub fn update<Q: AsKey + ?Sized, R>(
        &mut self,
        key: &Q,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<R>, TableError>
    where
        T::Key: Borrow<Q>,
    {
        let result = self.try_update(key, change);
        self.rows().poisoned(result)
    }

    /// [`update`](Self::update), without poison.
    ///
    /// # Errors
    /// The same.
    pub fn try_update<Q: AsKey + ?Sized, R>(
        &mut self,
        key: &Q,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<R>, TableError>
    where
        T::Key: Borrow<Q>,
    {
        let key = self.rows().site.place()?.key(key)?;
        self.rows().update(&key, change)
    }

    /// Removes the row under `key` and returns it.
    pub fn remove<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Option<T>
    where
        T::Key: Borrow<Q>,
    {
        let result = self.try_remove(key);
        self.rows().site.settle(result)
    }

    /// [`remove`](Self::remove), with the fault.
    pub fn try_remove<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Result<Option<T>, StorageFault>
    where
        T::Key: Borrow<Q>,
    {
        let key = self.rows().site.place()?.key(key)?;
        self.rows().remove(&key)
    }

    /// Removes all rows. Keys that the table gave stay used.
    pub fn clear(&mut self) {
        let result = self.try_clear();
        self.rows().site.settle(result);
    }

    /// [`clear`](Self::clear), with the fault.
    pub fn try_clear(&mut self) -> Result<(), StorageFault> {
        let place = self.rows().site.place()?;
        place.delete_all(place.everything())?;
        for index in T::DEFINITION.indexes {
            let prefix = place.index_prefix(index.name);
            let end = end_of(&prefix);
            place.delete_all(Pages::new(place, prefix, end))?;
        }
        Ok(())
    }

    /// Removes the rows that `keep` does not want and says how many there were. Reads the whole table.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) -> u64 {
        let result = self.try_retain(keep);
        self.rows().site.settle(result)
    }

    /// [`retain`](Self::retain), with the fault.
    pub fn try_retain(&mut self, mut keep: impl FnMut(&T) -> bool) -> Result<u64, StorageFault> {
        let place: &Place = self.rows().site.place()?;
        let mut removed = 0;
        for record in place.everything() {
            let record = record?;
            if !keep(&decode(&record.key, &record.value)?) {
                self.rows().remove(&record.key)?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}
