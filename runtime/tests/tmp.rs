//! Temporary.
#![allow(unreachable_pub, clippy::all, dead_code)]
#[path = "behaviour/bodies.rs"]
mod bodies;
#[path = "behaviour/streams.rs"]
mod streams;
#[path = "behaviour/support.rs"]
mod support;
