use std::time::Duration;

use ::http::{HeaderMap, Method, StatusCode};
use proptest::prelude::*;

use crate::object::Timestamp;
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

/// `Sun, 06 Nov 1994 08:49:36.5 GMT`.
const NOW: Timestamp = Timestamp::from_millis(784_111_776_500);

fn failed(kind: HttpErrorKind) -> Result<Response, HttpError> {
    Err(HttpError::new(kind, String::new()))
}

#[test]
fn only_what_may_pass_is_tried_again() {
    let pauses = |outcome| Retry::default().pause(1, &outcome, NOW, 7).is_some();
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
    let pause = |after| Retry::default().pause(1, &answered(503, Some(after)), NOW, 5);
    assert_eq!(pause("2"), Some(Duration::from_secs(2)));
    assert_eq!(pause("3"), Some(Duration::from_secs(3)));
    assert_eq!(pause("0"), Some(Duration::from_millis(5)));
    for too_long in ["4", "99999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT"] {
        assert_eq!(pause(too_long), None, "{too_long}");
    }
    // Until a date, by the clock; one that has passed asks for nothing.
    let until = |date| pause(date).map(|pause| pause.as_millis());
    for soon in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        assert_eq!(until(soon), Some(500), "{soon}");
    }
    assert_eq!(until("Sun, 06 Nov 1994 08:49:39 GMT"), Some(2_500));
    assert_eq!(until("Sun, 06 Nov 1994 08:49:40 GMT"), None);
    assert_eq!(until("Wed, 21 Oct 1987 07:28:00 GMT"), Some(5));
    for neither in ["soon", "", "-1", "1.5", "Sun, 06 Nov 1994 08:49:37 CET"] {
        assert_eq!(pause(neither), None, "{neither}");
    }
}

proptest! {
    #[test]
    fn waits_are_random_within_a_span_that_doubles_up_to_the_cap(tried in 1_u32..90, chance: u64) {
        let retry = Retry::default().tries(100);
        let pause = retry.pause(tried, &answered(503, None), NOW, chance).unwrap();
        let span = (100_u128 << tried.min(10) >> 1).min(3_000);
        prop_assert!(pause.as_millis() <= span);
        // Every wait of the span can be had.
        let millis = u64::try_from(span).unwrap();
        let at = Duration::from_millis(millis);
        prop_assert_eq!(retry.pause(tried, &answered(503, None), NOW, millis), Some(at));
    }

    #[test]
    fn there_are_only_so_many_tries(tries in 0_u32..20) {
        let retry = Retry::default().tries(tries);
        prop_assert!(retry.pause(tries.max(1), &failed(HttpErrorKind::Connect), NOW, 0).is_none());
        if tries > 1 {
            prop_assert!(retry.pause(tries - 1, &failed(HttpErrorKind::Connect), NOW, 0).is_some());
        }
    }
}
