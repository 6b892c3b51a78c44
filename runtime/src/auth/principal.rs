//! Who was found to call.

use crate::object::{Caller, CallerKind, Timestamp};

/// Somebody an [`Authenticate`](super::Authenticate) vouches for.
///
/// ```
/// use stayput::auth::Principal;
///
/// let ann = Principal::new("ann").scopes(["room:read", "room:write"]);
/// assert_eq!(ann.subject(), "ann");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    subject: String,
    scopes: Vec<String>,
    expires: Option<Timestamp>,
}

impl Principal {
    /// Somebody with this name, without scopes. What `cx.caller().subject()` answers.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            scopes: Vec::new(),
            expires: None,
        }
    }

    /// The same, who may do this too.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// The same, until then: connections that stay open are closed at this time.
    #[must_use]
    pub fn until(mut self, expires: Timestamp) -> Self {
        self.expires = Some(expires);
        self
    }

    /// The name.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub(super) fn into_caller(self) -> Caller {
        Caller {
            subject: self.subject,
            scopes: self.scopes,
            kind: CallerKind::User,
            ip: None,
            expires: self.expires,
        }
    }
}
