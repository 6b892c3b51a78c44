//! What goes wrong on this side of the wire.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::object::Mode;
use crate::remote::ours;
pub(super) use crate::remote::{bad_answer, network};
use crate::rpc::WireError;
use crate::socket::CloseCode;

/// Why there is no client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// This is no address of a server.
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// `https` and `wss` take the feature `client-tls`.
    NoTls {
        /// What was given.
        url: String,
    },
    /// The token cannot be part of a header.
    Token,
    /// What connections are to say are not parameters.
    Query(String),
    /// The certificates that the system trusts cannot be read.
    Certificates(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { url, reason } => write!(
                f,
                "`{url}` {reason}: write it like `http://127.0.0.1:8787` or `https://rooms.example`"
            ),
            Self::NoTls { url } => write!(
                f,
                "`{url}` is encrypted: give `stayput` the feature `client-tls`"
            ),
            Self::Token => f.write_str("a token consists of visible ASCII characters"),
            Self::Query(reason) => write!(
                f,
                "what a connection says is a struct or a map of parameters: {reason}"
            ),
            Self::Certificates(reason) => write!(f, "no certificates to trust: {reason}"),
        }
    }
}

impl std::error::Error for ClientError {}

/// No answer in time. With `sent`, a call had been sent.
pub(super) fn timed_out(limit: Duration, sent: Option<Mode>) -> Box<WireError> {
    Box::new(WireError {
        maybe_executed: sent.is_some_and(|mode| mode != Mode::Read),
        retryable: true,
        ..ours("client_timeout", 504, format!("no answer within {limit:?}"))
    })
}

/// What came over a WebSocket in place of an answer is none.
pub(super) fn bad_message(sent: Mode) -> Box<WireError> {
    let message = "the answer has neither a result nor an error as a stayput app sends them: check the URL, and what \
                   stands between";
    Box::new(WireError {
        maybe_executed: sent != Mode::Read,
        ..ours("bad_answer", 502, message.to_owned())
    })
}

/// The server's `connect` refused a connection by this close code and reason.
pub(super) fn refused(code: u16, reason: &str) -> Box<WireError> {
    let is_for_now = code == CloseCode::RefusedForNow.number();
    let status = if is_for_now { 503 } else { 403 };
    Box::new(WireError {
        rpc_code: 1,
        status,
        code: Cow::Owned(reason.to_owned()),
        message: Cow::Borrowed("the object refused the connection"),
        details: None,
        retryable: is_for_now,
        maybe_executed: false,
    })
}

/// The token cannot be had, or cannot be sent.
pub(super) fn bad_token(reason: &str) -> Box<WireError> {
    Box::new(ours("bad_token", 401, format!("no token: {reason}")))
}

/// Events came faster than they were read.
pub(super) fn overflow(limit: usize) -> Box<WireError> {
    let message = format!("more than {limit} events waited to be read");
    Box::new(ours("overflow", 503, message))
}

/// Fills `bytes` with randomness.
pub(super) fn random(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        // Zeros are found at once; there is no other way to say it here.
        bytes.fill(0);
    }
}
