//! Which object, where: `class/name` to a URL's path.

use std::fmt::Write as _;

use crate::error::Error;

/// Where an app listens if nobody says otherwise.
const DEFAULT_LISTEN: &str = "127.0.0.1:8787";

/// The app on this machine: at `STAYPUT_LISTEN`, or where apps listen by default.
pub(crate) fn default_url() -> String {
    let listen = std::env::var("STAYPUT_LISTEN")
        .ok()
        .filter(|listen| !listen.trim().is_empty());
    url_of(listen.as_deref().unwrap_or(DEFAULT_LISTEN).trim())
}

/// The URL to reach a listener by: one on all addresses is reached on loopback.
pub(crate) fn url_of(listen: &str) -> String {
    match listen.parse::<std::net::SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => {
            let host = if address.is_ipv4() {
                "127.0.0.1"
            } else {
                "[::1]"
            };
            format!("http://{host}:{}", address.port())
        }
        _ => format!("http://{listen}"),
    }
}

/// The path of `class/name` or `class/~id`.
pub(crate) fn path(target: &str) -> Result<String, Error> {
    let fault = |message: &str| {
        Error::Argument {
        what: target.to_owned(),
        message: message.to_owned(),
        help: "an object is written `class/name`, such as counter/home, or `class/~` and its id of 64 hex digits".into(),
    }
    };
    let (class, name) = target
        .split_once('/')
        .ok_or_else(|| fault("there is no `/` in it"))?;
    if class.is_empty() || name.is_empty() {
        return Err(fault("the class or the name is empty"));
    }
    if let Some(id) = name.strip_prefix('~') {
        if id.len() != 64 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(fault("an object's id is 64 hex digits"));
        }
        return Ok(format!("/{}/~{}", encode(class), id.to_ascii_lowercase()));
    }
    if matches!(name, "." | "..") || matches!(class, "." | "..") {
        return Err(fault("`.` and `..` are no names"));
    }
    Ok(format!("/{}/{}", encode(class), encode(name)))
}

/// One segment of a URL's path.
pub(crate) fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_paths() {
        let id = "AB".repeat(32);
        for (target, expected) in [
            ("counter/home", Some("/counter/home".to_owned())),
            ("counter/a b/ü", Some("/counter/a%20b%2F%C3%BC".to_owned())),
            (
                &format!("counter/~{id}"),
                Some(format!("/counter/~{}", id.to_lowercase())),
            ),
            ("counter/~short", None),
            ("counter", None),
            ("counter/", None),
            ("/home", None),
            ("counter/..", None),
        ] {
            assert_eq!(path(target).ok(), expected, "{target}");
        }
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        assert_eq!(url_of("0.0.0.0:80"), "http://127.0.0.1:80");
        assert_eq!(url_of("[::]:80"), "http://[::1]:80");
        assert_eq!(url_of("127.0.0.1:8787"), "http://127.0.0.1:8787");
        assert_eq!(url_of("localhost:8787"), "http://localhost:8787");
    }
}
