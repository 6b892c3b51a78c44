//! Batches: as many messages as elements, and no element changes another.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use stayput::rpc::{Incoming, MAX_BATCH, Message, parse};

fuzz_target!(|elements: Vec<&str>| {
    let body = Bytes::from(format!("[{}]", elements.join(",")));
    let whole = serde_json::from_slice::<Vec<IgnoredAny>>(&body);
    let Incoming::Batch(messages) = parse(&body) else {
        return;
    };
    let whole = whole.expect("only JSON is executed");
    let count = whole.len();
    assert_eq!(messages.len(), count);
    assert!((1..=MAX_BATCH).contains(&count));
    // Each element alone is what it is in the batch, unless it is a batch itself.
    if elements.len() != count {
        return;
    }
    for (element, message) in elements.iter().zip(messages) {
        let alone = Bytes::copy_from_slice(element.as_bytes());
        match (parse(&alone), message) {
            (Incoming::Single(Message::Call(one)), Message::Call(other)) => {
                assert_eq!(
                    (one.id, &one.method, &one.params, &one.key),
                    (other.id, &other.method, &other.params, &other.key)
                );
            }
            (Incoming::Single(Message::Call(_)), Message::Invalid { error, .. }) => {
                panic!("refused in a batch only: {error:?}");
            }
            (Incoming::Refused(_) | Incoming::Batch(_), Message::Call(call)) => {
                panic!("executed in a batch only: {}", call.method);
            }
            _ => {}
        }
    }
});
