//! The rows of a table and how they change: a row and its entries in the indexes always together.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use super::build::{Mark, build};
use super::entity::{Cells, Entity, key_text};
use super::error::TableError;
use super::index;
use crate::backend::{Record, StorageFault};
use crate::state::collection::{Place, Site};
use crate::state::{Loader, decode, encode};

/// The rows of a table.
#[doc(hidden)]
pub struct Rows<T> {
    pub(super) site: Site,
    /// The record beside the rows may be missing: it is written with the first row.
    unmarked: Cell<bool>,
    of: PhantomData<fn() -> T>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self {
            site: Site::default(),
            unmarked: Cell::new(true),
            of: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt("Rows", f)
    }
}

/// A row as it is stored.
struct Stored<T> {
    row: T,
    bytes: Vec<u8>,
}

impl<T: Entity> Rows<T> {
    pub(super) fn load(loader: &Loader<'_>, name: &str, was: &[&str]) -> Self {
        let rows = Self {
            site: Site::load(loader, name, was),
            ..Self::default()
        };
        let built = rows
            .site
            .place()
            .and_then(|place| build(place, T::DEFINITION, read_cells::<T>));
        rows.unmarked.set(rows.site.settle(built));
        rows
    }

    /// The row under the record's key.
    pub(super) fn read(place: &Place, key: &str) -> Result<Option<T>, StorageFault> {
        let bytes = place.records.try_get(key)?;
        bytes.map(|bytes| decode(key, &bytes)).transpose()
    }

    fn stored(place: &Place, key: &str) -> Result<Option<Stored<T>>, StorageFault> {
        let Some(bytes) = place.records.try_get(key)? else {
            return Ok(None);
        };
        let row = decode(key, &bytes)?;
        Ok(Some(Stored { row, bytes }))
    }

    /// Writes a row whose key no row may have yet, and returns it with its key.
    pub(super) fn insert(&self, row: T) -> Result<T, TableError> {
        let place = self.site.place()?;
        let (row, given) = Self::keyed(place, row)?;
        let key = place.key(row.key())?;
        if given.is_none() && place.records.try_get(&key)?.is_some() {
            return Err(TableError::exists(place));
        }
        self.write(place, None, &key, &row, given)?;
        Ok(row)
    }

    /// Writes a row in the place of one of the same key; returns it with its key, and the one it replaces.
    pub(super) fn put(&self, row: T) -> Result<(T, Option<T>), TableError> {
        let place = self.site.place()?;
        let (row, given) = Self::keyed(place, row)?;
        let key = place.key(row.key())?;
        let old = if given.is_none() {
            Self::stored(place, &key)?
        } else {
            None
        };
        self.write(
            place,
            old.as_ref().map(|old| (&*key, old)),
            &key,
            &row,
            given,
        )?;
        Ok((row, old.map(|old| old.row)))
    }

    /// Changes the row under the record's key; it may get another key that no row has.
    pub(super) fn update<R>(
        &self,
        key: &str,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<R>, TableError> {
        let place = self.site.place()?;
        let Some(old) = Self::stored(place, key)? else {
            return Ok(None);
        };
        // Read anew rather than cloned: rows need not be `Clone`.
        let mut row: T = decode(key, &old.bytes)?;
        let changed = change(&mut row);
        let new_key = place.key(row.key())?;
        if new_key != key && place.records.try_get(&new_key)?.is_some() {
            return Err(TableError::exists(place));
        }
        self.write(place, Some((key, &old)), &new_key, &row, None)?;
        Ok(Some(changed))
    }

    /// Removes the row under the record's key.
    pub(super) fn remove(&self, key: &str) -> Result<Option<T>, StorageFault> {
        let place = self.site.place()?;
        let Some(old) = Self::stored(place, key)? else {
            return Ok(None);
        };
        let entries = index::entries(place, T::DEFINITION, &old.row, |_| true)?;
        place.records.try_delete(key)?;
        index::replace(place, &entries, Vec::new())?;
        Ok(Some(old.row))
    }

    /// A fault of the storage fails the action, also where the error is dropped.
    pub(super) fn poisoned<R>(&self, result: Result<R, TableError>) -> Result<R, TableError> {
        if let Err(error) = &result
            && let Some(fault) = error.fault()
        {
            self.site.settle(Err::<(), _>(fault.clone()));
        }
        result
    }

    /// Gives the row a key, if that is for the table to do and it has none, and says what the last key given is then.
    fn keyed(place: &Place, mut row: T) -> Result<(T, Option<u64>), StorageFault> {
        if !T::DEFINITION.auto || key_text(row.key()) != key_text(&0_u64) {
            return Ok((row, None));
        }
        let last = match Mark::read(place)? {
            Some(mark) => mark.last,
            None => last_key(place)?,
        };
        let next = last.checked_add(1).ok_or_else(|| StorageFault::Encode {
            path: place.path.as_ref().to_owned(),
            reason: "all keys are used up".to_owned(),
        })?;
        row.set_key(next);
        Ok((row, Some(next)))
    }

    /// Writes a row, its entries and what belongs beside the rows: all of it, or, on a fault, nothing.
    fn write(
        &self,
        place: &Place,
        old: Option<(&str, &Stored<T>)>,
        key: &str,
        row: &T,
        given: Option<u64>,
    ) -> Result<(), TableError> {
        let definition = T::DEFINITION;
        let bytes = encode(&place.path, row)?;
        let unchanged = old.is_some_and(|(old_key, old)| old_key == key && old.bytes == bytes);
        if unchanged {
            return Ok(());
        }
        let before = match old {
            Some((_, old)) => index::entries(place, definition, &old.row, |_| true)?,
            None => Vec::new(),
        };
        let after = index::entries(place, definition, row, |_| true)?;
        index::check(&after, place)?;
        if let Some(violation) = index::violated(place, definition, &before, &after)? {
            return Err(TableError::unique(place, definition, &violation));
        }
        let mark = self.mark(place, row, given)?;
        if let Some((old_key, _)) = old.filter(|(old_key, _)| *old_key != key) {
            place.records.try_delete(old_key)?;
        }
        place.records.try_put(key.to_owned(), bytes)?;
        index::replace(place, &before, after)?;
        Ok(mark.map_or(Ok(()), |mark| mark.write(place))?)
    }

    /// The record beside the rows, if it has to be written with `row`.
    fn mark(
        &self,
        place: &Place,
        row: &T,
        given: Option<u64>,
    ) -> Result<Option<Mark>, StorageFault> {
        let definition = T::DEFINITION;
        if !definition.auto {
            if !self.unmarked.get() || definition.indexes.is_empty() {
                return Ok(None);
            }
            let missing = Mark::read(place)?.is_none();
            // One that is not committed may be undone yet.
            let kept = !missing && !place.records.is_changed_within(&place.mark_key());
            self.unmarked.set(!kept);
            return Ok(missing.then(|| Mark::of(definition)));
        }
        let stored = Mark::read(place)?;
        let missing = stored.is_none();
        let mut mark = stored.unwrap_or_else(|| Mark::of(definition));
        if missing {
            mark.last = last_key(place)?;
        }
        // A key that came with the row counts as given, too.
        let key = match given {
            Some(key) => key,
            None => <u64 as crate::state::Key>::read_key(&mut &*key_text(row.key())).unwrap_or(0),
        };
        let newer = key > mark.last;
        mark.last = mark.last.max(key);
        Ok((missing || newer).then_some(mark))
    }
}

/// The highest key of a table that gives keys.
fn last_key(place: &Place) -> Result<u64, StorageFault> {
    match place.edge(true, 1)?.first() {
        Some(record) => place.item_key(&record.key),
        None => Ok(0),
    }
}

/// The key of a row, which need not be `Clone`.
pub(super) fn own_key<T: Entity>(row: &T) -> Result<T::Key, TableError> {
    let text = key_text(row.key());
    let key = <T::Key as crate::state::Key>::read_key(&mut &*text);
    key.ok_or_else(|| {
        TableError::from(StorageFault::Encode {
            path: String::new(),
            reason: "the key's type does not read what it wrote".to_owned(),
        })
    })
}

fn read_cells<T: Entity>(record: &Record) -> Result<Box<dyn Cells>, StorageFault> {
    let row: T = decode(&record.key, &record.value)?;
    Ok(Box::new(row))
}
