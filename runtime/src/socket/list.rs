//! Several connections.

use std::ops::Deref;

use super::connection::Connection;

/// Connections to this object, in the order they came, as they were when they were asked for: a list that can be narrowed
/// down, and is a slice otherwise.
///
/// ```
/// # use stayput::prelude::*;
/// # #[durable_object] struct Desk {}
/// # #[durable_object] impl Desk {
/// #[action]
/// fn readers(&self, cx: &Context<Self>) -> Vec<String> {
///     cx.connections().in_room("news").iter().map(|reader| reader.subject().to_owned()).collect()
/// }
/// # }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default)]
pub struct ConnectionList(Vec<Connection>);

impl ConnectionList {
    pub(crate) fn new(all: Vec<Connection>) -> Self {
        Self(all)
    }

    /// Those in this room. A mixin's rooms are its own.
    #[must_use]
    pub fn in_room(mut self, room: &str) -> Self {
        self.0.retain(|connection| connection.is_in(room));
        self
    }

    /// Those of this subject: one person may have several.
    #[must_use]
    pub fn of(mut self, subject: &str) -> Self {
        self.0.retain(|connection| connection.subject() == subject);
        self
    }
}

impl Deref for ConnectionList {
    type Target = [Connection];

    fn deref(&self) -> &[Connection] {
        &self.0
    }
}

impl IntoIterator for ConnectionList {
    type Item = Connection;
    type IntoIter = std::vec::IntoIter<Connection>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a ConnectionList {
    type Item = &'a Connection;
    type IntoIter = std::slice::Iter<'a, Connection>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
