//! What an authenticator sees of a request, and of the place it runs in.

use std::fmt;
use std::net::IpAddr;

use ::http::{HeaderMap, Method};

use super::address::Proxies;
use super::credentials::Credentials;
use crate::http::Request;
use crate::object::Timestamp;

/// The head of a request: an authenticator never sees the body, so it can judge before one is read.
#[derive(Clone, Copy)]
pub struct AuthRequest<'a> {
    request: &'a Request,
    credentials: Credentials<'a>,
    proxies: &'a Proxies,
    at: &'a dyn Surroundings,
}

/// What authentication asks of the backend it runs on.
pub trait Surroundings {
    /// The wall clock.
    fn now(&self) -> Timestamp;
    /// A variable of the process environment, or a Worker's binding.
    fn variable(&self, name: &str) -> Option<String>;
    /// Tells the log what no caller is told.
    fn report(&self, message: &str);
}

impl<'a> AuthRequest<'a> {
    pub(super) fn new(
        request: &'a Request,
        credentials: Credentials<'a>,
        proxies: &'a Proxies,
        at: &'a dyn Surroundings,
    ) -> Self {
        Self {
            request,
            credentials,
            proxies,
            at,
        }
    }

    /// The token of `Authorization: Bearer ..`, or of a WebSocket's subprotocol.
    pub fn bearer(&self) -> Option<&'a str> {
        match self.credentials {
            Credentials::Bearer(token) => Some(token),
            _ => None,
        }
    }

    /// The key of `X-API-Key: ..`.
    pub fn api_key(&self) -> Option<&'a str> {
        match self.credentials {
            Credentials::ApiKey(key) => Some(key),
            _ => None,
        }
    }

    /// A header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// All headers.
    pub fn headers(&self) -> &'a HeaderMap {
        self.request.headers()
    }

    /// The HTTP method.
    pub fn method(&self) -> &'a Method {
        self.request.method()
    }

    /// The path, still percent-encoded.
    pub fn path(&self) -> &'a str {
        self.request.path()
    }

    /// The address it comes from, as [`Caller::ip`](crate::object::Caller::ip) will say it.
    pub fn ip(&self) -> Option<IpAddr> {
        super::address::ip(&self.proxies.address(self.request)?)
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.at.now()
    }

    /// A variable of the process environment, or a Worker's binding.
    pub fn env(&self, name: &str) -> Option<String> {
        self.at.variable(name)
    }

    /// Tells the log what no caller is told.
    #[cfg(feature = "jwt")]
    pub(super) fn report(&self, message: &str) {
        self.at.report(message);
    }
}

impl fmt::Debug for AuthRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers hold secrets.
        write!(f, "AuthRequest({} {})", self.method(), self.path())
    }
}
