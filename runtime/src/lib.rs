//! Durable objects in Rust.
