//! What is kept of a caller for work that is done later.

use serde::{Deserialize, Serialize};

use super::{Caller, CallerKind};

/// Who asked for something that is done later: never credentials, nor where they came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "JobCaller")]
pub(crate) struct StoredCaller {
    pub(crate) subject: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) kind: CallerKind,
}

impl StoredCaller {
    pub(crate) fn of(caller: &Caller) -> Self {
        Self {
            subject: caller.subject.clone(),
            scopes: caller.scopes.clone(),
            kind: caller.kind,
        }
    }

    /// The caller of what is done later.
    pub(crate) fn into_caller(self) -> Caller {
        Caller {
            subject: self.subject,
            scopes: self.scopes,
            kind: self.kind,
            ip: None,
            expires: None,
        }
    }

    /// The runtime itself.
    #[cfg(any(feature = "client", target_arch = "wasm32"))]
    pub(crate) fn system() -> Self {
        Self::of(&Caller::system())
    }
}
