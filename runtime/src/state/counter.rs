//! A number that is counted up and down.

use std::fmt;
use std::marker::PhantomData;

use schemars::SchemaGenerator;

use super::collection::{Site, field_by_site};
use super::encode::decode;
use super::field::Field;
use crate::backend::StorageFault;
use crate::manifest::StateManifest;

/// A number that is counted up and down, as a record of its own: 0 until it is first changed.
///
/// It differs from a plain `i64` in that an overflow is a fault and not a panic, and that it is not read when the object
/// wakes. Each call reads one record; those that change it write one. Its name is not in the prelude, for many an object is
/// called so: `use stayput::state::Counter;`.
///
/// Faults poison the action: it fails as a whole, and until then the number looks like 0. The `try_` forms return the fault
/// instead and leave the action alone.
#[derive(Default)]
pub struct Counter {
    site: Site,
    nothing: PhantomData<()>,
}

impl Counter {
    /// The number.
    pub fn get(&self) -> i64 {
        self.site.settle(self.try_get())
    }

    /// [`get`](Self::get), with the fault.
    pub fn try_get(&self) -> Result<i64, StorageFault> {
        let place = self.site.place()?;
        let key = place.mark_key();
        let bytes = place.records.try_get(&key)?;
        bytes.map_or(Ok(0), |bytes| decode(&key, &bytes))
    }

    /// Counts by `by`, which may be negative, and returns the new number.
    pub fn add(&mut self, by: i64) -> i64 {
        let result = self.try_add(by);
        self.site.settle(result)
    }

    /// [`add`](Self::add), with the fault: also when the sum does not fit 64 bits.
    pub fn try_add(&mut self, by: i64) -> Result<i64, StorageFault> {
        let before = self.try_get()?;
        let place = self.site.place()?;
        let after = before.checked_add(by).ok_or_else(|| StorageFault::Encode {
            path: place.path.as_ref().to_owned(),
            reason: format!("{before} and {by} are more than 64 bits hold"),
        })?;
        if by != 0 {
            self.try_set(after)?;
        }
        Ok(after)
    }

    /// Sets the number, without reading it.
    pub fn set(&mut self, number: i64) {
        let result = self.try_set(number);
        self.site.settle(result);
    }

    /// [`set`](Self::set), with the fault.
    pub fn try_set(&mut self, number: i64) -> Result<(), StorageFault> {
        let place = self.site.place()?;
        let text = number.to_string().into_bytes();
        place.records.try_put(place.mark_key(), text)
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.site.fmt("Counter", f)
    }
}

impl Field for Counter {
    field_by_site!(nothing);

    fn describe(_: &mut SchemaGenerator) -> StateManifest {
        StateManifest::Counter
    }
}
