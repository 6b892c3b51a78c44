//! Alarm items: the records behind `cx.set_alarm`, and when the object must be woken for them.
//!
//! The platform has one alarm per object; items are many. Each is a record, so it is committed and undone with
//! everything else, and the earliest of them is what the backend is told.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::backend::{ObjectStore, Record, Scan, StorageFault};
use crate::order::sort_by;
use crate::rpc::from_utf8;
use crate::state::Records;
use crate::time;

/// The keys of all items begin so.
pub(crate) const PREFIX: &str = "!alarm/";
/// The first key behind them.
const PREFIX_END: &str = "!alarm0";
/// Items of `cx.set_alarm`: the rest of the key is the mount.
const USER: &str = "!alarm/user/";
/// When a temporary object is to go.
const IDLE: &str = "!alarm/idle";
/// When the next entry of a collection expires: the rest of the key is its path.
const EXPIRY: &str = "!alarm/ttl/";
/// All items; the index of deferred work lies before them.
const ALL: Scan<'static> = Scan {
    start: time::INDEX_END,
    end: Some(PREFIX_END),
    reverse: false,
    limit: usize::MAX,
};
/// Items that failed too often, kept to be seen.
const DEAD: &str = "!dead/alarm/";

/// How often a failing alarm is tried again.
pub(crate) const RETRIES: u32 = 6;
/// The pause before the first retry; it doubles.
const FIRST_RETRY: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// When to run.
    pub(crate) at: Timestamp,
    /// What was asked for first; retries move `at` only.
    pub(crate) scheduled: Timestamp,
    /// Runs begun so far.
    pub(crate) attempt: u32,
}

pub(crate) fn set(records: &Records, mount: &str, at: Timestamp) {
    put(
        records,
        &key(mount),
        Item {
            at,
            scheduled: at,
            attempt: 0,
        },
    );
}

pub(crate) fn set_idle(records: &Records, at: Timestamp) {
    let item = Item {
        at,
        scheduled: at,
        attempt: 0,
    };
    put(records, IDLE, item);
}

pub(crate) fn delete_idle(records: &Records) {
    records.delete(IDLE);
}

pub(crate) fn idle(records: &Records) -> Option<Item> {
    let value = records.get(IDLE)?;
    from_utf8(&value).ok()
}

/// When the next entry of a collection expires, as far as is noted.
pub(crate) fn expiry(records: &Records, path: &str) -> Option<Timestamp> {
    let value = records.get(&[EXPIRY, path].concat())?;
    from_utf8::<Item>(&value).ok().map(|item| item.at)
}

pub(crate) fn set_expiry(records: &Records, path: &str, at: Timestamp) {
    let item = Item {
        at,
        scheduled: at,
        attempt: 0,
    };
    put(records, &[EXPIRY, path].concat(), item);
}

pub(crate) fn delete_expiry(records: &Records, path: &str) {
    records.delete(&[EXPIRY, path].concat());
}

/// The collections of which an entry has expired.
pub(crate) fn expiring(records: &Records, now: Timestamp) -> Vec<String> {
    let due = items(records).filter(|(_, item)| item.at <= now);
    due.filter_map(|(key, _)| Some(key.strip_prefix(EXPIRY)?.to_owned()))
        .collect()
}

pub(crate) fn get(records: &Records, mount: &str) -> Option<Item> {
    records
        .get(&key(mount))
        .and_then(|value| from_utf8(&value).ok())
}

pub(crate) fn delete(records: &Records, mount: &str) {
    records.delete(&key(mount));
}

/// Moves a failing item to the dead ones.
pub(crate) fn bury(records: &Records, mount: &str, item: Item) {
    delete(records, mount);
    put(records, &format!("{DEAD}{mount}"), item);
}

/// Counts a run before it begins, with the time of the next in case it never ends.
pub(crate) fn begin(records: &Records, mount: &str, item: Item, now: Timestamp, random: u64) {
    // Up to a quarter more, so that objects that failed together do not come back together.
    let pause = FIRST_RETRY.saturating_mul(1 << item.attempt.min(RETRIES));
    let jitter = pause.mul_f64(f64::from(u32::try_from(random % 1000).unwrap_or(0)) / 4000.0);
    let at = now + pause + jitter;
    put(
        records,
        &key(mount),
        Item {
            at,
            scheduled: item.scheduled,
            attempt: item.attempt + 1,
        },
    );
}

/// Mounts whose alarm is due, earliest first.
pub(crate) fn due(records: &Records, now: Timestamp) -> Vec<(String, Item)> {
    let mut due: Vec<_> = items(records)
        .filter(|(_, item)| item.at <= now)
        .filter_map(|(key, item)| Some((key.strip_prefix(USER)?.to_owned(), item)))
        .collect();
    sort_by(&mut due, |(_, one), (_, other)| one.at.cmp(&other.at));
    due
}

/// When the object must be woken next; for deferred calls only if its class makes some.
pub(crate) fn earliest(records: &Records, defers: bool) -> Option<Timestamp> {
    let items = items(records).map(|(_, item)| item.at);
    let deferred = defers.then(|| time::earliest(records)).flatten();
    items.chain(deferred).min()
}

/// When an object must be woken next, as far as its store knows; for a backend whose alarm may get lost.
pub(crate) fn earliest_stored(store: &dyn ObjectStore) -> Result<Option<Timestamp>, StorageFault> {
    let items = store.scan(&ALL)?.into_iter().filter_map(item);
    let items = items.map(|(_, item)| item.at);
    Ok(items.chain(time::earliest_stored(store)?).min())
}

fn items(records: &Records) -> impl Iterator<Item = (String, Item)> {
    records.scan(&ALL).into_iter().filter_map(item)
}

fn item(record: Record) -> Option<(String, Item)> {
    Some((record.key, from_utf8(&record.value).ok()?))
}

fn put(records: &Records, key: &str, item: Item) {
    match serde_json::to_vec(&item) {
        Ok(value) => records.put(key, value),
        // Three integers always encode.
        Err(_) => debug_assert!(false, "an alarm item encodes"),
    }
}

fn key(mount: &str) -> String {
    format!("{USER}{mount}")
}
