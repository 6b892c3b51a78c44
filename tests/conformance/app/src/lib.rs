//! What the conformance scenarios call: every behaviour that both backends must share.
#![allow(
    clippy::panic,
    clippy::unused_self,
    reason = "some actions fail on purpose, and some look at nothing but their context"
)]

mod form;
mod hall;
mod relay;
mod shelf;
mod tally;

pub use form::Form;
pub use hall::{Hall, HallError, Heard, Mirror, Went};
pub use relay::Relay;
pub use shelf::{Added, Everything, Kind, Meter, Shelf};
pub use tally::{Tally, TallyError};

stayput::app!(Form, Hall, Mirror, Relay, Shelf, Tally);
