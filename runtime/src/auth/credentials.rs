//! What a request carries to prove who sends it.

use ::http::HeaderMap;
use ::http::header::{AUTHORIZATION, HeaderName, SEC_WEBSOCKET_PROTOCOL};

use super::AuthError;

/// The longest token or key, in bytes.
pub(super) const MAX_TOKEN: usize = 8 << 10;

/// What a browser's WebSocket, which can set no header, carries a token in: `stayput.bearer.<token>`, among the
/// subprotocols it asks for. It is never answered with.
const BEARER_PROTOCOL: &str = "stayput.bearer.";

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The credentials of a request: one of them, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credentials<'a> {
    /// None.
    None,
    /// `Authorization: Bearer <token>`, or the subprotocol.
    Bearer(&'a str),
    /// `X-API-Key: <key>`.
    ApiKey(&'a str),
    /// `Authorization` of another scheme: an authenticator of the app's own may know it.
    Other,
}

impl<'a> Credentials<'a> {
    /// Reads them. Two at once are refused: who checks one of them must not be told by the other.
    pub(super) fn of(headers: &'a HeaderMap) -> Result<Self, AuthError> {
        let mut found = Self::None;
        let mut add = |one| {
            if found != Self::None {
                return Err(AuthError::refused(
                    "the request carries more than one credential",
                ));
            }
            found = one;
            Ok(())
        };
        for value in headers.get_all(AUTHORIZATION) {
            let text = value.to_str().map_err(|_| malformed())?;
            let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
            if scheme.eq_ignore_ascii_case("bearer") {
                add(Self::Bearer(token(rest.trim_start_matches(' '))?))?;
            } else {
                add(Self::Other)?;
            }
        }
        for value in headers.get_all(X_API_KEY) {
            let key = value.to_str().map_err(|_| malformed())?;
            add(Self::ApiKey(token(key)?))?;
        }
        for value in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
            let Ok(names) = value.to_str() else { continue };
            for name in names.split(',') {
                if let Some(bearer) = name.trim_ascii().strip_prefix(BEARER_PROTOCOL) {
                    add(Self::Bearer(token(bearer)?))?;
                }
            }
        }
        Ok(found)
    }
}

/// The token or key among headers, for a fuzz target.
#[cfg(fuzzing)]
pub(crate) fn read_credentials(headers: &HeaderMap) -> Result<Option<&str>, AuthError> {
    Ok(match Credentials::of(headers)? {
        Credentials::Bearer(text) | Credentials::ApiKey(text) => Some(text),
        Credentials::None | Credentials::Other => None,
    })
}

/// RFC 6750, 2.1.
fn token(text: &str) -> Result<&str, AuthError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let body = text.trim_end_matches('=');
    if body.is_empty() || text.len() > MAX_TOKEN || !body.bytes().all(allowed) {
        return Err(malformed());
    }
    Ok(text)
}

fn malformed() -> AuthError {
    AuthError::refused("the credentials are malformed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&'static str, &str)]) -> Result<String, String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Credentials::of(&map)
            .map(|found| format!("{found:?}"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn one_credential_is_read_from_where_it_stands() {
        for (headers, expected) in [
            (&[][..], "None"),
            (
                &[("authorization", "Bearer a.b-c_d~e+f/g==")],
                "Bearer(\"a.b-c_d~e+f/g==\")",
            ),
            (&[("authorization", "bEARER   x")], "Bearer(\"x\")"),
            (&[("authorization", "Basic YTpi")], "Other"),
            (&[("x-api-key", "k1")], "ApiKey(\"k1\")"),
            (
                &[("sec-websocket-protocol", "stayput.v1, stayput.bearer.x.y")],
                "Bearer(\"x.y\")",
            ),
            (&[("sec-websocket-protocol", "stayput.v1")], "None"),
        ] {
            assert_eq!(read(headers).as_deref(), Ok(expected), "{headers:?}");
        }
    }

    #[test]
    fn what_is_no_credential_or_more_than_one_is_refused() {
        let long = format!("Bearer {}", "a".repeat(MAX_TOKEN + 1));
        for headers in [
            &[("authorization", "Bearer")][..],
            &[("authorization", "Bearer ")],
            &[("authorization", "Bearer =")],
            &[("authorization", "Bearer a b")],
            &[("authorization", "Bearer a, Bearer b")],
            &[("authorization", "Bearer a\tb")],
            &[("authorization", &long)],
            &[("x-api-key", "")],
            &[("sec-websocket-protocol", "stayput.bearer.")],
            &[("authorization", "Bearer a"), ("authorization", "Bearer a")],
            &[("authorization", "Bearer a"), ("x-api-key", "a")],
            &[
                ("authorization", "Basic a"),
                ("sec-websocket-protocol", "stayput.bearer.a"),
            ],
        ] {
            assert!(read(headers).is_err(), "{headers:?}");
        }
    }
}
