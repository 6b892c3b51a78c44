//! Jobs as callers see them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::object::Timestamp;
use crate::prelude::{ActionError, data, event};
use crate::workflow::Kind;

/// What a call of a job answers: the job has been noted and will be run.
#[data]
#[derive(PartialEq, Eq)]
pub struct Accepted {
    /// Its id, for `jobs.get` and `jobs.cancel`.
    pub job: String,
}

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// It waits to be run, for the first time or again.
    Queued,
    /// It runs.
    Running,
    /// A workflow that waits for a time, or for somebody to say something.
    Waiting,
    /// It has ended; `result` is what it returned.
    Done,
    /// It has failed for good; `error` says how.
    Failed,
    /// Somebody has cancelled it.
    Cancelled,
}

impl JobStatus {
    /// Whether nothing more will become of it.
    pub fn has_ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::Waiting)
    }
}

/// A job.
#[data]
#[derive(PartialEq)]
pub struct JobView {
    /// Its id.
    pub id: String,
    /// The action's wire name.
    pub action: String,
    /// Where it is.
    pub status: JobStatus,
    /// Runs begun so far: 1 for the first.
    pub attempt: u32,
    /// What it told last of how far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Value>,
    /// What it returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<JobFailure>,
    /// When it was accepted.
    pub created: Timestamp,
    /// When something was last noted of it.
    pub changed: Timestamp,
}

/// Why a job failed: as in the answer to a call.
#[data]
#[derive(PartialEq)]
pub struct JobFailure {
    /// What tells errors apart.
    pub code: String,
    /// For people.
    pub message: String,
    /// For programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

impl JobFailure {
    pub(super) fn lost(attempts: u32) -> Self {
        Self {
            code: "jobs.lost".to_owned(),
            message: format!("the object was lost in each of the job's {attempts} runs"),
            details: None,
            retryable: true,
        }
    }
}

/// Something has become of a job: it was accepted, runs, has come further, has ended. Its result and error are told by
/// `jobs.get`. Connections hear of their own subject's jobs; handlers of the object hear of all.
#[event(name = "changed")]
#[derive(PartialEq)]
pub struct JobChanged {
    /// Its id.
    pub id: String,
    /// The action's wire name.
    pub action: String,
    /// Where it is now.
    pub status: JobStatus,
    /// Runs begun so far.
    pub attempt: u32,
    /// What it told last of how far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Value>,
}

/// A part of a workflow that was come by.
#[data]
#[derive(PartialEq)]
pub struct StepView {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// How it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<JobFailure>,
    /// When it was noted.
    pub at: Timestamp,
}

/// What can be wrong with a call about jobs.
#[derive(Debug, Clone, PartialEq, Eq, ActionError)]
#[error(prefix = "jobs")]
pub enum JobError {
    /// There is no such job, it ended more than 24 hours ago, or it is somebody else's.
    #[error(code = "not_found", status = 404, message = "there is no job {id}")]
    NotFound {
        /// The id asked for.
        id: String,
    },
    /// Too many jobs of the object have not ended yet.
    #[error(
        code = "full",
        status = 503,
        retryable,
        message = "{max} jobs of this object have not ended yet"
    )]
    Full {
        /// How many may be.
        max: u64,
    },
    /// So much was said to the workflow that no more is kept.
    #[error(
        code = "too_many_signals",
        status = 409,
        message = "{max} things were said to the workflow already"
    )]
    TooManySignals {
        /// How many may be.
        max: u32,
    },
    /// The receiver of a job's end did not take it.
    #[error(code = "not_told", status = 502, retryable, message = "{reason}")]
    NotTold {
        /// What it answered, or why it was not reached.
        reason: String,
    },
    /// The address cannot be told.
    #[error(code = "bad_url", status = 400, message = "{reason}")]
    BadUrl {
        /// What is wrong with it.
        reason: String,
    },
}
