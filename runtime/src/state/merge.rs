//! Scans that see layers of writes and the committed records below as one.

use std::collections::{VecDeque, btree_map};
use std::iter::Peekable;
use std::ops::Bound;

use super::records::Layer;
use crate::backend::{ObjectStore, Record, Scan, StorageFault};

/// How much is fetched from the store at once, at most: removed records must be skipped, so it
/// cannot be known beforehand how many are needed. Few in tests, so that they turn pages.
const PAGE: usize = if cfg!(test) { 5 } else { 256 };
/// At least so much, lest a run of removed records be fetched one by one.
const SMALL_PAGE: usize = if cfg!(test) { 2 } else { 16 };

/// The records of `scan`: the topmost (last) of `layers` that names a key decides about it.
pub(super) fn merged(
    store: &dyn ObjectStore,
    layers: &[Layer],
    scan: &Scan<'_>,
) -> Result<Vec<Record>, StorageFault> {
    if scan.limit == 0 || scan.end.is_some_and(|end| end <= scan.start) {
        return Ok(Vec::new());
    }
    let mut written: Vec<_> = layers
        .iter()
        .rev()
        .map(|layer| Written::new(layer, scan))
        .filter_map(|mut entries| entries.peek().is_some().then_some(entries))
        .collect();
    if written.is_empty() {
        return store.scan(scan);
    }
    let mut stored = Stored::new(store, scan);
    let mut found = Vec::new();
    while found.len() < scan.limit {
        stored.fill(scan.limit - found.len())?;
        let Some(key) = next_key(&mut written, scan.reverse) else {
            // Only the store is left.
            match stored.page.pop_front() {
                Some(record) => found.push(record),
                None => break,
            }
            continue;
        };
        if let Some(first) = stored.page.front() {
            if comes_before(&first.key, key, scan.reverse) {
                found.extend(stored.page.pop_front());
                continue;
            }
            if first.key == *key {
                stored.page.pop_front();
            }
        }
        let mut decides = None;
        for entries in &mut written {
            if let Some((_, value)) = entries.next_if(|(other, _)| *other == key) {
                decides.get_or_insert(value);
            }
        }
        if let Some(Some(value)) = decides {
            found.push(Record {
                key: key.clone(),
                value: value.clone(),
            });
        }
    }
    Ok(found)
}

fn comes_before(one: &str, other: &str, reverse: bool) -> bool {
    if reverse { one > other } else { one < other }
}

/// The first of the keys that the layers have next.
fn next_key<'a>(written: &mut [Peekable<Written<'a>>], reverse: bool) -> Option<&'a String> {
    let keys = written
        .iter_mut()
        .filter_map(|entries| entries.peek().map(|(key, _)| *key));
    keys.reduce(|best, key| {
        if comes_before(key, best, reverse) {
            key
        } else {
            best
        }
    })
}

/// The entries of one layer within a range, in the direction of the scan.
struct Written<'a> {
    range: btree_map::Range<'a, String, Option<Vec<u8>>>,
    reverse: bool,
}

impl<'a> Written<'a> {
    fn new(layer: &'a Layer, scan: &Scan<'_>) -> Peekable<Self> {
        let end = scan.end.map_or(Bound::Unbounded, Bound::Excluded);
        let range = layer.range::<str, _>((Bound::Included(scan.start), end));
        Self {
            range,
            reverse: scan.reverse,
        }
        .peekable()
    }
}

impl<'a> Iterator for Written<'a> {
    type Item = (&'a String, &'a Option<Vec<u8>>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.reverse {
            self.range.next_back()
        } else {
            self.range.next()
        }
    }
}

/// The store's side of a scan, fetched by pages.
struct Stored<'a> {
    store: &'a dyn ObjectStore,
    start: String,
    end: Option<String>,
    reverse: bool,
    page: VecDeque<Record>,
    exhausted: bool,
}

impl<'a> Stored<'a> {
    fn new(store: &'a dyn ObjectStore, scan: &Scan<'_>) -> Self {
        Self {
            store,
            start: scan.start.to_owned(),
            end: scan.end.map(ToOwned::to_owned),
            reverse: scan.reverse,
            page: VecDeque::new(),
            exhausted: false,
        }
    }

    /// Fetches a page if none is at hand.
    fn fill(&mut self, wanted: usize) -> Result<(), StorageFault> {
        if self.exhausted || !self.page.is_empty() {
            return Ok(());
        }
        let limit = wanted.clamp(SMALL_PAGE, PAGE);
        let page = self.store.scan(&Scan {
            start: &self.start,
            end: self.end.as_deref(),
            reverse: self.reverse,
            limit,
        })?;
        self.exhausted = page.len() < limit;
        if let Some(last) = page.last() {
            if self.reverse {
                self.end = Some(last.key.clone());
            } else {
                self.start = after(&last.key);
            }
        }
        self.page = page.into();
        Ok(())
    }
}

/// The smallest text after `key`.
pub(crate) fn after(key: &str) -> String {
    let mut next = String::with_capacity(key.len() + 1);
    next.push_str(key);
    next.push('\0');
    next
}
