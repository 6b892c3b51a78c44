//! What tests and benches of running programs share: a plain HTTP client, processes under test, bounds on time.

pub mod bounds;
pub mod http;
pub mod process;
pub mod random;
