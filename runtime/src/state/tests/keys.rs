//! Keys: golden texts, and that the order of texts is the order of values.

use std::fmt::Debug;

use proptest::prelude::*;

use crate::object::{IdKey, ObjectId, Timestamp};
use crate::state::Key;

fn text<K: Key>(key: &K) -> String {
    let mut text = String::new();
    key.write_key(&mut text);
    text
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "golden tables read better without `&`"
)]
fn golden<K: Key + PartialEq + Debug>(key: K, expected: &str) {
    assert_eq!(text(&key), expected);
    let mut rest = expected;
    assert_eq!(K::read_key(&mut rest).as_ref(), Some(&key));
    assert_eq!(rest, "");
}

#[test]
fn texts_are_these_for_ever() {
    golden(0_u8, "0000000000000000");
    golden(255_u8, "00000000000000ff");
    golden(u64::MAX, "ffffffffffffffff");
    golden(42_u32, "000000000000002a");
    golden(0_i8, "8000000000000000");
    golden(-1_i32, "7fffffffffffffff");
    golden(i64::MIN, "0000000000000000");
    golden(i64::MAX, "ffffffffffffffff");
    golden(1_u128, "00000000000000000000000000000001");
    golden(-1_i128, "7fffffffffffffffffffffffffffffff");
    golden(false, "0");
    golden(true, "1");
    golden('a', "000061");
    golden('\u{10FFFF}', "10ffff");
    golden(String::new(), "\0");
    golden("héllo/#".to_owned(), "héllo/#\0");
    golden("a\0b\u{1}c".to_owned(), "a\u{1}\u{1}b\u{1}\u{2}c\0");
    golden(Timestamp::from_millis(0), "8000000000000000");
    golden(ObjectId::from_bytes([0xab; 32]), &"ab".repeat(32));
    golden(("a".to_owned(), 7_u16), "a\x000000000000000007");
    golden(
        (true, 'b', -2_i16, String::new()),
        "10000627ffffffffffffffe\0",
    );
}

#[test]
fn what_is_no_key_is_refused() {
    fn refused<K: Key>(mut text: &str) {
        assert!(K::read_key(&mut text).is_none(), "{text:?}");
    }
    refused::<u8>("0000000000000100");
    refused::<i8>("8000000000000080");
    refused::<u64>("000000000000000F");
    refused::<u64>("+00000000000000f");
    refused::<u64>("00000000000000f");
    refused::<u64>("000000000000000é");
    refused::<char>("00d800");
    refused::<bool>("2");
    refused::<bool>("é");
    refused::<String>("no end");
    refused::<String>("bad\u{1}\u{3}\0");
    refused::<String>("bad\u{1}\0");
    refused::<ObjectId>(&"AB".repeat(32));
    refused::<(u8, u8)>("0000000000000001");
}

#[test]
fn types_are_named() {
    assert_eq!(
        <(String, i64, ObjectId)>::key_type(),
        "(String, i64, ObjectId)"
    );
}

fn tricky() -> impl Strategy<Value = String> {
    "[\u{0}-\u{3}a-b\u{7f}é\u{ffff}\u{10ffff}]{0,5}"
}

fn check<K: Key + Ord + Debug>(a: &K, b: &K) -> Result<(), TestCaseError> {
    let (ta, tb) = (text(a), text(b));
    prop_assert_eq!(ta.cmp(&tb), a.cmp(b), "{:?} {:?}", ta, tb);
    if a != b {
        prop_assert!(!ta.starts_with(&tb) && !tb.starts_with(&ta));
    }
    let both = format!("{ta}{tb}");
    let mut rest = both.as_str();
    let first = K::read_key(&mut rest);
    prop_assert_eq!(first.as_ref(), Some(a));
    prop_assert_eq!(rest, tb.as_str());
    Ok(())
}

proptest! {
    #[test]
    fn unsigned_integers_order(a: (u64, u32, u16, u8), b: (u64, u32, u16, u8)) {
        check(&a.0, &b.0)?;
        check(&a.1, &b.1)?;
        check(&a.2, &b.2)?;
        check(&a.3, &b.3)?;
        check(&a, &b)?;
    }

    #[test]
    fn signed_integers_order(a: (i64, i32, i16, i8), b: (i64, i32, i16, i8)) {
        check(&a.0, &b.0)?;
        check(&a.1, &b.1)?;
        check(&a.2, &b.2)?;
        check(&a.3, &b.3)?;
        check(&Timestamp::from_millis(a.0), &Timestamp::from_millis(b.0))?;
        check(&a, &b)?;
    }

    #[test]
    fn wide_integers_order(a: (u128, i128), b: (u128, i128)) {
        check(&a.0, &b.0)?;
        check(&a.1, &b.1)?;
    }

    #[test]
    fn texts_order(a in tricky(), b in tricky()) {
        check(&a, &b)?;
    }

    #[test]
    fn tuples_order(
        a in (tricky(), tricky(), any::<char>(), any::<bool>()),
        b in (tricky(), tricky(), any::<char>(), any::<bool>()),
    ) {
        check(&a, &b)?;
        check(&(a.0.clone(), a.1.clone()), &(a.0.clone(), b.1.clone()))?;
        check(&(a.2, a.3, a.0), &(b.2, b.3, b.0))?;
    }

    #[test]
    fn ids_order(a: [u8; 32], b: [u8; 32]) {
        check(&ObjectId::from_bytes(a), &ObjectId::from_bytes(b))?;
        check(&IdKey::new("k").named("a"), &ObjectId::from_bytes(b))?;
    }
}
