//! A set of records.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;

use schemars::SchemaGenerator;

use super::collection::{Place, Site, field_by_site};
use super::cursor::Cursor;
use super::field::Field;
use super::iter::{Iter, TryIter};
use super::key::{AsKey, Key, KeyPrefix};
use super::map::read_key;
use super::page::Page;
use crate::backend::StorageFault;
use crate::manifest::StateManifest;

/// The value of a record whose key says everything.
const PRESENT: &[u8] = b"true";

/// Keys in order, each once.
///
/// A key is one record, of at most 2,048 bytes, the field's path included. Nothing is kept in
/// memory: every call reads or writes records. `len` reads the whole set.
///
/// Faults poison the action: it fails as a whole, and until then the set looks empty. The `try_`
/// forms return the fault instead and leave the action alone.
pub struct Set<K> {
    site: Site,
    keys: PhantomData<K>,
}

impl<K: Key> Set<K> {
    /// Whether `key` is in the set.
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

    /// Adds `key` and says whether it is new. Writes nothing if it is not.
    pub fn insert<Q: AsKey + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let result = self.try_insert(key);
        self.site.settle(result)
    }

    /// [`insert`](Self::insert), with the fault.
    pub fn try_insert<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Result<bool, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        let key = place.key(key)?;
        if place.records.try_get(&key)?.is_some() {
            return Ok(false);
        }
        place.records.try_put(key, PRESENT.to_vec())?;
        Ok(true)
    }

    /// Removes `key` and says whether it was there.
    pub fn remove<Q: AsKey + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let result = self.try_remove(key);
        self.site.settle(result)
    }

    /// [`remove`](Self::remove), with the fault.
    pub fn try_remove<Q: AsKey + ?Sized>(&mut self, key: &Q) -> Result<bool, StorageFault>
    where
        K: Borrow<Q>,
    {
        let place = self.site.place()?;
        place.records.try_delete(&place.key(key)?)
    }

    /// The keys after a cursor, or the first ones: at most `limit`, lowest first, all in memory at once, and the cursor to
    /// go on with. Reads one record more than that. A `limit` of 0 counts as 1, so that a walk gets on.
    ///
    /// A cursor that is none of this collection's fails the action with `invalid_params`; see [`Page`].
    pub fn page(&self, after: Option<Cursor>, limit: u32) -> Page<K> {
        self.site.settle(self.try_page(after, limit))
    }

    /// [`page`](Self::page), with the fault.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes by value, as a parameter of the action"
    )]
    pub fn try_page(&self, after: Option<Cursor>, limit: u32) -> Result<Page<K>, StorageFault> {
        let place = self.site.place()?;
        place.page::<K, _>(after.as_ref(), limit, false, read_key)
    }

    /// The keys before a cursor, or the last ones, highest first; otherwise as [`page`](Self::page).
    pub fn page_back(&self, before: Option<Cursor>, limit: u32) -> Page<K> {
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
    ) -> Result<Page<K>, StorageFault> {
        let place = self.site.place()?;
        place.page::<K, _>(before.as_ref(), limit, true, read_key)
    }

    /// All keys in order, by pages of 100, from either end.
    pub fn iter(&self) -> Iter<'_, K> {
        self.try_iter().settled()
    }

    /// [`iter`](Self::iter), with the faults.
    pub fn try_iter(&self) -> TryIter<'_, K> {
        TryIter::new(self.site.place().map(Place::everything), read_key)
    }

    /// The keys in a range, as [`iter`](Self::iter).
    pub fn range<Q: AsKey + ?Sized>(&self, keys: impl RangeBounds<Q>) -> Iter<'_, K>
    where
        K: Borrow<Q>,
    {
        TryIter::new(self.site.place().map(|place| place.range(&keys)), read_key).settled()
    }

    /// The tuple keys that begin with `prefix`, as [`iter`](Self::iter).
    pub fn prefix<P: AsKey>(&self, prefix: &P) -> Iter<'_, K>
    where
        K: KeyPrefix<P>,
    {
        TryIter::new(
            self.site.place().map(|place| place.prefixed(prefix)),
            read_key,
        )
        .settled()
    }

    /// The lowest key.
    pub fn first(&self) -> Option<K> {
        self.site.settle(self.edge(false))
    }

    /// The highest key.
    pub fn last(&self) -> Option<K> {
        self.site.settle(self.edge(true))
    }

    fn edge(&self, reverse: bool) -> Result<Option<K>, StorageFault> {
        let place = self.site.place()?;
        place
            .edge(reverse, 1)?
            .first()
            .map(|record| read_key(place, record))
            .transpose()
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        let result = self.try_clear();
        self.site.settle(result);
    }

    /// [`clear`](Self::clear), with the fault.
    pub fn try_clear(&mut self) -> Result<(), StorageFault> {
        let place = self.site.place()?;
        place.delete_all(place.everything()).map(drop)
    }

    /// How many keys there are. Reads them all.
    pub fn len(&self) -> u64 {
        self.site.settle(self.try_len())
    }

    /// [`len`](Self::len), with the fault.
    pub fn try_len(&self) -> Result<u64, StorageFault> {
        self.site.place()?.count()
    }

    /// Whether there is no key. Reads one.
    pub fn is_empty(&self) -> bool {
        !self
            .site
            .settle(self.site.place().and_then(Place::has_items))
    }
}

impl<'a, K: Key> IntoIterator for &'a Set<K> {
    type Item = K;
    type IntoIter = Iter<'a, K>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A set that belongs to no object: it is empty and takes nothing.
impl<K> Default for Set<K> {
    fn default() -> Self {
        Self {
            site: Site::default(),
            keys: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Set<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt("Set", f)
    }
}

impl<K: Key> Field for Set<K> {
    field_by_site!(keys);

    fn describe(_generator: &mut SchemaGenerator) -> StateManifest {
        StateManifest::Set { key: K::key_type() }
    }
}
