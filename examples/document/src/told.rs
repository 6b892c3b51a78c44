//! What is told: to everyone as events, and to who asks.

use stayput::prelude::*;

use crate::{Change, Person};

/// The text was edited.
#[event(public)]
pub struct Edited {
    /// The version that the text has now: 1 after the first edit.
    pub version: u64,
    /// The edit's id, which its author gave it.
    pub id: String,
    /// The connection of its author; empty if it came without one.
    pub by: String,
    /// The changes, one after the other, as they fit the version before.
    pub changes: Vec<Change>,
}

/// Somebody came.
#[event(public)]
pub struct Joined {
    /// Who.
    pub person: Person,
}

/// Somebody left.
#[event(public)]
pub struct Left {
    /// Which connection.
    pub id: String,
}

/// Somebody's cursor or selection is elsewhere. Edits move cursors besides; nobody is told of that.
#[event(public)]
pub struct Selected {
    /// Who, and where in the text as it is after the last `Edited`.
    pub person: Person,
}

/// Where somebody begins who comes, or comes back.
#[data]
pub struct Welcome {
    /// The id of the caller's connection.
    pub you: String,
    /// The version that the text has.
    pub version: u64,
    /// The text; not if the edits lead to it.
    pub text: Option<String>,
    /// The edits that the caller missed.
    pub edits: Vec<Edited>,
    /// Who is there.
    pub people: Vec<Person>,
}

/// A text and its version.
#[data]
#[derive(PartialEq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// How many edits have been made.
    pub version: u64,
}
