//! The records of a store that belongs to no object.

use std::rc::Rc;

use crate::backend::{Commit, ObjectStore, Record, Scan, Seq, StorageFault};
use crate::state::Records;

struct Nowhere;

impl ObjectStore for Nowhere {
    fn get(&self, _: &str) -> Result<Option<Vec<u8>>, StorageFault> {
        Ok(None)
    }

    fn scan(&self, _: &Scan<'_>) -> Result<Vec<Record>, StorageFault> {
        Ok(Vec::new())
    }

    fn commit(&self, _: Commit) -> Result<Seq, StorageFault> {
        Err(StorageFault::Io("there is no object".to_owned()))
    }

    fn gate(&self, _: Seq, release: Box<dyn FnOnce(Result<(), StorageFault>)>) {
        release(Ok(()));
    }
}

/// There is nothing, and nothing is taken.
pub(super) fn records() -> Records {
    let records = Records::new(Rc::new(Nowhere));
    records.set_read_only(true);
    records
}
