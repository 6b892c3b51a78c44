//! Steps that bring stored state from one version of its class or mixin to the next.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde_json::value::RawValue;

use super::encode::{decode, encode};
use super::key::Key;
use super::records::Records;
use super::table;
use crate::backend::{Record, Scan, StorageFault};
use crate::error::Error;

/// A step from one version to the next: what `upgrades(..)` lists.
pub type UpgradeStep = fn(&mut Upgrade<'_>) -> Result<(), Error>;

/// How many records are read at once.
const PAGE: usize = 1_000;

/// The stored state of an object, or of one mixin in it, on its way to the next version.
///
/// Fields that are new, or gone, or renamed (`#[state(was = "..")]`) need no version: they have a first value, are left
/// alone, or are found under their old name. What needs one is a value that changes its type or its meaning. Then the class
/// says `version = 2`, and one step for each version that there was:
///
/// ```
/// use stayput::prelude::*;
/// use stayput::state::Upgrade;
///
/// #[data]
/// pub struct Line { pub what: String, pub cents: u64 }
///
/// #[durable_object(version = 2, upgrades(to_cents))]
/// pub struct Till { total_cents: u64, lines: Log<Line> }
///
/// /// What version 1 stored: the types that it had then, without what has not changed.
/// mod v1 {
///     #[derive(Default, serde::Deserialize)]
///     #[serde(default)]
///     pub struct Till { pub total: f64 }
///     #[derive(serde::Deserialize)]
///     pub struct Line { pub what: String, pub price: f64 }
/// }
///
/// #[derive(serde::Serialize)]
/// struct Totals { total_cents: u64 }
///
/// fn cents(price: f64) -> u64 { (price * 100.0).round() as u64 }
///
/// /// Prices are whole numbers of cents.
/// fn to_cents(old: &mut Upgrade<'_>) -> stayput::Result<()> {
///     old.fields(|old: v1::Till| Totals { total_cents: cents(old.total) })?;
///     old.items("lines", |line: v1::Line| Line { what: line.what, cents: cents(line.price) })?;
///     Ok(())
/// }
///
/// #[durable_object]
/// impl Till {
///     #[action]
///     fn total(&self) -> u64 { self.total_cents }
/// }
/// # fn main() {}
/// ```
///
/// All steps that an object needs run when it wakes, before anything else, and are committed together: a crash leaves the
/// old state or the new one. A step that fails, or panics, changes nothing, and every call answers `state.migration` until
/// it is mended. State of a later version than the program's is refused with `state.newer_than_code` and left as it is.
pub struct Upgrade<'a> {
    records: &'a Records,
    /// The path of the mixin, with a dot at its end; empty for the object itself.
    prefix: &'a str,
}

impl<'a> Upgrade<'a> {
    pub(crate) fn new(records: &'a Records, prefix: &'a str) -> Self {
        Self { records, prefix }
    }

    /// Whether anything is stored of the object or mixin.
    pub(crate) fn is_empty(&self) -> Result<bool, StorageFault> {
        for root in ["f/", "c/"] {
            if !self
                .page(&[root, self.prefix].concat(), None, 1)?
                .is_empty()
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Changes plain fields: `Old` has those that the step looks at, by name, as they were; what it answers takes their
    /// place. Fields that are in neither stay as they are.
    ///
    /// A field that never got another value than its first is not stored, so `Old` needs `#[serde(default)]`, with the
    /// defaults that the fields had.
    ///
    /// # Errors
    ///
    /// A stored value does not fit `Old`, or a new one cannot be stored.
    pub fn fields<Old, New>(&mut self, step: impl FnOnce(Old) -> New) -> Result<(), StorageFault>
    where
        Old: DeserializeOwned,
        New: Serialize,
    {
        let root = ["f/", self.prefix].concat();
        let mut text = String::from("{");
        for record in self.page(&root, None, usize::MAX)? {
            let name = record.key.get(root.len()..).unwrap_or_default();
            // With a dot: of a mixin within.
            if !name.contains('.') {
                let comma = if text.len() > 1 { "," } else { "" };
                let value = String::from_utf8_lossy(&record.value);
                text.push_str(&[comma, "\"", name, "\":", &value].concat());
            }
        }
        text.push('}');
        let known = Cell::new(&[][..]);
        let mut json = serde_json::Deserializer::from_str(&text);
        let old = Old::deserialize(Naming(&mut json, &known))
            .map_err(|error| unreadable(&root, &error))?;
        let bytes = encode(self.prefix.trim_end_matches('.'), &step(old))?;
        let new: BTreeMap<String, Box<RawValue>> = decode(&root, &bytes)?;
        for name in known.get().iter().filter(|name| !new.contains_key(**name)) {
            self.records.try_delete(&[&root, *name].concat())?;
        }
        for (name, value) in new {
            self.records.try_put(
                [&root, name.as_str()].concat(),
                value.get().as_bytes().to_vec(),
            )?;
        }
        Ok(())
    }

    /// Changes every value of a collection: the items of a `Log` or `Queue`, the values of a `Map`, the rows of a `Table`,
    /// whose indexes are built anew. Keys, ids and order stay. Answers how many there were.
    ///
    /// # Errors
    ///
    /// A stored value does not fit `Old`, or a new one cannot be stored.
    pub fn items<Old, New>(
        &mut self,
        field: &str,
        mut step: impl FnMut(Old) -> New,
    ) -> Result<u64, StorageFault>
    where
        Old: DeserializeOwned,
        New: Serialize,
    {
        let path = [self.prefix, field].concat();
        let root = ["c/", &path, "/"].concat();
        let mut count = 0;
        let mut last: Option<String> = None;
        loop {
            let page = self.page(&root, last.as_deref(), PAGE)?;
            let Some(end) = page.last() else { break };
            last = Some(end.key.clone());
            for record in page {
                let new = step(decode(&record.key, &record.value)?);
                self.records.try_put(record.key, encode(&path, &new)?)?;
                count += 1;
            }
        }
        table::unbuild(self.records, &path)?;
        Ok(count)
    }

    /// Changes the entries of a `Map`, keys included; those for which the step answers `None` go. For a `Set`, the values
    /// are `true`. All of it is in memory at once. Answers how many there are now.
    ///
    /// # Errors
    ///
    /// An entry does not fit the old types or cannot be stored, or two entries get the same key.
    pub fn entries<OldKey, Old, NewKey, New>(
        &mut self,
        field: &str,
        mut step: impl FnMut(OldKey, Old) -> Option<(NewKey, New)>,
    ) -> Result<u64, StorageFault>
    where
        OldKey: Key,
        Old: DeserializeOwned,
        NewKey: Key,
        New: Serialize,
    {
        let path = [self.prefix, field].concat();
        let root = ["c/", &path, "/"].concat();
        let mut new = BTreeMap::new();
        for record in self.page(&root, None, usize::MAX)? {
            let mut text = record.key.get(root.len()..).unwrap_or_default();
            let key = OldKey::read_key(&mut text).filter(|_| text.is_empty());
            let key = key.ok_or_else(|| StorageFault::Decode {
                key: record.key.clone(),
                reason: format!("its key is no {}", OldKey::key_type()),
            })?;
            self.records.try_delete(&record.key)?;
            let Some((key, value)) = step(key, decode(&record.key, &record.value)?) else {
                continue;
            };
            let mut text = root.clone();
            key.write_key(&mut text);
            if new.insert(text, encode(&path, &value)?).is_some() {
                return Err(StorageFault::Encode {
                    path,
                    reason: format!("a second entry gets the key of `{}`", record.key),
                });
            }
        }
        let count = new.len() as u64;
        for (key, value) in new {
            self.records.try_put(key, value)?;
        }
        table::unbuild(self.records, &path)?;
        Ok(count)
    }

    /// Changes what a `Lazy` or a `Counter` holds, if it holds something.
    ///
    /// # Errors
    ///
    /// The stored value does not fit `Old`, or the new one cannot be stored.
    pub fn value<Old, New>(
        &mut self,
        field: &str,
        step: impl FnOnce(Old) -> New,
    ) -> Result<(), StorageFault>
    where
        Old: DeserializeOwned,
        New: Serialize,
    {
        let path = [self.prefix, field].concat();
        let key = ["c/", &path, "#"].concat();
        if let Some(bytes) = self.records.try_get(&key)? {
            let new = step(decode(&key, &bytes)?);
            self.records.try_put(key, encode(&path, &new)?)?;
        }
        Ok(())
    }

    /// Removes what is stored of a field or a collection, which the class may have no more.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub fn remove(&mut self, field: &str) -> Result<(), StorageFault> {
        let path = [self.prefix, field].concat();
        for (root, end) in [("f/", ""), ("c/", "#"), ("c/", "@")] {
            self.records.try_delete(&[root, &path, end].concat())?;
        }
        for root in ["c/", "i/"] {
            let root = [root, &path, "/"].concat();
            loop {
                let page = self.page(&root, None, PAGE)?;
                if page.is_empty() {
                    break;
                }
                for record in page {
                    self.records.try_delete(&record.key)?;
                }
            }
        }
        Ok(())
    }

    /// Records whose keys begin so, behind `last`.
    fn page(
        &self,
        root: &str,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Record>, StorageFault> {
        let start = last.map_or_else(|| root.to_owned(), |last| [last, "\0"].concat());
        // No key goes on with this character, the highest that there is.
        let end = [root, "\u{10ffff}"].concat();
        self.records.try_scan(&Scan {
            start: &start,
            end: Some(&end),
            reverse: false,
            limit,
        })
    }
}

impl fmt::Debug for Upgrade<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("mount", &self.prefix.trim_end_matches('.'))
            .finish_non_exhaustive()
    }
}

fn unreadable(key: &str, error: &serde_json::Error) -> StorageFault {
    StorageFault::Decode {
        key: key.to_owned(),
        reason: error.to_string(),
    }
}

/// A deserializer that notes which members the struct has that it is read into.
struct Naming<'n, D>(D, &'n Cell<&'static [&'static str]>);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Naming<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.1.set(fields);
        self.0.deserialize_struct(name, fields, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
