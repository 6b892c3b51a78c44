//! Reads the fields of an object, and takes them back after an action that failed.

use std::rc::Rc;

use super::field::{Field, FieldCache, Known, Slot};
use super::records::Records;
use super::stateful::Stateful;
use crate::backend::{Record, Scan, StorageFault};

/// Walks the fields of one object, in order, its mixins' included.
///
/// A first walk calls [`field`](Self::field) and [`mixin`](Self::mixin), all later ones the
/// `reload` methods, with the same names in the same order. Faults poison the records; the caller
/// checks them after the walk.
#[derive(Debug)]
pub struct Loader<'a> {
    pub(super) records: &'a Records,
    cache: &'a mut FieldCache,
    slot: usize,
    /// The path of the mixin that is being walked, with a dot at its end.
    prefix: String,
    /// The records of all plain fields: one scan, at the first field that asks.
    stored: Option<Vec<Record>>,
    /// First and end of those records.
    within: (String, String),
}

impl<'a> Loader<'a> {
    /// Starts a walk at the first field.
    pub fn new(records: &'a Records, cache: &'a mut FieldCache) -> Self {
        Self {
            records,
            cache,
            slot: 0,
            prefix: String::new(),
            stored: None,
            within: ("f/".to_owned(), "f0".to_owned()),
        }
    }

    /// Starts a walk at the first field of a struct whose paths begin with `path` and a dot, and reads no other's records.
    pub(crate) fn within(records: &'a Records, cache: &'a mut FieldCache, path: &str) -> Self {
        Self {
            prefix: [path, "."].concat(),
            // The slash comes right after the dot.
            within: (["f/", path, "."].concat(), ["f/", path, "/"].concat()),
            ..Self::new(records, cache)
        }
    }

    /// Starts a later walk at the first field of the mixin mounted at `path`; at the object's own for the empty one.
    pub(crate) fn of_mount(records: &'a Records, cache: &'a mut FieldCache, path: &str) -> Self {
        let (slot, prefix) = cache.mount(path);
        Self {
            slot,
            prefix,
            ..Self::new(records, cache)
        }
    }

    /// The next field: what is stored under its name, else under a former one, else `initial`.
    pub fn field<F: Field>(&mut self, name: &str, was: &[&str], initial: impl FnOnce() -> F) -> F {
        F::load(self, name, was, initial)
    }

    /// Takes the next field back to what was last loaded or saved. Collections hold nothing, so
    /// there is nothing to take back but their place.
    pub fn reload<F: Field>(
        &mut self,
        name: &str,
        was: &[&str],
        value: &mut F,
        initial: impl FnOnce() -> F,
    ) {
        value.reload(self, name, was, initial);
    }

    /// The mixin mounted as `name`.
    pub fn mixin<M: Stateful>(&mut self, name: &str) -> M {
        self.under(name, M::load)
    }

    /// Takes a mixin's fields back.
    pub fn reload_mixin<M: Stateful>(&mut self, name: &str, mixin: &mut M) {
        self.under(name, |loader| mixin.reload(loader));
    }

    fn under<R>(&mut self, name: &str, walk: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('.');
        let walked = walk(self);
        self.prefix.truncate(outer);
        walked
    }

    /// The path of a field of the mixin being walked.
    pub(super) fn path(&self, name: &str) -> String {
        [&self.prefix, name].concat()
    }

    /// Whether `path` is that of the field `name`.
    pub(super) fn is_at(&self, path: &str, name: &str) -> bool {
        path.strip_prefix(self.prefix.as_str()) == Some(name)
    }

    /// First walk: the next plain field's slot, filled with what is stored.
    pub(super) fn find(&mut self, name: &str, was: &[&str]) -> &mut Slot {
        let key: Rc<str> = Rc::from(["f/", &self.prefix, name].concat());
        let known = match self.take(&key) {
            Some(bytes) => Known::Stored(bytes),
            None => self.find_former(was),
        };
        let index = self.slot;
        self.slot += 1;
        self.cache.slots.truncate(index);
        self.cache.slots.push(Slot { key, known });
        let last = self.cache.slots.len() - 1;
        &mut self.cache.slots[last]
    }

    fn find_former(&mut self, was: &[&str]) -> Known {
        for former in was {
            let key = ["f/", &self.prefix, former].concat();
            if let Some(bytes) = self.take(&key) {
                return Known::Former {
                    key: key.into(),
                    bytes,
                };
            }
        }
        Known::Nothing
    }

    /// The value of a plain field's record.
    fn take(&mut self, key: &str) -> Option<Rc<[u8]>> {
        let (records, within) = (self.records, &self.within);
        let stored = self.stored.get_or_insert_with(|| {
            records.scan(&Scan {
                start: &within.0,
                end: Some(&within.1),
                reverse: false,
                limit: usize::MAX,
            })
        });
        let index = stored
            .binary_search_by(|record| record.key.as_str().cmp(key))
            .ok()?;
        Some(std::mem::take(&mut stored[index].value).into())
    }

    /// Later walks: the next plain field's slot, and a buffer.
    pub(super) fn next(&mut self) -> Option<(&Slot, &mut Vec<u8>)> {
        let FieldCache { slots, scratch } = &mut *self.cache;
        let slot = slots.get(self.slot);
        self.slot += 1;
        if slot.is_none() {
            self.records.poison(never_loaded());
        }
        slot.map(|slot| (slot, scratch))
    }
}

/// The fields were walked in another order than at first.
pub(super) fn never_loaded() -> StorageFault {
    StorageFault::Encode {
        path: String::new(),
        reason: "a field is saved or reloaded that was never loaded".to_owned(),
    }
}
