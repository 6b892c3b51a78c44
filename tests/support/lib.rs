//! What tests and benches of running programs share: plain HTTP and WebSocket clients, processes under test, Workers, bounds on time.

pub mod bounds;
pub mod http;
pub mod process;
pub mod random;
pub mod websocket;
pub mod workers;
