//! Subscriptions between objects, as methods see them.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::{EventSource, subscriber, target};
use crate::object::{Context, ProcessContext, RawContext, Timestamp};
use crate::state::Stateful;

/// One object's subscription to an event of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Subscription {
    /// The other object, class and name: whose event it is, or who is told.
    pub object: String,
    /// The event's wire name.
    pub event: String,
    /// When it was asked for, or when it was noted.
    pub since: Timestamp,
}

/// What this object or mixin is subscribed to.
#[derive(Debug)]
pub struct Subscriptions<'a> {
    raw: RawContext,
    context: PhantomData<&'a ()>,
}

/// Which objects are subscribed to this one's events, its mixins' included.
#[derive(Debug)]
pub struct Subscribers<'a> {
    raw: RawContext,
    context: PhantomData<&'a ()>,
}

impl Subscriptions<'_> {
    /// At most `limit` of them, by object and event.
    pub fn list(&self, limit: usize) -> Vec<Subscription> {
        let records = self.raw.records();
        records.settle(subscriber::list(&records, &self.raw.mount, limit))
    }
}

impl Subscribers<'_> {
    /// At most `limit` of them, by event and object. An event may have 1,000.
    pub fn list(&self, limit: usize) -> Vec<Subscription> {
        let records = self.raw.records();
        records.settle(target::list(&records, limit))
    }
}

impl<S: Stateful> Context<S> {
    /// What this object is subscribed to by [`subscribe`](crate::prelude::Stub::subscribe); a mixin has subscriptions of its own.
    pub fn subscriptions(&self) -> Subscriptions<'_> {
        Subscriptions {
            raw: self.raw_context().clone(),
            context: PhantomData,
        }
    }

    /// Which objects are subscribed to events of this one.
    pub fn subscribers(&self) -> Subscribers<'_> {
        Subscribers {
            raw: self.raw_context().clone(),
            context: PhantomData,
        }
    }

    /// Whose event it is that this handler runs for, if it is another object's; `None` for the object's own.
    pub fn event_source(&self) -> Option<EventSource> {
        let source = self.raw_context().turn.source.borrow();
        source.as_deref().cloned()
    }
}

impl<S: Stateful> ProcessContext<S> {
    /// Whose event it is that this handler runs for, if it is another object's; `None` for the object's own.
    pub fn event_source(&self) -> Option<EventSource> {
        let source = self.turn().source.borrow();
        source.as_deref().cloned()
    }
}
