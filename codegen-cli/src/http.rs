//! HTTP to an app: one request, its whole answer, no redirects.

use std::io::Read as _;
use std::time::Duration;

use crate::error::Error;

/// An answer larger than this is refused: no app's is.
const MAX_BODY: u64 = 64 * 1024 * 1024;

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Fetches `url`.
pub(crate) fn get(
    url: &str,
    headers: &[(String, String)],
    timeout: Duration,
) -> Result<Answer, Error> {
    let mut request = agent(url, timeout)?.get(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    read(url, request.call())
}

/// Posts JSON text to `url`.
pub(crate) fn post(
    url: &str,
    headers: &[(String, String)],
    body: &str,
    timeout: Duration,
) -> Result<Answer, Error> {
    let mut request = agent(url, timeout)?.post(url);
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        request = request.content_type("application/json");
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    read(url, request.send(body))
}

fn agent(url: &str, timeout: Duration) -> Result<ureq::Agent, Error> {
    if !url.starts_with("http://") {
        return Err(Error::Argument {
            what: url.to_owned(),
            message: "is no http:// URL".into(),
            help: "this command speaks plain HTTP, e.g. http://127.0.0.1:8787; put a TLS tunnel before it for https".into(),
        });
    }
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(timeout));
    // A proxy cannot reach this machine's loopback.
    if is_loopback(url) {
        config = config.proxy(None);
    }
    Ok(config.build().new_agent())
}

/// Whether the URL's host is this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let authority = url
        .trim_start_matches("http://")
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

fn read(
    url: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Answer, Error> {
    let unreachable = |message: String| Error::Unreachable {
        url: url.to_owned(),
        message,
    };
    let mut answer = answer.map_err(|error| unreachable(error.to_string()))?;
    let status = answer.status().as_u16();
    let mut bytes = Vec::new();
    answer
        .body_mut()
        .with_config()
        .limit(MAX_BODY)
        .reader()
        .read_to_end(&mut bytes)
        .map_err(|error| unreachable(error.to_string()))?;
    let body = String::from_utf8(bytes).map_err(|_| Error::BadAnswer {
        url: url.to_owned(),
        status,
        message: "the body is not UTF-8".into(),
    })?;
    Ok(Answer { status, body })
}
