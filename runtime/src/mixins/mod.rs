//! Mixins that are ready to mount.

pub mod jobs;
pub mod presence;
mod quotas;

pub use jobs::Jobs;
pub use presence::Presence;
pub use quotas::Quotas;
