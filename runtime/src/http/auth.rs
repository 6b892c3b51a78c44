//! What callers may do: the one place where it is decided, before any object wakes.

use super::class::{EdgeAuth, EdgeEvent};
use crate::error::Code;
use crate::event::Subscriber;
use crate::object::Caller;
use crate::rpc::WireError;

/// Whether `caller` may subscribe to an event.
pub(super) fn authorize_event(
    event: &EdgeEvent,
    subscriber: &Subscriber<'_>,
) -> Result<(), Box<WireError>> {
    authorize(&event.name, &event.auth, subscriber.caller)?;
    if event.can_subscribe.is_none_or(|may| may(subscriber)) {
        return Ok(());
    }
    let message = format!("the event `{}` of this object is for others", event.name);
    Err(Box::new(WireError::framework(Code::Forbidden, message)))
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
