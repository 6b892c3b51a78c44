//! One object's records as its running action sees them: layers of writes over committed records.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::rc::Rc;

use super::merge::{after, merged};
use super::{MAX_KEY_BYTES, MAX_VALUE_BYTES};
use crate::backend::{ObjectStore, Record, Scan, StorageFault};
use crate::object::Timestamp;

/// What was written: a value, or `None` where a record was removed.
pub(super) type Layer = BTreeMap<String, Option<Vec<u8>>>;

/// The records of one live object.
///
/// Writes gather in memory; nothing reaches the store but through [`drain`](Self::drain) and a
/// commit of what it returned. There is always one outermost layer, for what was kept and not
/// committed yet; [`begin`](Self::begin) nests others above it.
///
/// A fault never panics: it *poisons* the records. From then on reads find nothing, writes are
/// dropped, and it is for the host to answer with the fault and to undo. The first fault stays
/// until it is [cured](Self::cure). The methods here that return a plain value poison; their
/// `try_` twins return the fault and leave the records as they are.
///
/// Clones are handles to the same records.
#[derive(Clone)]
pub struct Records {
    inner: Rc<Inner>,
}

struct Inner {
    store: Rc<dyn ObjectStore>,
    /// Outermost first; never empty.
    layers: RefCell<Vec<Layer>>,
    fault: RefCell<Option<StorageFault>>,
    read_only: Cell<bool>,
    /// The time of the turn whose code runs.
    now: Cell<Timestamp>,
}

impl Records {
    /// The committed records of `store`, with nothing written over them.
    pub fn new(store: Rc<dyn ObjectStore>) -> Self {
        Self {
            inner: Rc::new(Inner {
                store,
                layers: RefCell::new(vec![Layer::new()]),
                fault: RefCell::new(None),
                read_only: Cell::new(false),
                now: Cell::new(Timestamp::from_millis(0)),
            }),
        }
    }

    /// The same committed records, with nothing written over them: what is written there goes nowhere.
    pub(crate) fn apart(&self) -> Self {
        Self::new(Rc::clone(&self.inner.store))
    }

    /// The value under `key`; `None` also when the records are poisoned, or are so by this read.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.settle(self.try_get(key))
    }

    /// The value under `key`.
    ///
    /// # Errors
    /// What the store says, or the fault the records are poisoned with.
    pub fn try_get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageFault> {
        self.check()?;
        let layers = self.inner.layers.borrow();
        match layers.iter().rev().find_map(|layer| layer.get(key)) {
            Some(value) => Ok(value.clone()),
            None => self.inner.store.get(key),
        }
    }

    /// Writes a record. Poisons if the records are read-only, or the key or the value is too long.
    pub fn put(&self, key: &str, value: Vec<u8>) {
        self.settle(self.try_put(key.to_owned(), value));
    }

    /// Writes a record.
    ///
    /// # Errors
    /// The records are read-only or poisoned, or the key or the value is too long.
    pub fn try_put(&self, key: String, value: Vec<u8>) -> Result<(), StorageFault> {
        self.check_write(&key)?;
        check_key(&key)?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(too_large(&key, value.len()));
        }
        self.with_top(|top, _| {
            top.insert(key, Some(value));
            Ok(())
        })
    }

    /// Removes a record and says whether there was one.
    pub fn delete(&self, key: &str) -> bool {
        self.settle(self.try_delete(key))
    }

    /// Removes a record and says whether there was one.
    ///
    /// # Errors
    /// The records are read-only or poisoned, or the store cannot say whether there is a record.
    pub fn try_delete(&self, key: &str) -> Result<bool, StorageFault> {
        self.check_write(key)?;
        let store = Rc::clone(&self.inner.store);
        self.with_top(|top, below| {
            if matches!(top.get(key), Some(None)) {
                return Ok(false);
            }
            // A record that exists in this layer only leaves no trace when it goes.
            let lower = match below.iter().rev().find_map(|layer| layer.get(key)) {
                Some(value) => value.is_some(),
                None => store.get(key)?.is_some(),
            };
            let had = if lower {
                top.insert(key.to_owned(), None)
            } else {
                top.remove(key)
            };
            Ok(lower || had.is_some())
        })
    }

    /// Removes a record that a scan has just found: no second look at the store is needed.
    pub(crate) fn delete_found(&self, key: String) -> Result<(), StorageFault> {
        if self
            .inner
            .layers
            .borrow()
            .last()
            .is_some_and(|top| top.contains_key(&key))
        {
            return self.try_delete(&key).map(drop);
        }
        self.check_write(&key)?;
        self.with_top(|top, _| {
            top.insert(key, None);
            Ok(())
        })
    }

    /// The records of a range, as they are seen now. Empty if poisoned, or so by this read.
    pub fn scan(&self, scan: &Scan<'_>) -> Vec<Record> {
        self.settle(self.try_scan(scan))
    }

    /// The records of a range, as they are seen now.
    ///
    /// # Errors
    /// What the store says, or the fault the records are poisoned with.
    pub fn try_scan(&self, scan: &Scan<'_>) -> Result<Vec<Record>, StorageFault> {
        self.check()?;
        merged(&*self.inner.store, &self.inner.layers.borrow(), scan)
    }

    /// Nests a layer: what is written from now on can be undone alone.
    pub fn begin(&self) {
        self.inner.layers.borrow_mut().push(Layer::new());
    }

    /// Merges the innermost layer into the one below. Without a nested layer, nothing.
    pub fn keep(&self) {
        let mut layers = self.inner.layers.borrow_mut();
        if layers.len() < 2 {
            return;
        }
        let Some(kept) = layers.pop() else { return };
        if let Some(below) = layers.last_mut() {
            fold(below, kept);
        }
    }

    /// Drops what was written in the innermost layer, and the layer unless it is the outermost.
    pub fn undo(&self) {
        let mut layers = self.inner.layers.borrow_mut();
        if layers.len() > 1 {
            layers.pop();
        } else if let Some(outermost) = layers.last_mut() {
            outermost.clear();
        }
    }

    /// How many layers are nested above the outermost.
    pub fn depth(&self) -> usize {
        self.inner.layers.borrow().len() - 1
    }

    /// Takes everything written, of all layers, as the puts and deletes of one commit, both in key
    /// order. Afterwards there is the outermost layer alone, and it is empty.
    pub fn drain(&self) -> (Vec<Record>, Vec<String>) {
        let mut layers = self.inner.layers.borrow_mut();
        let mut all = Layer::new();
        for layer in layers.drain(..) {
            fold(&mut all, layer);
        }
        layers.push(Layer::new());
        let (mut puts, mut deletes) = (Vec::new(), Vec::new());
        for (key, value) in all {
            match value {
                Some(value) => puts.push(Record { key, value }),
                None => deletes.push(key),
            }
        }
        (puts, deletes)
    }

    /// Whether anything is written in any layer.
    pub fn is_changed(&self) -> bool {
        !self.inner.layers.borrow().iter().all(Layer::is_empty)
    }

    /// Whether a record whose key begins with `prefix` is written or removed in any layer.
    pub fn is_changed_within(&self, prefix: &str) -> bool {
        self.inner.layers.borrow().iter().any(|layer| {
            let mut from = layer.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
            from.next().is_some_and(|(key, _)| key.starts_with(prefix))
        })
    }

    /// Poisons the records. The first fault stays.
    pub fn poison(&self, fault: StorageFault) {
        self.inner.fault.borrow_mut().get_or_insert(fault);
    }

    /// The fault the records are poisoned with.
    pub fn fault(&self) -> Option<StorageFault> {
        self.inner.fault.borrow().clone()
    }

    /// Takes the fault: the records can be used again. What was written before it is still there.
    pub fn cure(&self) -> Option<StorageFault> {
        self.inner.fault.borrow_mut().take()
    }

    /// Refuses all writes, or allows them again: a fence behind the one the types are.
    pub fn set_read_only(&self, read_only: bool) {
        self.inner.read_only.set(read_only);
    }

    /// The time of the turn whose code runs.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.now.get()
    }

    /// Code of a turn of this time runs from here.
    pub(crate) fn set_now(&self, now: Timestamp) {
        self.inner.now.set(now);
    }

    /// Where the records are, to tell two apart.
    pub(crate) fn place(&self) -> *const () {
        Rc::as_ptr(&self.inner).cast()
    }

    /// Whether both are handles to the same records.
    pub(super) fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }

    /// The value, or poison and nothing.
    pub(crate) fn settle<R: Default>(&self, result: Result<R, StorageFault>) -> R {
        result.unwrap_or_else(|fault| {
            self.poison(fault);
            R::default()
        })
    }

    /// Removes a page of records that a scan has just found, in order: one look at the store for all of them, and none
    /// if this layer has none of them.
    pub(super) fn delete_page(&self, page: Vec<Record>) -> Result<(), StorageFault> {
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Ok(());
        };
        self.check_write(&first.key)?;
        let (first, end) = (first.key.clone(), after(&last.key));
        let store = Rc::clone(&self.inner.store);
        self.with_top(|top, below| {
            let within = (Bound::Included(&*first), Bound::Excluded(&*end));
            let stored = if top.range::<str, _>(within).next().is_none() {
                None
            } else {
                Some(store.scan(&Scan {
                    start: &first,
                    end: Some(&end),
                    reverse: false,
                    limit: usize::MAX,
                })?)
            };
            for record in page {
                let is_stored = stored.as_ref().is_none_or(|stored| {
                    stored
                        .binary_search_by(|it| it.key.cmp(&record.key))
                        .is_ok()
                });
                let is_below = below.iter().any(|layer| layer.contains_key(&record.key));
                // A record that exists in this layer only leaves no trace when it goes.
                if is_stored || is_below {
                    top.insert(record.key, None);
                } else {
                    top.remove(&record.key);
                }
            }
            Ok(())
        })
    }

    fn check(&self) -> Result<(), StorageFault> {
        self.inner
            .fault
            .borrow()
            .as_ref()
            .map_or(Ok(()), |fault| Err(fault.clone()))
    }

    fn check_write(&self, key: &str) -> Result<(), StorageFault> {
        self.check()?;
        if !self.inner.read_only.get() {
            return Ok(());
        }
        Err(StorageFault::Encode {
            path: path_of(key),
            reason: "a query may not write; take `&mut self` in the action that does".to_owned(),
        })
    }

    /// Runs `write` on the innermost layer and those below it.
    fn with_top<R>(
        &self,
        write: impl FnOnce(&mut Layer, &[Layer]) -> Result<R, StorageFault>,
    ) -> Result<R, StorageFault> {
        let mut layers = self.inner.layers.borrow_mut();
        match layers.split_last_mut() {
            Some((top, below)) => write(top, below),
            None => Err(StorageFault::Io(
                "the layers of an object are gone".to_owned(),
            )),
        }
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.inner.layers.borrow();
        f.debug_struct("Records")
            .field("layers", &layers.iter().map(Layer::len).collect::<Vec<_>>())
            .field("fault", &self.inner.fault.borrow())
            .field("read_only", &self.inner.read_only.get())
            .finish_non_exhaustive()
    }
}

/// Lays `above` over `below`.
fn fold(below: &mut Layer, above: Layer) {
    if below.is_empty() {
        *below = above;
    } else {
        below.extend(above);
    }
}

/// Checks the length of a key.
pub(super) fn check_key(key: &str) -> Result<(), StorageFault> {
    if key.len() <= MAX_KEY_BYTES {
        return Ok(());
    }
    Err(StorageFault::Encode {
        path: path_of(key),
        reason: format!(
            "a key of {} bytes is longer than {MAX_KEY_BYTES}; use a shorter one, such as a hash",
            key.len()
        ),
    })
}

fn too_large(key: &str, bytes: usize) -> StorageFault {
    StorageFault::Encode {
        path: path_of(key),
        reason: format!(
            "a value of {bytes} bytes is larger than {MAX_VALUE_BYTES}; split it into several records"
        ),
    }
}

/// The field a key belongs to, for people: `messages` of `c/messages/0000000000000001`.
fn path_of(key: &str) -> String {
    if let Some((_, bare)) = key.strip_prefix("u/").and_then(|rest| rest.split_once('/')) {
        return bare.to_owned();
    }
    let path = key
        .strip_prefix("f/")
        .or_else(|| key.strip_prefix("c/"))
        .unwrap_or(key);
    path.split(['/', '#']).next().unwrap_or(path).to_owned()
}
