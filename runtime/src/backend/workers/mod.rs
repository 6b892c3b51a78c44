//! The Cloudflare Workers backend: the core inside a wasm instance, the platform behind a bridge of JavaScript.
//!
//! Each object has a wasm instance of its own, so a panic, which ends the instance, hurts the object it happened in and
//! no other. `shell.js` makes the instances and is the other half of every type here; `stayput build` copies it from
//! this folder beside the wasm, so both halves are always of one version.

#[cfg(target_arch = "wasm32")]
mod body;
#[cfg(target_arch = "wasm32")]
mod bookmark;
#[cfg(target_arch = "wasm32")]
mod connections;
#[cfg(target_arch = "wasm32")]
mod environment;
#[cfg(target_arch = "wasm32")]
mod externs;
#[cfg(target_arch = "wasm32")]
mod flow;
#[cfg(target_arch = "wasm32")]
mod front;
#[cfg(target_arch = "wasm32")]
mod home;
#[cfg(target_arch = "wasm32")]
mod inflow;
#[cfg(target_arch = "wasm32")]
mod instance;
#[cfg(target_arch = "wasm32")]
mod object;
#[cfg(target_arch = "wasm32")]
mod outgoing;
mod packed;
#[cfg(target_arch = "wasm32")]
mod remote;
#[cfg(target_arch = "wasm32")]
mod sql;
#[cfg(target_arch = "wasm32")]
mod store;
#[cfg(target_arch = "wasm32")]
mod talk;
#[cfg(target_arch = "wasm32")]
mod tasks;
mod wire;

#[cfg(target_arch = "wasm32")]
pub(crate) use body::Pouring;
#[cfg(target_arch = "wasm32")]
pub(crate) use bookmark::bookmark;
#[cfg(target_arch = "wasm32")]
pub(crate) use flow::Flows;
#[cfg(target_arch = "wasm32")]
pub(crate) use inflow::{FetchItems, fetch_items};
#[cfg(target_arch = "wasm32")]
pub(crate) use instance::{IDS, discover};
#[cfg(target_arch = "wasm32")]
pub(crate) use outgoing::exchange;
#[cfg(target_arch = "wasm32")]
pub(crate) use remote::{deliver, deliver_js};
#[cfg(target_arch = "wasm32")]
pub(crate) use sql::{OPEN_SQL, OpenSql};
#[cfg(target_arch = "wasm32")]
pub use {
    externs::Bridge,
    front::FrontHost,
    instance::install,
    object::ObjectHost,
    tasks::{stayput_run_ready, stayput_settle},
};
