//! What an append expects of its stream, and the error when it is otherwise.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ActionError, ErrorInfo, Rejection, details};
use crate::rpc::WireError;

/// What an append expects of its stream. `From<u64>` makes [`Exact`](Self::Exact), and `From<Option<u64>>` makes
/// [`Any`](Self::Any) of `None`: a version that clients may leave out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// Nothing.
    #[default]
    Any,
    /// That its last event has this version; 0 is that there is none.
    Exact(u64),
    /// That it has no event yet.
    None,
    /// That it has an event.
    Exists,
}

impl Expected {
    pub(super) const fn is_met(self, actual: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(version) => version == actual,
            Self::None => actual == 0,
            Self::Exists => actual > 0,
        }
    }
}

impl From<u64> for Expected {
    fn from(version: u64) -> Self {
        Self::Exact(version)
    }
}

impl From<Option<u64>> for Expected {
    fn from(version: Option<u64>) -> Self {
        version.map_or(Self::Any, Self::Exact)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("anything"),
            Self::Exact(version) => write!(f, "version {version}"),
            Self::None => f.write_str("no events"),
            Self::Exists => f.write_str("events"),
        }
    }
}

/// A stream is not as an append expects it: `stream.conflict`, 409. Nothing was appended.
///
/// It is an error of actions: `?` works in one that fails with it, where it is declared, and in one of
/// [`stayput::Result`](crate::Result), where callers see its code all the same.
#[derive(Clone)]
pub struct ConcurrencyError {
    found: Box<Found>,
    /// As callers get it.
    rejection: Rejection,
}

/// The details of `stream.conflict`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StreamConflict")]
struct Found {
    /// The stream.
    stream: String,
    /// What the append expected.
    expected: Expected,
    /// The version of the stream's last event; 0 without one.
    actual: u64,
}

const CODE: &str = "stream.conflict";

impl ConcurrencyError {
    pub(super) fn new(stream: &str, expected: Expected, actual: u64) -> Self {
        let found = Found {
            stream: stream.to_owned(),
            expected,
            actual,
        };
        let message =
            format!("the stream `{stream}` is at version {actual}, and {expected} was expected");
        let wire = WireError::declared(CODE, 409, false, message).details(&found);
        Self::of(found, wire)
    }

    fn of(found: Found, wire: WireError) -> Self {
        Self {
            found: Box::new(found),
            rejection: Rejection::new(Box::new(wire)),
        }
    }

    /// The stream.
    pub fn stream(&self) -> &str {
        &self.found.stream
    }

    /// What the append expected.
    pub fn expected(&self) -> Expected {
        self.found.expected
    }

    /// The version of the stream's last event; 0 without one.
    pub fn actual(&self) -> u64 {
        self.found.actual
    }
}

impl ActionError for ConcurrencyError {
    const ERRORS: &'static [ErrorInfo] = &[ErrorInfo {
        code: CODE,
        status: 409,
        retryable: false,
        docs: "The stream is not at the version that was expected.",
        details: |describer| describer.details_of::<Found>(),
    }];

    fn to_wire(&self) -> WireError {
        *self.rejection.clone().into_wire()
    }

    fn from_wire(wire: &WireError) -> Option<Self> {
        let found = (wire.code() == CODE).then(|| details(wire)).flatten()?;
        Some(Self::of(found, wire.clone()))
    }
}

impl fmt::Debug for ConcurrencyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyError")
            .field("stream", &self.found.stream)
            .field("expected", &self.found.expected)
            .field("actual", &self.found.actual)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ConcurrencyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rejection.message())
    }
}

impl std::error::Error for ConcurrencyError {
    /// The same as callers get it: by this `?` into [`stayput::Error`](crate::Error) keeps the code.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.rejection)
    }
}
