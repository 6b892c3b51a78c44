//! Who wants to hear an event.

use crate::object::{Caller, ObjectId};

/// Who wants to subscribe to an event, and of which object: what `can_subscribe` decides by, before the object is woken.
///
/// ```
/// use stayput::event::Subscriber;
/// use stayput::prelude::*;
///
/// /// Told to the owner of the box only: the object is named after them.
/// #[event(can_subscribe = "is_owner")]
/// struct Arrived { letters: u32 }
///
/// fn is_owner(subscriber: &Subscriber<'_>) -> bool {
///     subscriber.name == Some(subscriber.caller.subject())
/// }
/// # #[durable_object(events(Arrived))] struct Mailbox {}
/// # #[durable_object] impl Mailbox {}
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Subscriber<'a> {
    /// Who asks, as they were authenticated.
    pub caller: &'a Caller,
    /// The object's name, if it was asked for by its name.
    pub name: Option<&'a str>,
    /// The object's id.
    pub id: ObjectId,
    /// The object that asks, if it is one of the app that [subscribes](crate::prelude::Stub::subscribe), not a client. The caller
    /// is then the one of its method.
    pub object: Option<SubscribingObject<'a>>,
}

/// An object that wants to subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscribingObject<'a> {
    /// The class path.
    pub class: &'a str,
    /// The name, if it has one.
    pub name: Option<&'a str>,
    /// The id, if it has no name.
    pub id: Option<ObjectId>,
}
