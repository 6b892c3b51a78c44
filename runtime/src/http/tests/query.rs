//! Parameters in a URL: what is written, and what types read from it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::http::params::from_query;
use crate::rpc::QueryValue;

fn written(query: &str) -> String {
    let json = from_query(query).unwrap();
    String::from_utf8(json.to_vec()).unwrap()
}

/// What a type reads from the parameter `x`.
fn read<T: DeserializeOwned>(query: &str) -> Result<T, String> {
    let json = written(query);
    let params: BTreeMap<&str, &RawValue> = serde_json::from_str(&json).unwrap();
    T::deserialize(QueryValue(params["x"])).map_err(|error| error.to_string())
}

fn reads<T: DeserializeOwned + PartialEq + Debug>(query: &str, expected: T) {
    assert_eq!(read::<T>(query), Ok(expected), "{query}");
}

#[test]
fn looks_decide_how_a_value_is_written() {
    for (query, json) in [
        ("", ""),
        ("&&", ""),
        ("x=1", r#"{"x":1}"#),
        (
            "x=-1.50e3&y=9223372036854775808",
            r#"{"x":-1.50e3,"y":9223372036854775808}"#,
        ),
        (
            "x=01&y=1.&z=+1&w=1+",
            r#"{"x":"01","y":"1.","z":" 1","w":"1 "}"#,
        ),
        ("x=true&y=True", r#"{"x":true,"y":"True"}"#),
        (
            "x=%7B%22a%22:%201%7D&y=%5B1&z={",
            r#"{"x":{"a": 1},"y":"[1","z":"{"}"#,
        ),
        ("x=%22a%22", r#"{"x":"\"a\""}"#),
        ("x&y=&=z", r#"{"x":"","y":"","":"z"}"#),
        ("x=a=b", r#"{"x":"a=b"}"#),
        ("x=1&x=a&x=1", r#"{"x":[1,"a",1]}"#),
        ("a%22b=%0A", r#"{"a\"b":"\n"}"#),
    ] {
        assert_eq!(written(query), json, "{query}");
        assert!(json.is_empty() || serde_json::from_str::<&RawValue>(json).is_ok());
    }
    let many: Vec<String> = (0..101).map(|n| format!("p{n}=1")).collect();
    assert!(from_query(&many[..100].join("&")).is_ok());
    assert!(from_query(&many.join("&")).is_err());
    assert!(from_query(&format!("x={}{}", "[".repeat(130), "]".repeat(130))).is_err());
    assert!(
        from_query("x=%").is_err() && from_query("%f=1").is_err() && from_query("x=%c3").is_err()
    );
}

#[test]
fn the_asked_type_decides_what_is_read() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Answer {
        #[serde(rename = "true")]
        Yes,
        #[serde(rename = "42")]
        Number,
        Other(u8),
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Id(String);
    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: i32,
        y: Option<i32>,
    }
    reads("x=1", 1_u8);
    reads("x=1", 1.0_f64);
    reads("x=170141183460469231731687303715884105727", i128::MAX);
    reads("x=true", true);
    reads("x=1", "1".to_owned());
    reads("x=1.50", "1.50".to_owned());
    reads("x=true", "true".to_owned());
    reads("x=null", "null".to_owned());
    reads("x=%7B%22a%22:+1%7D", "{\"a\": 1}".to_owned());
    reads("x=%22a%22", "\"a\"".to_owned());
    reads("x=", String::new());
    reads("x=7", '7');
    reads("x=7", Id("7".to_owned()));
    reads("x=7", Some("7".to_owned()));
    reads("x=7", Some(7));
    reads::<Option<String>>("x=null", None);
    reads("x=true", Answer::Yes);
    reads("x=42", Answer::Number);
    reads("x=%7B%22Other%22:1%7D", Answer::Other(1));
    reads("x=1&x=2", vec!["1".to_owned(), "2".to_owned()]);
    reads("x=1", vec!["1".to_owned()]);
    reads("x=a", vec!["a".to_owned()]);
    reads("x=%5B1,2%5D", vec![1, 2]);
    reads("x=1&x=a", (1, "a".to_owned()));
    reads("x=%7B%22x%22:1%7D", Point { x: 1, y: None });
    reads("x=1", serde_json::json!(1));
    assert!(read::<u8>("x=a").is_err());
    assert!(read::<u8>("x=").is_err());
    assert!(read::<u8>("x=256").is_err());
    assert!(read::<bool>("x=1").is_err());
    assert!(read::<Point>("x=1").is_err());
}
