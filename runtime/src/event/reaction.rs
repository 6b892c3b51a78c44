//! Handlers that run after the commit: what was emitted is handed to them by the object's outbox.
//!
//! Each is a process under a name that no caller's leads to, so that locks, back-off, dead letters and restarts are those of
//! every send of an object to itself.

use std::any::Any;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Event, EventSource, event_as};
use crate::action::{Params, RunProcess};
use crate::backend::StorageFault;
use crate::error::Code;
use crate::object::ProcessContext;
use crate::rpc::{Reply, WireError, from_utf8};
use crate::state::{Stateful, encode};
use crate::time::Defers;

/// What the names of such actions begin with, behind a mixin's mount.
pub(crate) const PREFIX: &str = "~on.";

/// A method that handles an event after the commit.
pub struct Reaction<T: Stateful> {
    /// The method's name.
    pub(crate) name: &'static str,
    /// The event's wire name.
    pub(crate) event: &'static str,
    /// Whether it is handed over once in the object's life.
    pub(crate) once: bool,
    /// The event, as it is handed over.
    pub(crate) encode: EncodeEvent,
    /// The method.
    pub(crate) run: RunProcess<T>,
}

/// An event as JSON text; `None` if it is another one.
pub(crate) type EncodeEvent = fn(&dyn Any) -> Result<Option<Vec<u8>>, StorageFault>;

/// What is handed over.
#[derive(Serialize, Deserialize)]
pub(crate) struct Handed<'a> {
    #[serde(borrow)]
    pub(crate) event: &'a RawValue,
    /// Whose it is, if it is another object's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<EventSource>,
}

/// Such a handler, of who defers calls.
pub const fn reaction<T: Defers, E: Event>(
    name: &'static str,
    once: bool,
    run: RunProcess<T>,
) -> Reaction<T> {
    Reaction {
        name,
        event: E::NAME,
        once,
        encode: |event| match event_as::<E>(event) {
            Some(event) => encode("event", event).map(Some),
            None => Ok(None),
        },
        run,
    }
}

/// The event that a handler is given.
pub fn reaction_event<T: Stateful, E: Event>(
    cx: &ProcessContext<T>,
    params: &Params,
) -> Result<E, Box<WireError>> {
    let read = || -> Result<E, serde_json::Error> {
        let handed: Handed<'_> = from_utf8(params.text())?;
        let event = serde_json::from_str(handed.event.get())?;
        *cx.turn().source.borrow_mut() = handed.source.map(Rc::new);
        Ok(event)
    };
    read().map_err(|fault| {
        let message = format!(
            "the event `{}` that was kept cannot be read: {fault}",
            E::NAME
        );
        Box::new(WireError::framework(Code::InvalidParams, message))
    })
}

/// What such a handler answers.
pub fn reacted(handled: Result<(), Box<WireError>>) -> Reply {
    handled.map(|()| bytes::Bytes::from_static(b"null"))
}

/// The method behind the name of an action, with its mixin's mount, if that is such a handler.
pub(crate) fn method_of(action: &str) -> Option<String> {
    if let Some(method) = action.strip_prefix(PREFIX) {
        return Some(method.to_owned());
    }
    let (mount, method) = action.split_once(".~on.")?;
    Some(format!("{mount}.{method}"))
}

/// Whether an action is such a handler.
pub(crate) fn is_reaction(action: &str) -> bool {
    // No other name has that in it.
    action.contains(PREFIX)
}

impl<T: Stateful> std::fmt::Debug for Reaction<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reaction")
            .field("name", &self.name)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}
