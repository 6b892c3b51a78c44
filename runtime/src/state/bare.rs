//! Records without a field: keys and values as the program likes.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, Deref, RangeBounds};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::encode::{decode, encode};
use super::merge::after;
use super::records::Records;
use crate::backend::{Record, Scan, StorageFault};

/// How many records of a list are read at once.
const PAGE: usize = if cfg!(test) { 3 } else { 100 };

/// An object's bare records, to read: `cx.records()`. Keys are text, in the order of their bytes, at most 2,048 bytes with the
/// few that tell them from fields; values are whatever serde can say, at most 2,000,000 bytes of JSON. A mixin has its own.
///
/// The methods poison the action when the store fails or a value cannot be read as the type that is asked for; their `try_`
/// twins return the fault.
#[derive(Clone)]
pub struct Bare<'a> {
    records: Records,
    /// `u/<mount>/`
    prefix: Arc<str>,
    /// Not longer than the context it is of.
    context: PhantomData<&'a ()>,
}

/// The same, to change: `cx.records_mut()`.
pub struct BareMut<'a>(Bare<'a>);

/// A list of records: a range, narrowed step by step, read by pages of 100.
#[must_use = "reads nothing until it is iterated"]
pub struct List<'a, V> {
    bare: Bare<'a>,
    start: String,
    /// Not in it.
    end: String,
    limit: usize,
    reverse: bool,
    value: PhantomData<fn() -> V>,
}

/// What a [`List`] yields, in order.
pub struct Listed<'a, V> {
    list: List<'a, V>,
    page: std::vec::IntoIter<Record>,
    done: bool,
}

impl<'a> Bare<'a> {
    pub(crate) fn new(records: Records, mount: &str) -> Self {
        Self {
            records,
            prefix: format!("u/{mount}/").into(),
            context: PhantomData,
        }
    }

    fn key(&self, key: &str) -> String {
        [&self.prefix, key].concat()
    }

    /// The first key behind all that begin with `prefix`.
    fn behind(&self, prefix: &str) -> String {
        let mut end = self.key(prefix);
        // The next text in the order of bytes that does not begin so: the last character that has a next one, that one.
        while let Some(last) = end.pop() {
            let next = (last as u32 + 1..=0x0010_ffff).find_map(char::from_u32);
            if let Some(next) = next {
                end.push(next);
                break;
            }
        }
        end
    }

    /// The value under `key`.
    pub fn get<V: DeserializeOwned>(&self, key: &str) -> Option<V> {
        self.records.settle(self.try_get(key))
    }

    /// [`get`](Self::get), with the fault.
    ///
    /// # Errors
    ///
    /// The store fails, or the value is no `V`.
    pub fn try_get<V: DeserializeOwned>(&self, key: &str) -> Result<Option<V>, StorageFault> {
        let key = self.key(key);
        let value = self.records.try_get(&key)?;
        value.map(|value| decode(&key, &value)).transpose()
    }

    /// Those of `keys` that there are, in the order of the keys.
    pub fn get_many<V: DeserializeOwned>(
        &self,
        keys: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Vec<(String, V)> {
        let mut keys: Vec<String> = keys
            .into_iter()
            .map(|key| key.as_ref().to_owned())
            .collect();
        keys.sort();
        keys.dedup();
        let found = keys.into_iter().filter_map(|key| {
            let value = self.get(&key)?;
            Some((key, value))
        });
        found.collect()
    }

    /// Whether there is a record.
    pub fn contains(&self, key: &str) -> bool {
        let found = self.records.try_get(&self.key(key));
        self.records.settle(found.map(|value| value.is_some()))
    }

    /// All records, to be narrowed: `cx.records().list::<Order>().prefix("order/").reverse().limit(10)`.
    pub fn list<V: DeserializeOwned>(&self) -> List<'a, V> {
        List {
            start: self.key(""),
            end: self.behind(""),
            bare: self.clone(),
            limit: usize::MAX,
            reverse: false,
            value: PhantomData,
        }
    }
}

impl BareMut<'_> {
    pub(crate) fn new(records: Records, mount: &str) -> Self {
        Self(Bare::new(records, mount))
    }

    /// Writes a record.
    pub fn put<V: Serialize + ?Sized>(&mut self, key: &str, value: &V) {
        let put = self.try_put(key, value);
        self.records.settle(put);
    }

    /// [`put`](Self::put), with the fault.
    ///
    /// # Errors
    ///
    /// The key or the value is too long, or the value cannot be encoded.
    pub fn try_put<V: Serialize + ?Sized>(
        &mut self,
        key: &str,
        value: &V,
    ) -> Result<(), StorageFault> {
        self.records.try_put(self.key(key), encode(key, value)?)
    }

    /// Writes records.
    pub fn put_many<'v, V: Serialize + 'v>(
        &mut self,
        records: impl IntoIterator<Item = (impl AsRef<str>, &'v V)>,
    ) {
        for (key, value) in records {
            self.put(key.as_ref(), value);
        }
    }

    /// Removes a record. Whether there was one.
    pub fn delete(&mut self, key: &str) -> bool {
        let deleted = self.try_delete(key);
        self.records.settle(deleted)
    }

    /// [`delete`](Self::delete), with the fault.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub fn try_delete(&mut self, key: &str) -> Result<bool, StorageFault> {
        self.records.try_delete(&self.key(key))
    }

    /// Removes records. How many there were.
    pub fn delete_many(&mut self, keys: impl IntoIterator<Item = impl AsRef<str>>) -> u64 {
        let deleted = keys.into_iter().filter(|key| self.delete(key.as_ref()));
        deleted.count() as u64
    }

    /// Removes all records whose keys begin so. How many there were.
    pub fn delete_prefix(&mut self, prefix: &str) -> u64 {
        let (start, end) = (self.key(prefix), self.behind(prefix));
        self.clear(&start, &end)
    }

    /// Removes all records in a range of keys. How many there were.
    pub fn delete_range<'k>(&mut self, keys: impl RangeBounds<&'k str>) -> u64 {
        let (start, end) = (self.from(keys.start_bound()), self.to(keys.end_bound()));
        self.clear(&start, &end)
    }

    /// Removes all bare records. How many there were.
    pub fn delete_all(&mut self) -> u64 {
        self.delete_prefix("")
    }

    fn clear(&mut self, start: &str, end: &str) -> u64 {
        let mut cleared = 0;
        loop {
            let page = self.records.scan(&Scan {
                start,
                end: Some(end),
                reverse: false,
                limit: PAGE,
            });
            if page.is_empty() {
                return cleared;
            }
            for record in page {
                let deleted = self.records.delete_found(record.key);
                if deleted.is_err() {
                    self.records.settle(deleted);
                    return cleared;
                }
                cleared += 1;
            }
        }
    }
}

impl Bare<'_> {
    fn from(&self, bound: Bound<&&str>) -> String {
        match bound {
            Bound::Included(key) => self.key(key),
            Bound::Excluded(key) => after(&self.key(key)),
            Bound::Unbounded => self.key(""),
        }
    }

    fn to(&self, bound: Bound<&&str>) -> String {
        match bound {
            Bound::Included(key) => after(&self.key(key)),
            Bound::Excluded(key) => self.key(key),
            Bound::Unbounded => self.behind(""),
        }
    }
}

impl<'a> Deref for BareMut<'a> {
    type Target = Bare<'a>;

    fn deref(&self) -> &Bare<'a> {
        &self.0
    }
}

impl<V> List<'_, V> {
    fn within(mut self, start: String, end: String) -> Self {
        self.start = self.start.max(start);
        self.end = self.end.min(end);
        self
    }

    /// Those whose keys begin so.
    pub fn prefix(self, prefix: &str) -> Self {
        let (start, end) = (self.bare.key(prefix), self.bare.behind(prefix));
        self.within(start, end)
    }

    /// From this key on.
    pub fn start(self, key: &str) -> Self {
        let (start, end) = (self.bare.key(key), self.bare.behind(""));
        self.within(start, end)
    }

    /// Behind this key.
    pub fn start_after(self, key: &str) -> Self {
        let (start, end) = (after(&self.bare.key(key)), self.bare.behind(""));
        self.within(start, end)
    }

    /// Up to this key, without it.
    pub fn end(self, key: &str) -> Self {
        let (start, end) = (self.bare.key(""), self.bare.key(key));
        self.within(start, end)
    }

    /// At most so many.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The last ones first.
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }
}

impl<'a, V: DeserializeOwned> IntoIterator for List<'a, V> {
    type Item = (String, V);
    type IntoIter = Listed<'a, V>;

    fn into_iter(self) -> Listed<'a, V> {
        Listed {
            list: self,
            page: Vec::new().into_iter(),
            done: false,
        }
    }
}

impl<V> Listed<'_, V> {
    fn read(&mut self) -> Option<Record> {
        let List {
            bare,
            start,
            end,
            limit,
            reverse,
            ..
        } = &mut self.list;
        if self.done || *limit == 0 {
            return None;
        }
        let wanted = PAGE.min(*limit);
        let page = bare.records.scan(&Scan {
            start,
            end: Some(end),
            reverse: *reverse,
            limit: wanted,
        });
        *limit -= page.len();
        self.done = page.len() < wanted;
        if let Some(last) = page.last() {
            if *reverse {
                end.clone_from(&last.key);
            } else {
                *start = after(&last.key);
            }
        }
        self.page = page.into_iter();
        self.page.next()
    }
}

impl<V: DeserializeOwned> Iterator for Listed<'_, V> {
    type Item = (String, V);

    fn next(&mut self) -> Option<(String, V)> {
        let record = self.page.next().or_else(|| self.read())?;
        let bare = &self.list.bare;
        let value = decode(&record.key, &record.value).map(Some);
        let value = bare.records.settle(value)?;
        let key = record.key.strip_prefix(&*bare.prefix)?;
        Some((key.to_owned(), value))
    }
}

impl fmt::Debug for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bare({})", self.prefix)
    }
}

impl fmt::Debug for BareMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BareMut({})", self.prefix)
    }
}

impl<V> fmt::Debug for List<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List({:?}..{:?})", self.start, self.end)
    }
}

impl<V> fmt::Debug for Listed<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}
