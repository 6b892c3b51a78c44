//! Mixins that are ready to mount.

pub mod jobs;
pub mod presence;
mod quotas;
mod sourced;

pub use jobs::Jobs;
pub use presence::Presence;
pub use quotas::Quotas;
pub use sourced::{RebuildError, Sourced, SourcedStub};
