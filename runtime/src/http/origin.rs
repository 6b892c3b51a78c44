//! Origins and hosts, as headers and settings name them.

use std::fmt;
use std::net::Ipv6Addr;

/// A host and the port it is asked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    /// Lower case; an IPv6 address in brackets.
    pub(super) host: String,
    /// `None`: the scheme's own.
    pub(super) port: Option<u16>,
}

/// Where a web page comes from: `scheme://host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// Lower case.
    pub(super) scheme: String,
    pub(super) authority: Authority,
}

impl Authority {
    /// Reads `host` or `host:port`; nothing else may stand there.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let after_host = if text.starts_with('[') {
            text.find(']')? + 1
        } else {
            text.find(':').unwrap_or(text.len())
        };
        let (host, port) = text.split_at(after_host);
        let sound = if let Some(address) = host.strip_prefix('[') {
            address.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok()
        } else {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            (1..=253).contains(&host.len()) && host.bytes().all(allowed)
        };
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            None if port.is_empty() => None,
            _ => return None,
        };
        sound.then(|| Self {
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    /// The same without the port, if that is the scheme's own.
    fn without(mut self, default: Option<u16>) -> Self {
        if self.port == default {
            self.port = None;
        }
        self
    }
}

impl Origin {
    /// Reads an origin as browsers write it: no path, no user, nothing around it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            || !scheme.bytes().all(allowed)
        {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let authority = Authority::parse(authority)?.without(default_port(&scheme));
        Some(Self { scheme, authority })
    }

    /// Whether a page of this origin was served under `host`. The server cannot see whether a proxy before it speaks
    /// TLS, so both schemes of the web count.
    pub(super) fn is_served_under(&self, host: &Authority) -> bool {
        let default = default_port(&self.scheme);
        default.is_some() && self.authority == host.clone().without(default)
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}
