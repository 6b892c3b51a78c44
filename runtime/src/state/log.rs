//! A list that grows at its end.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::time::Duration;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::collection::{Place, Site, field_by_site};
use super::cursor::Cursor;
use super::encode::{decode, encode};
use super::field::Field;
use super::iter::{Iter, Pages, TryIter};
use super::mark::Mark;
use super::page::Page;
use crate::backend::{Record, StorageFault};
use crate::manifest::StateManifest;
use crate::object::Timestamp;

/// Items in the order they were pushed, each under a number that is never used again.
///
/// An item is one record of at most 2,000,000 bytes. Nothing is kept in memory: every call reads
/// or writes records, and items come out by value. Costs, in records: `push` reads 1 and writes 2;
/// `get` reads 1; `last`, `range` and iteration read what they return, by pages; `len` reads 1;
/// `remove` reads and writes 2; `truncate_before`, `keep_last` and `clear` read and write all they remove.
///
/// Faults poison the action: it fails as a whole, and until then the log looks empty. The `try_`
/// forms return the fault instead and leave the action alone.
pub struct Log<T> {
    site: Site,
    items: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Log<T> {
    /// Appends an item and returns its number: 1 for the first, always higher than all before.
    /// Returns 0 after a fault.
    pub fn push(&mut self, item: T) -> u64 {
        let result = self.try_push(item);
        self.site.settle(result)
    }

    /// [`push`](Self::push), with the fault.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "like a `Vec`, it takes what it keeps"
    )]
    pub fn try_push(&mut self, item: T) -> Result<u64, StorageFault> {
        let place = self.site.place()?;
        let bytes = encode(&place.path, &item)?;
        let id = Mark::read(place)?.next(place)?;
        place.records.try_put(place.key(&id)?, bytes)?;
        Ok(id)
    }

    /// The item with this number.
    pub fn get(&self, id: u64) -> Option<T> {
        self.site.settle(self.try_get(id))
    }

    /// [`get`](Self::get), with the fault.
    pub fn try_get(&self, id: u64) -> Result<Option<T>, StorageFault> {
        let place = self.site.place()?;
        let key = place.key(&id)?;
        place
            .records
            .try_get(&key)?
            .map(|bytes| decode(&key, &bytes))
            .transpose()
    }

    /// Changes the item with this number and returns what `change` does; `None` if there is none.
    pub fn update<R>(&mut self, id: u64, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let result = self.try_update(id, change);
        self.site.settle(result)
    }

    /// [`update`](Self::update), with the fault.
    pub fn try_update<R>(
        &mut self,
        id: u64,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<R>, StorageFault> {
        let place = self.site.place()?;
        let key = place.key(&id)?;
        let Some(before) = place.records.try_get(&key)? else {
            return Ok(None);
        };
        let mut item = decode(&key, &before)?;
        let changed = change(&mut item);
        let after = encode(&place.path, &item)?;
        if after != before {
            place.records.try_put(key, after)?;
        }
        Ok(Some(changed))
    }

    /// The newest items, at most `count`, oldest first. All of them are in memory at once.
    pub fn last(&self, count: u32) -> Vec<T> {
        self.site.settle(self.try_last(count))
    }

    /// [`last`](Self::last), with the fault.
    pub fn try_last(&self, count: u32) -> Result<Vec<T>, StorageFault> {
        let records = self.site.place()?.edge(true, limit(count))?;
        records
            .iter()
            .rev()
            .map(|record| decode(&record.key, &record.value))
            .collect()
    }

    /// The first items with numbers in `ids`, at most `limit`, each with its number. The page after
    /// one that ended with number `n` is `range(n + 1.., limit)`.
    pub fn range(&self, ids: impl RangeBounds<u64>, limit: u32) -> Vec<(u64, T)> {
        self.site.settle(self.try_range(ids, limit))
    }

    /// [`range`](Self::range), with the fault.
    pub fn try_range(
        &self,
        ids: impl RangeBounds<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, T)>, StorageFault> {
        let place = self.site.place()?;
        let page = place.range(&ids).take_page(self::limit(limit))?;
        page.iter().map(|record| read(place, record)).collect()
    }

    /// The items after a cursor, or the first ones: at most `limit`, oldest first, all in memory at once, and the cursor to
    /// go on with. Reads one record more than that. A `limit` of 0 counts as 1, so that a walk gets on.
    ///
    /// A cursor that is none of this collection's fails the action with `invalid_params`; see [`Page`].
    pub fn page(&self, after: Option<Cursor>, limit: u32) -> Page<(u64, T)> {
        self.site.settle(self.try_page(after, limit))
    }

    /// [`page`](Self::page), with the fault.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes by value, as a parameter of the action"
    )]
    pub fn try_page(
        &self,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<(u64, T)>, StorageFault> {
        let place = self.site.place()?;
        place.page::<u64, _>(after.as_ref(), limit, false, read)
    }

    /// The items before a cursor, or the last ones, newest first; otherwise as [`page`](Self::page).
    pub fn page_back(&self, before: Option<Cursor>, limit: u32) -> Page<(u64, T)> {
        self.site.settle(self.try_page_back(before, limit))
    }

    /// [`page_back`](Self::page_back), with the fault.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes by value, as a parameter of the action"
    )]
    pub fn try_page_back(
        &self,
        before: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<(u64, T)>, StorageFault> {
        let place = self.site.place()?;
        place.page::<u64, _>(before.as_ref(), limit, true, read)
    }

    /// All items with their numbers, by pages of 100, from either end.
    pub fn iter(&self) -> Iter<'_, (u64, T)> {
        self.try_iter().settled()
    }

    /// [`iter`](Self::iter), with the faults.
    pub fn try_iter(&self) -> TryIter<'_, (u64, T)> {
        TryIter::new(self.site.place().map(Place::everything), read)
    }
}

impl<T> Log<T> {
    /// Removes the item with this number and says whether there was one.
    pub fn remove(&mut self, id: u64) -> bool {
        let result = self.try_remove(id);
        self.site.settle(result)
    }

    /// [`remove`](Self::remove), with the fault.
    pub fn try_remove(&mut self, id: u64) -> Result<bool, StorageFault> {
        let place = self.site.place()?;
        let mark = Mark::read(place)?;
        let removed = place.records.try_delete(&place.key(&id)?)?;
        mark.removed(u64::from(removed), place)?;
        Ok(removed)
    }

    /// Removes all items with lower numbers and says how many there were.
    pub fn truncate_before(&mut self, id: u64) -> u64 {
        let result = self.try_truncate_before(id);
        self.site.settle(result)
    }

    /// [`truncate_before`](Self::truncate_before), with the fault.
    pub fn try_truncate_before(&mut self, id: u64) -> Result<u64, StorageFault> {
        let place = self.site.place()?;
        Self::remove_all(place, place.range(&..id))
    }

    /// Removes the oldest items until at most `count` are left, and says how many there were. Reads and writes what it
    /// removes; after each [`push`](Self::push) that is one item, so a log is kept short for little.
    pub fn keep_last(&mut self, count: u64) -> u64 {
        let result = self.try_keep_last(count);
        self.site.settle(result)
    }

    /// [`keep_last`](Self::keep_last), with the fault.
    pub fn try_keep_last(&mut self, count: u64) -> Result<u64, StorageFault> {
        let place = self.site.place()?;
        let mark = Mark::read(place)?;
        let surplus = mark.count.saturating_sub(count);
        if surplus == 0 {
            return Ok(0);
        }
        let surplus = usize::try_from(surplus).unwrap_or(usize::MAX);
        let removed = place.delete_first(surplus)?;
        mark.removed(removed, place)?;
        Ok(removed)
    }

    /// Removes the items that were pushed longer ago than this, and says how many there were: after each
    /// [`push`](Self::push), or whenever it suits. An item goes at the first call after its age, or up to a sixteenth of the
    /// age later: items have no times, but every sixteenth one record notes which there were.
    pub fn keep_for(&mut self, age: Duration) -> u64 {
        let result = self.try_keep_for(age);
        self.site.settle(result)
    }

    /// [`keep_for`](Self::keep_for), with the fault.
    pub fn try_keep_for(&mut self, age: Duration) -> Result<u64, StorageFault> {
        let place = self.site.place()?;
        let (key, now) = (place.ages_key(), place.records.now());
        // Times, and the last item that there was then.
        let stored = place.records.try_get(&key)?;
        let mut ages: VecDeque<(Timestamp, u64)> = match &stored {
            Some(bytes) => decode(&key, bytes)?,
            None => VecDeque::new(),
        };
        let mut old = 0;
        while let Some((_, last)) = ages.front().copied().filter(|(time, _)| *time + age <= now) {
            old = last;
            ages.pop_front();
        }
        let last = Mark::read(place)?.last();
        let noted = ages.back().map(|(time, last)| (*time + age / 16, *last));
        if last > old && noted.is_none_or(|(until, noted)| until <= now && noted < last) {
            ages.push_back((now, last));
        }
        let bytes = encode(&place.path, &ages)?;
        if stored.as_ref() != Some(&bytes) {
            place.records.try_put(key, bytes)?;
        }
        if old == 0 {
            return Ok(0);
        }
        Self::remove_all(place, place.range(&..=old))
    }

    /// Removes all items. Their numbers stay used.
    pub fn clear(&mut self) {
        let result = self.try_clear();
        self.site.settle(result);
    }

    /// [`clear`](Self::clear), with the fault.
    pub fn try_clear(&mut self) -> Result<(), StorageFault> {
        let place = self.site.place()?;
        Self::remove_all(place, place.everything()).map(drop)
    }

    fn remove_all(place: &Place, items: Pages<'_>) -> Result<u64, StorageFault> {
        let mark = Mark::read(place)?;
        let count = place.delete_all(items)?;
        mark.removed(count, place)?;
        Ok(count)
    }

    /// The name of the field that it is.
    pub(crate) fn name(&self) -> &str {
        let path = self.site.place().map_or("", |place| &place.path);
        path.rsplit_once('.').map_or(path, |(_, name)| name)
    }

    /// How many items there are.
    pub fn len(&self) -> u64 {
        self.site.settle(self.try_len())
    }

    /// [`len`](Self::len), with the fault.
    pub fn try_len(&self) -> Result<u64, StorageFault> {
        Ok(Mark::read(self.site.place()?)?.count)
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lowest number of an item.
    pub fn first_id(&self) -> Option<u64> {
        self.site.settle(self.edge_id(false))
    }

    /// The highest number of an item.
    pub fn last_id(&self) -> Option<u64> {
        self.site.settle(self.edge_id(true))
    }

    fn edge_id(&self, reverse: bool) -> Result<Option<u64>, StorageFault> {
        let place = self.site.place()?;
        place
            .edge(reverse, 1)?
            .first()
            .map(|record| place.item_key(&record.key))
            .transpose()
    }
}

fn limit(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn read<T: DeserializeOwned>(place: &Place, record: &Record) -> Result<(u64, T), StorageFault> {
    Ok((
        place.item_key(&record.key)?,
        decode(&record.key, &record.value)?,
    ))
}

impl<'a, T: Serialize + DeserializeOwned> IntoIterator for &'a Log<T> {
    type Item = (u64, T);
    type IntoIter = Iter<'a, (u64, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A log that belongs to no object: it is empty and takes nothing.
impl<T> Default for Log<T> {
    fn default() -> Self {
        Self {
            site: Site::default(),
            items: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Log<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt("Log", f)
    }
}

impl<T: Serialize + DeserializeOwned + JsonSchema> Field for Log<T> {
    field_by_site!(items);

    fn describe(generator: &mut SchemaGenerator) -> StateManifest {
        StateManifest::Log {
            item: generator.subschema_for::<T>().to_value(),
        }
    }
}
