//! What the caller of an object gets when there is no result.

use std::fmt;

use super::{ActionError, Code, passed};
use crate::rpc::WireError;

/// Why a call brought no result.
#[derive(Debug, Clone)]
pub enum CallError<E> {
    /// The action ran and answered its own error; nothing it did was kept.
    Failed(E),
    /// The framework refused or lost the call.
    Rejected(Rejection),
}

/// An answer of the framework in place of the action's.
#[derive(Clone)]
pub struct Rejection(Box<WireError>);

impl Rejection {
    pub(crate) fn new(wire: Box<WireError>) -> Self {
        Self(wire)
    }

    pub(crate) fn wire(&self) -> &WireError {
        &self.0
    }

    /// The object went away under a handle.
    pub(crate) fn lost() -> Self {
        Self(Box::new(WireError::framework(
            Code::ObjectReset,
            "the object was reset; try again",
        )))
    }

    pub(crate) fn into_wire(self) -> Box<WireError> {
        self.0
    }

    /// What happened (`timeout`, `deadlock`, `forbidden`, ..); the table is in the crate's documentation.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The code as JSON-RPC carries it.
    pub fn rpc_code(&self) -> i32 {
        self.0.rpc_code
    }

    /// The HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// For people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// For programs: JSON text.
    pub fn details(&self) -> Option<&str> {
        self.0.details.as_ref().map(|details| details.get())
    }

    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the action may have taken effect all the same.
    pub fn maybe_executed(&self) -> bool {
        self.0.maybe_executed
    }
}

impl<E> CallError<E> {
    /// The framework's answer, unless the action failed by itself.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            Self::Failed(_) => None,
        }
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("code", &self.code())
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message())
    }
}

impl std::error::Error for Rejection {}

impl<E: ActionError + fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => {
                passed::tell(|| error.to_wire());
                error.fmt(f)
            }
            Self::Rejected(rejection) => rejection.fmt(f),
        }
    }
}

// Not only for `E: Error`: `stayput::Error` is none, and `?` is to work on calls of actions that fail with it, too.
impl<E: ActionError + fmt::Debug + fmt::Display> std::error::Error for CallError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // What travelled has no causes of its own.
            Self::Failed(_) => None,
            Self::Rejected(rejection) => Some(rejection),
        }
    }
}

impl<E> From<Rejection> for CallError<E> {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}
