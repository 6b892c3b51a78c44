//! The side of who subscribes.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{FOLLOW, Follow, Forget, Hear, Subscription, UNFOLLOW, Who, read};
use crate::backend::{Scan, StorageFault};
use crate::error::{Code, Error};
use crate::object::{Call, Mode, RawContext, StubCore, Timestamp, storage_error, wire_name};
use crate::rpc::WireError;
use crate::state::{AsKey as _, Key as _, Records, decode, encode};
use crate::time::{Backoff, StoredCall, push};

const PREFIX: &str = "!hears/";
const BEHIND: &str = "!hears0";

/// How many records are looked through at once.
const PAGE: usize = 256;

/// A subscription, as its subscriber keeps it.
#[derive(Serialize, Deserialize)]
struct Heard {
    token: String,
    since: Timestamp,
}

fn key(of: &str, event: &str, mount: &str) -> String {
    let mut key = PREFIX.to_owned();
    for part in [of, event, mount] {
        part.write_key(&mut key);
    }
    key
}

fn get(records: &Records, key: &str) -> Result<Option<Heard>, StorageFault> {
    let text = records.try_get(key)?;
    text.map(|text| decode(key, &text)).transpose()
}

/// Subscribes the object, or the mixin, of this context; what fails, fails its method.
pub(crate) fn subscribe(raw: &RawContext, of: &StubCore, event: &str, after: Option<&str>) {
    let subscribed = (|| {
        let (call, of, event) = address(raw, of, event)?;
        let records = raw.records();
        let key = key(&of, &event, &raw.mount);
        let known = get(&records, &key).map_err(|fault| storage_error(&fault))?;
        let heard = known.unwrap_or_else(|| Heard {
            token: format!("{:016x}", raw.random()),
            since: raw.turn.now,
        });
        let text = encode(&key, &heard).map_err(|fault| storage_error(&fault))?;
        let put = records.try_put(key, text);
        put.map_err(|fault| storage_error(&fault))?;
        send(
            raw,
            call,
            FOLLOW,
            &follow(raw, of, event, heard.token, after),
        )
    })();
    if let Err(error) = subscribed {
        raw.fail(error);
    }
}

/// Ends a subscription. Whether there was one.
pub(crate) fn unsubscribe(raw: &RawContext, of: &StubCore, event: &str) -> bool {
    let ended = (|| {
        let (call, of, event) = address(raw, of, event)?;
        let records = raw.records();
        let key = key(&of, &event, &raw.mount);
        let known = get(&records, &key).map_err(|fault| storage_error(&fault))?;
        let Some(heard) = known else {
            return Ok(false);
        };
        let gone = records.try_delete(&key);
        gone.map_err(|fault| storage_error(&fault))?;
        send(
            raw,
            call,
            UNFOLLOW,
            &follow(raw, of, event, heard.token, None),
        )?;
        Ok(true)
    })();
    ended.unwrap_or_else(|error| {
        raw.fail(error);
        false
    })
}

/// A call of the object, what it is called, and what the event is called there.
fn address(
    raw: &RawContext,
    of: &StubCore,
    event: &str,
) -> Result<(StoredCall, String, String), Box<WireError>> {
    let (of, mount) = of.whole();
    let call: Call<(), Error> = of.call_text(FOLLOW, Mode::Write, Ok(bytes::Bytes::new()));
    let call = call.at_rest(&raw.turn)?;
    let identity = raw.identity();
    let target = call.target(identity);
    if call.is_to_keeper() {
        let message = "an object hears its own events by `cx.emit`: subscribe to those of others";
        return Err(Box::new(WireError::framework(
            Code::InvalidRequest,
            message,
        )));
    }
    let event = wire_name(mount.as_deref().unwrap_or_default(), event).to_string();
    Ok((call, target, event))
}

fn follow(
    raw: &RawContext,
    of: String,
    event: String,
    token: String,
    after: Option<&str>,
) -> Follow {
    Follow {
        event,
        who: Who::of(raw.identity()),
        mount: raw.mount.to_string(),
        of,
        token,
        after: after.map(str::to_owned),
    }
}

fn send(
    raw: &RawContext,
    call: StoredCall,
    action: &str,
    params: &Follow,
) -> Result<(), Box<WireError>> {
    let params: Box<RawValue> = to_raw_value(params)
        .map_err(|fault| Box::new(WireError::framework(Code::Internal, fault.to_string())))?;
    let call = call.with(action, params);
    let (identity, now) = (raw.identity(), raw.turn.now);
    let (lane, _) = push(&raw.records(), identity, now, call, Backoff::default())?;
    raw.turn.note_send(lane);
    Ok(())
}

/// Whether the object still wants to hear what it is told.
pub(crate) fn wants(records: &Records, hear: &Hear<'_>) -> Result<bool, StorageFault> {
    let heard = get(records, &key(&hear.of, &hear.event, &hear.mount))?;
    Ok(heard.is_some_and(|heard| heard.token == hear.token))
}

/// What is to go with a subscription that was refused.
pub(crate) fn refused(params: &[u8]) -> Option<Forget> {
    let follow: Follow = read(params).ok()?;
    Some(Forget {
        key: key(&follow.of, &follow.event, &follow.mount),
        token: follow.token,
    })
}

pub(super) fn list(
    records: &Records,
    mount: &str,
    limit: usize,
) -> Result<Vec<Subscription>, StorageFault> {
    let (mut start, mut found) = (PREFIX.to_owned(), Vec::new());
    loop {
        let page = records.try_scan(&Scan {
            start: &start,
            end: Some(BEHIND),
            reverse: false,
            limit: PAGE,
        })?;
        for record in &page {
            if found.len() >= limit {
                return Ok(found);
            }
            let mut rest = record.key.get(PREFIX.len()..).unwrap_or_default();
            let mut part = || String::read_key(&mut rest);
            if let (Some(object), Some(event), Some(of_mount)) = (part(), part(), part())
                && of_mount == mount
            {
                let heard: Heard = decode(&record.key, &record.value)?;
                let since = heard.since;
                found.push(Subscription {
                    object,
                    event,
                    since,
                });
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => start = format!("{}\0", last.key),
            _ => return Ok(found),
        }
    }
}
