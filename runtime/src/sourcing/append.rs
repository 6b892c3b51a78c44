//! Appending events, and bringing the projections up to date with them.

use super::expected::{ConcurrencyError, Expected};
use super::keys::Keys;
use super::kind::kind_of;
use super::mark::Mark;
use super::projection::{Projections, Stored};
use super::record::{self, Recorded, id};
use super::stream::Appended;
use super::upcast::{Upcasts, current};
use crate::backend::StorageFault;
use crate::object::Timestamp;
use crate::state::encode;

/// What is said of the events besides what they say.
pub(super) struct Facts<'a> {
    pub(super) now: Timestamp,
    pub(super) correlation: &'a str,
    pub(super) causation: Option<&'a str>,
    pub(super) caller: &'a str,
    pub(super) random: &'a dyn Fn() -> u64,
}

pub(super) fn append<E: Stored, P: Projections<E>, U: Upcasts<E>>(
    keys: Keys<'_>,
    stream: &str,
    expected: Expected,
    facts: &Facts<'_>,
    events: Vec<E>,
) -> Result<Result<Appended<E>, ConcurrencyError>, StorageFault> {
    let mut version = keys.version(stream)?;
    if !expected.is_met(version) {
        return Ok(Err(ConcurrencyError::new(stream, expected, version)));
    }
    let mut mark = Mark::read(keys)?;
    if events.is_empty() {
        return Ok(Ok(Appended {
            events: Vec::new(),
            version,
            position: mark.last,
        }));
    }
    if mark.last == 0 {
        mark.origin = (facts.random)();
    }
    let before = mark.last;
    let places = keys.stream(stream);
    let mut recorded = Vec::with_capacity(events.len());
    for event in events {
        version += 1;
        mark.last += 1;
        let event = Recorded {
            position: mark.last,
            stream: stream.to_owned(),
            version,
            id: id(mark.origin, mark.last),
            kind: kind(keys, &event)?.to_owned(),
            time: facts.now,
            correlation: facts.correlation.to_owned(),
            causation: facts.causation.map(str::to_owned),
            caller: facts.caller.to_owned(),
            event,
        };
        write(keys, &places, &event, current(U::STEPS, &event.kind))?;
        recorded.push(event);
    }
    for info in P::ALL {
        let mut place = mark.place(info.named);
        // One that is behind must not miss what lies between.
        if place.position == before {
            let path = keys.projection(info.named.name, place.generation);
            (info.apply)(keys.records(), &path, &recorded);
            place.position = mark.last;
            place.updated = Some(facts.now);
            mark.set(info.named.name, place);
        }
    }
    mark.write(keys)?;
    Ok(Ok(Appended {
        events: recorded,
        version,
        position: mark.last,
    }))
}

fn kind<E: Stored>(keys: Keys<'_>, event: &E) -> Result<&'static str, StorageFault> {
    kind_of(event).ok_or_else(|| StorageFault::Encode {
        path: keys.path().to_owned(),
        reason: "an event is an enum or a struct, as serde writes them by default".to_owned(),
    })
}

fn write<E: Stored>(
    keys: Keys<'_>,
    places: &str,
    event: &Recorded<E>,
    form: u32,
) -> Result<(), StorageFault> {
    let value = encode(
        keys.path(),
        &record::Stored(
            &event.kind,
            form,
            &event.stream,
            event.version,
            event.time,
            &event.correlation,
            event.causation.as_deref(),
            &event.caller,
            &event.event,
        ),
    )?;
    let place = encode(keys.path(), &(event.position, &event.kind, form))?;
    keys.records().try_put(keys.event(event.position), value)?;
    keys.records()
        .try_put(Keys::numbered_key(places, event.version), place)
}
