//! A client's side: its own changes show at once, and those of others are fitted in as they come.
//!
//! `web/replica.ts` is the same for the page.

use std::collections::BTreeMap;

use crate::change::{Change, apply, difference, transform};
use crate::{Edited, MAX_CHANGES};

/// A text that a client edits while others do.
///
/// At most one edit is on its way to the object; what is changed meanwhile waits until the object has told its version.
#[derive(Debug, Default)]
pub struct Replica {
    version: u64,
    /// The text at that version.
    shared: String,
    /// The text with what is on its way and what waits.
    text: String,
    sent: Option<(String, Vec<Change>)>,
    waiting: Vec<Change>,
    /// Edits that came before those that they follow.
    early: BTreeMap<u64, Edited>,
}

/// What is to be sent to the object: the parameters of its action `edit`.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The version that it changes.
    pub base: u64,
    /// Its id, by which the object knows one that comes twice.
    pub id: String,
    /// The changes.
    pub changes: Vec<Change>,
}

impl Replica {
    /// The text as the client sees it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The last version that has been heard of.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether the object knows everything.
    pub fn is_settled(&self) -> bool {
        self.sent.is_none() && self.waiting.is_empty()
    }

    /// Makes a change here; `false` if it does not fit the text, and nothing is changed then.
    pub fn change(&mut self, change: Change) -> bool {
        let mut text = self.text.clone();
        let fits = apply(&mut text, std::slice::from_ref(&change));
        if fits {
            self.text = text;
            self.waiting.push(change);
        }
        fits
    }

    /// What to send now, if nothing is on its way. `id` must be new.
    pub fn send(&mut self, id: impl FnOnce() -> String) -> Option<Outgoing> {
        if self.sent.is_some() || self.waiting.is_empty() {
            return None;
        }
        let rest = self.waiting.split_off(self.waiting.len().min(MAX_CHANGES));
        let changes = std::mem::replace(&mut self.waiting, rest);
        self.sent = Some((id(), changes));
        self.send_again()
    }

    /// What was sent and may have been lost: to be sent once more when all that the object has told is received.
    pub fn send_again(&self) -> Option<Outgoing> {
        let (id, changes) = self.sent.clone()?;
        let base = self.version;
        Some(Outgoing { base, id, changes })
    }

    /// Takes an edit that the object tells of, in whatever order they come, each any number of times.
    pub fn receive(&mut self, edited: Edited) {
        if edited.version > self.version {
            self.early.insert(edited.version, edited);
        }
        while let Some(next) = self.early.remove(&(self.version + 1)) {
            self.version += 1;
            apply(&mut self.shared, &next.changes);
            match &self.sent {
                // The object has it now; here it shows already.
                Some((id, _)) if *id == next.id => self.sent = None,
                _ => self.fit_in(next.changes),
            }
        }
    }

    /// Begins anew from a text that the object told: when it has forgotten the edits that are missing here. What was changed
    /// here and is not there yet is kept.
    pub fn resync(&mut self, text: &str, version: u64) {
        let theirs = difference(&self.shared, text);
        text.clone_into(&mut self.shared);
        self.version = version;
        self.early.retain(|early, _| *early > version);
        self.fit_in(theirs);
    }

    /// What others did came first: the object has it already.
    fn fit_in(&mut self, theirs: Vec<Change>) {
        let sent = self.sent.as_mut().map(|(_, changes)| changes);
        let on_its_way = sent.as_deref().cloned().unwrap_or_default();
        let fitted = transform(theirs, on_its_way).and_then(|(theirs, on_its_way)| {
            let (theirs, waiting) = transform(theirs, std::mem::take(&mut self.waiting))?;
            Some((theirs, on_its_way, waiting))
        });
        if let Some((theirs, on_its_way, waiting)) = fitted {
            apply(&mut self.text, &theirs);
            self.waiting = waiting;
            if let Some(sent) = sent {
                *sent = on_its_way;
            }
        } else {
            // More than anybody types: what the object has is what is.
            self.text.clone_from(&self.shared);
            self.waiting.clear();
            self.sent = None;
        }
    }
}
