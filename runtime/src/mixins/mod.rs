//! Mixins that are ready to mount.

pub mod jobs;
mod quotas;

pub use jobs::Jobs;
pub use quotas::Quotas;
