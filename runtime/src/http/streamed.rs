//! Results that come item by item, as responses.

use ::http::header::{ACCEPT, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue, Method};
use bytes::Bytes;

use super::class::Action;
use super::raw::unreadable;
use super::response::Refusal;
use super::session::{Session, Source};
use super::{Dispatch, Request, Response};
use crate::object::Envelope;
use crate::stream::{Begun, Form, Pipe, Streams};

/// The form that a client asks for: of those that there are the one it likes best, by default an array.
pub(super) fn wanted(headers: &HeaderMap) -> Form {
    let texts = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut best = (0, Form::Array);
    for range in texts.flat_map(|text| text.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let form = match parts.next().unwrap_or_default() {
            range if range.eq_ignore_ascii_case("application/x-ndjson") => Form::Lines,
            range if range.eq_ignore_ascii_case("text/event-stream") => Form::Events,
            range if range.eq_ignore_ascii_case("application/json") => Form::Array,
            _ => continue,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map(millis);
        let quality = quality.unwrap_or(1_000);
        if quality > best.0 {
            best = (quality, form);
        }
    }
    best.1
}

/// A quality (`0.75`) in thousandths. What is none is as good as none given.
fn millis(quality: &str) -> u32 {
    let (whole, rest) = quality.split_once('.').unwrap_or((quality, ""));
    let digits = rest.bytes().chain(*b"000").take(3);
    let digits = digits.map(|digit| u32::from(digit.saturating_sub(b'0').min(9)));
    let thousandths = digits.fold(0, |sum, digit| 10 * sum + digit);
    (1_000 * whole.parse::<u32>().unwrap_or(1) + thousandths).min(1_000)
}

/// Has the items of a call come in the form that its client asks for.
/// One that is asked for by `GET` may change nothing.
pub(crate) fn open(request: &Request, envelope: &mut Envelope) {
    envelope.read_only = matches!(*request.method(), Method::GET | Method::HEAD);
    let pipe = Pipe::new(wanted(request.headers()), envelope.request_id.clone());
    envelope.stream = Some(pipe);
}

/// The response whose body are the items; without a reader the backend adds them itself.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one of two that stand in the same place"
)]
pub(crate) fn respond(request: &Request, begun: Begun) -> Option<Response> {
    let form = wanted(request.headers());
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, form.media_type());
    if form == Form::Events {
        // Proxies that gather what they pass on are asked not to.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    }
    if let Begun::Here(reader) = begun
        && *request.method() != Method::HEAD
    {
        response.extensions_mut().insert(reader);
    }
    Some(response)
}

impl<D: Dispatch> Session<'_, D> {
    /// Answers by the items of an action, as they come.
    pub(super) async fn items(
        &self,
        streams: &Streams,
        action: &Action,
        params: Bytes,
        source: Source,
        request: &Request,
    ) -> Result<Response, Refusal> {
        let mut envelope = self.envelope(action, params, source, None)?;
        (streams.open)(request, &mut envelope);
        let begun = self.dispatch.stream(envelope).await?;
        Ok((streams.respond)(request, begun).ok_or_else(unreadable)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_get_the_form_they_like_best() {
        for (accept, form) in [
            ("", Form::Array),
            ("*/*", Form::Array),
            ("application/x-ndjson", Form::Lines),
            (
                "Application/X-NDJSON; q=0.5, text/event-stream;q=0.51",
                Form::Events,
            ),
            (
                "text/event-stream;q=0, application/x-ndjson;q=0.001",
                Form::Lines,
            ),
            ("application/x-ndjson;q=0.9, application/json", Form::Array),
            ("text/html, text/event-stream", Form::Events),
            ("application/x-ndjson;q=7", Form::Lines),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wanted(&headers), form, "{accept}");
        }
    }
}
