//! The error for actions that declare none: anything converts into it.

use std::fmt;

use super::{ActionError, Code, ErrorInfo, Rejection, passed};
use crate::backend::StorageFault;
use crate::object::storage_error;
use crate::rpc::WireError;

/// A result with the general [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error. Callers see a rejection of the framework as it was, a storage fault as they would without `try_`, and what another
/// object's action failed with ([`CallError::Failed`](super::CallError::Failed)) by the code, status, message and details that
/// it told this object. Everything else is `internal`: the text of an undeclared error goes to the log, never to a caller.
///
/// All three keep that however they are wrapped. What callers are not to see is said in other words by [`Error::msg`].
pub struct Error(Inner);

enum Inner {
    Rejected(Rejection),
    Opaque(String),
}

impl Error {
    /// An error from a text for the log.
    pub fn msg(text: impl fmt::Display) -> Self {
        Self(Inner::Opaque(text.to_string()))
    }
}

impl<E: std::error::Error + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        let mut text = String::new();
        while let Some(current) = cause {
            // A rejection keeps its code however it was wrapped, so that `retryable` survives `?`.
            if let Some(rejection) = current.downcast_ref::<Rejection>() {
                return Self(Inner::Rejected(rejection.clone()));
            }
            if let Some(fault) = current.downcast_ref::<StorageFault>() {
                return Self(Inner::Rejected(Rejection::new(storage_error(fault))));
            }
            if !text.is_empty() {
                text.push_str(": ");
            }
            let (words, told) = passed::ask(current);
            // The text of an `internal` one is for the log, like any other.
            if let Some(wire) = told
                && wire.code != Code::Internal.info().code
            {
                return Self(Inner::Rejected(Rejection::new(wire)));
            }
            text.push_str(&words);
            cause = current.source();
        }
        Self(Inner::Opaque(text))
    }
}

impl ActionError for Error {
    const ERRORS: &'static [ErrorInfo] = &[];

    fn to_wire(&self) -> WireError {
        match &self.0 {
            Inner::Rejected(rejection) => *rejection.clone().into_wire(),
            Inner::Opaque(text) => WireError::framework(Code::Internal, text.clone()),
        }
    }

    fn from_wire(_: &WireError) -> Option<Self> {
        None
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Rejected(rejection) => rejection.fmt(f),
            Inner::Opaque(text) => f.write_str(text),
        }
    }
}
