//! What is said about parameters that do not fit.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::{Bound, DecodeParams, InUrl, Param, Params, format};

const TABLE: &[Param] = &[
    Param::new("by", "").default("1").bounds(&[Bound::min("0")]),
    Param::new("tag", "").bounds(&[Bound::max_length(3)]),
    Param::new("note", ""),
];

fn decode(text: &'static str, query: bool) -> Result<(i64, String, Option<Vec<u8>>), Value> {
    decode_as(TABLE, text, query)
}

fn decode_as<P: DecodeParams>(
    table: &'static [Param],
    text: &'static str,
    query: bool,
) -> Result<P, Value> {
    let in_url = if query { InUrl::ALL } else { InUrl::NONE };
    let mut params = Params::new(table, Bytes::from_static(text.as_bytes()), in_url);
    params.decode().map_err(|error| {
        let details = error.details.unwrap();
        let mut details: Value = serde_json::from_str(details.get()).unwrap();
        details["faults"].take()
    })
}

#[test]
fn by_name_and_by_position_are_the_same() {
    let decoded = Ok((2, "a".into(), None));
    assert_eq!(decode(r#"{"tag":"a","by":2}"#, false), decoded);
    assert_eq!(decode(r#"[2,"a"]"#, false), decoded);
    assert_eq!(decode(r#"{"tag":"a"}"#, false), Ok((1, "a".into(), None)));
}

#[test]
fn a_url_gives_each_type_what_it_asks() {
    let decoded = Ok((7, "12".into(), Some(vec![1])));
    assert_eq!(decode(r#"{"by":7,"tag":12,"note":[1]}"#, true), decoded);
    assert_eq!(decode(r#"{"by":7,"tag":"12","note":1}"#, true), decoded);
    assert_eq!(
        decode(r#"{"tag":"","note":null}"#, true),
        Ok((1, String::new(), None))
    );
    assert!(decode(r#"{"by":7,"tag":12}"#, false).is_err());
    // What is taken as a string is bounded as one.
    let faults = decode(r#"{"by":"x","tag":1234,"note":[256]}"#, true).unwrap_err();
    assert_eq!(
        faults,
        json!([
            {"path": "/by", "rule": "type", "expected": "i64", "received": "\"x\"", "example": 1},
            {"path": "/tag", "rule": "max_length", "expected": "at most 3 characters, not 4",
             "received": "\"1234\"", "allowed": 3},
            {"path": "/note/0", "rule": "type", "expected": "u8", "received": "[256]"},
        ])
    );
}

#[test]
fn every_fault_is_reported_with_its_path() {
    let faults = decode(r#"{"by":-1,"note":[1,"x"],"tags":0}"#, false).unwrap_err();
    assert_eq!(
        faults,
        json!([
            {"path": "/tags", "rule": "unknown", "expected": "one of by, tag, note; did you mean `tag`?",
             "allowed": ["by", "tag", "note"], "nearest": "tag"},
            {"path": "/by", "rule": "min", "expected": "a number greater than or equal to 0",
             "received": "-1", "allowed": 0, "example": 1},
            {"path": "/tag", "rule": "required", "expected": "a value"},
            {"path": "/note/1", "rule": "type", "expected": "u8", "received": "[1,\"x\"]"},
        ])
    );
}

#[test]
fn all_bounds_of_a_parameter_are_told_in_order() {
    const NARROW: &[Param] = &[Param::new("code", "").bounds(&[
        Bound::min_length(4),
        Bound::pattern("^[a-z]+$", "^[a-z]+$", 10),
        Bound::format(&format::UUID),
        Bound::one_of(&["\"abcd\"", "\"efgh\""]),
    ])];
    let faults = decode_as::<(String,)>(NARROW, r#"["A1"]"#, false).unwrap_err();
    assert_eq!(
        faults,
        json!([
            {"path": "/code", "rule": "min_length", "expected": "at least 4 characters, not 2",
             "received": "\"A1\"", "allowed": 4, "example": "123e4567-e89b-12d3-a456-426614174000"},
            {"path": "/code", "rule": "pattern", "expected": "a text with the pattern ^[a-z]+$",
             "received": "\"A1\"", "allowed": "^[a-z]+$", "example": "123e4567-e89b-12d3-a456-426614174000"},
            {"path": "/code", "rule": "format", "expected": "a UUID, such as 123e4567-e89b-12d3-a456-426614174000",
             "received": "\"A1\"", "allowed": "uuid", "example": "123e4567-e89b-12d3-a456-426614174000"},
            {"path": "/code", "rule": "one_of", "expected": "one of \"abcd\", \"efgh\"",
             "received": "\"A1\"", "allowed": ["abcd", "efgh"], "example": "123e4567-e89b-12d3-a456-426614174000"},
        ])
    );
}

#[test]
fn a_wrong_type_is_told_with_the_bounds() {
    const PAGE: &[Param] = &[Param::new("page", "")
        .example("3")
        .bounds(&[Bound::max("100")])];
    let faults = decode_as::<(u8,)>(PAGE, r#"{"page":300}"#, false).unwrap_err();
    assert_eq!(
        faults,
        json!([
            {"path": "/page", "rule": "type", "expected": "u8", "received": "300", "example": 3},
            {"path": "/page", "rule": "max", "expected": "a number less than or equal to 100",
             "received": "300", "allowed": 100, "example": 3},
        ])
    );
}

#[test]
fn integers_beyond_2_to_53_are_compared_exactly() {
    const WIDE: &[Param] = &[
        Param::new("up", "").bounds(&[Bound::max("9007199254740993")]),
        Param::new("down", "").bounds(&[Bound::exclusive_min("-9223372036854775808")]),
        Param::new("all", "").bounds(&[Bound::min("18446744073709551614")]),
    ];
    let faults = |text| {
        let decoded = decode_as::<(i64, i64, u64)>(WIDE, text, false);
        decoded.map_err(|faults| {
            let faults = faults.as_array().unwrap().iter();
            faults
                .map(|fault| fault["path"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        })
    };
    let most = (9_007_199_254_740_993, i64::MIN + 1, u64::MAX);
    assert_eq!(
        faults("[9007199254740993,-9223372036854775807,18446744073709551615]"),
        Ok(most)
    );
    let wrong = ["/up", "/down", "/all"].map(str::to_owned).to_vec();
    assert_eq!(
        faults("[9007199254740994,-9223372036854775808,18446744073709551613]"),
        Err(wrong)
    );
}

#[test]
fn what_a_bound_does_not_speak_of_passes() {
    const MANY: &[Param] = &[Param::new("any", "").bounds(&[
        Bound::min("5"),
        Bound::multiple_of("2"),
        Bound::min_length(5),
        Bound::format(&format::DATE),
        Bound::min_items(2),
        Bound::unique(),
    ])];
    for text in ["{}", r#"{"any":null}"#] {
        assert_eq!(decode_as::<(Option<u64>,)>(MANY, text, false), Ok((None,)));
    }
    // A list of one parameter of a URL is bounded as a list.
    let faults = decode_as::<(Vec<u64>,)>(MANY, r#"{"any":7}"#, true).unwrap_err();
    assert_eq!(faults[0]["rule"], "min_items");
    let faults = decode_as::<(Vec<f64>,)>(MANY, r"[[1,2,1.0,2.00]]", false).unwrap_err();
    assert_eq!(
        (&faults[0]["path"], &faults[0]["expected"]),
        (
            &json!("/any/2"),
            &json!("an item that differs from the one at 0")
        )
    );
}

#[test]
fn nothing_is_among_the_values_of_an_option_only() {
    const ONE: &[Param] = &[Param::new("it", "").bounds(&[Bound::one_of(&["1", "\"a\""])])];
    let null = r#"{"it":null}"#;
    assert!(decode_as::<(Option<u8>,)>(ONE, null, false).is_ok());
    assert!(decode_as::<(Value,)>(ONE, null, false).is_err());
    assert!(decode_as::<(Value,)>(ONE, r#"{"it":1.0}"#, false).is_ok());
}
