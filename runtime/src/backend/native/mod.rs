//! The native backend: one process, embedded SQLite.
//!
//! Reactor threads speak HTTP and nothing else; shard threads own the live objects; a writer thread per database file
//! commits. Connections that stay open belong to the reactor that accepted them. They hand over to each other by batch.

mod alarms;
mod bus;
mod clock;
mod command;
mod entropy;
pub(crate) mod gone;
mod house;
mod node;
mod outside;
mod pending;
mod port;
mod pulse;
mod reactor;
mod run;
mod settings;
mod shard;
mod socket;
pub mod store;
mod tickets;
#[cfg(feature = "tls")]
mod tls;
mod turnstile;
/// Without the feature there is none.
#[cfg(not(feature = "tls"))]
mod tls {
    pub(super) enum Tls {}
}
mod upload;
mod variables;

pub use clock::{Clock, VirtualClock};
pub use node::{Node, NodeOptions, StartError};
pub use port::Port;
pub use run::run;
pub use settings::Settings;
pub use socket::Heartbeat;
pub(crate) use socket::{Encoding, Newcomer, News, Place};
pub use turnstile::Turnstile;
pub(crate) use turnstile::{Picks, Side, Step, shown};
