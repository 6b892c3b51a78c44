//! Which hosts and which pages' origins are let in: what keeps a foreign web page from using the reader's own server.

use ::http::HeaderMap;
use ::http::header::{HOST, HeaderName, HeaderValue, ORIGIN};

use super::Request;
use super::origin::{Authority, Origin};
use crate::error::Code;
use crate::rpc::{WireError, shorten};

/// The hosts and origins of a server.
#[derive(Debug, Default)]
pub(super) struct Gate {
    origins: Vec<Origin>,
    hosts: Vec<Authority>,
}

/// What a request that passed may be told about other origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pass {
    /// From no page, or from one of our own.
    Same,
    /// From a page of an origin that was listed; its text.
    Listed(HeaderValue),
}

impl Gate {
    /// A gate for these origins (`https://app.example`) and hosts (`api.example`, `api.example:8443`).
    pub(super) fn new(origins: &[String], hosts: &[String]) -> Result<Self, WireError> {
        let invalid = |message: String| WireError::framework(Code::ConfigInvalid, message);
        let origins = origins.iter().map(|text| {
            Origin::parse(text).ok_or_else(|| {
                invalid(format!(
                    "STAYPUT_ORIGINS: `{text}` is no origin; write `https://app.example`"
                ))
            })
        });
        let hosts = hosts.iter().map(|text| {
            Authority::parse(text).ok_or_else(|| {
                invalid(format!(
                    "STAYPUT_HOSTS: `{text}` is no host; write `api.example` or `api.example:8443`"
                ))
            })
        });
        Ok(Self {
            origins: origins.collect::<Result<_, _>>()?,
            hosts: hosts.collect::<Result<_, _>>()?,
        })
    }

    /// Lets a request in or says why not. `probe`: the request asks nothing but whether the server lives, which a
    /// supervisor does under whatever host it likes.
    pub(super) fn check(&self, request: &Request, probe: bool) -> Result<Pass, WireError> {
        let host = host(request)?;
        self.check_host(request, host.as_ref(), probe)?;
        self.check_origin(request.headers(), host.as_ref())
    }

    fn check_host(
        &self,
        request: &Request,
        host: Option<&Authority>,
        probe: bool,
    ) -> Result<(), WireError> {
        let peer = request.peer;
        if !peer.loopback && (self.hosts.is_empty() || probe) {
            return Ok(());
        }
        let Some(host) = host else {
            return Err(malformed("the request has no `Host` header"));
        };
        let listed = |known: &Authority| {
            known.host == host.host && (known.port.is_none() || known.port == host.port)
        };
        let local = || {
            let port_fits = peer.port.is_none_or(|port| host.port.unwrap_or(80) == port);
            matches!(&*host.host, "127.0.0.1" | "[::1]" | "localhost") && port_fits
        };
        if self.hosts.iter().any(listed) || peer.loopback && local() {
            return Ok(());
        }
        let message =
            format!("this server does not answer for the host `{host}`; list it in STAYPUT_HOSTS");
        Err(WireError::framework(Code::BadHost, message))
    }

    fn check_origin(
        &self,
        headers: &HeaderMap,
        host: Option<&Authority>,
    ) -> Result<Pass, WireError> {
        let Some(value) = single(headers, &ORIGIN)? else {
            return Ok(Pass::Same);
        };
        let refuse = |message: String| Err(WireError::framework(Code::BadOrigin, message));
        let text = value
            .to_str()
            .map_err(|_| malformed("the `Origin` header is malformed"))?;
        if text == "null" {
            return refuse("the origin `null` is refused: it may be any page".to_owned());
        }
        let origin =
            Origin::parse(text).ok_or_else(|| malformed("the `Origin` header is malformed"))?;
        if host.is_some_and(|host| origin.is_served_under(host)) {
            return Ok(Pass::Same);
        }
        if self.origins.contains(&origin) {
            return Ok(Pass::Listed(value.clone()));
        }
        refuse(format!(
            "pages of `{}` may not call this server; list it in STAYPUT_ORIGINS",
            shorten(text)
        ))
    }
}

/// The host the request is for: from an absolute URL or from the header, which must not contradict each other.
fn host(request: &Request) -> Result<Option<Authority>, WireError> {
    let parse = |text: &str| {
        Authority::parse(text).ok_or_else(|| malformed("the `Host` header is malformed"))
    };
    let header = match single(request.headers(), &HOST)? {
        Some(value) => {
            let text = value
                .to_str()
                .map_err(|_| malformed("the `Host` header is malformed"))?;
            Some(parse(text)?)
        }
        None => None,
    };
    let Some(authority) = request.head.uri.authority() else {
        return Ok(header);
    };
    let authority = parse(authority.as_str())?;
    match header {
        Some(header) if header != authority => {
            Err(malformed("the `Host` header contradicts the URL"))
        }
        _ => Ok(Some(authority)),
    }
}

fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, WireError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(malformed(format!(
            "the header `{name}` stands more than once"
        )));
    }
    Ok(first)
}

fn malformed(message: impl Into<std::borrow::Cow<'static, str>>) -> WireError {
    WireError::framework(Code::MalformedRequest, message)
}
