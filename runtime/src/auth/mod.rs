//! Who calls: authenticators, and what is known of a caller.
//!
//! An app names its authenticators once, and every transport (JSON-RPC, the REST form, sockets, streams of events)
//! asks them in order, before the object wakes:
//!
//! ```
//! use stayput::auth::ApiKeys;
//! use stayput::prelude::*;
//!
//! # #[durable_object] struct Room {}
//! # #[durable_object] impl Room {}
//! stayput::app!(Room; auth(ApiKeys::from_env("API_KEYS")));
//! # fn main() {}
//! ```
//!
//! Credentials that nobody knows are refused (401); without any the caller is anonymous, for whom `public` actions
//! answer.

mod address;
mod api_keys;
mod authenticate;
mod credentials;
mod crypto;
mod error;
mod guard;
#[cfg(feature = "jwt")]
mod jwt;
mod principal;
mod request;
mod setting;
#[cfg(target_arch = "wasm32")]
mod web_crypto;

#[cfg(not(target_arch = "wasm32"))]
pub use address::NoNetwork;
pub use address::Proxies;
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) use address::address;
pub(crate) use address::{Address, ip};
pub use api_keys::ApiKeys;
pub(crate) use authenticate::AnyAuthenticate;
pub use authenticate::Authenticate;
#[cfg(fuzzing)]
pub(crate) use credentials::read_credentials;
pub use error::AuthError;
pub use guard::Guard;
#[cfg(feature = "jwt")]
pub use jwt::{Jwks, Jwt};
pub use principal::Principal;
pub use request::{AuthRequest, Surroundings};
pub use setting::{Setting, env};

use std::time::Duration;

/// How long a ticket for a connection is good.
pub(crate) const TICKET_LIFE: Duration = Duration::from_secs(30);
