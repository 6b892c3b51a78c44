//! The side of the object whose events are heard.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{EventSource, Follow, Forget, HEAR, Hear, Subscription, Who, read};
use crate::backend::{Record, Scan, StorageFault};
use crate::error::Code;
use crate::event::kept;
use crate::object::{RawContext, Timestamp, storage_error};
use crate::rpc::{WireError, from_utf8};
use crate::state::{AsKey as _, Records, decode, encode};
use crate::time::{Backoff, StoredCall, push};

const PREFIX: &str = "!told/";
const BEHIND: &str = "!told0";

/// How many may subscribe to one event of an object.
const MOST: usize = 1_000;

/// A subscription, as its object keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    who: Who,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    mount: String,
    /// What the subscriber calls the object.
    of: String,
    token: String,
    since: Timestamp,
}

fn key(event: &str, to: &str, mount: &str) -> String {
    let mut key = range(event).0;
    to.write_key(&mut key);
    mount.write_key(&mut key);
    key
}

/// Where the subscriptions of an event are.
fn range(event: &str) -> (String, String) {
    // `0` follows `/`, and no name has either in that place.
    (format!("{PREFIX}{event}/"), format!("{PREFIX}{event}0"))
}

fn all_of(records: &Records, event: &str) -> Result<Vec<Told>, StorageFault> {
    let found = found(records, event)?;
    let read = |record: &Record| decode(&record.key, &record.value);
    found.iter().map(read).collect()
}

fn found(records: &Records, event: &str) -> Result<Vec<Record>, StorageFault> {
    let (start, end) = range(event);
    records.try_scan(&Scan {
        start: &start,
        end: Some(&end),
        reverse: false,
        limit: MOST,
    })
}

/// Where the subscription is that was noted when the subscriber's class had another path: its token is the same.
fn under_former_path(found: &[Record], follow: &Follow) -> Result<Option<String>, StorageFault> {
    for record in found {
        // Most are not, and need not be decoded.
        let text = std::str::from_utf8(&record.value).unwrap_or_default();
        if !text.contains(&follow.token) {
            continue;
        }
        let told: Told = decode(&record.key, &record.value)?;
        let is_it = told.token == follow.token && told.mount == follow.mount;
        if is_it && told.who.name == follow.who.name {
            return Ok(Some(record.key.clone()));
        }
    }
    Ok(None)
}

/// Notes a subscriber of an event whose type has the name `kind`. Asked again it is there once.
pub(crate) fn follow(raw: &RawContext, kind: &str, follow: Follow) -> Result<(), Box<WireError>> {
    let records = raw.records();
    let fault = |fault: StorageFault| storage_error(&fault);
    let key = key(&follow.event, &follow.who.text(), &follow.mount);
    let known = records.try_get(&key).map_err(fault)?;
    let known: Option<Told> = (known.map(|text| decode(&key, &text)).transpose()).map_err(fault)?;
    if known
        .as_ref()
        .is_some_and(|known| known.token == follow.token)
    {
        return Ok(());
    }
    if known.is_none() {
        let all = found(&records, &follow.event).map_err(fault)?;
        if let Some(former) = under_former_path(&all, &follow).map_err(fault)? {
            // It is told under its present path from here on, and not twice.
            records.try_delete(&former).map_err(fault)?;
        } else if all.len() >= MOST {
            let message = format!("{MOST} objects subscribe to `{}` already", follow.event);
            return Err(Box::new(WireError::framework(Code::Overloaded, message)));
        }
    }
    let Follow {
        event,
        who,
        mount,
        of,
        token,
        after,
    } = follow;
    let told = Told {
        who,
        mount,
        of,
        token,
        since: raw.turn.now,
    };
    let text = encode(&key, &told).map_err(fault)?;
    records.try_put(key, text).map_err(fault)?;
    let Some(after) = after else { return Ok(()) };
    for (place, data, at) in kept::since(&records, &event, &after).map_err(fault)? {
        let cursor = place.to_string();
        hand_over(raw, &told, (kind, &event), (&data, &cursor, at))?;
    }
    Ok(())
}

/// Forgets a subscriber.
pub(crate) fn end(records: &Records, follow: &Follow) -> Result<(), StorageFault> {
    let mut key = key(&follow.event, &follow.who.text(), &follow.mount);
    if records.try_get(&key)?.is_none()
        && let Some(former) = under_former_path(&found(records, &follow.event)?, follow)?
    {
        key = former;
    }
    let token = follow.token.clone();
    Forget { key, token }.carry_out(records)
}

/// Hands an event that was logged to everyone who subscribes to it, in the same commit.
pub(crate) fn tell(
    raw: &RawContext,
    kind: &str,
    (event, data, cursor): (&str, &[u8], &str),
) -> Result<(), StorageFault> {
    let all = all_of(&raw.records(), event)?;
    if all.is_empty() {
        return Ok(());
    }
    let Ok(data) = from_utf8::<&RawValue>(data) else {
        // It was encoded by ourselves.
        return Ok(());
    };
    for told in &all {
        let one = (data, cursor, raw.turn.now);
        if let Err(error) = hand_over(raw, told, (kind, event), one) {
            raw.fail(error);
            break;
        }
    }
    Ok(())
}

fn hand_over(
    raw: &RawContext,
    told: &Told,
    (kind, event): (&str, &str),
    (data, cursor, at): (&RawValue, &str, Timestamp),
) -> Result<(), Box<WireError>> {
    let identity = raw.identity();
    let hear = Hear {
        event: event.to_owned(),
        kind: kind.to_owned(),
        to: told.who.text(),
        mount: told.mount.clone(),
        of: told.of.clone(),
        token: told.token.clone(),
        source: EventSource {
            who: Who::of(identity),
            cursor: cursor.to_owned(),
            at,
        },
        data,
    };
    let params = to_raw_value(&hear)
        .map_err(|fault| Box::new(WireError::framework(Code::Internal, fault.to_string())))?;
    let Who { class, name, id } = told.who.clone();
    let call = StoredCall::of_object((class, name, id), HEAR, params, &raw.turn.caller)?;
    let (lane, _) = push(
        &raw.records(),
        identity,
        raw.turn.now,
        call,
        Backoff::default(),
    )?;
    raw.turn.note_send(lane);
    Ok(())
}

/// What is to go when a subscriber wants to hear no more.
pub(crate) fn forgotten(params: &[u8]) -> Option<Forget> {
    let hear: Hear<'_> = read(params).ok()?;
    Some(Forget {
        key: key(&hear.event, &hear.to, &hear.mount),
        token: hear.token,
    })
}

pub(super) fn list(records: &Records, limit: usize) -> Result<Vec<Subscription>, StorageFault> {
    let found = records.try_scan(&Scan {
        start: PREFIX,
        end: Some(BEHIND),
        reverse: false,
        limit,
    })?;
    let mut list = Vec::new();
    for record in found {
        let event = record.key.get(PREFIX.len()..).unwrap_or_default();
        let event = event.split('/').next().unwrap_or_default().to_owned();
        let told: Told = decode(&record.key, &record.value)?;
        list.push(Subscription {
            object: told.who.text(),
            event,
            since: told.since,
        });
    }
    Ok(list)
}
