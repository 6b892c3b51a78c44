//! What is kept of events for those who come later: the last one of each key, or a log that subscribers resume from.
//!
//! All of it is records of the object, written by the commit that broadcasts: an event that was undone is not kept, and one
//! that was sent is. The log is one for all events of an object, so that one cursor tells how far a subscriber has come; each
//! event is stored under its own name, so that each is kept for as long as it says.

mod cursor;
mod own;
mod page;
mod store;

pub(crate) use cursor::Cursor;
pub use own::{KeptEvent, KeptEvents};
pub(crate) use page::{Page, Sought, page};
pub(crate) use store::{append, forget, put_latest, since};

/// What is kept of an event for those who come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kept {
    /// Nothing: who is not connected misses it.
    #[default]
    Nothing,
    /// The last one of each key.
    Latest,
    /// The last so many, for at most so many hours if that is said.
    Log {
        /// How many, at least 1.
        count: u32,
        /// For how long.
        hours: Option<u32>,
    },
}

impl Kept {
    /// How many events of a kind are kept where nothing is said.
    pub const COUNT: u32 = 1_000;

    /// A log of the last `count`, for `hours`.
    ///
    /// # Panics
    ///
    /// If either is 0: while the program is compiled.
    pub const fn log(count: u32, hours: Option<u32>) -> Self {
        assert!(count > 0, "`keep` is at least 1");
        assert!(!matches!(hours, Some(0)), "`keep_hours` is at least 1");
        Self::Log { count, hours }
    }

    /// Whether anything is.
    pub const fn is_any(self) -> bool {
        !matches!(self, Self::Nothing)
    }
}
