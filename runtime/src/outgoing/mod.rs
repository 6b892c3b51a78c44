//! Requests to other servers: [`cx.http()`](crate::object::ProcessContext::http) of processes, the same on both
//! backends.
//!
//! What a request is, where it may go, how often it is tried and where it is sent on to is decided here. A backend only
//! brings one request to one address and one answer back. Nothing of it is linked into a program that never calls
//! `http()`.

mod address;
mod error;
mod exchange;
mod request;
mod response;
mod retry;
#[cfg(not(target_arch = "wasm32"))]
mod script;
mod send;
mod url;
pub(crate) mod webhook;

#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;

pub use ::http::{Method, StatusCode};

pub use error::{HttpError, HttpErrorKind};
pub use exchange::Sent;
pub use request::Request;
pub use response::Response;
pub use retry::Retry;
#[cfg(not(target_arch = "wasm32"))]
pub use script::{Answer, Script};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use address::Allow;
pub(crate) use address::SETTING;
#[cfg(any(feature = "client", target_arch = "wasm32"))]
pub(crate) use exchange::{Fault, Inbound};
#[cfg(any(feature = "client", target_arch = "wasm32"))]
pub(crate) use response::collect;

use crate::object::Turn;

/// What `cx.http()` takes of the program: that something can send requests.
#[diagnostic::on_unimplemented(
    message = "nothing here can send requests",
    label = "takes a feature of `stayput`",
    note = "give the crate `stayput` the feature `client`, or `client-tls` for https"
)]
pub trait Online {}

#[cfg(any(feature = "client", target_arch = "wasm32"))]
impl<S> Online for S {}

/// What no command and no query has: nothing that waits for it.
#[diagnostic::on_unimplemented(
    message = "a command or a query sends no requests: it holds its object while it waits",
    label = "only the context of a process has `http()`",
    note = "make the action a process: `async fn name(this: Handle<Self>, cx: ProcessContext<Self>, ..)`; it reaches the \
            state by `this.read(|state| ..)` and `this.atomic(|state, cx| ..)`"
)]
pub trait HoldsNothing {}

/// Sends requests to other servers.
///
#[cfg_attr(feature = "client", doc = "```")]
#[cfg_attr(not(feature = "client"), doc = "```ignore")]
/// use stayput::prelude::*;
///
/// /// What a paper costs.
/// #[data]
/// pub struct Quote { pub price: f64 }
///
/// #[durable_object]
/// pub struct Ticker { last: Option<f64> }
///
/// #[durable_object]
/// impl Ticker {
///     /// Asks for the price, and keeps it.
///     #[action]
///     async fn refresh(this: Handle<Self>, cx: ProcessContext<Self>, symbol: String) -> Result<f64> {
///         let token: String = cx.env("QUOTES_TOKEN").unwrap_or_default();
///         let answer = cx.http().get("https://quotes.example/v1/quote")
///             .query("symbol", &symbol).bearer(&token)
///             .timeout(seconds(5)).retry(Retry::default())
///             .send().await?.error_for_status()?;
///         let price = answer.json::<Quote>()?.price;
///         this.atomic(|ticker, _| { ticker.last = Some(price); Ok::<_, stayput::Error>(price) }).await.map_err(Into::into)
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Http {
    turn: Rc<Turn>,
}

impl Http {
    pub(crate) fn new(turn: Rc<Turn>) -> Self {
        Self { turn }
    }

    /// `GET url`.
    pub fn get(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::GET, url)
    }

    /// `HEAD url`.
    pub fn head(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::HEAD, url)
    }

    /// `POST url`.
    pub fn post(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::POST, url)
    }

    /// `PUT url`.
    pub fn put(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::PUT, url)
    }

    /// `PATCH url`.
    pub fn patch(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::PATCH, url)
    }

    /// `DELETE url`.
    pub fn delete(&self, url: impl AsRef<str>) -> Request {
        self.request(Method::DELETE, url)
    }

    /// Any method but `CONNECT` and `TRACE`.
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> Request {
        Request::new(self.turn.clone(), method, url.as_ref())
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http(..)")
    }
}
