//! Who edits, and where their cursors are: read off the connections, nothing of it is stored.

use stayput::prelude::*;

use crate::change::moved;
use crate::{Document, Edited};

/// Somebody who edits.
#[data]
#[derive(PartialEq)]
pub struct Person {
    /// The connection, by which they are told apart.
    pub id: String,
    /// The name that they gave.
    pub name: String,
    /// Where their selection begins, in UTF-16 units. It is where the cursor is if nothing is selected.
    pub anchor: u32,
    /// Where it ends, and the cursor is; it may be before the beginning.
    pub head: u32,
}

/// What a connection carries: the selection is one in the text of the version.
#[data]
pub(crate) struct Seat {
    pub name: String,
    pub version: u64,
    pub anchor: u32,
    pub head: u32,
}

impl Document {
    /// Who is there, in the order they came, with their cursors where the edits since have moved them.
    pub(crate) fn seated(&self, cx: &Context<Self>) -> Vec<Person> {
        let connections = cx.connections();
        let seats = connections.iter().filter_map(|connection| {
            let seat = connection.state::<Seat>()?;
            Some((connection.id(), seat))
        });
        let seats: Vec<_> = seats.collect();
        let oldest = seats.iter().map(|(_, seat)| seat.version).min();
        let since: Vec<Edited> = oldest.map_or_else(Vec::new, |oldest| self.kept_since(oldest));
        let people = seats.into_iter().map(|(id, seat)| {
            let after = |at| {
                let since = since.iter().filter(|edited| edited.version > seat.version);
                let at = since.fold(at, |at, edited| moved(at, &edited.changes));
                at.min(self.units)
            };
            Person {
                id: id.to_string(),
                name: seat.name.clone(),
                anchor: after(seat.anchor),
                head: after(seat.head),
            }
        });
        people.collect()
    }
}
