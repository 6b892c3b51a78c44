//! A body as it comes over HTTP or a WebSocket: what is read of it, and what is written back.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use stayput::rpc::{Incoming, Message, parse, parse_params, write_error, write_result};

fuzz_target!(|data: &[u8]| {
    let body = Bytes::copy_from_slice(data);
    let json = is_json(data);
    match parse(&body) {
        Incoming::Single(message) => {
            assert!(json, "only JSON is executed");
            check(message);
        }
        Incoming::Batch(messages) => {
            assert!(json && (1..=50).contains(&messages.len()));
            messages.into_iter().for_each(check);
        }
        Incoming::Refused(error) => {
            assert!(
                json || error.code == "parse_error" || error.code == "too_deep",
                "{error:?}"
            );
        }
    }
    if let Ok(params) = parse_params(&body) {
        assert!(params.is_empty() || matches!(params[0], b'{' | b'['));
        assert!(params.is_empty() || is_json(&params));
    }
});

fn check(message: Message<'_>) {
    let mut out = Vec::new();
    match message {
        Message::Call(call) => {
            assert!(call.params.is_empty() || is_json(&call.params));
            let Some(id) = call.id else { return };
            write_result(&mut out, id, &call.params);
            let answer: Answer<'_> = serde_json::from_slice(&out).expect("an answer is JSON");
            assert_eq!(answer.id.get(), id.as_json());
        }
        Message::Invalid { id, error } => {
            write_error(&mut out, id, &error, "r1");
            let answer: Answer<'_> = serde_json::from_slice(&out).expect("an answer is JSON");
            assert_eq!(answer.id.get(), id.as_json());
        }
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

/// By the grammar: whether a number fits a type is asked later.
fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}
