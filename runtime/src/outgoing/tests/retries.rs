use std::time::Duration;

use ::http::{HeaderMap, Method, StatusCode};
use proptest::prelude::*;

use crate::outgoing::{HttpError, HttpErrorKind, Response, Retry};

#[expect(
    clippy::unnecessary_wraps,
    reason = "beside `failed`, as `pause` takes it"
)]
fn answered(status: u16, after: Option<&str>) -> Result<Response, HttpError> {
    let mut headers = HeaderMap::new();
    if let Some(after) = after {
        headers.insert("retry-after", after.parse().unwrap());
    }
    let status = StatusCode::from_u16(status).unwrap();
    Ok(Response::new(
        status,
        headers,
        bytes::Bytes::new(),
        String::new(),
    ))
}

fn failed(kind: HttpErrorKind) -> Result<Response, HttpError> {
    Err(HttpError::new(kind, String::new()))
}

#[test]
fn only_what_may_pass_is_tried_again() {
    let pauses = |outcome| Retry::default().pause(1, &outcome, 7).is_some();
    for status in 200..600 {
        let expected = matches!(status, 408 | 429 | 502 | 503 | 504);
        assert_eq!(pauses(answered(status, None)), expected, "{status}");
    }
    assert!(pauses(failed(HttpErrorKind::Connect)));
    for kind in [
        HttpErrorKind::Timeout,
        HttpErrorKind::RefusedAddress,
        HttpErrorKind::TooLarge,
        HttpErrorKind::InvalidRequest,
        HttpErrorKind::Rejected,
    ] {
        assert!(!pauses(failed(kind)), "{kind:?}");
    }
}

#[test]
fn only_what_may_happen_twice_is_tried_again() {
    let mut headers = HeaderMap::new();
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        assert!(Retry::suits(&method.parse().unwrap(), &headers), "{method}");
    }
    for method in [Method::POST, Method::PATCH] {
        assert!(!Retry::suits(&method, &headers), "{method}");
    }
    headers.insert("idempotency-key", "a".parse().unwrap());
    assert!(Retry::suits(&Method::POST, &headers));
}

#[test]
fn a_server_is_given_the_time_it_asks_for_up_to_the_cap() {
    let pause = |after| Retry::default().pause(1, &answered(503, Some(after)), 5);
    assert_eq!(pause("2"), Some(Duration::from_secs(2)));
    assert_eq!(pause("3"), Some(Duration::from_secs(3)));
    assert_eq!(pause("0"), Some(Duration::from_millis(5)));
    for too_long in ["4", "99999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT"] {
        assert_eq!(pause(too_long), None, "{too_long}");
    }
}

proptest! {
    #[test]
    fn waits_are_random_within_a_span_that_doubles_up_to_the_cap(tried in 1_u32..90, chance: u64) {
        let retry = Retry::default().tries(100);
        let pause = retry.pause(tried, &answered(503, None), chance).unwrap();
        let span = (100_u128 << tried.min(10) >> 1).min(3_000);
        prop_assert!(pause.as_millis() <= span);
        // Every wait of the span can be had.
        let millis = u64::try_from(span).unwrap();
        let at = Duration::from_millis(millis);
        prop_assert_eq!(retry.pause(tried, &answered(503, None), millis), Some(at));
    }

    #[test]
    fn there_are_only_so_many_tries(tries in 0_u32..20) {
        let retry = Retry::default().tries(tries);
        prop_assert!(retry.pause(tries.max(1), &failed(HttpErrorKind::Connect), 0).is_none());
        if tries > 1 {
            prop_assert!(retry.pause(tries - 1, &failed(HttpErrorKind::Connect), 0).is_some());
        }
    }
}
