//! An event as it is stored, and as it is read.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::keys::unreadable;
use super::upcast::{self, Upcast};
use crate::backend::StorageFault;
use crate::object::{Timestamp, uuid};
use crate::state::decode;

/// An event as it was appended, with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RecordedOf{E}")]
pub struct Recorded<E> {
    /// Its place among all events of the store: 1 for the first, without gaps.
    pub position: u64,
    /// The stream it is in.
    pub stream: String,
    /// Its place in the stream: 1 for the first, without gaps.
    pub version: u64,
    /// Its id, a UUID: the same whenever it is read, wherever the object is moved to, and of no other event.
    pub id: String,
    /// Its type: the variant of the enum, as serde writes it.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was appended.
    pub time: Timestamp,
    /// What ties together all that one request led to, in all objects: the request's id, if nothing else was said.
    pub correlation: String,
    /// The event, or whatever it was, that led to this one, if that was said.
    pub causation: Option<String>,
    /// Who called, by name; empty for an anonymous caller.
    pub caller: String,
    /// What happened.
    pub event: E,
}

/// The stored form, an array.
#[derive(Serialize)]
pub(super) struct Stored<'a, E>(
    pub(super) &'a str,
    pub(super) u32,
    pub(super) &'a str,
    pub(super) u64,
    pub(super) Timestamp,
    pub(super) &'a str,
    pub(super) Option<&'a str>,
    pub(super) &'a str,
    pub(super) &'a E,
);

/// The same, before anybody knows what the event is.
#[derive(Deserialize)]
struct Head<'a>(
    #[serde(borrow)] Cow<'a, str>,
    u32,
    #[serde(borrow)] Cow<'a, str>,
    u64,
    Timestamp,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Option<Cow<'a, str>>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] &'a RawValue,
);

/// The id of an event: version 8 of RFC 9562.
pub(super) fn id(origin: u64, position: u64) -> String {
    let bytes = u128::from(origin) << 64 | u128::from(position);
    uuid(bytes.to_be_bytes(), 0x80)
}

/// Reads a stored event, and takes it through the steps that bring it up to date.
pub(super) fn read<E: DeserializeOwned>(
    key: &str,
    position: u64,
    origin: u64,
    bytes: &[u8],
    steps: &[Upcast],
) -> Result<Recorded<E>, StorageFault> {
    let head = std::str::from_utf8(bytes)
        .map_err(|error| unreadable(key, &error.to_string()))
        .and_then(|text| {
            serde_json::from_str::<Head<'_>>(text)
                .map_err(|error| unreadable(key, &error.to_string()))
        })?;
    let Head(kind, form, stream, version, time, correlation, causation, caller, data) = head;
    let mut kind = kind.into_owned();
    let event = if upcast::is_current(steps, &kind, form) {
        serde_json::from_str(data.get()).map_err(|error| {
            let reason = format!(
                "the event `{kind}` of version {form} is not as the program knows it: {error}"
            );
            unreadable(key, &reason)
        })?
    } else {
        let (now, data) = upcast::run(steps, kind, form, data)
            .map_err(|reason| unreadable_or_newer(key, reason))?;
        kind = now;
        decode(key, data.as_bytes())?
    };
    Ok(Recorded {
        position,
        stream: stream.into_owned(),
        version,
        id: id(origin, position),
        kind,
        time,
        correlation: correlation.into_owned(),
        causation: causation.map(Cow::into_owned),
        caller: caller.into_owned(),
        event,
    })
}

fn unreadable_or_newer(key: &str, fault: upcast::Fault) -> StorageFault {
    match fault {
        upcast::Fault::Step(reason) => unreadable(key, &reason),
        upcast::Fault::Newer {
            kind,
            stored,
            known,
        } => StorageFault::Newer {
            mount: format!("event {kind}"),
            stored,
            known,
        },
    }
}

/// The type of a stored event and the version of its form.
pub(super) fn kind(key: &str, bytes: &[u8]) -> Result<(String, u32), StorageFault> {
    let text = std::str::from_utf8(bytes).map_err(|error| unreadable(key, &error.to_string()))?;
    let head: Head<'_> =
        serde_json::from_str(text).map_err(|error| unreadable(key, &error.to_string()))?;
    Ok((head.0.into_owned(), head.1))
}
