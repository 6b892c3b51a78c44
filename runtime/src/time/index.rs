//! The order in which deferred work is due: one empty record a piece, whose key begins with its time. Its keys lie among those
//! of alarm items, so a commit that touches one sets the platform's alarm anew.

use crate::backend::{ObjectStore, Scan, StorageFault};
use crate::object::Timestamp;
use crate::state::{AsKey, Key, Records};

/// The keys of all entries begin so.
const PREFIX: &str = "!alarm/at/";
/// The first key behind them.
pub(crate) const BEHIND: &str = "!alarm/at0";

/// What lies in an entry: a record is not empty.
const VALUE: &[u8] = b"1";

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// The schedule of this name.
    Schedule(String),
    /// The sends to this target.
    Lane(String),
}

fn key(at: Timestamp, due: &Due) -> String {
    let mut key = PREFIX.to_owned();
    at.write_key(&mut key);
    let (kind, name) = match due {
        Due::Schedule(name) => ('s', name),
        Due::Lane(name) => ('o', name),
    };
    key.push(kind);
    key.push_str(name);
    key
}

pub(super) fn put(records: &Records, at: Timestamp, due: &Due) -> Result<(), StorageFault> {
    records.try_put(key(at, due), VALUE.to_vec())
}

pub(super) fn delete(records: &Records, at: Timestamp, due: &Due) -> Result<(), StorageFault> {
    records.try_delete(&key(at, due)).map(drop)
}

/// What is due by `now`, the earliest first, at most `limit`.
pub(super) fn due(
    records: &Records,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(Timestamp, Due)>, StorageFault> {
    let mut end = PREFIX.to_owned();
    // What is due in this millisecond is, too.
    Timestamp::from_millis(now.as_millis().saturating_add(1)).write_key(&mut end);
    let found = records.try_scan(&Scan {
        start: PREFIX,
        end: Some(&end),
        reverse: false,
        limit,
    })?;
    Ok(found
        .iter()
        .filter_map(|record| parse(&record.key))
        .collect())
}

fn parse(key: &str) -> Option<(Timestamp, Due)> {
    let mut rest = key.strip_prefix(PREFIX)?;
    let at = Timestamp::read_key(&mut rest)?;
    let due = match rest.split_at_checked(1)? {
        ("s", name) => Due::Schedule(name.to_owned()),
        ("o", name) => Due::Lane(name.to_owned()),
        _ => return None,
    };
    Some((at, due))
}

const FIRST: Scan<'static> = Scan {
    start: PREFIX,
    end: Some(BEHIND),
    reverse: false,
    limit: 1,
};

/// When something is due next.
pub(crate) fn earliest(records: &Records) -> Option<Timestamp> {
    let first = records.scan(&FIRST).into_iter().next()?;
    Some(parse(&first.key)?.0)
}

/// The same of what is stored.
pub(crate) fn earliest_stored(store: &dyn ObjectStore) -> Result<Option<Timestamp>, StorageFault> {
    let first = store.scan(&FIRST)?.into_iter().next();
    Ok(first.and_then(|record| Some(parse(&record.key)?.0)))
}
