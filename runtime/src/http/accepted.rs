//! The answer to a call that only begins a job: 202, and where to ask for the job.

use std::fmt;

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

use super::Response;
use super::binary::Answers;
use crate::mixins::jobs::Accepted;
use crate::rpc::from_utf8;

/// How a call of an action is answered that only begins a job. A pointer that only such actions have, so that a wasm
/// without them links nothing of it.
pub struct Begins {
    pub(super) answer: fn(&str, &str, Bytes, Answers) -> Response,
}

impl Begins {
    /// By 202 with the job's id, and its place below the object.
    pub(crate) const A_JOB: Self = Self { answer: accepted };
}

fn accepted(base: &str, action: &str, result: Bytes, answers: Answers) -> Response {
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

impl fmt::Debug for Begins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begins(..)")
    }
}
