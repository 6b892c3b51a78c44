//! Whose event it is that a handler runs for.

use serde::{Deserialize, Serialize};

use super::Who;
use crate::object::{ObjectId, Timestamp};

/// The object whose event a handler runs for, by `cx.event_source()`: another one, that this object
/// [subscribes](crate::prelude::Stub::subscribe) to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSource {
    pub(crate) who: Who,
    pub(crate) cursor: String,
    pub(crate) at: Timestamp,
}

impl EventSource {
    /// The class path.
    pub fn class(&self) -> &str {
        &self.who.class
    }

    /// The name, if the object has one.
    pub fn name(&self) -> Option<&str> {
        self.who.name.as_deref()
    }

    /// The id, if the object has no name.
    pub fn id(&self) -> Option<ObjectId> {
        self.who.id
    }

    /// The event's place in the log of its object: what [`subscribe_after`](crate::prelude::Stub::subscribe_after) takes.
    pub fn cursor(&self) -> &str {
        &self.cursor
    }

    /// When it was broadcast.
    pub fn time(&self) -> Timestamp {
        self.at
    }
}
