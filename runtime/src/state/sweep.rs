//! Removing entries whose time is up: which there are, and when the object is to be woken for the next.
//!
//! Beside each entry lies `i/<path>/due/<time><key>`, and for each collection that has some, `!alarm/ttl/<path>` says when the
//! first of them expires: an alarm item as any other. All of it is records, so a sweep needs to know no types.

use super::collection::Place;
use super::key::AsKey as _;
use super::records::Records;
use crate::backend::{Scan, StorageFault};
use crate::object::{Timestamp, alarm};

/// The index of what expires when.
pub(super) const DUE: &str = "due";

/// How many entries one pass removes; what is left over has a pass of its own.
const PASS: usize = 500;

/// Notes when an entry expires.
pub(super) fn note(place: &Place, key: &str, until: Timestamp) -> Result<(), StorageFault> {
    let records = &place.records;
    records.try_put(due_key(place, key, until), b"true".to_vec())?;
    let path = place.stored_path();
    match alarm::expiry(records, path) {
        Some(at) if at <= until => {}
        _ => alarm::set_expiry(records, path, until),
    }
    Ok(())
}

/// Forgets it.
pub(super) fn forget(place: &Place, key: &str, until: Timestamp) -> Result<(), StorageFault> {
    let records = &place.records;
    records.try_delete(&due_key(place, key, until))?;
    let path = place.stored_path();
    if alarm::expiry(records, path) == Some(until) {
        rearm(records, path)?;
    }
    Ok(())
}

fn due_key(place: &Place, key: &str, until: Timestamp) -> String {
    let mut text = place.index_prefix(DUE);
    until.write_key(&mut text);
    text.push_str(key);
    text
}

/// Removes what has expired of all collections of an object, as far as one pass goes.
pub(crate) fn sweep(records: &Records, now: Timestamp) -> Result<(), StorageFault> {
    for path in alarm::expiring(records, now) {
        let prefix = ["i/", &path, "/", DUE, "/"].concat();
        let mut end = prefix.clone();
        now.write_key(&mut end);
        // All of this very moment, too: keys go on behind the time.
        let end = end_of(&end);
        let due = records.try_scan(&Scan {
            start: &prefix,
            end: Some(&end),
            reverse: false,
            limit: PASS,
        })?;
        for record in due {
            let key = record.key.get(prefix.len() + TIME..).unwrap_or_default();
            records.try_delete(&["c/", &path, "/", key].concat())?;
            records.delete_found(record.key)?;
        }
        rearm(records, &path)?;
    }
    Ok(())
}

/// Digits of a time in a key.
const TIME: usize = 16;

/// Sets a collection's alarm item to when its next entry expires.
pub(super) fn rearm(records: &Records, path: &str) -> Result<(), StorageFault> {
    let prefix = ["i/", path, "/", DUE, "/"].concat();
    let next = records.try_scan(&Scan {
        start: &prefix,
        end: Some(&end_of(&prefix)),
        reverse: false,
        limit: 1,
    })?;
    let time = next
        .first()
        .and_then(|record| record.key.get(prefix.len()..))
        .and_then(|mut text| <Timestamp as super::key::Key>::read_key(&mut text));
    match time {
        Some(at) => alarm::set_expiry(records, path, at),
        None => alarm::delete_expiry(records, path),
    }
    Ok(())
}

/// The end of all keys that begin so.
pub(super) fn end_of(prefix: &str) -> String {
    [prefix, "\u{10ffff}"].concat()
}
