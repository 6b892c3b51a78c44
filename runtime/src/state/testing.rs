//! A store in memory, for tests.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::rc::Rc;

use super::Records;
use crate::backend::{Commit, ObjectStore, Record, Scan, Seq, StorageFault};

/// Keeps records in a map; can be told to fail.
#[derive(Default)]
pub(crate) struct MemoryStore {
    pub(crate) records: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) failing: Cell<bool>,
    /// How many gets and scans there were.
    pub(crate) reads: Cell<usize>,
    seq: Cell<Seq>,
}

impl MemoryStore {
    pub(crate) fn new() -> Rc<Self> {
        Rc::default()
    }

    /// The records of the object, with nothing written over them.
    pub(crate) fn open(self: &Rc<Self>) -> Records {
        Records::new(self.clone())
    }

    /// Commits what was written and says how many records that were.
    pub(crate) fn accept(&self, records: &Records) -> usize {
        let (puts, deletes) = records.drain();
        let count = puts.len() + deletes.len();
        self.commit(Commit {
            puts,
            deletes,
            ..Commit::default()
        })
        .unwrap();
        count
    }

    pub(crate) fn set(&self, key: &str, text: &str) {
        self.records
            .borrow_mut()
            .insert(key.to_owned(), text.as_bytes().to_vec());
    }

    /// The record's text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.records
            .borrow()
            .get(key)
            .map(|value| String::from_utf8(value.clone()).unwrap())
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.records.borrow().keys().cloned().collect()
    }

    fn read(&self) -> Result<(), StorageFault> {
        self.reads.set(self.reads.get() + 1);
        if self.failing.get() {
            Err(StorageFault::Io("unplugged".to_owned()))
        } else {
            Ok(())
        }
    }
}

impl ObjectStore for MemoryStore {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageFault> {
        self.read()?;
        Ok(self.records.borrow().get(key).cloned())
    }

    fn scan(&self, scan: &Scan<'_>) -> Result<Vec<Record>, StorageFault> {
        self.read()?;
        let records = self.records.borrow();
        let end = scan.end.map_or(Bound::Unbounded, Bound::Excluded);
        let range = records
            .range::<str, _>((Bound::Included(scan.start), end))
            .map(|(key, value)| Record {
                key: key.clone(),
                value: value.clone(),
            });
        Ok(if scan.reverse {
            range.rev().take(scan.limit).collect()
        } else {
            range.take(scan.limit).collect()
        })
    }

    fn commit(&self, commit: Commit) -> Result<Seq, StorageFault> {
        let mut records = self.records.borrow_mut();
        assert!(
            commit.puts.is_sorted_by(|a, b| a.key < b.key),
            "puts in key order"
        );
        assert!(
            commit.deletes.is_sorted_by(|a, b| a < b),
            "deletes in key order"
        );
        if commit.destroy {
            records.clear();
        }
        for key in commit.deletes {
            assert!(
                commit.puts.iter().all(|put| put.key != key),
                "a key put and deleted"
            );
            records.remove(&key);
        }
        records.extend(
            commit
                .puts
                .into_iter()
                .map(|record| (record.key, record.value)),
        );
        self.seq.set(self.seq.get() + 1);
        Ok(self.seq.get())
    }

    fn gate(&self, _: Seq, release: Box<dyn FnOnce(Result<(), StorageFault>)>) {
        release(Ok(()));
    }
}
