//! Mixins that are ready to mount.

pub mod jobs;

pub use jobs::Jobs;
