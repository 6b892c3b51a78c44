//! Writes the plain fields that changed.

use std::rc::Rc;

use super::MAX_FIELD_BYTES;
use super::encode::EncodeError;
use super::field::{Field, FieldCache, Known};
use super::load::never_loaded;
use super::records::Records;
use super::stateful::Stateful;
use crate::backend::StorageFault;

/// Walks the fields of one object, in the order they were loaded, and writes those whose encoding
/// changed. Faults poison the records; the caller checks them after the walk.
///
/// The cache changes only by [`accept`](Self::accept), after what was written was committed or
/// kept: until then the fields can be taken back.
#[derive(Debug)]
pub struct Saver<'a> {
    pub(super) records: &'a Records,
    pub(super) cache: &'a mut FieldCache,
    slot: usize,
    prefix: String,
    changed: Vec<(usize, Rc<[u8]>)>,
}

impl<'a> Saver<'a> {
    /// Starts a walk at the first field.
    pub fn new(records: &'a Records, cache: &'a mut FieldCache) -> Self {
        Self {
            records,
            cache,
            slot: 0,
            prefix: String::new(),
            changed: Vec::new(),
        }
    }

    /// Starts a walk at the first field of the mixin mounted at `path`; at the object's own for the empty one.
    pub(crate) fn of_mount(records: &'a Records, cache: &'a mut FieldCache, path: &str) -> Self {
        let (slot, prefix) = cache.mount(path);
        Self {
            slot,
            prefix,
            ..Self::new(records, cache)
        }
    }

    /// Starts a walk at the first field of a struct whose paths begin with `path` and a dot.
    pub(crate) fn within(records: &'a Records, cache: &'a mut FieldCache, path: &str) -> Self {
        Self {
            prefix: [path, "."].concat(),
            ..Self::new(records, cache)
        }
    }

    /// Writes the next field if it changed.
    pub fn field<F: Field>(&mut self, name: &str, field: &F) {
        field.save(self, name);
    }

    /// Writes what changed of the mixin mounted as `name`.
    pub fn mixin<M: Stateful>(&mut self, name: &str, mixin: &M) {
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('.');
        mixin.save(self);
        self.prefix.truncate(outer);
    }

    /// Takes what was written as the new state of the fields.
    pub fn accept(self) {
        for (index, bytes) in self.changed {
            if let Some(slot) = self.cache.slots.get_mut(index) {
                slot.known = Known::Stored(bytes);
            }
        }
    }

    /// Whether `path` is that of the field `name`.
    pub(super) fn is_at(&self, path: &str, name: &str) -> bool {
        path.strip_prefix(self.prefix.as_str()) == Some(name)
    }

    /// Writes the next plain field, whose encoding is in the scratch buffer.
    pub(super) fn write(&mut self, encoded: Result<(), EncodeError>) {
        let index = self.slot;
        self.slot += 1;
        let result = self.try_write(index, encoded);
        self.records.settle(result);
    }

    fn try_write(
        &mut self,
        index: usize,
        encoded: Result<(), EncodeError>,
    ) -> Result<(), StorageFault> {
        let FieldCache { slots, scratch } = &*self.cache;
        let slot = slots.get(index).ok_or_else(never_loaded)?;
        let path = slot.key.strip_prefix("f/").unwrap_or(&slot.key);
        encoded.map_err(|error| error.at(path))?;
        match &slot.known {
            Known::Stored(bytes) | Known::Initial(bytes) if **bytes == **scratch => return Ok(()),
            Known::Former { key, .. } => {
                self.records.try_delete(key)?;
            }
            Known::Stored(_) | Known::Initial(_) | Known::Nothing => {}
        }
        if scratch.len() > MAX_FIELD_BYTES {
            return Err(too_large(path, scratch.len()));
        }
        self.records
            .try_put(slot.key.as_ref().to_owned(), scratch.clone())?;
        self.changed.push((index, scratch.as_slice().into()));
        Ok(())
    }
}

fn too_large(path: &str, bytes: usize) -> StorageFault {
    StorageFault::Encode {
        path: path.to_owned(),
        reason: format!(
            "a plain field of {bytes} bytes is larger than {MAX_FIELD_BYTES}; keep its items in a \
             `Log`, `Map` or `Set`, or one large value in a `Lazy`"
        ),
    }
}
