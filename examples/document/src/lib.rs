//! A text that many edit at once, by operational transformation.
//!
//! The object has the one order of all edits. Whoever edits says which version of the text they saw; the object fits the edit in
//! behind those that were made since, and tells everyone. Clients show their own changes at once and fit in what they are told
//! ([`Replica`]), so that all come to the same text, whatever came when.

mod change;
mod error;
mod people;
mod replica;
#[cfg(test)]
mod tests;
mod told;

use stayput::prelude::*;

pub use change::{Change, apply, difference, moved, transform, units};
pub use error::DocumentError;
pub use people::Person;
pub use replica::{Outgoing, Replica};
pub use told::{Edited, Joined, Left, Selected, Text, Welcome};

use people::Seat;

/// How many edits are kept. An edit of a text that is older cannot be fitted in.
pub const KEPT: u32 = 1_000;
/// How many changes an edit has at most.
pub const MAX_CHANGES: usize = 100;
/// How long a text may get, in UTF-16 units.
pub const MAX_UNITS: u32 = 100_000;

/// A text that many edit at once.
#[durable_object(events(Edited, Joined, Left, Selected))]
#[derive(Debug)]
pub struct Document {
    text: Lazy<String>,
    /// How long the text is.
    units: u32,
    /// The last edits, by the versions that they made.
    edits: Log<Made>,
}

/// An edit as it is kept: its version is the record's number.
#[data]
struct Made {
    id: String,
    by: String,
    changes: Vec<Change>,
}

#[durable_object]
impl Document {
    /// Makes an edit for a version of the text, and returns the version that it made. Sent twice with the same id it is made once.
    #[action(public, post = "/edits")]
    fn edit(
        &mut self,
        cx: &mut Context<Self>,
        /// The version that the changes were made to.
        base: u64,
        /// A new id, made up by the caller.
        #[param(min_length = 1, max_length = 64)]
        id: String,
        /// The changes, one after the other.
        changes: Vec<Change>,
    ) -> Result<u64, DocumentError> {
        let since = self.since(base)?;
        if let Some(made) = since.iter().find(|made| made.id == id) {
            return Ok(made.version);
        }
        let ends = |change: &Change| change.insert.contains('\r');
        if changes.is_empty() || changes.len() > MAX_CHANGES || changes.iter().any(ends) {
            return Err(DocumentError::Malformed);
        }
        let earlier = since.into_iter().flat_map(|made| made.changes).collect();
        let oldest = self.edits.first_id().unwrap_or(1) - 1;
        let (_, changes) =
            transform(earlier, changes).ok_or(DocumentError::Stale { base, oldest })?;
        let mut text = self.text.get().unwrap_or_default();
        if !apply(&mut text, &changes) {
            return Err(DocumentError::OutOfRange);
        }
        self.units = units(&text);
        if self.units > MAX_UNITS {
            return Err(DocumentError::TooLong);
        }
        self.text.set(&text);
        let by = cx.connection().map(|author| author.id().to_string());
        let by = by.unwrap_or_default();
        let made = Made { id, by, changes };
        let version = self.edits.push(made.clone());
        self.edits.keep_last(KEPT.into());
        self.follow(cx, version, &made.changes);
        cx.broadcast(made.told(version));
        Ok(version)
    }

    /// Comes, or comes back with the last version that is known. Call it when the events are subscribed: then nothing falls between
    /// its answer and them, and what is in both has the same version.
    #[action(public)]
    fn join(
        &mut self,
        cx: &mut Context<Self>,
        /// The name that others see.
        #[param(min_length = 1, max_length = 40)]
        name: String,
        /// The last version that is known.
        after: Option<u64>,
    ) -> Result<Welcome, DocumentError> {
        let mut connection = cx.connection().ok_or(DocumentError::NeedsConnection)?;
        let version = self.version();
        let (anchor, head) = (0, 0);
        let person = Person {
            id: connection.id().to_string(),
            name: name.clone(),
            anchor,
            head,
        };
        connection.set_state(
            cx,
            &Seat {
                name,
                version,
                anchor,
                head,
            },
        );
        cx.broadcast(Joined { person }).except(connection.id());
        let missed = after.map(|after| self.since(after));
        let (text, edits) = match missed {
            Some(Ok(missed)) => (None, missed),
            Some(Err(_)) | None => (Some(self.text.get().unwrap_or_default()), Vec::new()),
        };
        let you = connection.id().to_string();
        let people = self.seated(cx);
        Ok(Welcome {
            you,
            version,
            text,
            edits,
            people,
        })
    }

    /// Tells the others where the caller's cursor is, and what they have selected.
    #[action(public)]
    fn select(
        &mut self,
        cx: &mut Context<Self>,
        /// The version of the text that the positions are in.
        base: u64,
        /// Where the selection begins, in UTF-16 units.
        anchor: u32,
        /// Where it ends, and the cursor is.
        head: u32,
    ) -> Result<(), DocumentError> {
        let connection = cx.connection();
        let seated = connection.and_then(|it| Some((it.state::<Seat>()?, it)));
        let (seat, mut connection) = seated.ok_or(DocumentError::NeedsConnection)?;
        let since = self.since(base)?;
        let after = |at| {
            since
                .iter()
                .fold(at, |at, made| moved(at, &made.changes))
                .min(self.units)
        };
        let (anchor, head) = (after(anchor), after(head));
        let person = Person {
            id: connection.id().to_string(),
            name: seat.name.clone(),
            anchor,
            head,
        };
        let version = self.version();
        connection.set_state(
            cx,
            &Seat {
                version,
                anchor,
                head,
                ..seat
            },
        );
        cx.broadcast(Selected { person }).except(connection.id());
        Ok(())
    }

    /// The text and its version.
    #[action(public, get = "/text")]
    fn read(&self) -> Text {
        Text {
            text: self.text.get().unwrap_or_default(),
            version: self.version(),
        }
    }

    /// The edits after a version, oldest first.
    #[action(public, get = "/edits")]
    fn history(&self, after: u64) -> Result<Vec<Edited>, DocumentError> {
        self.since(after)
    }

    /// Who is there, and where their cursors are.
    #[action(public, get = "/people")]
    fn people(&self, cx: &Context<Self>) -> Vec<Person> {
        self.seated(cx)
    }

    #[event(disconnect)]
    fn gone(&mut self, cx: &mut Context<Self>, gone: Disconnect) {
        if gone.connection.state::<Seat>().is_some() {
            cx.broadcast(Left {
                id: gone.connection.id().to_string(),
            });
        }
    }

    fn version(&self) -> u64 {
        self.edits.last_id().unwrap_or_default()
    }

    /// The edits after a version, if all of them are kept.
    fn since(&self, base: u64) -> Result<Vec<Edited>, DocumentError> {
        if base > self.version() {
            return Err(DocumentError::Unknown { base });
        }
        let oldest = self.edits.first_id().unwrap_or(1) - 1;
        if base < oldest {
            return Err(DocumentError::Stale { base, oldest });
        }
        Ok(self.kept_since(base))
    }

    /// Those of the edits after a version that are kept.
    fn kept_since(&self, base: u64) -> Vec<Edited> {
        let kept = self.edits.range(base + 1.., KEPT);
        kept.into_iter()
            .map(|(version, made)| made.told(version))
            .collect()
    }

    /// The author's cursor stands behind what they did last.
    fn follow(&self, cx: &mut Context<Self>, version: u64, changes: &[Change]) {
        let connection = cx.connection();
        let seated = connection.and_then(|it| Some((it.state::<Seat>()?, it)));
        if let (Some((seat, mut connection)), Some(last)) = (seated, changes.last()) {
            let at = last.at + units(&last.insert);
            connection.set_state(
                cx,
                &Seat {
                    version,
                    anchor: at,
                    head: at,
                    ..seat
                },
            );
        }
    }
}

impl Made {
    fn told(self, version: u64) -> Edited {
        let Self { id, by, changes } = self;
        Edited {
            version,
            id,
            by,
            changes,
        }
    }
}

stayput::app!(
    Document;
    assets(
        "/" = "../web/index.html",
        "/style.css" = "../web/style.css",
        "/main.js" = "../web/dist/main.js",
        "/change.js" = "../web/dist/change.js",
        "/replica.js" = "../web/dist/replica.js",
        "/client/index.js" = "../web/dist/client/index.js",
        "/client/client.js" = "../web/dist/client/client.js",
        "/client/live.js" = "../web/dist/client/live.js",
        "/client/stayput.js" = "../web/dist/client/stayput.js",
    )
);
