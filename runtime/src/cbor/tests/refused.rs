//! What is no CBOR, or more than is taken.

use super::super::{What, from_json};
use super::{bytes, json};
use crate::rpc::MAX_JSON_DEPTH;

#[test]
fn what_is_malformed_is_refused_where_it_is() {
    let ended: &[&str] = &[
        "18", "1900", "1a000000", "1b00", "61", "7f", "7f6161", "41", "5f41", "81", "9f", "9f01",
        "a1", "a16161", "bf6161", "c1", "f9", "fa0000", "fb", "c24901",
    ];
    for cbor in ended {
        assert_eq!(json(&bytes(cbor)).unwrap_err().what, What::Ended, "{cbor}");
    }
    let malformed: &[&str] = &[
        "1c",
        "1d",
        "3e",
        "5c",
        "7d",
        "9e",
        "bc",
        "dd",
        "fc",
        "fe",
        "ff",
        "1f",
        "3f",
        "df",
        "81ff",
        "a16161ff",
        "82ff01",
        "61ff",
        "62c328",
        "7f61c361bcff",
        "7f4161ff",
        "5f6161ff",
        "7f7f6161ffff",
        "5f5f4101ffff",
        "bf6161ff",
    ];
    for cbor in malformed {
        assert_eq!(
            json(&bytes(cbor)).unwrap_err().what,
            What::Malformed,
            "{cbor}"
        );
    }
    for (cbor, at) in [("0000", 1), ("6161f6", 2), ("80ff", 1)] {
        let fault = json(&bytes(cbor)).unwrap_err();
        assert_eq!((fault.what, fault.at), (What::Trailing, at), "{cbor}");
    }
}

#[test]
fn lengths_that_lie_take_no_memory() {
    for head in ["5b", "7b", "9b", "bb"] {
        let claim = format!("{head}7fffffffffffffff");
        assert_eq!(
            json(&bytes(&claim)).unwrap_err().what,
            What::Ended,
            "{head}"
        );
        let claim = format!("{head}ffffffffffffffff00");
        assert!(json(&bytes(&claim)).is_err(), "{head}");
    }
}

#[test]
fn keys_are_texts() {
    for cbor in ["a10102", "a1f601", "a1416101", "a1c1616101", "bf8001ff"] {
        let fault = json(&bytes(cbor)).unwrap_err();
        assert_eq!((fault.what, fault.at), (What::Key, 1), "{cbor}");
    }
}

#[test]
fn arrays_and_maps_are_as_deep_as_in_json() {
    let nest = |depth: usize, open: &[u8], close: &[u8]| {
        [open.repeat(depth), vec![0xf6], close.repeat(depth)].concat()
    };
    for (open, close) in [
        (&b"\x81"[..], &b""[..]),
        (b"\x9f", b"\xff"),
        (b"\xa1\x61a", b""),
        (b"\xc1\x81", b""),
    ] {
        assert!(json(&nest(MAX_JSON_DEPTH, open, close)).is_ok());
        let fault = json(&nest(MAX_JSON_DEPTH + 1, open, close)).unwrap_err();
        assert_eq!(fault.what, What::TooDeep);
        assert!(json(&nest(1 << 19, open, close)).is_err());
    }
    // Tags are not levels.
    assert_eq!(json(&nest(1 << 20, b"\xc1", b"")).as_deref(), Ok("null"));
    // Results may be as deep as they like.
    let deep = nest(100_000, b"[", b"]")
        .iter()
        .map(|byte| if *byte == 0xf6 { b'1' } else { *byte })
        .collect::<Vec<_>>();
    assert_eq!(from_json(&deep).map(|cbor| cbor.len()), Some(100_001));
}

#[test]
fn tags_are_taken_off_but_for_those_that_make_other_numbers() {
    let taken = [
        ("d9d9f7f5", "true"),
        ("d9d9f7d9d9f701", "1"),
        ("d901028101", "[1]"),
        ("d54401fbff00", "\"Afv_AA\""),
        ("d64401fbff00", "\"Afv/AA==\""),
        ("d74401fbff00", "\"01FBFF00\""),
        // It is said of all that is below, and of nothing beside.
        ("82d581a161614401fbff004100", "[[{\"a\":\"Afv_AA\"}],[0]]"),
        ("d55f4401fbff004100ff", "\"Afv_AAA\""),
    ];
    for (cbor, text) in taken {
        assert_eq!(json(&bytes(cbor)).as_deref(), Ok(text), "{cbor}");
    }
    for (cbor, tag) in [
        ("c48221196ab3", 4),
        ("c5822003", 5),
        ("d84044000102ff", 64),
        ("81d85700", 87),
    ] {
        let fault = json(&bytes(cbor)).unwrap_err();
        assert_eq!(fault.what, What::Tag(tag), "{cbor}");
    }
}

#[test]
fn integers_have_up_to_128_bits() {
    let most = "ff".repeat(16);
    for (cbor, text) in [
        (format!("c250{most}"), u128::MAX.to_string()),
        (format!("c2507f{}", &most[2..]), i128::MAX.to_string()),
        (format!("c3507f{}", &most[2..]), i128::MIN.to_string()),
    ] {
        assert_eq!(json(&bytes(&cbor)).as_deref(), Ok(&*text));
        assert_eq!(from_json(text.as_bytes()), Some(bytes(&cbor)));
    }
    for cbor in [
        format!("c25101{}", &most),
        format!("c350{most}"),
        "c26161".to_owned(),
        "c201".to_owned(),
    ] {
        assert_eq!(
            json(&bytes(&cbor)).unwrap_err().what,
            What::Integer,
            "{cbor}"
        );
    }
}

#[test]
fn the_text_says_where_and_what_to_do() {
    let told = |cbor| json(&bytes(cbor)).unwrap_err().to_string();
    assert_eq!(
        told("8101f6"),
        "the body is more than one CBOR value: byte 2 is beyond it"
    );
    assert_eq!(told("82"), "the body is not CBOR: it ends within a value");
    assert_eq!(told("821c"), "the body is not CBOR: byte 1 is wrong");
    assert_eq!(
        told("81a10102"),
        "the key at byte 2 is no text: send text as the keys of maps"
    );
    assert_eq!(
        told("81f97e00"),
        "the float at byte 1 is no number: send null, or a text"
    );
}
