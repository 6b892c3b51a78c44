//! What makes deferred calls exact: the commit of such a call also notes that it was made.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::stored;
use crate::backend::StorageFault;
use crate::object::Timestamp;
use crate::state::{Records, decode};

/// Before the text of sender and lane: the last of those sends that was taken.
const TAKEN: &str = "!in/";

/// The debt that a call settles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owed {
    /// A run of one of the object's own schedules.
    Run {
        /// The schedule's name.
        schedule: Arc<str>,
        /// The time that the run was due, which tells it from others.
        due: Timestamp,
    },
    /// A send of another object, or of the same.
    Send {
        /// The sender, and how it calls the target: class and name of both.
        from: Arc<str>,
        /// When the sender's first send was made: an object that is born anew counts from 1 again.
        life: Timestamp,
        /// The number of the send; those that come by one way come in the order of their numbers.
        number: u64,
    },
}

/// The last send that was taken.
#[derive(Serialize, Deserialize)]
struct Taken {
    life: Timestamp,
    number: u64,
}

impl Owed {
    /// How request ids of such calls begin.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Run { .. } => "schedule",
            Self::Send { .. } => "send",
        }
    }

    /// Whether the call was made already, so that it is not made again; `None` if it is a run, of which
    /// [`is_run`](Self::is_run) knows more.
    pub(crate) fn is_taken(&self, records: &Records) -> Result<Option<bool>, StorageFault> {
        let Self::Send { from, life, number } = self else {
            return Ok(None);
        };
        let key = [TAKEN, from].concat();
        let Some(text) = records.try_get(&key)? else {
            return Ok(Some(false));
        };
        let taken: Taken = decode(&key, &text)?;
        Ok(Some((taken.life, taken.number) >= (*life, *number)))
    }

    /// Whether a run was made already, or is not wanted any more.
    pub(crate) fn is_run(&self, records: &Records) -> Result<bool, StorageFault> {
        let Self::Run { schedule, due } = self else {
            return Ok(false);
        };
        Ok(stored::get(records, schedule)?.is_none_or(|stored| stored.due != *due))
    }

    /// Notes in the call's own commit that a send was taken.
    pub(crate) fn take(&self, records: &Records) -> Result<(), StorageFault> {
        let Self::Send { from, life, number } = self else {
            return Ok(());
        };
        let taken = Taken {
            life: *life,
            number: *number,
        };
        stored::write(records, [TAKEN, from].concat(), &taken)
    }

    /// Notes in the call's own commit that a run was made.
    pub(crate) fn done(&self, records: &Records, now: Timestamp) -> Result<(), StorageFault> {
        let Self::Run { schedule, due } = self else {
            return Ok(());
        };
        stored::done(records, schedule, *due, now)
    }
}
