//! What is done with a data folder as a whole, by commands of the program: looking whether it is sound, copying it, and
//! moving single objects in and out.
//!
//! Whoever only reads does so beside a running server. Whoever writes needs the folder's lock.

mod address;
mod backup;
mod cell;
mod copy;
mod error;
mod export;
mod follow;
mod generation;
mod import;
mod list;
mod records;
mod salvage;
mod tables;
mod verify;
mod view;

pub use address::{Address, Which};
pub use backup::{Copied, backup, restore};
pub use error::CareError;
pub use export::{Exported, export};
pub use follow::{Follow, LATEST};
pub use import::{Import, Imported};
pub(crate) use list::ids_of;
pub use salvage::{Salvaged, salvage};
pub use verify::{Fault, Report, verify};
pub(in super::super) use view::View;
