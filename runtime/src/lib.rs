//! Durable objects in Rust.

pub mod backend;
pub mod error;
pub mod http;
pub mod manifest;
pub mod object;
pub mod rpc;
