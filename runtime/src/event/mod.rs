//! Events: declared by `#[event]` on a type, emitted by `cx.emit`, handled by `#[event(..)]` methods.

mod executed;
mod follow;
mod handler;
mod kept;
mod listeners;
mod queue;
mod reaction;
mod subscriber;

pub use executed::Executed;
pub use follow::{
    EventSource, ForObjects, HeardEvent, Hears, Subscribers, Subscription, Subscriptions,
};
pub(crate) use follow::{
    FOLLOW, Follow, Forget, GONE, HEAR, Hear, UNFOLLOW, end, follow, forgotten, read, refused,
    subscribe, tell, unsubscribe, wants,
};
pub use handler::{Alarm, EventHandler, Handler, event_as};
pub(crate) use kept::{Cursor, Page, Sought, append, forget, page, put_latest};
pub use kept::{Kept, KeptEvent, KeptEvents};
pub use listeners::ListenerId;
pub(crate) use listeners::{Listener, Listeners, Spent};
pub(crate) use queue::{EventQueue, Queued};
pub(crate) use reaction::{EncodeEvent, Handed, PREFIX as REACTION, is_reaction, method_of};
pub use reaction::{Reaction, reacted, reaction, reaction_event};
pub use subscriber::{Subscriber, SubscribingObject};

use std::any::Any;

use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use bytes::Bytes;

use crate::action::Auth;
use crate::manifest::{AuthManifest, DESCRIBES, EventManifest, KeptManifest};
use crate::rpc::from_utf8;
use crate::socket::Connection;
use crate::state::encode;

/// Something that happened in an object; annotate the type with `#[event]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    note = "annotate the type with `#[event]`"
)]
pub trait Event: Any + Clone + Serialize + DeserializeOwned + JsonSchema {
    /// The wire name.
    const NAME: &'static str;
    /// The doc comment.
    const DOCS: &'static str;
    /// Which clients may subscribe to it.
    const AUTH: Auth = Auth::Authenticated;
    /// What is kept of it for those who come later.
    const KEPT: Kept = Kept::Nothing;
    /// Whether other objects may subscribe to it.
    const OBJECTS: bool = false;
    /// Decides who may subscribe, of those who pass [`AUTH`](Self::AUTH).
    const CAN_SUBSCRIBE: Option<fn(&Subscriber<'_>) -> bool> = None;
    /// What a connection gets to see of it; `None`: nothing.
    const VIEW: Option<fn(&Self, &Connection) -> Option<Self>> = None;

    /// Of [`Kept::Latest`]: the last one of each such key is kept.
    fn key(&self) -> String {
        String::new()
    }
}

/// Implemented for the events that an object or mixin lists in `events(..)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare the event `{E}`",
    note = "list it on the struct: `#[durable_object(events({E}))]`"
)]
pub trait Declares<E> {}

/// The same, asked of the event: so the compiler knows the event before it looks for the object's declaration.
#[diagnostic::on_unimplemented(
    message = "`{S}` does not declare the event `{Self}`",
    label = "not declared",
    note = "list it on the struct: `#[durable_object(events({Self}))]`"
)]
pub trait DeclaredBy<S>: Event {}

#[diagnostic::do_not_recommend]
impl<S: Declares<E>, E: Event> DeclaredBy<S> for E {}

/// What a connection gets to see of an event's data, JSON text both.
pub(crate) type ViewOf = fn(&[u8], &Connection) -> Option<Bytes>;

/// A declared event, as data.
#[derive(Clone, Copy)]
pub struct EventInfo {
    /// The wire name.
    pub name: &'static str,
    /// Which clients may subscribe to it.
    pub auth: Auth,
    /// What is kept of it for those who come later.
    pub kept: Kept,
    /// Whether other objects may subscribe to it.
    pub objects: bool,
    /// Decides who may subscribe.
    pub can_subscribe: Option<fn(&Subscriber<'_>) -> bool>,
    /// What a connection gets to see of its data, JSON text both.
    pub(crate) view: Option<ViewOf>,
    describe: fn(&mut SchemaGenerator) -> EventManifest,
}

impl EventInfo {
    /// The data of an event type.
    pub const fn of<E: Event>() -> Self {
        Self {
            name: E::NAME,
            auth: E::AUTH,
            kept: E::KEPT,
            objects: E::OBJECTS,
            can_subscribe: E::CAN_SUBSCRIBE,
            view: match E::VIEW {
                Some(_) => Some(|data, connection| {
                    let event: E = from_utf8(data).ok()?;
                    seen(&event, connection)
                }),
                None => None,
            },
            describe: |generator| EventManifest {
                description: E::DOCS.to_owned(),
                auth: AuthManifest::of(E::AUTH),
                schema: if DESCRIBES {
                    generator.subschema_for::<E>().to_value()
                } else {
                    serde_json::Value::Null
                },
                kept: KeptManifest::of(E::KEPT),
                objects: E::OBJECTS,
                mixin: None,
            },
        }
    }

    pub(crate) fn describe(&self, generator: &mut SchemaGenerator) -> EventManifest {
        (self.describe)(generator)
    }
}

/// What a connection gets to see of an event, as JSON text.
pub(crate) fn seen<E: Event>(event: &E, connection: &Connection) -> Option<Bytes> {
    let view = E::VIEW?;
    let seen = view(event, connection)?;
    encode("event", &seen).ok().map(Bytes::from)
}

impl std::fmt::Debug for EventInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("EventInfo").field(&self.name).finish()
    }
}
