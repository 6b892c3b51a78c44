//! What became of the last runs of a schedule.

use serde::{Deserialize, Serialize};

use super::dead::Failure;
use super::stored::write;
use crate::backend::StorageFault;
use crate::object::Timestamp;
use crate::state::{Records, decode};

const PREFIX: &str = "!runs/";

/// How many runs of a schedule may be remembered.
pub(super) const MOST: u32 = 100;
/// How many are, of one that repeats, if nothing is said.
pub(super) const USUAL: u32 = 10;

/// A run of a schedule that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Run {
    /// The time it was meant for.
    pub due: Timestamp,
    /// When its first attempt began.
    pub begun: Timestamp,
    /// When its last attempt ended.
    pub ended: Timestamp,
    /// How many attempts it took.
    pub attempts: u32,
    /// Why the last one failed; `None` if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// Remembers a run, as the last of `keep`.
pub(super) fn note(records: &Records, name: &str, run: Run, keep: u32) -> Result<(), StorageFault> {
    if keep == 0 {
        return Ok(());
    }
    let mut runs = of(records, name)?;
    runs.push(run);
    let keep = usize::try_from(keep.min(MOST)).unwrap_or(usize::MAX);
    let surplus = runs.len().saturating_sub(keep);
    runs.drain(..surplus);
    write(records, key(name), &runs)
}

/// The last runs, the oldest first.
pub(super) fn of(records: &Records, name: &str) -> Result<Vec<Run>, StorageFault> {
    let key = key(name);
    let found = records.try_get(&key)?;
    let runs = found.map(|text| decode(&key, &text)).transpose()?;
    Ok(runs.unwrap_or_default())
}

pub(super) fn forget(records: &Records, name: &str) -> Result<(), StorageFault> {
    records.try_delete(&key(name)).map(drop)
}

fn key(name: &str) -> String {
    [PREFIX, name].concat()
}
