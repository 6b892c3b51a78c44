//! Which form is asked for.

use ::http::HeaderMap;
use ::http::header::{ACCEPT, CONTENT_TYPE};

use super::super::accept::{is_sent, is_wanted};

fn headers(content: Option<&'static str>, accept: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(value) = content {
        headers.append(CONTENT_TYPE, value.parse().unwrap());
    }
    for value in accept {
        headers.append(ACCEPT, value.parse().unwrap());
    }
    headers
}

#[test]
fn the_media_type_has_no_parameters() {
    for value in ["application/cbor", "Application/CBOR", " application/cbor "] {
        assert!(is_sent(&headers(Some(value), &[])), "{value}");
    }
    for value in [
        "",
        "application/cbor;charset=utf-8",
        "application/cbor-seq",
        "application/json",
    ] {
        assert!(!is_sent(&headers(Some(value), &[])), "{value}");
    }
    let mut twice = headers(Some("application/cbor"), &[]);
    twice.append(CONTENT_TYPE, "application/cbor".parse().unwrap());
    assert!(!is_sent(&twice) && !is_sent(&HeaderMap::new()));
}

#[test]
fn what_is_liked_better_is_answered_and_else_what_was_sent() {
    let cases: &[(&[&'static str], Option<bool>)] = &[
        (&[], None),
        (&["*/*"], None),
        (&["application/*"], None),
        (&["text/html, */*;q=0.8"], None),
        (&["application/json, application/cbor"], None),
        (&["text/html"], None),
        (&["application/cbor"], Some(true)),
        (&["Application/CBOR"], Some(true)),
        (&["application/cbor, */*;q=0.5"], Some(true)),
        (
            &["application/json;q=0.5, application/cbor;q=0.501"],
            Some(true),
        ),
        (&["application/json;q=0.5", "application/cbor"], Some(true)),
        (&["*/*, application/json;q=0"], Some(true)),
        (
            &["application/*;q=0.2, application/json ; q=0.1"],
            Some(true),
        ),
        (&["application/json"], Some(false)),
        (&["application/json, */*"], None),
        (&["application/json, */*;q=0.1"], Some(false)),
        (&["application/cbor;q=0, */*"], Some(false)),
        (
            &["application/cbor;q=0.9, application/json;q=1.000"],
            Some(false),
        ),
        (
            &["application/cbor;q=x, application/json;q=0.001"],
            Some(false),
        ),
        (&["application/cborx"], None),
        (&[",;,"], None),
    ];
    for (accept, wanted) in cases {
        for (content, sent) in [("application/json", false), ("application/cbor", true)] {
            let asked = headers(Some(content), accept);
            assert_eq!(
                is_wanted(&asked),
                wanted.unwrap_or(sent),
                "{accept:?} {content}"
            );
        }
    }
}
