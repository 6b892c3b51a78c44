//! A map of records.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;

use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::ser::Serialize;

use super::collection::{Place, Site, field_by_site};
use super::cursor::Cursor;
use super::encode::{decode, encode};
use super::field::Field;
use super::iter::{Iter, TryIter};
use super::key::{AsKey, Key, KeyPrefix};
use super::page::Page;
use crate::backend::{Record, StorageFault};
use crate::manifest::StateManifest;

/// Values by key, in the order of the keys.
///
/// An entry is one record: a key of at most 2,048 bytes, the field's path included, and a value of
/// at most 2,000,000. Nothing is kept in memory: every call reads or writes records, and values
/// come out by value. `len` reads the whole map; keep a count in a field if you need it often.
///
/// Faults poison the action: it fails as a whole, and until then the map looks empty. The `try_`
/// forms return the fault instead and leave the action alone.
pub struct Map<K, V> {
    site: Site,
    entries: PhantomData<(K, V)>,
}

impl<K: Key, V: Serialize + DeserializeOwned> Map<K, V> {
    /// The value under `key`.
    pub fn get<Q: AsKey + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.site.settle(self.try_get(key))
    }

    /// [`get`](Self::get), with the fault.
    pub fn try_get<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<Option<V>, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        let key = place.key(key)?;
        place
            .records
            .try_get(&key)?
            .map(|bytes| decode(&key, &bytes))
            .transpose()
    }

    /// Puts `value` under `key` and returns the one it replaces. Reads the record first; when the
    /// old value does not matter, [`set`](Self::set) does not.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let result = self.try_insert(key, value);
        self.site.settle(result)
    }

    /// [`insert`](Self::insert), with the fault.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "like a `BTreeMap`, it takes what it keeps"
    )]
    pub fn try_insert(&mut self, key: K, value: V) -> Result<Option<V>, StorageFault> {
        let place = self.site.place()?;
        let bytes = encode(&place.path, &value)?;
        let key = place.key(&key)?;
        let Some(before) = place.records.try_get(&key)? else {
            place.records.try_put(key, bytes)?;
            return Ok(None);
        };
        let old = decode(&key, &before)?;
        if bytes != before {
            place.records.try_put(key, bytes)?;
        }
        Ok(Some(old))
    }

    /// Puts `value` under `key`, whatever was there, without reading it.
    pub fn set<Q: AsKey + ?Sized>(&mut self, key: &Q, value: &V)
    where
        K: Borrow<Q>,
    {
        let result = self.try_set(key, value);
        self.site.settle(result);
    }

    /// [`set`](Self::set), with the fault.
    pub fn try_set<Q: AsKey + ?Sized>(&mut self, key: &Q, value: &V) -> Result<(), StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        let bytes = encode(&place.path, value)?;
        place.records.try_put(place.key(key)?, bytes)
    }

    /// Changes the value under `key` and returns what `change` does; `None` if there is none.
    pub fn update<Q: AsKey + ?Sized, R>(
        &mut self,
        key: &Q,
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<R>
    where
        K: Borrow<Q>,
    {
        let result = self.try_update(key, change);
        self.site.settle(result)
    }

    /// [`update`](Self::update), with the fault.
    pub fn try_update<Q: AsKey + ?Sized, R>(
        &mut self,
        key: &Q,
        change: impl FnOnce(&mut V) -> R,
    ) -> Result<Option<R>, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        let key = place.key(key)?;
        let Some(before) = place.records.try_get(&key)? else {
            return Ok(None);
        };
        let mut value = decode(&key, &before)?;
        let changed = change(&mut value);
        let after = encode(&place.path, &value)?;
        if after != before {
            place.records.try_put(key, after)?;
        }
        Ok(Some(changed))
    }

    /// Removes the entry of `key` and returns its value.
    pub fn remove<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let result = self.try_remove(key);
        self.site.settle(result)
    }

    /// [`remove`](Self::remove), with the fault.
    pub fn try_remove<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Result<Option<V>, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        let key = place.key(key)?;
        let Some(bytes) = place.records.try_get(&key)? else {
            return Ok(None);
        };
        let value = decode(&key, &bytes)?;
        place.records.delete_found(key)?;
        Ok(Some(value))
    }

    /// The entries after a cursor, or the first ones: at most `limit`, lowest key first, all in memory at once, and the cursor to
    /// go on with. Reads one record more than that. A `limit` of 0 counts as 1, so that a walk gets on.
    ///
    /// A cursor that is none of this collection's fails the action with `invalid_params`; see [`Page`].
    pub fn page(&self, after: Option<Cursor>, limit: u32) -> Page<(K, V)> {
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
    ) -> Result<Page<(K, V)>, StorageFault> {
        let place = self.site.place()?;
        place.page::<K, _>(after.as_ref(), limit, false, read)
    }

    /// The entries before a cursor, or the last ones, highest key first; otherwise as [`page`](Self::page).
    pub fn page_back(&self, before: Option<Cursor>, limit: u32) -> Page<(K, V)> {
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
    ) -> Result<Page<(K, V)>, StorageFault> {
        let place = self.site.place()?;
        place.page::<K, _>(before.as_ref(), limit, true, read)
    }

    /// All entries in the order of their keys, by pages of 100, from either end.
    pub fn iter(&self) -> Iter<'_, (K, V)> {
        self.try_iter().settled()
    }

    /// [`iter`](Self::iter), with the faults.
    pub fn try_iter(&self) -> TryIter<'_, (K, V)> {
        TryIter::new(self.site.place().map(Place::everything), read)
    }

    /// The entries whose keys lie in a range, as [`iter`](Self::iter).
    pub fn range<Q: AsKey + ?Sized>(&self, keys: impl RangeBounds<Q>) -> Iter<'_, (K, V)>
    where
        K: Borrow<Q>,
    {
        self.try_range(keys).settled()
    }

    /// [`range`](Self::range), with the faults.
    pub fn try_range<Q: AsKey + ?Sized>(&self, keys: impl RangeBounds<Q>) -> TryIter<'_, (K, V)>
    where
        K: Borrow<Q>,
    {
        TryIter::new(self.site.place().map(|place| place.range(&keys)), read)
    }

    /// The entries whose tuple keys begin with `prefix`, as [`iter`](Self::iter).
    pub fn prefix<P: AsKey>(&self, prefix: &P) -> Iter<'_, (K, V)>
    where
        K: KeyPrefix<P>,
    {
        TryIter::new(self.site.place().map(|place| place.prefixed(prefix)), read).settled()
    }

    /// The entry with the lowest key.
    pub fn first(&self) -> Option<(K, V)> {
        self.site.settle(self.edge(false))
    }

    /// The entry with the highest key.
    pub fn last(&self) -> Option<(K, V)> {
        self.site.settle(self.edge(true))
    }

    fn edge(&self, reverse: bool) -> Result<Option<(K, V)>, StorageFault> {
        let place = self.site.place()?;
        place
            .edge(reverse, 1)?
            .first()
            .map(|record| read(place, record))
            .transpose()
    }
}

impl<K: Key, V> Map<K, V> {
    /// Whether there is an entry for `key`.
    pub fn contains<Q: AsKey + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.site.settle(self.try_contains(key))
    }

    /// [`contains`](Self::contains), with the fault.
    pub fn try_contains<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<bool, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        Ok(place.records.try_get(&place.key(key)?)?.is_some())
    }

    /// Removes the entry of `key`, even one whose value cannot be read, and says whether there was
    /// one.
    pub fn discard<Q: AsKey + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let result = self.try_discard(key);
        self.site.settle(result)
    }

    /// [`discard`](Self::discard), with the fault.
    pub fn try_discard<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Result<bool, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        place.records.try_delete(&place.key(key)?)
    }

    /// The keys in order, as [`iter`](Self::iter).
    pub fn keys(&self) -> Iter<'_, K> {
        TryIter::new(self.site.place().map(Place::everything), read_key).settled()
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        let result = self.try_clear();
        self.site.settle(result);
    }

    /// [`clear`](Self::clear), with the fault.
    pub fn try_clear(&mut self) -> Result<(), StorageFault> {
        let place = self.site.place()?;
        place.delete_all(place.everything()).map(drop)
    }

    /// How many entries there are. Reads them all.
    pub fn len(&self) -> u64 {
        self.site.settle(self.try_len())
    }

    /// [`len`](Self::len), with the fault.
    pub fn try_len(&self) -> Result<u64, StorageFault> {
        self.site.place()?.count()
    }

    /// Whether there is no entry. Reads one.
    pub fn is_empty(&self) -> bool {
        !self
            .site
            .settle(self.site.place().and_then(Place::has_items))
    }
}

fn read<K: Key, V: DeserializeOwned>(
    place: &Place,
    record: &Record,
) -> Result<(K, V), StorageFault> {
    Ok((
        place.item_key(&record.key)?,
        decode(&record.key, &record.value)?,
    ))
}

pub(super) fn read_key<K: Key>(place: &Place, record: &Record) -> Result<K, StorageFault> {
    place.item_key(&record.key)
}

impl<'a, K: Key, V: Serialize + DeserializeOwned> IntoIterator for &'a Map<K, V> {
    type Item = (K, V);
    type IntoIter = Iter<'a, (K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A map that belongs to no object: it is empty and takes nothing.
impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self {
            site: Site::default(),
            entries: PhantomData,
        }
    }
}

impl<K, V> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt("Map", f)
    }
}

impl<K: Key, V: Serialize + DeserializeOwned + JsonSchema> Field for Map<K, V> {
    field_by_site!(entries);

    fn describe(generator: &mut SchemaGenerator) -> StateManifest {
        StateManifest::Map {
            key: K::key_type(),
            value: generator.subschema_for::<V>().to_value(),
        }
    }
}
