//! Registering a schedule.

use std::marker::PhantomData;
use std::time::Duration;

use super::Owed;
use super::backoff::Backoff;
use super::call::StoredCall;
use super::history;
use super::stored::{self, Stored};
use super::when::{Missed, Overlap, Rhythm};
use crate::backend::StorageFault;
use crate::error::Code;
use crate::object::{RawContext, Timestamp, wire_name};
use crate::rpc::WireError;
use crate::state::Records;

/// The longest name of a schedule, in bytes.
const MAX_NAME: usize = 256;

/// A schedule that is about to be registered; see [`Context::schedule`](crate::object::Context::schedule).
#[must_use = "nothing is scheduled until `after`, `at`, `every` or `cron` says when"]
#[derive(Debug)]
pub struct Schedule<'a> {
    raw: RawContext,
    name: Result<String, Box<WireError>>,
    call: Result<StoredCall, Box<WireError>>,
    overlap: Overlap,
    backoff: Backoff,
    keep: Option<u32>,
    keep_existing: bool,
    context: PhantomData<&'a mut ()>,
}

impl Schedule<'_> {
    pub(crate) fn new(
        raw: RawContext,
        name: &str,
        call: Result<StoredCall, Box<WireError>>,
    ) -> Self {
        let name = check_name(name).map(|()| wire_name(&raw.mount, name).to_string());
        Self {
            raw,
            name,
            call,
            overlap: Overlap::Skip,
            backoff: Backoff::default(),
            keep: None,
            keep_existing: false,
            context: PhantomData,
        }
    }

    /// How a run that fails is tried again.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// What becomes of runs whose time comes while the one before is still going on. If nothing is said they are left out.
    pub fn overlap(mut self, overlap: Overlap) -> Self {
        self.overlap = overlap;
        self
    }

    /// How many runs are remembered, at most 100. If nothing is said, 10 of a schedule that repeats and none of others.
    pub fn keep_runs(mut self, count: u32) -> Self {
        self.keep = Some(count.min(history::MOST));
        self
    }

    /// Leaves a schedule of this name as it is, if there is one: else `after` and `at` move it.
    pub fn keep_existing(mut self) -> Self {
        self.keep_existing = true;
        self
    }

    /// Once, so long from now. A schedule of this name that has not run is moved.
    pub fn after(self, delay: Duration) {
        let at = self.raw.turn.now + delay;
        self.at(at);
    }

    /// Once, then; at once if that is past. A schedule of this name that has not run is moved.
    pub fn at(self, time: Timestamp) {
        self.register(Rhythm::Once, None, time);
    }

    /// Again and again, for the first time when the period has passed. The times are multiples of the period from now on, so
    /// no delay adds up. Registered again with the same period, it keeps its times. `missed` says what becomes of runs for
    /// which nobody was there.
    ///
    /// A period is at least a second.
    pub fn every(self, period: Duration, missed: Missed) {
        let now = self.raw.turn.now;
        let millis = u64::try_from(period.as_millis()).unwrap_or(u64::MAX);
        if millis < 1_000 {
            let message = "a schedule repeats after a second or more";
            return self.raw.fail(refused(message));
        }
        let rhythm = Rhythm::Every {
            period: millis,
            anchor: now,
        };
        self.register(rhythm, Some(missed), now + period);
    }

    /// When a cron expression says so, by the clocks of a place: `"0 9 * * 1-5"` in `"Europe/Berlin"` is nine in the morning
    /// there, Monday to Friday, in summer and in winter. The zone is a name of the IANA database, `UTC` among them.
    ///
    /// The five fields are minute, hour, day of the month, month and day of the week (0 or 7 is Sunday); with six, seconds come first. `docs/time.md` tells what happens when clocks are
    /// changed.
    ///
    /// This is there with the feature `cron` of `stayput`, which brings the rules of all time zones with it.
    #[cfg(feature = "cron")]
    pub fn cron(self, expression: &str, zone: &str, missed: Missed) {
        let now = self.raw.turn.now;
        let rhythm = Rhythm::Cron {
            cron: expression.to_owned(),
            zone: zone.to_owned(),
        };
        match super::cron::check(expression, zone).map(|()| rhythm.after(now)) {
            Ok(Some(first)) => self.register(rhythm, Some(missed), first),
            Ok(None) => {
                let message = format!("`{expression}` never comes");
                self.raw.fail(refused(message));
            }
            Err(message) => self.raw.fail(refused(message)),
        }
    }

    fn register(self, rhythm: Rhythm, missed: Option<Missed>, first: Timestamp) {
        let (name, call) = match (self.name, self.call) {
            (Ok(name), Ok(call)) => (name, call),
            (Err(error), _) | (_, Err(error)) => return self.raw.fail(error),
        };
        let usual = if rhythm.is_once() { 0 } else { history::USUAL };
        let new = Stored {
            at: first,
            due: first,
            attempt: 0,
            begun: None,
            rhythm,
            missed,
            overlap: self.overlap,
            backoff: self.backoff,
            keep: self.keep.unwrap_or(usual),
            call,
        };
        // A run that registers its own schedule anew is not in its own way.
        let is_own =
            matches!(&self.raw.turn.owed, Some(Owed::Run { schedule, .. }) if **schedule == *name);
        let records = self.raw.records();
        records.settle(plan(&records, &name, new, self.keep_existing && !is_own));
    }
}

/// Stores a schedule. One of the same name that repeats in the same way keeps its times.
fn plan(
    records: &Records,
    name: &str,
    mut new: Stored,
    keep_existing: bool,
) -> Result<(), StorageFault> {
    let Some(old) = stored::get(records, name)? else {
        return stored::set(records, name, None, &new);
    };
    if keep_existing && old.rhythm.is_once() == new.rhythm.is_once() {
        return Ok(());
    }
    let same = match (&old.rhythm, &new.rhythm) {
        (Rhythm::Every { period, .. }, Rhythm::Every { period: now, .. }) => period == now,
        (old @ Rhythm::Cron { .. }, new) => old == new,
        _ => false,
    };
    if same {
        new.rhythm = old.rhythm.clone();
        (new.at, new.due) = (old.at, old.due);
        (new.attempt, new.begun) = (old.attempt, old.begun);
        // Registered in `start`, it would else be written at every wake.
        if is_same(&old, &new) {
            return Ok(());
        }
    }
    stored::set(records, name, Some(old.at), &new)
}

/// Stores a call that is to be made once.
pub(crate) fn plan_once(
    records: &Records,
    name: &str,
    at: Timestamp,
    backoff: Backoff,
    call: StoredCall,
) -> Result<(), StorageFault> {
    let new = Stored {
        at,
        due: at,
        attempt: 0,
        begun: None,
        rhythm: Rhythm::Once,
        missed: None,
        overlap: Overlap::Skip,
        backoff,
        keep: 0,
        call,
    };
    stored::set(records, name, None, &new)
}

/// A name for a schedule that was given none.
pub(crate) fn unnamed(raw: &RawContext) -> String {
    wire_name(&raw.mount, &format!("~{}", raw.uuid_v7())).to_string()
}

fn is_same(old: &Stored, new: &Stored) -> bool {
    match (serde_json::to_vec(old), serde_json::to_vec(new)) {
        (Ok(old), Ok(new)) => old == new,
        _ => false,
    }
}

fn check_name(name: &str) -> Result<(), Box<WireError>> {
    if name.is_empty() || name.len() > MAX_NAME || name.starts_with('~') {
        return Err(refused(
            "the name of a schedule has 1 to 256 bytes and does not begin with `~`",
        ));
    }
    Ok(())
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Box<WireError> {
    Box::new(WireError::framework(Code::InvalidRequest, message))
}
