//! Who calls: the one place where a request's credentials are judged, before any object wakes.

use std::future::{Future, ready};
use std::sync::{Arc, LazyLock};

use ::http::HeaderMap;
use ::http::header::{FORWARDED, VIA};

use super::Request;
use super::class::{EdgeAuth, EdgeEvent};
use crate::error::Code;
use crate::object::Caller;
use crate::rpc::WireError;

/// Finds out who sends a request.
pub trait Authenticate {
    /// The caller: an anonymous one if the request carries no credentials, an error if it carries wrong ones.
    fn authenticate(
        &self,
        request: &Request,
    ) -> impl Future<Output = Result<Arc<Caller>, Box<WireError>>>;
}

/// What holds where no authenticator is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AuthMode {
    /// Everybody is anonymous: only public actions answer.
    #[default]
    Public,
    /// Who connects from this very machine to a loopback address, with nothing forwarding in between, is the
    /// developer and may do everything; everybody else is anonymous.
    Developer,
}

static ANONYMOUS: LazyLock<Arc<Caller>> = LazyLock::new(|| Arc::new(Caller::anonymous()));
static DEVELOPER: LazyLock<Arc<Caller>> = LazyLock::new(|| Arc::new(Caller::developer()));

impl Authenticate for AuthMode {
    fn authenticate(
        &self,
        request: &Request,
    ) -> impl Future<Output = Result<Arc<Caller>, Box<WireError>>> {
        let developer =
            *self == Self::Developer && request.peer.loopback && !was_forwarded(request.headers());
        ready(Ok(Arc::clone(if developer {
            &DEVELOPER
        } else {
            &ANONYMOUS
        })))
    }
}

/// Whether a proxy stands in between: then the peer's address says nothing about who asks.
fn was_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED)
        || headers.contains_key(VIA)
        || headers
            .keys()
            .any(|name| name.as_str().starts_with("x-forwarded-"))
}

/// Whether `caller` may subscribe to an event.
pub(super) fn authorize_event(event: &EdgeEvent, caller: &Caller) -> Result<(), Box<WireError>> {
    authorize(&event.name, &event.auth, caller)
}

/// Whether `caller` may run an action that asks for `auth`. Internal actions are not known at the edge at all.
pub(super) fn authorize(
    action: &str,
    auth: &EdgeAuth,
    caller: &Caller,
) -> Result<(), Box<WireError>> {
    let scope = match auth {
        EdgeAuth::Public => return Ok(()),
        EdgeAuth::Authenticated | EdgeAuth::Internal => None,
        EdgeAuth::Scope(scope) => Some(scope),
    };
    if !caller.is_authenticated() {
        let message = format!("`{action}` is not public and the request carries no credentials");
        return Err(Box::new(WireError::framework(
            Code::Unauthenticated,
            message,
        )));
    }
    match scope {
        Some(scope) if !caller.has_scope(scope) => {
            let message = format!("`{action}` asks for the scope `{scope}`");
            let details = serde_json::json!({ "scope": &**scope });
            Err(Box::new(
                WireError::framework(Code::Forbidden, message).details(&details),
            ))
        }
        _ => Ok(()),
    }
}
