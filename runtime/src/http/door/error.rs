//! Why a handler has no response.

use std::fmt;

use crate::error::{ActionError, CallError, Error, Rejection};
use crate::rpc::WireError;

/// Any error of a handler: one of your own, what an object answered, a refusal.
///
/// `?` makes it of every [`ActionError`] (also [`stayput::Error`](crate::Error)), of a stub's [`CallError`] and of a
/// [`Rejection`]: the client gets the code, status and details of that. Everything else comes by way of
/// `stayput::Error::from` and is `internal`, with its text in the log only.
pub struct FrontError(Box<WireError>);

/// What a handler returns that may fail.
pub type Result<T, E = FrontError> = std::result::Result<T, E>;

impl FrontError {
    pub(super) fn into_wire(self) -> Box<WireError> {
        self.0
    }

    /// An error from a text for the log.
    pub fn msg(text: impl fmt::Display) -> Self {
        Error::msg(text).into()
    }
}

impl<E: ActionError> From<E> for FrontError {
    fn from(error: E) -> Self {
        Self(Box::new(error.to_wire()))
    }
}

impl<E: ActionError> From<CallError<E>> for FrontError {
    fn from(error: CallError<E>) -> Self {
        match error {
            CallError::Failed(error) => error.into(),
            CallError::Rejected(rejection) => rejection.into(),
        }
    }
}

impl From<Rejection> for FrontError {
    fn from(rejection: Rejection) -> Self {
        Self(rejection.into_wire())
    }
}

impl From<Box<WireError>> for FrontError {
    fn from(error: Box<WireError>) -> Self {
        Self(error)
    }
}

impl fmt::Debug for FrontError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for FrontError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}
