//! A job as it is stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JobFailure, JobStatus, JobView};
use crate::action::Params;
use crate::error::Code;
use crate::object::{Caller, CallerKind, StoredCaller, Timestamp};
use crate::prelude::data;
use crate::rpc::{Reply, WireError, from_utf8};
use crate::workflow::later;

/// The longest result, and the longest details of an error, that are kept: a record has 2,000,000 bytes, with the progress in
/// it. What could not be stored would be run again.
const MAX_RESULT: usize = 1_000_000;

/// A job.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub(super) struct Job {
    /// The action's wire name.
    pub(super) action: String,
    pub(super) caller: StoredCaller,
    pub(super) status: JobStatus,
    /// Runs begun so far.
    pub(super) attempt: u32,
    pub(super) retries: u32,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    /// When it is to run; to be seen after, while it runs; to be forgotten, when it has ended.
    pub(super) due: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) progress: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<JobFailure>,
    /// Whether it is a workflow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) flow: bool,
    /// Of a workflow: whether it is to take back what it did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) cancelling: bool,
    /// Of a workflow: whether something was said to it since its run began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) signalled: bool,
    /// Of a workflow: how much was said to it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(super) heard: u32,
    /// Of a workflow: how many runs were cut short since it last came further.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(super) lost: u32,
    /// Whom to tell when it has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notify: Vec<String>,
}

/// What a job is run with.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub(super) struct JobParams {
    /// JSON text.
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) in_url: u16,
}

impl JobParams {
    pub(super) fn of(params: &Params) -> Self {
        Self {
            text: String::from_utf8_lossy(params.text()).into_owned(),
            in_url: params.in_url().bits(),
        }
    }
}

/// How a run ended.
#[data]
pub(crate) enum Outcome {
    Done(Value),
    Failed(Failed),
    /// A workflow that waits, until then.
    Later(Timestamp),
}

/// A run that failed.
#[data]
pub(crate) struct Failed {
    pub(super) failure: JobFailure,
    /// Whether another run may end otherwise.
    pub(super) again: bool,
}

impl Job {
    pub(super) fn new(action: String, caller: StoredCaller, retries: u32, now: Timestamp) -> Self {
        Self {
            action,
            caller,
            status: JobStatus::Queued,
            attempt: 0,
            retries,
            created: now,
            changed: now,
            due: now,
            progress: None,
            result: None,
            error: None,
            flow: false,
            cancelling: false,
            signalled: false,
            heard: 0,
            lost: 0,
            notify: Vec::new(),
        }
    }

    /// Whether this is the run that is under way.
    pub(super) fn is_run(&self, attempt: u32) -> bool {
        self.status == JobStatus::Running && self.attempt == attempt
    }

    /// Work of the runtime's own.
    pub(super) fn is_hidden(&self) -> bool {
        self.caller.kind == CallerKind::System
    }

    /// Whether this caller may see it, who knows its id.
    pub(super) fn is_seen_by(&self, caller: &Caller) -> bool {
        self.is_listed_for(caller) || self.caller.kind == CallerKind::Anonymous
    }

    /// Whether it is one of this caller's.
    pub(super) fn is_listed_for(&self, caller: &Caller) -> bool {
        match caller.kind {
            CallerKind::System => true,
            CallerKind::Developer => !self.is_hidden(),
            CallerKind::User => {
                self.caller.kind != CallerKind::System && self.caller.subject == caller.subject
            }
            CallerKind::Anonymous => false,
        }
    }

    pub(super) fn view(&self, id: &str) -> JobView {
        JobView {
            id: id.to_owned(),
            action: self.action.clone(),
            status: self.status,
            attempt: self.attempt,
            progress: self.progress.clone(),
            result: self.result.clone(),
            // What a run before this one met is no error of the job.
            error: self
                .error
                .clone()
                .filter(|_| self.status == JobStatus::Failed),
            created: self.created,
            changed: self.changed,
        }
    }
}

impl Outcome {
    /// What a run has answered.
    ///
    /// # Errors
    ///
    /// The answer is no JSON, which no action answers.
    pub(crate) fn of(reply: Reply) -> Result<Self, Box<WireError>> {
        let error = match reply {
            Ok(result) if result.is_empty() => return Ok(Self::Done(Value::Null)),
            Ok(result) if result.len() <= MAX_RESULT => {
                return from_utf8(&result).map(Self::Done).map_err(|fault| {
                    Box::new(WireError::framework(Code::Internal, fault.to_string()))
                });
            }
            Ok(result) => Box::new(WireError::framework(
                Code::TooLarge,
                format!(
                    "the job's result has {} bytes, and 1,000,000 can be kept: store it, and return where it is",
                    result.len()
                ),
            )),
            Err(error) => error,
        };
        if let Some(at) = later(&error) {
            return Ok(Self::Later(at));
        }
        let again = error.retryable || error.is(Code::Internal);
        let details = error.details.as_ref();
        let details = details.filter(|details| details.get().len() <= MAX_RESULT);
        let details = details.and_then(|details| serde_json::from_str(details.get()).ok());
        let failure = JobFailure {
            code: error.code().to_owned(),
            details,
            retryable: error.retryable,
            message: error.message.into_owned(),
        };
        Ok(Self::Failed(Failed { failure, again }))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(bits: &u16) -> bool {
    *bits == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &u32) -> bool {
    *count == 0
}
