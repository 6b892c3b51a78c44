//! Durable objects in Rust.

pub mod backend;
pub mod manifest;
pub mod object;
pub mod rpc;
pub mod state;
