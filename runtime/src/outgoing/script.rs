//! Answers that a test gives in place of the network.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use serde::Serialize;

use super::exchange::{Fault, Inbound, Sent};

/// What answers requests in place of the network.
pub type Script = Arc<dyn Fn(&Sent) -> Answer + Send + Sync>;

/// An answer of [`Test::http`](crate::testing::Test::http).
#[derive(Debug, Clone)]
#[must_use = "a script returns it"]
pub struct Answer {
    pub(super) after: Duration,
    pub(super) outcome: Result<Inbound, Fault>,
}

impl Answer {
    /// An answer of this status without a body.
    ///
    /// # Panics
    ///
    /// When it is no status of an answer, 200 to 599.
    #[track_caller]
    pub fn status(status: u16) -> Self {
        assert!((200..600).contains(&status), "{status} is no status");
        let status = StatusCode::from_u16(status).unwrap_or_default();
        Self {
            after: Duration::ZERO,
            outcome: Ok(Inbound {
                status,
                headers: HeaderMap::new(),
                body: Bytes::new(),
            }),
        }
    }

    /// An answer of status 200 with this body in JSON.
    ///
    /// # Panics
    ///
    /// When it is nothing that JSON can say.
    #[track_caller]
    #[expect(clippy::expect_used, reason = "a script that cannot answer fails")]
    pub fn json(value: &(impl Serialize + ?Sized)) -> Self {
        let body = serde_json::to_vec(value).expect("JSON can say it");
        Self::status(200)
            .header("content-type", "application/json")
            .body(body)
    }

    /// An answer of status 200 with this text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::status(200)
            .header("content-type", "text/plain; charset=utf-8")
            .body(text.into())
    }

    /// Sends the request on to another URL, with status 302.
    #[track_caller]
    pub fn redirect(location: &str) -> Self {
        Self::status(302).header("location", location)
    }

    /// No connection.
    pub fn unreachable() -> Self {
        Self::fault(Fault::Connect("a test's script says so".to_owned()))
    }

    /// No answer, ever.
    pub fn never() -> Self {
        Self {
            after: Duration::MAX,
            ..Self::fault(Fault::Timeout)
        }
    }

    /// What happens to a request that no script answers.
    #[cfg(feature = "native")]
    pub(crate) fn unscripted() -> Self {
        let what = "is a request of a test, which reaches no network: answer it by `Test::http`";
        Self::fault(Fault::Impossible(what))
    }

    /// The same with another status.
    pub fn with_status(mut self, status: u16) -> Self {
        if let (Ok(answer), Ok(status)) = (&mut self.outcome, StatusCode::from_u16(status)) {
            answer.status = status;
        }
        self
    }

    /// The same with one more header.
    ///
    /// # Panics
    ///
    /// When it is none.
    #[track_caller]
    #[expect(clippy::expect_used, reason = "a script that cannot answer fails")]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok(answer) = &mut self.outcome {
            let name: HeaderName = name.parse().expect("a header's name");
            let value = HeaderValue::try_from(value).expect("a header's value");
            answer.headers.append(name, value);
        }
        self
    }

    /// The same with this body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        if let Ok(answer) = &mut self.outcome {
            answer.body = body.into();
        }
        self
    }

    /// The same, but only after so long, by the test's clock.
    pub fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }

    fn fault(fault: Fault) -> Self {
        Self {
            after: Duration::ZERO,
            outcome: Err(fault),
        }
    }
}
