//! Why a request's credentials are not taken.

use std::borrow::Cow;
use std::fmt;

use crate::error::Code;
use crate::rpc::WireError;

/// Why an [`Authenticate`](super::Authenticate) does not vouch for a request that carries credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthError {
    kind: Kind,
    text: Cow<'static, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Refused,
    Unavailable,
    Misconfigured,
}

impl AuthError {
    /// The credentials are wrong: the caller is answered 401 with this text, which must not hold them.
    pub fn refused(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: Kind::Refused,
            text: text.into(),
        }
    }

    /// They cannot be judged now: the caller is answered 503, the text goes to the log.
    pub fn unavailable(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: Kind::Unavailable,
            text: text.into(),
        }
    }

    /// A setting is missing or malformed: the caller is answered 500, the text goes to the log.
    pub fn misconfigured(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: Kind::Misconfigured,
            text: text.into(),
        }
    }

    /// What only the log is told.
    pub(super) fn for_log(&self) -> Option<&str> {
        (self.kind != Kind::Refused).then_some(&*self.text)
    }

    /// Whether it says more than that these credentials are wrong.
    pub(super) fn is_ours(&self) -> bool {
        self.kind != Kind::Refused
    }

    pub(crate) fn into_wire(self) -> WireError {
        match self.kind {
            Kind::Refused => WireError::framework(Code::Unauthenticated, self.text),
            Kind::Unavailable => {
                let message = "credentials cannot be checked now; try again later";
                WireError::framework(Code::AuthUnavailable, message)
            }
            Kind::Misconfigured => {
                let message = "the app's authentication is not configured; see the server's log";
                WireError::framework(Code::ConfigInvalid, message)
            }
        }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for AuthError {}
