//! What clients get, byte for byte.

mod access;
mod binary;
mod cases;
mod fake;
mod fuzz;
mod origins;
mod protocol;
mod query;
