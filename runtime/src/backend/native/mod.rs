//! The native backend: one process, embedded SQLite.

pub mod store;
