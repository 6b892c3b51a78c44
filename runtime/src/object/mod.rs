//! Objects: identity, time and what travels between them.

mod envelope;
mod id;
mod time;

pub use envelope::{Caller, CallerKind, Chain, Envelope, Link, MAX_DEPTH, Mode, Root, Target};
pub use id::{IdError, IdKey, ObjectId};
pub use time::{Timestamp, days, hours, minutes, seconds};
