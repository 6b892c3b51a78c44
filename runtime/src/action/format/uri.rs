//! URIs of RFC 3986, with their scheme.

use super::address::{is_ipv4, is_ipv6};

/// `https://example.org/a?b#c`
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    let sound = letters
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !is_authority(authority) {
                return false;
            }
            path
        }
        None => rest,
    };
    sound && is_text(path, b":@/") && is_text(query, b":@/?") && is_text(fragment, b":@/?")
}

/// `user:word@host:port`
fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let Some((literal, port)) = rest.split_once(']') else {
                return false;
            };
            if !is_ipv6(literal) && !is_future(literal) {
                return false;
            }
            let Some(port) = port.strip_prefix(':').or(port.is_empty().then_some("")) else {
                return false;
            };
            ("", port)
        }
        None => host.rsplit_once(':').unwrap_or((host, "")),
    };
    let host = is_ipv4(host) || is_text(host, b"");
    host && is_text(user, b":") && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// `v1.x`: an address of a kind that is yet to come.
fn is_future(literal: &str) -> bool {
    let Some((version, address)) = literal
        .strip_prefix(['v', 'V'])
        .and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_hexdigit())
        && !address.is_empty()
        && !address.contains('%')
        && is_text(address, b":")
}

/// Unreserved characters, sub-delimiters, `%XX` and what else is allowed in this part.
fn is_text(text: &str, more: &[u8]) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let sound = match byte {
            b'%' => {
                let mut hex = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
                hex() && hex()
            }
            byte => {
                byte.is_ascii_alphanumeric()
                    || b"-._~!$&'()*+,;=".contains(&byte)
                    || more.contains(&byte)
            }
        };
        if !sound {
            return false;
        }
    }
    true
}
