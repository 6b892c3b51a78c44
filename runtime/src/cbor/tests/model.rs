//! Any JSON value survives both ways, and means to another implementation what it means to us.

use proptest::prelude::*;
use serde_json::{Map, Number, Value};

use super::super::{from_json, to_json};

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<u64>().prop_map(Number::from),
        any::<i64>().prop_map(Number::from),
        (-300..300_i64).prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        any::<f32>().prop_filter_map("finite", |single| Number::from_f64(single.into())),
        any::<i16>().prop_filter_map("finite", |small| Number::from_f64(f64::from(small) / 8.0)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::Number),
        any::<String>().prop_map(Value::from),
        "[a-z\\\\\"\u{0}-\u{1f}]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 200, 30, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..30).prop_map(Value::from),
            proptest::collection::hash_map("[a-f]{0,30}", inner, 0..30)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn read(cbor: &[u8]) -> Value {
    serde_json::from_slice(&to_json(cbor).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn any_value_survives_both_ways(value in value(), pretty: bool) {
        let text = if pretty {
            serde_json::to_vec_pretty(&value)
        } else {
            serde_json::to_vec(&value)
        };
        let cbor = from_json(&text.unwrap()).unwrap();
        prop_assert_eq!(&read(&cbor), &value);
        // The same value has the same bytes, however its text was laid out.
        let again = to_json(&cbor).unwrap();
        prop_assert_eq!(from_json(&again), Some(cbor));
    }

    #[test]
    fn another_implementation_reads_and_writes_the_same(value in value()) {
        let cbor = from_json(&serde_json::to_vec(&value).unwrap()).unwrap();
        let theirs: Value = ciborium::from_reader(&cbor[..]).unwrap();
        prop_assert_eq!(&theirs, &value);
        let mut written = Vec::new();
        ciborium::into_writer(&value, &mut written).unwrap();
        prop_assert_eq!(&read(&written), &value);
    }

    #[test]
    fn whatever_comes_is_json_or_refused_as_the_other_refuses_it(cbor in proptest::collection::vec(any::<u8>(), 1..40)) {
        match to_json(&cbor) {
            Ok(json) => {
                let value: Value = serde_json::from_slice(&json).unwrap();
                let written = from_json(&json).unwrap();
                prop_assert_eq!(read(&written), value);
                prop_assert!(json.len() <= 6 * cbor.len() + 2);
                let theirs = ciborium::from_reader::<ciborium::Value, _>(&cbor[..]);
                prop_assert!(theirs.is_ok(), "{:?} {}", theirs, String::from_utf8_lossy(&json));
            }
            Err(fault) => prop_assert!(fault.at <= cbor.len()),
        }
        let _ = from_json(&cbor);
    }

    #[test]
    fn what_is_cut_short_is_refused(value in value(), at in any::<prop::sample::Index>()) {
        let cbor = from_json(&serde_json::to_vec(&value).unwrap()).unwrap();
        let at = at.index(cbor.len());
        if at > 0 {
            prop_assert!(to_json(&cbor[..at]).is_err());
        }
    }
}

#[test]
fn members_stand_in_the_order_of_their_encoded_keys_and_the_last_of_two_is_written() {
    let cbor = from_json(br#"{"result":1,"id":2,"jsonrpc":"2.0","aa":3,"id":4,"b":5}"#).unwrap();
    assert_eq!(
        to_json(&cbor).unwrap(),
        br#"{"b":5,"aa":3,"id":4,"result":1,"jsonrpc":"2.0"}"#
    );
}

#[test]
fn what_stands_twice_is_left_to_who_reads_the_json() {
    let cbor = b"\xa2\x61a\x01\x61a\x02";
    assert_eq!(to_json(cbor).unwrap(), br#"{"a":1,"a":2}"#);
}

#[test]
fn what_is_no_json_is_not_written() {
    for text in [
        "", "{", "[1,]", "{\"a\"}", "{\"a\":}", "{1:2}", "tru", "1 2", "[1}", "\"a", "{,}", "nul",
        "-", "\"\\", "[1 2]",
    ] {
        assert_eq!(from_json(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn every_float_of_16_bits_is_read_as_the_other_reads_it_and_written_as_it_was() {
    for bits in 0..=u16::MAX {
        let [high, low] = bits.to_be_bytes();
        let cbor = [0xf9, high, low];
        let theirs: f64 = ciborium::from_reader(&cbor[..]).unwrap();
        if !theirs.is_finite() {
            assert!(to_json(&cbor).is_err(), "{bits:x}");
            continue;
        }
        let json = to_json(&cbor).unwrap();
        let ours: f64 = serde_json::from_slice(&json).unwrap();
        assert_eq!(ours.to_bits(), theirs.to_bits(), "{bits:x}");
        assert_eq!(from_json(&json).as_deref(), Some(&cbor[..]), "{bits:x}");
        // Its neighbours need more.
        for near in [
            f64::from_bits(ours.to_bits() + 1),
            ours * (1.0 + f64::EPSILON * 4.0),
        ] {
            let text = serde_json::to_vec(&near).unwrap();
            let longer = from_json(&text).unwrap();
            assert!(
                longer.len() > 3 || near.to_bits() == ours.to_bits(),
                "{near}"
            );
            let read: f64 = serde_json::from_slice(&to_json(&longer).unwrap()).unwrap();
            assert_eq!(read.to_bits(), near.to_bits());
        }
    }
}
