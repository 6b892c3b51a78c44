//! The answer to a call that only begins a job: 202, and where to ask for the job.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

use super::Response;
use super::binary::Answers;
use crate::mixins::jobs::Accepted;
use crate::rpc::from_utf8;

/// Answers 202 with the job's id and its place below the object `base`.
pub(super) fn accepted(base: &str, action: &str, result: Bytes, answers: Answers) -> Response {
    let location = location(base, action, &result);
    let mut response = answers.answer(StatusCode::ACCEPTED, result);
    if let Some(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn location(base: &str, action: &str, result: &[u8]) -> Option<HeaderValue> {
    let Accepted { job } = from_utf8(result).ok()?;
    // A mixin's jobs are kept beside its actions.
    let mount = action
        .rsplit_once('.')
        .map_or(String::new(), |(mount, _)| format!("{mount}."));
    HeaderValue::try_from(format!("{base}/{mount}jobs.get?id={job}")).ok()
}
