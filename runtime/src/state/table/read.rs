//! What a table is asked for by key, and in the order of the keys.

use std::borrow::Borrow;
use std::ops::RangeBounds;

use super::Table;
use super::entity::Entity;
use super::query::{Query, Write};
use super::rows::Rows;
use crate::backend::{Record, StorageFault};
use crate::state::collection::Place;
use crate::state::{AsKey, Cursor, Iter, Page, TryIter, decode};

impl<T: Entity> Table<T> {
    /// The row under `key`.
    pub fn get<Q: AsKey + ?Sized>(&self, key: &Q) -> Option<T>
    where
        T::Key: Borrow<Q>,
    {
        self.rows().site.settle(self.try_get(key))
    }

    /// [`get`](Self::get), with the fault.
    pub fn try_get<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<Option<T>, StorageFault>
    where
        T::Key: Borrow<Q>,
    {
        let place = self.rows().site.place()?;
        Rows::read(place, &place.key(key)?)
    }

    /// The rows under some keys, in the order of the keys that are asked for; `None` where there is none.
    pub fn get_many<'k, Q>(&self, keys: impl IntoIterator<Item = &'k Q>) -> Vec<Option<T>>
    where
        Q: AsKey + ?Sized + 'k,
        T::Key: Borrow<Q>,
    {
        let rows = keys.into_iter().map(|key| self.try_get(key)).collect();
        self.rows().site.settle(rows)
    }

    /// Whether there is a row under `key`.
    pub fn contains<Q: AsKey + ?Sized>(&self, key: &Q) -> bool
    where
        T::Key: Borrow<Q>,
    {
        self.rows().site.settle(self.try_contains(key))
    }

    /// [`contains`](Self::contains), with the fault.
    pub fn try_contains<Q: AsKey + ?Sized>(&self, key: &Q) -> Result<bool, StorageFault>
    where
        T::Key: Borrow<Q>,
    {
        let place = self.rows().site.place()?;
        Ok(place.records.try_get(&place.key(key)?)?.is_some())
    }

    /// How many rows there are. Reads them all; keep a count in a field if you need it often.
    pub fn len(&self) -> u64 {
        self.rows().site.settle(self.try_len())
    }

    /// [`len`](Self::len), with the fault.
    pub fn try_len(&self) -> Result<u64, StorageFault> {
        self.rows().site.place()?.count()
    }

    /// Whether there is no row. Reads one.
    pub fn is_empty(&self) -> bool {
        let site = &self.rows().site;
        !site.settle(site.place().and_then(Place::has_items))
    }

    /// The row with the lowest key.
    pub fn first(&self) -> Option<T> {
        self.rows().site.settle(self.edge(false))
    }

    /// The row with the highest key.
    pub fn last(&self) -> Option<T> {
        self.rows().site.settle(self.edge(true))
    }

    fn edge(&self, reverse: bool) -> Result<Option<T>, StorageFault> {
        let place = self.rows().site.place()?;
        let edge = place.edge(reverse, 1)?;
        edge.first().map(|record| read(place, record)).transpose()
    }

    /// All rows in the order of their keys, by pages of 100, from either end.
    pub fn iter(&self) -> Iter<'_, T> {
        self.try_iter().settled()
    }

    /// [`iter`](Self::iter), with the faults.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter::new(self.rows().site.place().map(Place::everything), read)
    }

    /// The rows whose keys lie in a range, as [`iter`](Self::iter).
    pub fn range<Q: AsKey + ?Sized>(&self, keys: impl RangeBounds<Q>) -> Iter<'_, T>
    where
        T::Key: Borrow<Q>,
    {
        self.try_range(keys).settled()
    }

    /// [`range`](Self::range), with the faults.
    pub fn try_range<Q: AsKey + ?Sized>(&self, keys: impl RangeBounds<Q>) -> TryIter<'_, T>
    where
        T::Key: Borrow<Q>,
    {
        let pages = self.rows().site.place().map(|place| place.range(&keys));
        TryIter::new(pages, read)
    }

    /// The rows after a cursor, or the first ones: at most `limit`, lowest key first, all in memory at once, and the cursor to
    /// go on with. Reads one record more than that. A `limit` of 0 counts as 1, so that a walk gets on.
    ///
    /// A cursor that is none of this table's fails the action with `invalid_params`; see [`Page`].
    pub fn page(&self, after: Option<Cursor>, limit: u32) -> Page<T> {
        self.rows().site.settle(self.try_page(after, limit))
    }

    /// [`page`](Self::page), with the fault.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it comes by value, as a parameter of the action"
    )]
    pub fn try_page(&self, after: Option<Cursor>, limit: u32) -> Result<Page<T>, StorageFault> {
        let place = self.rows().site.place()?;
        place.page::<T::Key, _>(after.as_ref(), limit, false, read)
    }

    /// The rows before a cursor, or the last ones, highest key first; otherwise as [`page`](Self::page).
    pub fn page_back(&self, before: Option<Cursor>, limit: u32) -> Page<T> {
        self.rows().site.settle(self.try_page_back(before, limit))
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
    ) -> Result<Page<T>, StorageFault> {
        let place = self.rows().site.place()?;
        place.page::<T::Key, _>(before.as_ref(), limit, true, read)
    }

    /// A query of all rows, to be narrowed.
    pub fn query(&self) -> Query<'_, T> {
        Query::new(self.rows())
    }

    /// A query whose rows can be removed or changed.
    pub fn query_mut(&mut self) -> Query<'_, T, Write> {
        Query::new(self.rows())
    }
}

fn read<T: Entity>(_: &Place, record: &Record) -> Result<T, StorageFault> {
    decode(&record.key, &record.value)
}

impl<'a, T: Entity> IntoIterator for &'a Table<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
