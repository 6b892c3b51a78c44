//! One request to one server, and its answer: what a backend does.

use std::fmt;
use std::rc::Rc;

use ::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::address::Allow;
use super::url::Url;
use crate::backend::LocalFuture;

/// A request, as it leaves.
#[derive(Clone)]
pub struct Sent {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What may be asked besides those that everybody can reach.
    pub(crate) allow: Rc<Allow>,
    /// How large the answer's body may be.
    pub(crate) limit: usize,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Inbound {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why nothing did.
#[derive(Debug, Clone)]
#[cfg_attr(
    any(target_arch = "wasm32", not(feature = "client")),
    expect(dead_code, reason = "some happen only where hyper sends requests")
)]
pub(crate) enum Fault {
    /// The address may not be asked.
    Refused,
    /// The body is larger than it may be.
    TooLarge,
    /// No connection, or a broken one; what the network says, for the log.
    Connect(String),
    /// Not in time: a test's script says so.
    Timeout,
    /// The body is in a coding that nobody asked for.
    Coding(String),
    /// It cannot be sent, and never will be.
    Impossible(&'static str),
}

/// Sends a request over the network.
#[cfg(target_arch = "wasm32")]
pub(super) fn exchange(sent: Sent) -> LocalFuture<'static, Result<Inbound, Fault>> {
    crate::backend::workers::exchange(sent)
}

/// Sends a request over the network.
#[cfg(all(feature = "client", not(target_arch = "wasm32")))]
pub(super) fn exchange(sent: Sent) -> LocalFuture<'static, Result<Inbound, Fault>> {
    crate::client::exchange(sent)
}

/// Without the feature `client` nothing does, and `http()` says so.
#[cfg(not(any(feature = "client", target_arch = "wasm32")))]
pub(super) fn exchange(_: Sent) -> LocalFuture<'static, Result<Inbound, Fault>> {
    let fault = Fault::Impossible("takes the feature `client` of the crate `stayput`");
    Box::pin(std::future::ready(Err(fault)))
}

impl Sent {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URL.
    pub fn url(&self) -> String {
        self.url.text()
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header; `None` if there is none of this name, or it is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body, read as JSON; `None` if it is none, or not of this type.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Method and origin: all of it that may be told to others.
    pub(super) fn shown(&self) -> String {
        format!("`{} {}`", self.method, self.url.origin())
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sent").field(&self.shown()).finish()
    }
}
