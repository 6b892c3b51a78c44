//! Whatever is sent, there is an answer, and it is one of ours.

use bytes::Bytes;
use proptest::prelude::*;

use super::fake::{Fake, front, send};

const BODIES: [&[u8]; 5] = [
    br#"{"jsonrpc":"2.0","method":"increment","params":{"by":2},"id":1}"#,
    br#"[{"jsonrpc":"2.0","method":"value","id":"a"},{"jsonrpc":"2.0","method":"reset"}]"#,
    br#"{"jsonrpc":"2.0","method":"sum","params":[1,[2,{"a":"\u00e9\\"}]],"id":1e5}"#,
    br#"{"by":2}"#,
    br"[1,2]",
];

/// A body with some of its bytes changed, removed or doubled.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..6);
    (0..BODIES.len(), edits).prop_map(|(body, edits)| {
        let mut body = BODIES[body].to_vec();
        for (at, byte, kind) in edits {
            if body.is_empty() {
                break;
            }
            let at = at.index(body.len());
            match kind {
                0 => body[at] = byte,
                1 => drop(body.remove(at)),
                2 => body.insert(at, b"{}[]\",:\\"[usize::from(byte % 8)]),
                _ => body.truncate(at),
            }
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_body_is_answered(body in mutated(), rest in any::<bool>()) {
        let path = if rest { "/counter/home/value" } else { "/counter/home" };
        let request = ::http::Request::post(path)
            .header("host", "localhost:8787")
            .header("content-type", "application/json")
            .body(Bytes::from(body.clone()))
            .unwrap();
        let fake = Fake::new();
        let response = send(&front(), &fake, request);
        let answer = response.body();
        match response.status().as_u16() {
            204 => prop_assert!(answer.is_empty() && !rest),
            200 | 400 => {
                let value: serde_json::Value = serde_json::from_slice(answer).unwrap();
                if !rest {
                    let all = value.as_array().cloned().unwrap_or_else(|| vec![value]);
                    prop_assert!(!all.is_empty());
                    for one in all {
                        prop_assert_eq!(&one["jsonrpc"], "2.0");
                        prop_assert!(one.get("id").is_some());
                        prop_assert!(one.get("result").is_some() != one.get("error").is_some());
                    }
                }
            }
            other => prop_assert!(false, "{other}"),
        }
        // What no JSON parser takes is never executed; in REST a blank body is no parameters.
        if serde_json::from_slice::<&serde_json::value::RawValue>(&body).is_err() {
            prop_assert!(fake.executed().is_empty() || body.trim_ascii().is_empty() && rest);
        }
    }

    #[test]
    fn a_strange_target_is_answered(
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "X"]),
        target in "/(counter|calc|%63alc)?/?[a-z.~%/0-9A-F?&=+{}\\[\\]\"-]{0,40}",
        header in prop::sample::select(vec!["host", "origin", "content-type", "x-request-id", "via", "content-encoding"]),
        value in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let request = ::http::Request::builder().method(method).uri(&target).header(header, value);
        if let Ok(request) = request.body(Bytes::from_static(b"{}")) {
            let response = send(&front(), &Fake::new(), request);
            prop_assert!(response.headers().contains_key("x-request-id"));
            let body = response.body();
            prop_assert!(body.is_empty() || serde_json::from_slice::<serde_json::Value>(body).is_ok());
        }
    }
}
