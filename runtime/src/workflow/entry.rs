//! What is kept of a workflow's parts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Rejection;
use crate::mixins::jobs::JobFailure;
use crate::object::Timestamp;
use crate::prelude::data;
use crate::rpc::WireError;

/// The code by which a run says that it is to be gone on with later. Nobody but the keeper of jobs gets to see it.
const LATER: &str = "~later";

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A call.
    Step,
    /// A wait.
    Sleep,
    /// Something that others say.
    Signal,
    /// Which of two came first.
    Race,
    /// Which way of changed code is gone.
    Version,
}

/// A part that was come by.
#[data]
#[derive(PartialEq)]
pub struct Entry {
    /// What it is.
    pub(crate) kind: Kind,
    /// What was called, of a step: a run that calls something else under the same name is not the same workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) call: Option<String>,
    /// What it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<Value>,
    /// How it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<JobFailure>,
    /// When the wait ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    /// When it was noted.
    pub(crate) at: Timestamp,
}

/// What a run is told of its workflow when it begins.
#[data]
pub(crate) struct Flow {
    pub(crate) created: Timestamp,
    pub(crate) cancelling: bool,
    pub(crate) retries: u32,
    pub(crate) entries: Vec<(String, Entry)>,
}

/// What a run is told that notes a part.
#[data]
pub(crate) struct Noted {
    /// Whether the workflow is to end.
    pub(crate) cancelling: bool,
    /// What was said meanwhile, and counts instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<Entry>,
}

impl Entry {
    pub(crate) fn new(kind: Kind, at: Timestamp) -> Self {
        Self {
            kind,
            call: None,
            result: None,
            error: None,
            until: None,
            at,
        }
    }

    pub(crate) fn with(mut self, result: Value) -> Self {
        self.result = (!result.is_null()).then_some(result);
        self
    }

    pub(super) fn until(mut self, until: Timestamp) -> Self {
        self.until = Some(until);
        self
    }

    pub(super) fn of(mut self, call: String) -> Self {
        self.call = Some(call);
        self
    }

    pub(super) fn failed(mut self, error: JobFailure) -> Self {
        self.error = Some(error);
        self
    }

    /// Nobody said anything in time.
    pub(super) fn silent(self) -> Self {
        self.failed(JobFailure {
            code: "timeout".to_owned(),
            message: "nobody said anything in time".to_owned(),
            details: None,
            retryable: false,
        })
    }
}

/// A fault of the workflow itself.
pub(super) fn fault(code: &'static str, message: String) -> Rejection {
    Rejection::new(Box::new(WireError::declared(code, 500, false, message)))
}

/// An error, as it is kept.
pub(super) fn failure(error: &WireError) -> JobFailure {
    JobFailure {
        code: error.code().to_owned(),
        message: error.message.clone().into_owned(),
        details: (error.details.as_ref())
            .and_then(|details| serde_json::from_str(details.get()).ok()),
        retryable: error.retryable,
    }
}

/// The idempotency key of a step.
pub(super) fn key(id: &str, name: &str) -> String {
    format!("{id}/{}", name.replace(' ', "+"))
}

/// How a step failed, as it was when it did. It has been tried again already.
pub(super) fn rejection(failure: &JobFailure) -> Rejection {
    let mut error = WireError::declared("", 500, false, failure.message.clone());
    error.code = Cow::Owned(failure.code.clone());
    if let Some(details) = &failure.details {
        error = error.details(details);
    }
    Rejection::new(Box::new(error))
}

/// What a run answers that is to be gone on with then.
pub(super) fn go_on(at: Timestamp) -> Box<WireError> {
    Box::new(WireError::declared(LATER, 500, true, String::new()).details(&at))
}

/// When a run is to be gone on with, if that is what it says.
pub(crate) fn later(error: &WireError) -> Option<Timestamp> {
    let details = error.details.as_ref().filter(|_| error.code() == LATER)?;
    serde_json::from_str(details.get()).ok()
}

/// The number with this index of those that belong to an id: splitmix64 over FNV-1a.
pub(super) fn number(id: &str, index: u64) -> u64 {
    let seed = id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut mixed = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
