//! Where the records of an event store lie.
//!
//! Under `c/<path>`, as for every collection: `e<position>` an event, `s<stream><version>` its place in its stream,
//! `n<stream><aggregate>` a snapshot, and beside them `#`, what is known of the store as a whole. A projection's fields lie
//! as if a mixin were mounted at `<path>.<projection>@<generation>`.

use crate::backend::{Record, Scan, StorageFault};
use crate::state::{AsKey as _, Key as _, Place, Records, after};

/// The place of a store, with the keys of its records.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a>(pub(super) &'a Place);

impl<'a> Keys<'a> {
    pub(super) fn records(self) -> &'a Records {
        &self.0.records
    }

    /// The path of the field, for people.
    pub(super) fn path(self) -> &'a str {
        &self.0.path
    }

    /// The record of the whole.
    pub(super) fn mark(self) -> String {
        self.0.mark_key()
    }

    fn under(self, letter: &str) -> String {
        ["c/", self.0.stored_path(), "/", letter].concat()
    }

    /// The record of an event.
    pub(super) fn event(self, position: u64) -> String {
        let mut key = self.under("e");
        position.write_key(&mut key);
        key
    }

    /// What the keys of a stream's places begin with.
    pub(super) fn stream(self, stream: &str) -> String {
        let mut key = self.under("s");
        stream.write_key(&mut key);
        key
    }

    /// The snapshot of an aggregate.
    pub(super) fn snapshot(self, stream: &str, aggregate: &str) -> String {
        let mut key = self.under("n");
        stream.write_key(&mut key);
        aggregate.write_key(&mut key);
        key
    }

    /// The path of a projection's fields.
    pub(super) fn projection(self, name: &str, generation: u32) -> String {
        format!("{}.{name}@{generation}", self.0.stored_path())
    }

    /// The key of a number under a prefix.
    pub(super) fn numbered_key(prefix: &str, number: u64) -> String {
        let mut key = String::with_capacity(prefix.len() + 16);
        key.push_str(prefix);
        number.write_key(&mut key);
        key
    }

    /// The number at the end of a key that begins with `prefix`.
    pub(super) fn number(prefix: &str, key: &str) -> Result<u64, StorageFault> {
        let mut text = key.get(prefix.len()..).unwrap_or_default();
        u64::read_key(&mut text)
            .filter(|_| text.is_empty())
            .ok_or_else(|| unreadable(key, "the key ends in no number"))
    }

    /// Records numbered within `numbers`, both included, whose keys begin with `prefix`.
    pub(super) fn numbered(
        self,
        prefix: &str,
        (first, last): (u64, u64),
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Record>, StorageFault> {
        if first > last {
            return Ok(Vec::new());
        }
        let (mut start, mut end) = (prefix.to_owned(), prefix.to_owned());
        first.write_key(&mut start);
        last.write_key(&mut end);
        self.records().try_scan(&Scan {
            start: &start,
            end: Some(&after(&end)),
            reverse,
            limit,
        })
    }

    /// What the keys of all events begin with.
    pub(super) fn events(self) -> String {
        self.under("e")
    }

    /// The version of a stream: the number of its last event, 0 without one.
    pub(super) fn version(self, stream: &str) -> Result<u64, StorageFault> {
        let prefix = self.stream(stream);
        let last = self.numbered(&prefix, (0, u64::MAX), true, 1)?;
        last.first()
            .map_or(Ok(0), |record| Self::number(&prefix, &record.key))
    }

    /// The names of streams behind `last`, at most `limit`, in the order of their bytes.
    pub(super) fn streams(
        self,
        last: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StorageFault> {
        let root = self.under("s");
        let mut start = match last {
            None => root.clone(),
            Some(last) => behind(self.stream(last)),
        };
        let end = self.under("t");
        let mut names = Vec::new();
        while names.len() < limit {
            let found = self.records().try_scan(&Scan {
                start: &start,
                end: Some(&end),
                reverse: false,
                limit: 1,
            })?;
            let Some(record) = found.first() else { break };
            let mut text = record.key.get(root.len()..).unwrap_or_default();
            let name = String::read_key(&mut text)
                .ok_or_else(|| unreadable(&record.key, "the key names no stream"))?;
            start = behind(self.stream(&name));
            names.push(name);
        }
        Ok(names)
    }
}

/// The first key behind all that begin with the text of a name, which ends in U+0000.
fn behind(mut prefix: String) -> String {
    prefix.pop();
    prefix.push('\u{1}');
    prefix
}

pub(super) fn unreadable(key: &str, reason: &str) -> StorageFault {
    StorageFault::Decode {
        key: key.to_owned(),
        reason: reason.to_owned(),
    }
}
