//! What a server answered.

use ::http::{HeaderMap, StatusCode};
#[cfg(any(feature = "client", target_arch = "wasm32"))]
use ::http::{HeaderName, HeaderValue};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::error::{HttpError, HttpErrorKind};

/// An answer, whole. It is nobody's state: keep what matters of it by [`Handle::atomic`](crate::object::Handle::atomic).
#[derive(Debug, Clone)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// What was asked, as errors name it.
    asked: String,
}

impl Response {
    pub(super) fn new(status: StatusCode, headers: HeaderMap, body: Bytes, asked: String) -> Self {
        Self {
            status,
            headers,
            body,
            asked,
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether the status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// All headers. Lines of one name are one, separated by commas, but for `set-cookie`.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header; `None` if there is none of this name, or it is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// This answer if its status says that it went well.
    ///
    /// # Errors
    ///
    /// `http.status` at a status from 400 on.
    pub fn error_for_status(self) -> Result<Self, HttpError> {
        if self.status.is_client_error() || self.status.is_server_error() {
            return Err(HttpError::of_status(&self.asked, self.status));
        }
        Ok(self)
    }

    /// The error that its status is, to who takes nothing else than success.
    pub(crate) fn into_error(self) -> HttpError {
        HttpError::of_status(&self.asked, self.status)
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    ///
    /// `http.decode` when it is none, or not of this type: with the status and the place, never with what stands there.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        let value =
            serde_path_to_error::deserialize::<_, T>(&mut deserializer).map_err(|error| {
                let (path, error) = (error.path().to_string(), error.into_inner());
                let what = match error.classify() {
                    serde_json::error::Category::Data => "does not fit its type",
                    _ => "is no JSON",
                };
                let (line, column) = (error.line(), error.column());
                self.undecodable(&format!("{what} at `{path}`, line {line} column {column}"))
            })?;
        deserializer
            .end()
            .map_err(|_| self.undecodable("goes on after its JSON"))?;
        Ok(value)
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// `http.decode` when it is not UTF-8.
    pub fn text(&self) -> Result<&str, HttpError> {
        str::from_utf8(&self.body).map_err(|_| self.undecodable("is no text in UTF-8"))
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body, taken out.
    pub fn into_bytes(self) -> Bytes {
        self.body
    }

    fn undecodable(&self, what: &str) -> HttpError {
        let message = format!(
            "the answer to {}, of status {}, {what}",
            self.asked,
            self.status.as_u16()
        );
        HttpError::new(HttpErrorKind::Decode, message)
    }
}

/// What a header says of a connection and not of an answer.
#[cfg(any(feature = "client", target_arch = "wasm32"))]
const OF_CONNECTION: [&str; 5] = [
    "connection",
    "keep-alive",
    "transfer-encoding",
    "trailer",
    "upgrade",
];

/// Headers in the one form that both backends give, by name as `fetch` has them: what is wrong is left out.
#[cfg(any(feature = "client", target_arch = "wasm32"))]
pub(crate) fn collect(lines: impl Iterator<Item = (HeaderName, Vec<u8>)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
    for (name, value) in lines {
        if OF_CONNECTION.contains(&name.as_str()) {
            continue;
        }
        let earlier = headers
            .get(&name)
            .filter(|_| name != ::http::header::SET_COOKIE)
            .map(HeaderValue::as_bytes);
        let merged = match earlier {
            Some(earlier) => [earlier, b", ", &value].concat(),
            None => value,
        };
        let is_more = name == ::http::header::SET_COOKIE;
        if let Ok(value) = HeaderValue::from_bytes(&merged) {
            if is_more {
                headers.append(name, value);
            } else {
                headers.insert(name, value);
            }
        }
    }
    headers
}
