//! Schedules as they are stored: one record a piece, and an entry in the order of what is due.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::backoff::Backoff;
use super::call::StoredCall;
use super::dead::{self, Dead, Failure};
use super::history::{self, Run};
use super::index::{self, Due};
use super::when::{Missed, Overlap, Rhythm, Rules};
use crate::backend::{Scan, StorageFault};
use crate::object::Timestamp;
use crate::rpc::WireError;
use crate::state::{Records, decode};

const PREFIX: &str = "!sched/";
const BEHIND: &str = "!sched0";

/// A schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stored {
    /// When it is to be looked at: at its due time, or when a failed or a lost run is to be tried again.
    pub(super) at: Timestamp,
    /// The time that the next run, or the one that is going on, was meant for.
    pub(super) due: Timestamp,
    /// Attempts of that run begun so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) attempt: u32,
    /// When the first of them began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) begun: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Rhythm::is_once")]
    pub(super) rhythm: Rhythm,
    /// Said of what repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) missed: Option<Missed>,
    #[serde(default, skip_serializing_if = "is_skip")]
    pub(super) overlap: Overlap,
    #[serde(default, skip_serializing_if = "Backoff::is_default")]
    pub(super) backoff: Backoff,
    /// How many runs are remembered.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) keep: u32,
    pub(super) call: StoredCall,
}

/// One run of a schedule.
#[derive(Debug, Clone)]
pub(crate) struct RunOf {
    pub(crate) schedule: Arc<str>,
    pub(crate) due: Timestamp,
    pub(crate) call: StoredCall,
}

impl Stored {
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules {
            rhythm: &self.rhythm,
            missed: self.missed.unwrap_or(Missed::Once),
            overlap: self.overlap,
        }
    }

    /// Turns to the run after the one that was due; `false` if there is none.
    fn turn_to_next(&mut self, now: Timestamp) -> bool {
        let begun = self.begun.unwrap_or(now);
        let Some(next) = self.rules().next(self.due, begun, now) else {
            return false;
        };
        (self.at, self.due) = (next, next);
        (self.attempt, self.begun) = (0, None);
        true
    }
}

pub(super) fn get(records: &Records, name: &str) -> Result<Option<Stored>, StorageFault> {
    let key = [PREFIX, name].concat();
    let found = records.try_get(&key)?;
    found.map(|text| decode(&key, &text)).transpose()
}

/// Stores a schedule in the place of `old`.
pub(super) fn set(
    records: &Records,
    name: &str,
    old: Option<Timestamp>,
    stored: &Stored,
) -> Result<(), StorageFault> {
    let due = Due::Schedule(name.to_owned());
    if old != Some(stored.at) {
        if let Some(old) = old {
            index::delete(records, old, &due)?;
        }
        index::put(records, stored.at, &due)?;
    }
    write(records, [PREFIX, name].concat(), stored)
}

/// Takes a schedule away.
pub(super) fn remove(records: &Records, name: &str, at: Timestamp) -> Result<(), StorageFault> {
    index::delete(records, at, &Due::Schedule(name.to_owned()))?;
    records.try_delete(&[PREFIX, name].concat()).map(drop)
}

/// All whose name begins so, in the order of their names.
pub(super) fn all(
    records: &Records,
    beginning: &str,
    limit: usize,
) -> Result<Vec<(String, Stored)>, StorageFault> {
    let start = [PREFIX, beginning].concat();
    let found = records.try_scan(&Scan {
        start: &start,
        end: Some(BEHIND),
        reverse: false,
        limit,
    })?;
    let mut all = Vec::new();
    for record in found {
        if !record.key.starts_with(&start) {
            break;
        }
        let name = record
            .key
            .get(PREFIX.len()..)
            .unwrap_or_default()
            .to_owned();
        all.push((name, decode(&record.key, &record.value)?));
    }
    Ok(all)
}

/// A run has ended well.
pub(crate) fn done(
    records: &Records,
    name: &str,
    due: Timestamp,
    now: Timestamp,
) -> Result<(), StorageFault> {
    // Moved, replaced or cancelled by the run itself, or while it was going on: what is stored is of another run.
    let Some(stored) = get(records, name)?.filter(|stored| stored.due == due) else {
        return Ok(());
    };
    ended(records, name, stored, now, None)
}

/// A run has failed: it is tried again, or its call becomes a dead letter. Answers whether that was the last attempt.
pub(crate) fn failed(
    records: &Records,
    run: &RunOf,
    now: Timestamp,
    error: &WireError,
    random: u64,
) -> Result<bool, StorageFault> {
    let found = get(records, &run.schedule)?;
    let Some(mut stored) = found.filter(|stored| stored.due == run.due) else {
        return Ok(false);
    };
    if stored.backoff.is_spent(stored.attempt) {
        bury(
            records,
            &run.schedule,
            stored,
            now,
            Failure::of(error),
            random,
        )?;
        return Ok(true);
    }
    let old = stored.at;
    stored.at = now + stored.backoff.pause(stored.attempt, random);
    set(records, &run.schedule, Some(old), &stored)?;
    Ok(false)
}

/// Keeps the call of a run that failed for the last time, and turns to the next.
pub(super) fn bury(
    records: &Records,
    name: &str,
    stored: Stored,
    now: Timestamp,
    error: Failure,
    random: u64,
) -> Result<(), StorageFault> {
    let dead = Dead {
        schedule: Some(name.to_owned()),
        due: stored.due,
        attempts: stored.attempt,
        error: error.clone(),
        died: now,
        backoff: stored.backoff,
        call: stored.call.clone(),
    };
    dead::put(records, &dead, random)?;
    ended(records, name, stored, now, Some(error))
}

fn ended(
    records: &Records,
    name: &str,
    mut stored: Stored,
    now: Timestamp,
    error: Option<Failure>,
) -> Result<(), StorageFault> {
    let run = Run {
        due: stored.due,
        begun: stored.begun.unwrap_or(now),
        ended: now,
        attempts: stored.attempt,
        error,
    };
    history::note(records, name, run, stored.keep)?;
    let old = stored.at;
    if stored.turn_to_next(now) {
        set(records, name, Some(old), &stored)
    } else {
        remove(records, name, old)
    }
}

/// Writes a record of the runtime's own.
pub(super) fn write<T: Serialize>(
    records: &Records,
    key: String,
    value: &T,
) -> Result<(), StorageFault> {
    let text = serde_json::to_vec(value).map_err(|fault| StorageFault::Encode {
        path: key.clone(),
        reason: fault.to_string(),
    })?;
    records.try_put(key, text)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_skip(overlap: &Overlap) -> bool {
    *overlap == Overlap::Skip
}
