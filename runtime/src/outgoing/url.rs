//! Where a request goes: reading an URL, and following one that is relative to another.

use std::net::IpAddr;

use ::http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What servers write into `Location` unencoded, though they should not.
const SLOPPY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// An absolute URL of HTTP, in one form however it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) is_encrypted: bool,
    /// In lower case; an IPv6 address without its brackets.
    pub(crate) host: String,
    port: u16,
    /// From the path's slash on.
    rest: String,
}

impl Url {
    /// Reads an absolute URL, or says what is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        // Some readers take it for a slash, others do not: what is checked would not be what is asked.
        if text.contains('\\') {
            return Err("has a backslash");
        }
        let uri: Uri = text.parse().map_err(|_| "is no URL")?;
        let is_encrypted = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) => return Err("is neither `http` nor `https`"),
            None => return Err("has no scheme: begin it with `https://`"),
        };
        let authority = uri.authority().ok_or("names no host")?;
        if authority.as_str().contains('@') {
            return Err("carries a password: send it by `bearer` or `header`");
        }
        let bare = authority.host();
        let port = match authority.as_str().get(bare.len()..) {
            None | Some("" | ":") => standard(is_encrypted),
            Some(_) => authority.port_u16().ok_or("has no port that is one")?,
        };
        let host = bare.trim_start_matches('[').trim_end_matches(']');
        let is_host = host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':'));
        if host.is_empty() || !is_host {
            return Err("names no host");
        }
        let mut rest = clean(uri.path());
        if let Some(query) = uri.query() {
            rest.push('?');
            rest.push_str(query);
        }
        Ok(Self {
            is_encrypted,
            host: host.to_ascii_lowercase(),
            port,
            rest,
        })
    }

    /// Where a `Location` of this URL's answer leads.
    pub(crate) fn join(&self, location: &str) -> Result<Self, &'static str> {
        let location = utf8_percent_encode(location.trim(), SLOPPY).to_string();
        let location = location.split('#').next().unwrap_or_default();
        if has_scheme(location) {
            return Self::read(location);
        }
        if location.starts_with("//") {
            return Self::read(&format!("{}:{location}", self.scheme()));
        }
        let path = self.rest.split('?').next().unwrap_or_default();
        let rest = match location.as_bytes().first() {
            None => self.rest.clone(),
            Some(b'/') => location.to_owned(),
            Some(b'?') => format!("{path}{location}"),
            Some(_) => {
                let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
                format!("{folder}{location}")
            }
        };
        Self::read(&format!("{}{rest}", self.origin()))
    }

    /// The same with more in its query, which is encoded already.
    pub(super) fn with_query(mut self, query: &str) -> Self {
        if !query.is_empty() {
            self.rest
                .push(if self.rest.contains('?') { '&' } else { '?' });
            self.rest.push_str(query);
        }
        self
    }

    /// Scheme, host and port: all of it that may be told to others.
    pub(crate) fn origin(&self) -> String {
        let host = match self.host.parse() {
            Ok(IpAddr::V6(ip)) => format!("[{ip}]"),
            _ => self.host.clone(),
        };
        let scheme = self.scheme();
        if self.port == standard(self.is_encrypted) {
            format!("{scheme}://{host}")
        } else {
            format!("{scheme}://{host}:{}", self.port)
        }
    }

    /// The whole of it.
    pub(crate) fn text(&self) -> String {
        self.origin() + &self.rest
    }

    pub(super) fn is_same_origin(&self, other: &Self) -> bool {
        (self.is_encrypted, &self.host, self.port) == (other.is_encrypted, &other.host, other.port)
    }

    fn scheme(&self) -> &'static str {
        if self.is_encrypted { "https" } else { "http" }
    }
}

fn standard(is_encrypted: bool) -> u16 {
    if is_encrypted { 443 } else { 80 }
}

/// Whether it begins with a letter and what else a scheme is made of, up to a colon.
fn has_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// A path without `.` and `..` (RFC 3986, 5.2.4), also where they are encoded: as the platform's own URLs have it.
fn clean(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let dots = segment.replace("%2e", ".").replace("%2E", ".");
        let is_last = segments.peek().is_none();
        match dots.as_str() {
            "." | ".." => {
                if dots == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}
