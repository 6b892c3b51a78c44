//! Handler methods, as the macros put them into a table.

use std::any::Any;

use super::{Event, Reaction};
use crate::action::Params;
use crate::backend::LocalFuture;
use crate::object::{Context, Timestamp};
use crate::rpc::WireError;
use crate::socket::{ConnectParams, Connection, Disconnect, Incoming, MessageForm};
use crate::state::Stateful;

/// What a handler answers: nothing, or why it failed.
pub(super) type Handled = Result<(), Box<WireError>>;

/// One handler method.
pub enum Handler<T: Stateful> {
    /// Runs at every wake, before anything else; told whether the object is not born yet.
    Start(for<'a> fn(&'a mut T, &'a mut Context<T>, bool) -> LocalFuture<'a, Handled>),
    /// Runs when the alarm that `cx.set_alarm` set is due.
    Alarm(for<'a> fn(&'a mut T, &'a mut Context<T>, Alarm) -> LocalFuture<'a, Handled>),
    /// Runs before a connection is let in, and may refuse it.
    Connect(for<'a> fn(&'a mut T, &'a mut Context<T>, Connection) -> LocalFuture<'a, Handled>),
    /// The same with what the client says in the URL.
    ConnectWith(
        &'static ConnectParams,
        for<'a> fn(&'a mut T, &'a mut Context<T>, Connection, Params) -> LocalFuture<'a, Handled>,
    ),
    /// Runs for each frame of a connection that speaks a protocol of its own.
    Message(for<'a> fn(&'a mut T, &'a mut Context<T>, Incoming) -> LocalFuture<'a, Handled>),
    /// The same for messages that say what they are, and are answered in this form.
    TypedMessage(
        &'static MessageForm,
        for<'a> fn(&'a mut T, &'a mut Context<T>, Incoming) -> LocalFuture<'a, Handled>,
    ),
    /// Runs after a connection is gone.
    Disconnect(for<'a> fn(&'a mut T, &'a mut Context<T>, Disconnect) -> LocalFuture<'a, Handled>),
    /// Runs after the method that emitted the event.
    Event(EventHandler<T>),
    /// Runs after the commit of the action that emitted the event.
    Reaction(Reaction<T>),
}

/// A method that handles an event.
pub struct EventHandler<T: Stateful> {
    /// The method's name, for reports.
    pub name: &'static str,
    /// The event's wire name.
    pub event: &'static str,
    /// Whether its failure fails the action that emitted.
    pub required: bool,
    /// Whether it runs once in the object's life.
    pub once: bool,
    /// The method.
    pub run: fn(&mut T, &mut Context<T>, &dyn Any) -> Handled,
}

/// An alarm that went off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// When it was due.
    pub scheduled: Timestamp,
    /// 0 for the first try, then one more each.
    pub attempt: u32,
}

impl<T: Stateful> std::fmt::Debug for Handler<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start(_) => f.write_str("Start"),
            Self::Alarm(_) => f.write_str("Alarm"),
            Self::Connect(_) => f.write_str("Connect"),
            Self::ConnectWith(params, _) => f.debug_tuple("ConnectWith").field(params).finish(),
            Self::Message(_) => f.write_str("Message"),
            Self::TypedMessage(form, _) => f.debug_tuple("TypedMessage").field(form).finish(),
            Self::Disconnect(_) => f.write_str("Disconnect"),
            Self::Event(handler) => handler.fmt(f),
            Self::Reaction(handler) => handler.fmt(f),
        }
    }
}

impl<T: Stateful> std::fmt::Debug for EventHandler<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventHandler")
            .field("name", &self.name)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

/// The event, if it is of this type.
pub fn event_as<E: Event>(event: &dyn Any) -> Option<&E> {
    event.downcast_ref()
}
