//! Bringing projections up to date, and making them anew, some events at a time.

use super::keys::Keys;
use super::mark::{Mark, Place};
use super::projection::{self, Progress, ProjectionInfo, Projections, Stored, UnknownProjection};
use super::read::Walk;
use super::store::EventStore;
use super::upcast::{Upcast, Upcasts};
use crate::backend::StorageFault;

/// How many events are decoded before they are applied.
const CHUNK: usize = 1_000;

impl<E: Stored, P: Projections<E>, U: Upcasts<E>> EventStore<E, P, U> {
    /// Applies events to the projections that are behind, at most so many to each, and says whether all are up to date: a
    /// projection is behind that is new to the store or of a new version. The events of an append are applied by itself.
    ///
    /// A few thousand events take milliseconds; of a store with many let a process [do
    /// it](super::StoreHandle::catch_up).
    pub fn catch_up(&mut self, events: u64) -> bool {
        self.catch_up_step(events)
    }

    pub(super) fn catch_up_step(&self, events: u64) -> bool {
        let caught_up = self.try_catch_up(events);
        self.settle(caught_up)
    }

    fn try_catch_up(&self, events: u64) -> Result<bool, StorageFault> {
        const { projection::check(P::ALL) };
        let keys = self.keys()?;
        let mut mark = Mark::read(keys)?;
        let (mut done, mut changed) = (true, false);
        for info in P::ALL {
            let mut place = mark.place(info.named);
            let known = mark.at.get(info.named.name) == Some(&place);
            if place.position < mark.last {
                place.position = apply(
                    keys,
                    info,
                    place.generation,
                    place.position,
                    mark.last,
                    events,
                    U::STEPS,
                )?;
                place.updated = Some(keys.records().now());
            }
            let swept = sweep(keys, info.named.name, &mut place, events)?;
            done &= place.position == mark.last && place.stale.is_empty();
            if swept || !known || mark.at.get(info.named.name) != Some(&place) {
                // Before the first event there is nothing to remember.
                changed |= mark.last > 0;
                mark.set(info.named.name, place);
            }
        }
        if changed {
            mark.write(keys)?;
        }
        Ok(done)
    }

    /// One step of making a projection anew from the first event on, at most so many events. The first step begins,
    /// every other goes on where the last one ended, also after a restart. What is there is read, and brought up to date by
    /// appends, until the step that reaches the last event puts the new one in its place.
    ///
    /// To be called until [`Progress::is_done`]; [`rebuild`](super::StoreHandle::rebuild) does that in a process.
    ///
    /// # Errors
    ///
    /// There is none of this name.
    pub fn rebuild_step(&mut self, name: &str, events: u64) -> Result<Progress, UnknownProjection> {
        self.step(name, events)
    }

    pub(super) fn step(&self, name: &str, events: u64) -> Result<Progress, UnknownProjection> {
        let info = Self::info(name)?;
        let stepped = self.try_step(info, events);
        Ok(self.settle(stepped.map(Some)).unwrap_or_else(|| Progress {
            projection: name.to_owned(),
            position: 0,
            last: 0,
            rebuilding: None,
        }))
    }

    fn try_step(&self, info: &ProjectionInfo<E>, events: u64) -> Result<Progress, StorageFault> {
        let keys = self.keys()?;
        let name = info.named.name;
        let mut mark = Mark::read(keys)?;
        let mut place = mark.place(info.named);
        let (generation, from) = match place.rebuild {
            Some(rebuild) => rebuild,
            None => (place.newest().saturating_add(1), 0),
        };
        let position = apply(keys, info, generation, from, mark.last, events, U::STEPS)?;
        if position < mark.last {
            place.rebuild = Some((generation, position));
        } else {
            place.stale.push(place.generation);
            place.generation = generation;
            place.position = position;
            place.updated = Some(keys.records().now());
            place.rebuild = None;
        }
        sweep(keys, name, &mut place, events)?;
        let progress = progress(name, &place, mark.last);
        mark.set(name, place);
        mark.write(keys)?;
        Ok(progress)
    }

    /// Removes what rebuilds have left, at most so many records, and says whether nothing is left.
    pub(super) fn sweep_step(&self, name: &str, records: u64) -> bool {
        let swept = self.try_sweep(name, records);
        self.settle(swept)
    }

    fn try_sweep(&self, name: &str, records: u64) -> Result<bool, StorageFault> {
        let keys = self.keys()?;
        let mut mark = Mark::read(keys)?;
        let Some(mut place) = mark.at.get(name).cloned() else {
            return Ok(true);
        };
        if sweep(keys, name, &mut place, records)? {
            mark.set(name, place.clone());
            mark.write(keys)?;
        }
        Ok(place.stale.is_empty())
    }
}

pub(super) fn progress(name: &str, place: &Place, last: u64) -> Progress {
    Progress {
        projection: name.to_owned(),
        position: place.position,
        last,
        rebuilding: place.rebuild.map(|(_, position)| position),
    }
}

/// Removes records of generations that nobody reads, and says whether there was any to remove.
fn sweep(
    keys: Keys<'_>,
    name: &str,
    place: &mut Place,
    records: u64,
) -> Result<bool, StorageFault> {
    let mut left = usize::try_from(records.max(1)).unwrap_or(usize::MAX);
    let swept = !place.stale.is_empty();
    while let Some(generation) = place.stale.last().copied() {
        let removed = projection::remove(keys, name, generation, left)?;
        if removed == left {
            break;
        }
        left -= removed;
        place.stale.pop();
    }
    Ok(swept)
}

/// Applies the events behind `from`, at most so many, up to `last`, and returns the position that was reached.
fn apply<E: Stored>(
    keys: Keys<'_>,
    info: &ProjectionInfo<E>,
    generation: u32,
    from: u64,
    last: u64,
    events: u64,
    steps: &'static [Upcast],
) -> Result<u64, StorageFault> {
    let path = keys.projection(info.named.name, generation);
    let to = last.min(from.saturating_add(events.max(1)));
    let mut walk = Walk::to(from.saturating_add(1), to);
    let mut position = from;
    while position < to {
        let mut chunk = Vec::with_capacity(CHUNK);
        while chunk.len() < CHUNK
            && let Some(found) = walk.next(keys)?
        {
            chunk.push(found.read::<E>(keys, steps)?);
        }
        let Some(reached) = chunk.last().map(|event| event.position) else {
            return Ok(to);
        };
        (info.apply)(keys.records(), &path, &chunk);
        position = reached;
    }
    Ok(position)
}
