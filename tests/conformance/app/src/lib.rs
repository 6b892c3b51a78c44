//! What the conformance scenarios call: every behaviour that both backends must share.

mod relay;
mod tally;

pub use relay::Relay;
pub use tally::{Tally, TallyError};

stayput::app!(Tally, Relay);
