//! Objects that hear the durable events of others: `User::named(cx, "ann").subscribe::<UserRenamed>(cx)`.
//!
//! All of it goes by durable sends, so that it is exact without a protocol of its own. Who subscribes notes it in a record
//! of its own and sends [`FOLLOW`]; the other object keeps a record of each subscriber, and the commit that logs an event also
//! puts a call of [`HEAR`] into its outbox for each of them; that call runs the subscriber's handlers, and notes in their commit
//! that it was made.
//!
//! | record of | key | |
//! |---|---|---|
//! | the subscriber | `!hears/<object><event><mount>` | that it wants to hear, and since when |
//! | the object | `!told/<event>/<subscriber><mount>` | whom to tell |
//!
//! Both have a token, which tells this subscription from one of another life of the subscriber.

mod context;
mod source;
mod subscriber;
mod target;

pub use context::{Subscribers, Subscription, Subscriptions};
pub use source::EventSource;
pub(crate) use subscriber::{refused, subscribe, unsubscribe, wants};
pub(crate) use target::{end, follow, forgotten, tell};

use std::any::Any;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Event;
use crate::backend::StorageFault;
use crate::object::{Identity, ObjectId};
use crate::rpc::{WireError, from_utf8};
use crate::state::{Records, Stateful};

/// What a subscriber calls. No client can call any of these: they are the actions of no class.
pub(crate) const FOLLOW: &str = "~follow";
/// What it calls when it wants to hear no more.
pub(crate) const UNFOLLOW: &str = "~unfollow";
/// What a subscriber is called by.
pub(crate) const HEAR: &str = "~hear";

/// The answer to [`HEAR`] of who wants to hear nothing any more.
pub(crate) const GONE: &[u8] = b"false";

/// An event that other objects may subscribe to: `#[event(durable, objects)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no event that other objects may subscribe to",
    label = "not for objects",
    note = "say it on the type: `#[event(durable, objects)]`"
)]
pub trait ForObjects: Event {}

/// Implemented for the events of other objects that an object or mixin lists in `subscribes(..)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` subscribes to no `{E}`",
    note = "list it on the struct: `#[durable_object(subscribes({E}))]`, or `#[mixin(subscribes({E}))]` for a mixin"
)]
pub trait Hears<E>: Stateful {}

/// An event of other objects that a class handles, as data.
#[derive(Clone, Copy)]
pub struct HeardEvent {
    /// The wire name, as its own type has it.
    pub(crate) name: &'static str,
    /// The event, from JSON text.
    pub(crate) decode: fn(&str) -> Result<Rc<dyn Any>, serde_json::Error>,
}

impl HeardEvent {
    /// The data of an event type.
    pub const fn of<E: Event>() -> Self {
        Self {
            name: E::NAME,
            decode: |text| Ok(Rc::new(serde_json::from_str::<E>(text)?)),
        }
    }
}

impl std::fmt::Debug for HeardEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HeardEvent").field(&self.name).finish()
    }
}

/// An object, as it is called in any data folder: ids are those of one backend, names are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Who {
    pub(crate) class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<ObjectId>,
}

impl Who {
    pub(crate) fn of(identity: &Identity) -> Self {
        let name = identity.name.as_deref().map(str::to_owned);
        Self {
            class: identity.class.to_owned(),
            id: name.is_none().then_some(identity.id),
            name,
        }
    }

    /// Class and name.
    pub(crate) fn text(&self) -> String {
        match (&self.name, &self.id) {
            (Some(name), _) => format!("{}/{name}", self.class),
            (None, Some(id)) => format!("{}/~{id}", self.class),
            (None, None) => self.class.clone(),
        }
    }
}

/// The parameters of [`FOLLOW`] and [`UNFOLLOW`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Follow {
    /// The event's wire name, mount included.
    pub(crate) event: String,
    /// Who wants to hear it, and which mixin of it.
    pub(crate) who: Who,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) mount: String,
    /// What the subscriber calls the object.
    pub(crate) of: String,
    pub(crate) token: String,
    /// From which place in the log on; from now on, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

/// The parameters of [`HEAR`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hear<'a> {
    /// The event's wire name at its object, and that of its type.
    pub(crate) event: String,
    pub(crate) kind: String,
    /// Whom it is for, as the object has it, and which mixin.
    pub(crate) to: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) mount: String,
    /// What the subscriber calls the object.
    pub(crate) of: String,
    pub(crate) token: String,
    pub(crate) source: EventSource,
    #[serde(borrow)]
    pub(crate) data: &'a RawValue,
}

/// Parameters of one of these calls.
pub(crate) fn read<'a, P: Deserialize<'a>>(params: &'a [u8]) -> Result<P, Box<WireError>> {
    from_utf8(params).map_err(|fault| {
        let code = crate::error::Code::InvalidParams;
        Box::new(WireError::framework(code, fault.to_string()))
    })
}

/// A record that is to go if it is still of the subscription that a call was about.
#[derive(Debug)]
pub(crate) struct Forget {
    key: String,
    token: String,
}

impl Forget {
    pub(crate) fn carry_out(&self, records: &Records) -> Result<(), StorageFault> {
        /// What both records have.
        #[derive(Deserialize)]
        struct Token {
            token: String,
        }
        let Some(text) = records.try_get(&self.key)? else {
            return Ok(());
        };
        let found: Token = crate::state::decode(&self.key, &text)?;
        if found.token == self.token {
            records.try_delete(&self.key)?;
        }
        Ok(())
    }
}
