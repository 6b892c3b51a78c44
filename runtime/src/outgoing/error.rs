//! What goes wrong with a request.

use std::fmt;

use ::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::retry::is_passing;
use crate::error::{ActionError, ErrorDescriber, ErrorInfo, Rejection, details};
use crate::rpc::WireError;

/// Why a request brought no answer, or not the one that was wanted.
///
/// It is an error of actions: `?` works in one that fails with it, where it is declared, and in one of
/// [`stayput::Result`](crate::Result), where callers see its code all the same. Its text names method and host, never
/// what else stands in the URL, in headers or in bodies.
#[derive(Clone)]
pub struct HttpError {
    kind: HttpErrorKind,
    status: Option<StatusCode>,
    /// As callers get it.
    rejection: Rejection,
    /// For the log.
    reason: Option<String>,
}

/// The kinds of [`HttpError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpErrorKind {
    /// The request is none: its URL, a header, its body.
    InvalidRequest,
    /// It would lead into the network that the program runs in.
    RefusedAddress,
    /// There was no connection, or it broke before the whole answer had come.
    Connect,
    /// There was no answer in time.
    Timeout,
    /// The answer is larger than it may be.
    TooLarge,
    /// It was sent on too often, or to where it may not go.
    Redirect,
    /// The answer's status is that of an error.
    Status,
    /// The answer is not what it was read as.
    Decode,
    /// The action may send nothing: it has ended, its storage failed, or a setting is wrong.
    Rejected,
}

/// The details of `http.status`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
struct Answered {
    /// The status that the other server answered.
    status: u16,
}

macro_rules! errors {
    ($($kind:ident $code:literal $status:literal $retryable:literal $details:expr, $docs:literal)*) => {
        const ERRORS: &[ErrorInfo] = &[$(ErrorInfo {
            code: $code,
            status: $status,
            retryable: $retryable,
            // A Worker does not describe itself.
            docs: if cfg!(target_arch = "wasm32") { "" } else { $docs },
            details: $details,
        }),*];

        impl HttpErrorKind {
            /// Its row of the table, if it is one of requests.
            const fn info(self) -> Option<&'static ErrorInfo> {
                let mut at = 0;
                $(
                    if matches!(self, Self::$kind) {
                        return Some(&ERRORS[at]);
                    }
                    at += 1;
                )*
                let _ = at;
                None
            }

            fn named(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$kind),)*
                    _ => None,
                }
            }
        }
    };
}

errors! {
    InvalidRequest "http.invalid_request" 422 false |_| {},
        "A request to another server is none: its URL, a header or its body."
    RefusedAddress "http.refused_address" 422 false |_| {},
        "A request would lead to this machine or into its network. `STAYPUT_OUTBOUND_ALLOW` opens what is meant to be reached."
    Connect "http.connect" 502 true |_| {},
        "There was no connection to another server, or it broke before the whole answer had come."
    Timeout "http.timeout" 504 true |_| {},
        "Another server did not answer in time: within `timeout` (30 s), or before the action's deadline."
    TooLarge "http.too_large" 502 false |_| {},
        "The answer of another server is larger than it may be (10 MiB, or what `max_response` says)."
    Redirect "http.redirect" 502 false |_| {},
        "Another server sent the request on too often, or to where it may not go."
    Status "http.status" 502 false |describer: &mut ErrorDescriber<'_>| describer.details_of::<Answered>(),
        "Another server answered with an error; `details.status` is its status. Retryable if that is 408, 429, 502, 503 or 504."
    Decode "http.decode" 502 false |_| {},
        "The answer of another server is not what it was read as."
}

impl HttpError {
    pub(crate) fn new(kind: HttpErrorKind, message: String) -> Self {
        let wire = match kind.info() {
            Some(info) => WireError::declared(info.code, info.status, info.retryable, message),
            None => WireError::framework(crate::error::Code::Internal, message),
        };
        Self {
            kind,
            status: None,
            rejection: Rejection::new(Box::new(wire)),
            reason: None,
        }
    }

    /// `asked`: the method and the origin.
    pub(super) fn of_status(asked: &str, status: StatusCode) -> Self {
        let message = format!("{asked} was answered with status {}", status.as_u16());
        let mut wire = WireError::declared("http.status", 502, is_passing(status), message);
        wire = wire.details(&Answered {
            status: status.as_u16(),
        });
        Self {
            kind: HttpErrorKind::Status,
            status: Some(status),
            rejection: Rejection::new(Box::new(wire)),
            reason: None,
        }
    }

    pub(super) fn rejected(wire: Box<WireError>) -> Self {
        Self {
            kind: HttpErrorKind::Rejected,
            status: None,
            rejection: Rejection::new(wire),
            reason: None,
        }
    }

    pub(super) fn because(mut self, reason: String) -> Self {
        self.reason = Some(reason);
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> HttpErrorKind {
        self.kind
    }

    /// Its code (`http.timeout`).
    pub fn code(&self) -> &str {
        self.rejection.code()
    }

    /// The status that the other server answered, if that is what is wrong.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Whether the same request may go better later.
    pub fn retryable(&self) -> bool {
        self.rejection.retryable()
    }

    /// What the network said, for the log: it may name addresses, and differs between the backends.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl ActionError for HttpError {
    const ERRORS: &'static [ErrorInfo] = ERRORS;

    fn to_wire(&self) -> WireError {
        *self.rejection.clone().into_wire()
    }

    fn from_wire(wire: &WireError) -> Option<Self> {
        let kind = HttpErrorKind::named(&wire.code)?;
        let answered = details::<Answered>(wire);
        Some(Self {
            kind,
            status: answered.and_then(|answered| StatusCode::from_u16(answered.status).ok()),
            rejection: Rejection::new(Box::new(wire.clone())),
            reason: None,
        })
    }
}

impl fmt::Debug for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpError")
            .field("code", &self.code())
            .field("message", &self.rejection.message())
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rejection.message())
    }
}

impl std::error::Error for HttpError {
    /// The same as callers get it: by this `?` into [`stayput::Error`](crate::Error) keeps the code.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.rejection)
    }
}
