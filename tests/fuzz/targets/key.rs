//! Keys of records: read back as written, in the order of the values, and none the beginning of another.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use stayput::state::Key;

type Parts = (String, i64, bool);

fuzz_target!(|data: (Parts, Parts, &str)| {
    let ((one, number, flag), (other, count, sign), text) = data;
    ordered(&one, &other);
    ordered(&number, &count);
    ordered(&(one.clone(), number), &(other.clone(), count));
    ordered(&(flag, one, number), &(sign, other, count));
    // What is no key is refused, not misread.
    let mut rest = text;
    if let Some(key) = <(String, u32)>::read_key(&mut rest) {
        assert_eq!(written(&key) + rest, text);
    }
});

fn ordered<K: Key + Ord + Debug>(one: &K, other: &K) {
    let (first, second) = (written(one), written(other));
    assert_eq!(one.cmp(other), first.cmp(&second), "{one:?} {other:?}");
    assert!(first == second || !first.starts_with(&second) && !second.starts_with(&first));
    let mut text = &*first;
    assert_eq!(K::read_key(&mut text).as_ref(), Some(one));
    assert_eq!(text, "");
}

fn written(key: &impl Key) -> String {
    let mut text = String::new();
    key.write_key(&mut text);
    text
}
