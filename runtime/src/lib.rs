//! Durable objects in Rust.

pub mod backend;
pub mod object;
pub mod rpc;
