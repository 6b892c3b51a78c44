//! What goes wrong between two programs, by the codes that the generated clients of other languages have too.

use std::borrow::Cow;
use std::fmt;

use crate::object::Mode;
use crate::rpc::WireError;

/// There is no connection, or it broke. With `sent`, a call had been sent.
pub(crate) fn network(reason: &dyn fmt::Display, sent: Option<Mode>) -> Box<WireError> {
    Box::new(WireError {
        maybe_executed: sent.is_some_and(may_write),
        retryable: true,
        ..ours("network", 503, reason.to_string())
    })
}

/// What answers is not stayput: a proxy, or another server. With `sent`, a call had been sent.
pub(crate) fn bad_answer(status: u16, sent: Option<Mode>) -> Box<WireError> {
    let retryable = matches!(status, 429 | 502..=504);
    let message = format!(
        "the answer, of HTTP status {status}, is not that of a stayput app: check the URL, and what stands between"
    );
    Box::new(WireError {
        maybe_executed: sent.is_some_and(may_write),
        retryable,
        ..ours("bad_answer", 502, message)
    })
}

pub(crate) fn may_write(mode: Mode) -> bool {
    mode != Mode::Read
}

/// An error of this side of the wire.
pub(crate) fn ours(code: &'static str, status: u16, message: String) -> WireError {
    WireError {
        rpc_code: 1,
        status,
        code: Cow::Borrowed(code),
        message: Cow::Owned(message),
        details: None,
        retryable: false,
        maybe_executed: false,
    }
}
