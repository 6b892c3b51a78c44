//! Results that come item by item, as responses.

use ::http::header::{ACCEPT, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue, Method};
use bytes::Bytes;

use super::class::Action;
use super::response::Refusal;
use super::session::{Session, Source};
use super::{Dispatch, Response};
use crate::object::Envelope;
use crate::stream::{Form, Pipe, Reader, Streams};

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
pub(crate) fn open(headers: &HeaderMap, envelope: &mut Envelope) {
    let pipe = Pipe::new(wanted(headers), envelope.request_id.clone());
    envelope.stream = Some(pipe);
}

/// The response whose body are the items; without a reader the backend adds them itself.
pub(crate) fn respond(headers: &HeaderMap, method: &Method, reader: Option<Reader>) -> Response {
    let form = wanted(headers);
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, form.media_type());
    if form == Form::Events {
        // Proxies that gather what they pass on are asked not to.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    }
    if let Some(reader) = reader.filter(|_| *method != Method::HEAD) {
        response.extensions_mut().insert(reader);
    }
    response
}

impl<D: Dispatch> Session<'_, D> {
    /// Answers by the items of an action, as they come. One that is asked for by `GET` may change nothing.
    pub(super) async fn items(
        &self,
        streams: &Streams,
        action: &Action,
        params: Bytes,
        source: Source,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        let mut envelope = self.envelope(action, params, source, None)?;
        envelope.read_only = *method == Method::GET || *method == Method::HEAD;
        (streams.open)(headers, &mut envelope);
        let reader = self.dispatch.stream(envelope).await?;
        Ok((streams.respond)(headers, method, reader))
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
