//! What the collections have in common: where their records lie.

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::rc::Rc;

use super::cursor::Cursor;
use super::iter::{PAGE, Pages, Read};
use super::key::{AsKey, Key};
use super::load::Loader;
use super::merge::after;
use super::page::Page;
use super::records::{Records, check_key};
use super::save::Saver;
use crate::backend::{Record, Scan, StorageFault};

/// Where a collection's records lie; nowhere, for one that no object has loaded.
#[derive(Default)]
pub(crate) struct Site(Option<Place>);

/// Where the records of a loaded collection lie.
pub(crate) struct Place {
    pub(crate) records: Records,
    /// The path of the field.
    pub(crate) path: Rc<str>,
    /// What all keys begin with, without the slash: `c/<path>`, or that of a former name.
    root: Rc<str>,
}

impl Site {
    /// The place of the field `name`.
    ///
    /// A collection that has records under a former name, and none under its own, stays there:
    /// renaming it moves nothing.
    pub(crate) fn load(loader: &Loader<'_>, name: &str, was: &[&str]) -> Self {
        let records = loader.records.clone();
        let path: Rc<str> = loader.path(name).into();
        let place = |path: &str| Place {
            records: records.clone(),
            path: path.into(),
            root: ["c/", path].concat().into(),
        };
        let own = place(&path);
        if !was.is_empty() && own.is_unused() {
            let former = was.iter().map(|former| place(&loader.path(former)));
            if let Some(former) = former.into_iter().find(|former| !former.is_unused()) {
                return Self(Some(Place { path, ..former }));
            }
        }
        Self(Some(own))
    }

    /// Puts a collection back whose field was assigned another.
    pub(crate) fn reload(&mut self, loader: &Loader<'_>, name: &str, was: &[&str]) {
        if !self.is_of_loader(loader, name) {
            *self = Self::load(loader, name, was);
        }
    }

    /// Whether this is the place of the field `name`.
    pub(super) fn is_of_loader(&self, loader: &Loader<'_>, name: &str) -> bool {
        self.0.as_ref().is_some_and(|place| {
            place.records.same(loader.records) && loader.is_at(&place.path, name)
        })
    }

    /// Poisons if the field was assigned another collection: its items would be lost.
    pub(crate) fn save(&self, saver: &Saver<'_>, name: &str) {
        let here = self.0.as_ref().is_some_and(|place| {
            place.records.same(saver.records) && saver.is_at(&place.path, name)
        });
        if !here {
            saver.records.poison(StorageFault::Encode {
                path: name.to_owned(),
                reason: "the collection was replaced by another; change it by its methods, \
                         empty it by `clear`"
                    .to_owned(),
            });
        }
    }

    pub(crate) fn place(&self) -> Result<&Place, StorageFault> {
        self.0.as_ref().ok_or_else(|| StorageFault::Encode {
            path: String::new(),
            reason: "the collection belongs to no object; use one that is a field of an object"
                .to_owned(),
        })
    }

    /// The value, or poison and an empty answer.
    pub(crate) fn settle<R: Default>(&self, result: Result<R, StorageFault>) -> R {
        match &self.0 {
            Some(place) => place.records.settle(result),
            None => result.unwrap_or_default(),
        }
    }

    /// The field's path, for people.
    pub(crate) fn fmt(&self, what: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(place) => write!(f, "{what}({})", place.path),
            None => write!(f, "{what}"),
        }
    }
}

impl Place {
    /// The key of an item.
    pub(super) fn key<K: AsKey + ?Sized>(&self, key: &K) -> Result<String, StorageFault> {
        let text = self.text(key);
        check_key(&text)?;
        Ok(text)
    }

    fn text<K: AsKey + ?Sized>(&self, key: &K) -> String {
        // Most keys are integers of 16 digits.
        let mut text = String::with_capacity(self.root.len() + 17);
        text.push_str(&self.root);
        text.push('/');
        key.write_key(&mut text);
        text
    }

    /// The record's key of the item whose key has this text.
    pub(super) fn key_of_text(&self, text: &str) -> String {
        [&self.root, "/", text].concat()
    }

    /// What the keys of an index's entries begin with: `i/<path>/<index>/`.
    pub(super) fn index_prefix(&self, index: &str) -> String {
        ["i/", self.stored_path(), "/", index, "/"].concat()
    }

    /// The key in a record's key.
    pub(super) fn item_key<K: Key>(&self, key: &str) -> Result<K, StorageFault> {
        let mut text = self.key_text(key);
        K::read_key(&mut text)
            .filter(|_| text.is_empty())
            .ok_or_else(|| StorageFault::Decode {
                key: key.to_owned(),
                reason: format!("the key is no `{}`", K::key_type()),
            })
    }

    /// The text of the key in a record's key.
    pub(super) fn key_text<'k>(&self, key: &'k str) -> &'k str {
        key.get(self.root.len() + 1..).unwrap_or_default()
    }

    /// The path that the records lie under: a former one, if the field was renamed.
    pub(crate) fn stored_path(&self) -> &str {
        self.root.strip_prefix("c/").unwrap_or(&self.root)
    }

    /// The key of the record beside the items.
    pub(crate) fn mark_key(&self) -> String {
        [&self.root, "#"].concat()
    }

    /// The key of the record that says since when a log's items are there.
    pub(super) fn ages_key(&self) -> String {
        [&self.root, "@"].concat()
    }

    /// First and end of all items.
    fn all(&self) -> (String, String) {
        // `0` comes right after the slash.
        ([&self.root, "/"].concat(), [&self.root, "0"].concat())
    }

    /// The items of a range of keys.
    pub(super) fn range<K: AsKey + ?Sized>(&self, keys: &impl RangeBounds<K>) -> Pages<'_> {
        let (all_start, all_end) = self.all();
        let start = match keys.start_bound() {
            Bound::Included(key) => self.text(key),
            // No key is the beginning of another: nothing else lies in between.
            Bound::Excluded(key) => after(&self.text(key)),
            Bound::Unbounded => all_start,
        };
        let end = match keys.end_bound() {
            Bound::Included(key) => after(&self.text(key)),
            Bound::Excluded(key) => self.text(key),
            Bound::Unbounded => all_end,
        };
        Pages::new(self, start, end)
    }

    /// The items whose keys begin with the text of `prefix`.
    pub(super) fn prefixed<K: AsKey + ?Sized>(&self, prefix: &K) -> Pages<'_> {
        let start = self.text(prefix);
        // Every key ends in an ASCII character; the next one is beyond all that begin like this.
        let mut end = start.clone();
        match end.pop() {
            Some(last) => end.extend(char::from_u32(u32::from(last) + 1)),
            None => end = self.all().1,
        }
        Pages::new(self, start, end)
    }

    pub(super) fn everything(&self) -> Pages<'_> {
        let (start, end) = self.all();
        Pages::new(self, start, end)
    }

    /// The first or last items, at most `limit`.
    pub(super) fn edge(&self, reverse: bool, limit: usize) -> Result<Vec<Record>, StorageFault> {
        let (start, end) = self.all();
        self.records.try_scan(&Scan {
            start: &start,
            end: Some(&end),
            reverse,
            limit,
        })
    }

    /// The items strictly after `from`, or before it in `reverse`, at most `limit`, and whether more follow: one more
    /// record than `limit` is read for that.
    pub(super) fn page<K: Key, R>(
        &self,
        from: Option<&Cursor>,
        limit: u32,
        reverse: bool,
        read: Read<R>,
    ) -> Result<Page<R>, StorageFault> {
        let (mut start, mut end) = self.all();
        if let Some(cursor) = from {
            let key = self.key_at::<K>(cursor)?;
            if reverse {
                end = key;
            } else {
                start = after(&key);
            }
        }
        // A page without items would say either that there are none or, again and again, that there are more.
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let mut records = self.records.try_scan(&Scan {
            start: &start,
            end: Some(&end),
            reverse,
            limit: limit.saturating_add(1),
        })?;
        let more = records.len() > limit;
        records.truncate(limit);
        let last = records.last().filter(|_| more);
        Ok(Page {
            next: last.map(|record| Cursor::at(self.key_text(&record.key))),
            items: records
                .iter()
                .map(|record| read(self, record))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The record's key at a cursor, which may come from anywhere.
    fn key_at<K: Key>(&self, cursor: &Cursor) -> Result<String, StorageFault> {
        let mut text = cursor.key();
        K::read_key(&mut text)
            .filter(|_| text.is_empty())
            // Written anew: what only reads like a key lies where the key does. No record has a key that is too long.
            .and_then(|key| self.key(&key).ok())
            .ok_or_else(|| self.no_place(cursor))
    }

    /// The fault of a cursor that is no place here.
    pub(crate) fn no_place(&self, cursor: &Cursor) -> StorageFault {
        StorageFault::Cursor {
            path: self.path.as_ref().to_owned(),
            cursor: cursor.to_string(),
        }
    }

    pub(super) fn has_items(&self) -> Result<bool, StorageFault> {
        Ok(!self.edge(false, 1)?.is_empty())
    }

    /// How many items there are; reads them all, by pages.
    pub(super) fn count(&self) -> Result<u64, StorageFault> {
        let mut count = 0;
        for record in self.everything() {
            record?;
            count += 1;
        }
        Ok(count)
    }

    /// Removes the items of `pages` and says how many there were.
    pub(super) fn delete_all(&self, pages: Pages<'_>) -> Result<u64, StorageFault> {
        let mut count = 0;
        for record in pages {
            self.records.delete_found(record?.key)?;
            count += 1;
        }
        Ok(count)
    }

    /// Removes the first items, at most `limit`, and says how many there were.
    pub(super) fn delete_first(&self, limit: usize) -> Result<u64, StorageFault> {
        let mut left = limit;
        let (mut start, end) = self.all();
        while left > 0 {
            // Behind what was just removed: not over it once more.
            let page = self.records.try_scan(&Scan {
                start: &start,
                end: Some(&end),
                reverse: false,
                limit: left.min(PAGE),
            })?;
            let Some(last) = page.last() else { break };
            start = after(&last.key);
            left -= page.len();
            self.records.delete_page(page)?;
        }
        Ok(u64::try_from(limit - left).unwrap_or(u64::MAX))
    }

    /// Whether there is no record of the collection, not even the one beside the items.
    fn is_unused(&self) -> bool {
        let marked = self.records.get(&self.mark_key()).is_some();
        !marked && !self.records.settle(self.has_items())
    }
}

/// The parts of [`Field`](super::Field) that are alike for all collections: what their place does.
macro_rules! field_by_site {
    ($marker:ident) => {
        fn load(
            loader: &mut $crate::state::Loader<'_>,
            name: &str,
            was: &[&str],
            _initial: impl FnOnce() -> Self,
        ) -> Self {
            Self {
                site: Site::load(loader, name, was),
                $marker: PhantomData,
            }
        }

        fn reload(
            &mut self,
            loader: &mut $crate::state::Loader<'_>,
            name: &str,
            was: &[&str],
            _initial: impl FnOnce() -> Self,
        ) {
            self.site.reload(loader, name, was);
        }

        fn save(&self, saver: &mut $crate::state::Saver<'_>, name: &str) {
            self.site.save(saver, name);
        }
    };
}

pub(crate) use field_by_site;
