//! The records: one for each event that is kept, and a head that knows where they begin and end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Cursor;
use crate::backend::StorageFault;
use crate::object::{RawContext, Timestamp};
use crate::socket::Recipients;
use crate::state::{Records, decode, encode};

const HEAD: &str = "!ev#";
/// How many values of one event are kept, each under a key of its own.
pub(super) const MAX_KEYS: usize = 1_000;
/// How long such a key may be.
const MAX_KEY: usize = 512;
const MILLIS_AN_HOUR: i64 = 3_600_000;

/// Where the events of an object begin and end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Head {
    /// Tells this log from that of another life of the object; empty before there is one.
    pub(super) log: Box<str>,
    /// The number of the last event, of whatever name.
    pub(super) at: u64,
    /// By name.
    pub(super) of: BTreeMap<Box<str>, Span>,
}

/// The events of one name: they are numbered from `first` on, and `next` is not there yet.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Span {
    #[serde(rename = "f")]
    pub(super) first: u64,
    #[serde(rename = "n")]
    pub(super) next: u64,
    /// The place of the last one that was forgotten; 0 if none was.
    #[serde(rename = "g", default, skip_serializing_if = "is_zero")]
    pub(super) gone: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// An event, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Item {
    /// Its number among all events of the object.
    pub(super) p: u64,
    /// When it was broadcast.
    pub(super) t: Timestamp,
    /// In any of which rooms; everywhere, if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) r: Vec<std::sync::Arc<str>>,
    /// To whom alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) s: Option<String>,
    /// Its data.
    pub(super) d: Box<RawValue>,
}

impl Head {
    pub(super) fn read(records: &Records) -> Result<Self, StorageFault> {
        let Some(bytes) = records.try_get(HEAD)? else {
            return Ok(Self::default());
        };
        decode(HEAD, &bytes)
    }

    fn write(&self, records: &Records) -> Result<(), StorageFault> {
        records.try_put(HEAD.to_owned(), encode(HEAD, self)?)
    }

    /// The end of the log.
    pub(super) fn end(&self) -> Cursor {
        let log = if self.log.is_empty() {
            Cursor::NO_LOG
        } else {
            &self.log
        };
        Cursor {
            log: log.into(),
            at: self.at,
        }
    }

    fn span(&mut self, event: &str) -> &mut Span {
        if !self.of.contains_key(event) {
            self.of.insert(event.into(), Span::default());
        }
        // It was put there.
        self.of.entry(event.into()).or_default()
    }
}

impl Item {
    pub(super) fn read(records: &Records, key: &str) -> Result<Option<Self>, StorageFault> {
        let bytes = records.try_get(key)?;
        bytes.map(|bytes| decode(key, &bytes)).transpose()
    }

    /// Whether it was meant to be forgotten by now.
    pub(super) fn is_old(&self, hours: Option<u32>, now: Timestamp) -> bool {
        hours.is_some_and(|hours| {
            self.t.as_millis() + i64::from(hours) * MILLIS_AN_HOUR <= now.as_millis()
        })
    }
}

/// The key of an event's record by its number.
pub(super) fn key(event: &str, number: u64) -> String {
    format!("!ev/{event}/{number:016x}")
}

/// Where the records of an event's keys begin, and where they end.
pub(super) fn latest_range(event: &str) -> (String, String) {
    // `>` follows `=`, and no name has a slash.
    (format!("!ev/{event}/="), format!("!ev/{event}/>"))
}

/// Keeps an event in the log; answers its place.
pub(crate) fn append(
    raw: &RawContext,
    event: &str,
    data: &[u8],
    to: &Recipients,
    (count, hours): (u32, Option<u32>),
) -> Result<Cursor, StorageFault> {
    let records = raw.records();
    let mut head = Head::read(&records)?;
    if head.log.is_empty() {
        head.log = format!("{:08x}", raw.random() >> 32).into();
    }
    head.at += 1;
    let (at, now) = (head.at, raw.turn.now);
    let span = head.span(event);
    records.try_put(key(event, span.next), item(event, at, now, data, to)?)?;
    span.next += 1;
    // Two a turn at most, so that a log that is to be kept for less shrinks, and no turn has to remove all of it.
    for _ in 0..2 {
        let is_long = span.next - span.first > u64::from(count.max(1));
        if !is_long && hours.is_none() {
            break;
        }
        let key = key(event, span.first);
        let Some(oldest) =
            Item::read(&records, &key)?.filter(|oldest| is_long || oldest.is_old(hours, now))
        else {
            break;
        };
        records.try_delete(&key)?;
        span.first += 1;
        span.gone = oldest.p;
    }
    head.write(&records)?;
    Ok(head.end())
}

/// What is kept of one event behind a place, in its order; all of it, if that is no place of this log.
pub(crate) fn since(
    records: &Records,
    event: &str,
    after: &str,
) -> Result<Vec<(Cursor, Box<RawValue>, Timestamp)>, StorageFault> {
    let head = Head::read(records)?;
    let Some(span) = head.of.get(event) else {
        return Ok(Vec::new());
    };
    let after = after.parse::<Cursor>().ok();
    let after = after.filter(|after| after.log == head.log);
    let behind = after.map_or(0, |after| after.at);
    let mut found = Vec::new();
    for number in span.first..span.next {
        let item = Item::read(records, &key(event, number))?;
        if let Some(item) = item.filter(|item| item.p > behind) {
            let place = Cursor {
                log: head.log.clone(),
                at: item.p,
            };
            found.push((place, item.d, item.t));
        }
    }
    Ok(found)
}

/// Keeps an event as the last one of its key.
pub(crate) fn put_latest(
    raw: &RawContext,
    event: &str,
    of: &str,
    data: &[u8],
    to: &Recipients,
) -> Result<(), StorageFault> {
    let records = raw.records();
    let refused = |reason| StorageFault::Encode {
        path: format!("event {event}"),
        reason,
    };
    if of.len() > MAX_KEY {
        return Err(refused(format!(
            "its key has {} bytes, at most {MAX_KEY} are allowed",
            of.len()
        )));
    }
    let key = format!("{}{of}", latest_range(event).0);
    if records.try_get(&key)?.is_none() {
        let mut head = Head::read(&records)?;
        let span = head.span(event);
        span.next += 1;
        if span.next > MAX_KEYS as u64 {
            return Err(refused(format!(
                "the last ones of {MAX_KEYS} keys are kept already: forget some by `cx.forget::<Event>(key)`"
            )));
        }
        head.write(&records)?;
    }
    records.try_put(key, item(event, 0, raw.turn.now, data, to)?)
}

/// Forgets the last event of a key. Whether there was one.
pub(crate) fn forget(records: &Records, event: &str, of: &str) -> Result<bool, StorageFault> {
    let was = records.try_delete(&format!("{}{of}", latest_range(event).0))?;
    if was {
        let mut head = Head::read(records)?;
        let span = head.span(event);
        span.next = span.next.saturating_sub(1);
        head.write(records)?;
    }
    Ok(was)
}

fn item(
    event: &str,
    at: u64,
    now: Timestamp,
    data: &[u8],
    to: &Recipients,
) -> Result<Vec<u8>, StorageFault> {
    let data = std::str::from_utf8(data)
        .ok()
        .and_then(|text| RawValue::from_string(text.to_owned()).ok());
    let Some(data) = data else {
        // What is broadcast was encoded by ourselves.
        return Err(StorageFault::Encode {
            path: format!("event {event}"),
            reason: "its data is no JSON".to_owned(),
        });
    };
    let item = Item {
        p: at,
        t: now,
        r: to.rooms().to_vec(),
        s: to.subject().map(str::to_owned),
        d: data,
    };
    // Its data has been through our encoder, which would take it for a text.
    serde_json::to_vec(&item).map_err(|fault| StorageFault::Encode {
        path: format!("event {event}"),
        reason: fault.to_string(),
    })
}
