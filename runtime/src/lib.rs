//! Durable objects in Rust.
#![cfg_attr(
    not(any(feature = "native", target_arch = "wasm32")),
    allow(
        dead_code,
        unused_imports,
        reason = "without a backend, as in a program that only calls, nobody uses what runs objects"
    )
)]

// Without it the parameters would pass unchecked there, or the class not compile for a reason that is hard to find; and the validator
// is large, where size is start-up time.
#[cfg(all(feature = "jsonschema", target_arch = "wasm32"))]
compile_error!(
    "the feature `jsonschema` of `stayput` is for native programs only: ask for it under \
     `[target.'cfg(not(target_arch = \"wasm32\"))'.dependencies]`, and list the `ParamsSchema` by `cfg_attr`"
);

// Our own mixins are written as users write theirs.
extern crate self as stayput;

mod app;
mod cbor;
mod hex;
mod macros;
mod network;
mod order;
mod transfer;

pub mod action;
pub mod auth;
pub mod backend;
#[cfg(all(feature = "client", not(target_arch = "wasm32")))]
pub mod client;
pub mod config;
pub mod error;
pub mod event;
pub mod http;
pub mod manifest;
pub mod middleware;
pub mod mixins;
pub mod object;
pub mod outgoing;
pub mod prelude;
pub mod remote;
pub mod repository;
pub mod rpc;
pub mod socket;
pub mod sourcing;
pub mod sql;
pub mod state;
pub mod stream;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub mod testing;
pub mod time;
pub mod workflow;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use app::{App, Class};
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub use backend::native::run;
pub use config::Config;
pub use error::{ActionError, Error, Result};
#[doc(inline)]
pub use http::door as front;
pub use macros::{
    ActionError, Config, Entity, Row, action, data, durable_object, event, mixin, projection, stub,
    test,
};
pub use object::actions_of;

/// Exports the app where the platform looks for it. Natively `main` names it; nothing to do.
#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_app {
    ($app:ident) => {};
}

/// Exports the app where the platform looks for it: `shell.js` calls this function first in every wasm instance.
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_app {
    ($app:ident) => {
        const _: () = {
            #[$crate::__private::wasm_bindgen::prelude::wasm_bindgen(
                                                wasm_bindgen = $crate::__private::wasm_bindgen
                                            )]
            pub fn stayput_init() {
                $crate::__private::install($app());
            }
        };
    };
}

/// Keeps the README's examples compiling.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Keeps the examples of the state's page compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/state.md")]
struct StatePage;

/// Keeps the examples of the page about tables compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/tables.md")]
struct TablesPage;

/// Keeps the examples of authentication's page compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/auth.md")]
struct AuthPage;

/// Keeps the example of the page about events compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/events.md")]
struct EventsPage;

/// Keeps the examples of the page about connections compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/live.md")]
struct LivePage;

/// Keeps the examples of the page about HTTP compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/http.md")]
struct HttpPage;

/// Keeps the examples of the page about event sourcing compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/sourcing.md")]
struct SourcingPage;

/// Keeps the example of the page about CBOR compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/cbor.md")]
struct CborPage;

/// Keeps the example of the page about an app's own routes compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/front.md")]
struct FrontPage;

/// Keeps the examples of the page about requests to others compiling.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../../docs/outgoing.md")]
struct OutgoingPage;

/// Keeps the examples of the page about SQL compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/sql.md")]
struct SqlPage;

/// Keeps the examples of the page about repositories compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/repositories.md")]
struct RepositoriesPage;

/// Keeps the example of the page about jobs compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/jobs.md")]
struct JobsPage;

/// Keeps the examples of the page about tests compiling.
#[cfg(all(doctest, feature = "native", feature = "client"))]
#[doc = include_str!("../../docs/testing.md")]
struct TestingPage;

/// Keeps the examples of the page about time compiling.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../../docs/time.md")]
struct TimePage;

/// Keeps the examples of the page about workflows compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/workflows.md")]
struct WorkflowsPage;

/// Keeps the examples of middleware's page compiling.
#[cfg(all(doctest, feature = "jsonschema"))]
#[doc = include_str!("../../docs/middleware.md")]
struct MiddlewarePage;

/// Keeps the example of the page about streams compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/streams.md")]
struct StreamsPage;

/// Keeps the example of the parameters' page compiling.
#[cfg(doctest)]
#[doc = include_str!("../../docs/params.md")]
struct ParamsPage;
