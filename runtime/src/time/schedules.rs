//! Looking at schedules, and taking them back.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::history::{self, Run};
use super::stored::{self, Stored};
use super::when::Rhythm;
use crate::backend::StorageFault;
use crate::object::{Identity, RawContext, Timestamp, wire_name};
use crate::state::Records;

/// A schedule, as it is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Scheduled {
    /// Its name; one that begins with `~` was given none.
    pub name: String,
    /// Whom the call is for: class and name.
    pub target: String,
    /// The action that is called.
    pub action: String,
    /// The time that the next run, or the one that is going on, is meant for.
    pub due: Timestamp,
    /// When it is tried again, if an attempt has failed; else the same.
    pub next: Timestamp,
    /// Attempts of that run begun so far.
    pub attempts: u32,
    /// The period in milliseconds, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// The cron expression and its time zone, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<(String, String)>,
}

impl Scheduled {
    fn new(name: &str, stored: Stored, keeper: &Identity) -> Self {
        let (every, cron) = match stored.rhythm {
            Rhythm::Once => (None, None),
            Rhythm::Every { period, .. } => (Some(period), None),
            Rhythm::Cron { cron, zone } => (None, Some((cron, zone))),
        };
        Self {
            name: name.to_owned(),
            target: stored.call.target(keeper),
            action: stored.call.action,
            due: stored.due,
            next: stored.at,
            attempts: stored.attempt,
            every,
            cron,
        }
    }
}

/// The schedules of an object, or of a mixin in it, to read.
#[derive(Debug)]
pub struct Schedules<'a> {
    raw: RawContext,
    context: PhantomData<&'a ()>,
}

/// The schedules of an object, or of a mixin in it, to change.
#[derive(Debug)]
pub struct SchedulesMut<'a> {
    raw: RawContext,
    context: PhantomData<&'a mut ()>,
}

impl Schedules<'_> {
    pub(crate) fn new(raw: RawContext) -> Self {
        Self {
            raw,
            context: PhantomData,
        }
    }

    /// The schedule of this name.
    pub fn get(&self, name: &str) -> Option<Scheduled> {
        let records = self.raw.records();
        let found = records.settle(stored::get(&records, &wire_name(&self.raw.mount, name)));
        found.map(|stored| Scheduled::new(name, stored, self.raw.identity()))
    }

    /// All, in the order of their names, at most `limit`.
    pub fn list(&self, limit: usize) -> Vec<Scheduled> {
        let records = self.raw.records();
        let beginning = beginning(&self.raw);
        let all = records.settle(stored::all(&records, &beginning, limit));
        let own = |(name, stored): (String, Stored)| {
            let name = name.get(beginning.len()..).unwrap_or_default();
            Scheduled::new(name, stored, self.raw.identity())
        };
        all.into_iter().map(own).collect()
    }

    /// What became of its last runs, the oldest first; see [`keep_runs`](super::Schedule::keep_runs).
    pub fn runs(&self, name: &str) -> Vec<Run> {
        let records = self.raw.records();
        records.settle(history::of(&records, &wire_name(&self.raw.mount, name)))
    }
}

impl SchedulesMut<'_> {
    pub(crate) fn new(raw: RawContext) -> Self {
        Self {
            raw,
            context: PhantomData,
        }
    }

    /// Cancels a schedule, and forgets its runs. Whether there was one. A run that is going on goes on.
    pub fn cancel(&mut self, name: &str) -> bool {
        let records = self.raw.records();
        records.settle(cancel(&records, &wire_name(&self.raw.mount, name)))
    }

    /// Cancels all. How many there were.
    pub fn cancel_all(&mut self) -> usize {
        let records = self.raw.records();
        records.settle(cancel_all(&records, &beginning(&self.raw)))
    }
}

fn cancel(records: &Records, name: &str) -> Result<bool, StorageFault> {
    history::forget(records, name)?;
    let Some(stored) = stored::get(records, name)? else {
        return Ok(false);
    };
    stored::remove(records, name, stored.at)?;
    Ok(true)
}

fn cancel_all(records: &Records, beginning: &str) -> Result<usize, StorageFault> {
    let mut count = 0;
    loop {
        // A page at a time: what is to be called may be large.
        let page = stored::all(records, beginning, 64)?;
        if page.is_empty() {
            return Ok(count);
        }
        count += page.len();
        for (name, stored) in &page {
            history::forget(records, name)?;
            stored::remove(records, name, stored.at)?;
        }
    }
}

/// How the names of all that are this mount's begin.
fn beginning(raw: &RawContext) -> String {
    if raw.mount.is_empty() {
        String::new()
    } else {
        format!("{}.", raw.mount)
    }
}
