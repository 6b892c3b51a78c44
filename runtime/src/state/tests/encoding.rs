//! Stored values: golden bytes, refusals by name, and that everything encoded is decoded.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::state::{MAX_VALUE_BYTES, decode, encode};

fn text(value: &impl Serialize) -> String {
    String::from_utf8(encode("field", value).unwrap()).unwrap()
}

fn refusal(value: &impl Serialize) -> String {
    encode("field", value).unwrap_err().to_string()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(f32),
    Line(i8, i8),
    Text { text: String, size: Option<u8> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Deep {
    zulu: Vec<Shape>,
    alpha: HashMap<String, (u64, Newtype)>,
    none: Option<u8>,
    unit: (),
    #[serde(flatten)]
    rest: Flat,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(i128);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    flat: char,
}

#[derive(Serialize)]
struct Plain {
    second: u8,
    first: &'static str,
}

#[test]
fn values_have_these_bytes() {
    assert_eq!(
        text(&Plain {
            second: 2,
            first: "1\n\"é"
        }),
        r#"{"second":2,"first":"1\n\"é"}"#
    );
    assert_eq!(text(&[1.0_f64, -0.5, 1e300]), "[1.0,-0.5,1e+300]");
    assert_eq!(text(&[0.1_f32]), "[0.1]");
    assert_eq!(text(&u64::MAX), "18446744073709551615");
    assert_eq!(text(&i128::MIN), "-170141183460469231731687303715884105728");
    assert_eq!(text(&(true, 'x', ())), r#"[true,"x",null]"#);
    assert_eq!(text(&Some(3)), "3");
    assert_eq!(text(&None::<u8>), "null");
    let shapes = [
        Shape::Empty,
        Shape::Circle(2.0),
        Shape::Line(1, -1),
        Shape::Text {
            text: "a".to_owned(),
            size: None,
        },
    ];
    let expected = r#"["Empty",{"Circle":2.0},{"Line":[1,-1]},{"Text":{"text":"a","size":null}}]"#;
    assert_eq!(text(&shapes), expected);
}

#[test]
fn map_keys_are_sorted_by_their_bytes() {
    let keys = ["b", "a", "", "é", "Z", "\"", "a\u{1}", "~", "aa"];
    let map: HashMap<_, _> = keys.iter().map(|key| (*key, 1)).collect();
    let expected = r#"{"":1,"\"":1,"Z":1,"a":1,"a\u0001":1,"aa":1,"b":1,"~":1,"é":1}"#;
    assert_eq!(text(&map), expected);
    let nested = HashMap::from([("z", map.clone()), ("y", map)]);
    assert_eq!(
        text(&nested),
        format!(r#"{{"y":{expected},"z":{expected}}}"#)
    );
}

#[test]
fn a_deep_value_comes_back() {
    let deep = Deep {
        zulu: vec![
            Shape::Empty,
            Shape::Text {
                text: "x".to_owned(),
                size: Some(1),
            },
        ],
        alpha: [("b", -1), ("a", i128::MAX)]
            .map(|(key, value)| (key.to_owned(), (u64::MAX, Newtype(value))))
            .into(),
        none: None,
        unit: (),
        rest: Flat { flat: 'f' },
    };
    // With a flattened member a struct is a map to serde, so its members are sorted too.
    assert!(text(&deep).starts_with(r#"{"alpha":{"a":["#));
    assert_eq!(
        text(&deep),
        text(
            &decode::<Value>("k", text(&deep).as_bytes())
                .map(|_| &deep)
                .unwrap()
        )
    );
}

#[test]
fn what_json_would_change_is_refused_by_its_path() {
    #[derive(Serialize)]
    struct Outer<T> {
        inner: Vec<T>,
    }
    fn at(value: impl Serialize) -> String {
        refusal(&Outer {
            inner: vec![Value::Null].into_iter().map(|_| &value).collect(),
        })
    }
    assert!(at(f64::NAN).starts_with("`field.inner[0]` cannot be stored: `NaN`"));
    assert!(at(f32::INFINITY).contains("`field.inner[0]`"));
    assert!(at(Some(Some(1))).contains("`field.inner[0]` cannot be stored: `None` and a `Some`"));
    assert!(at(Some(None::<u8>)).contains("`field.inner[0]`"));
    assert!(at(Some(())).contains("`field.inner[0]`"));
    assert!(at(Some(Value::Null)).contains("`field.inner[0]`"));
    let map = at(HashMap::from([(1_u8, 1)]));
    assert!(
        map.contains("`field.inner[0]`") && map.contains("`Map`"),
        "{map}"
    );
    assert!(at(BTreeMap::from([((1, 2), 1)])).contains("keys of a JSON object"));
    assert!(at(HashMap::from([("a b", f64::NAN)])).contains(r#"`field.inner[0]["a b"]`"#));
    assert!(at(Shape::Circle(f32::NAN)).contains("`field.inner[0].Circle`"));
}

#[test]
fn options_beside_and_around_other_things_are_fine() {
    assert_eq!(text(&Some(vec![Some(1), None])), "[1,null]");
    assert_eq!(text(&vec![Some(Shape::Circle(1.0))]), r#"[{"Circle":1.0}]"#);
}

#[test]
fn keys_that_are_strings_in_rust_are_fine() {
    #[derive(Serialize, PartialEq, Eq, Hash)]
    struct Name(String);
    assert_eq!(
        text(&HashMap::from([(Name("n".to_owned()), 1)])),
        r#"{"n":1}"#
    );
    assert_eq!(text(&HashMap::from([('c', 1)])), r#"{"c":1}"#);
}

#[test]
fn a_key_twice_is_refused() {
    struct Twice;
    impl Serialize for Twice {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry("a", &1)?;
            map.serialize_entry("a", &2)?;
            map.end()
        }
    }
    assert!(refusal(&Twice).contains("the key `a` occurs twice"));
}

#[test]
fn only_what_can_be_decoded_is_encoded() {
    let nest = |levels| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    assert!(decode::<Value>("k", &encode("field", &nest(127)).unwrap()).is_ok());
    assert!(refusal(&nest(128)).contains("127 levels"));
    assert!(serde_json::from_slice::<Value>(&serde_json::to_vec(&nest(128)).unwrap()).is_err());
}

#[test]
fn a_value_has_a_limit() {
    assert!(encode("field", &"x".repeat(MAX_VALUE_BYTES - 2)).is_ok());
    assert!(refusal(&"x".repeat(MAX_VALUE_BYTES - 1)).contains("2000001"));
}

#[test]
fn what_does_not_fit_its_type_is_a_fault_with_its_key() {
    let fault = decode::<u8>("f/limit", b"\"many\"")
        .unwrap_err()
        .to_string();
    assert!(
        fault.contains("`f/limit`") && fault.contains("expected u8"),
        "{fault}"
    );
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e10..1e10_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((".{0,3}", inner), 0..6)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A map in the order it was made.
struct AsMade<'a>(&'a [(String, Value)]);

impl Serialize for AsMade<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

proptest! {
    #[test]
    fn json_is_what_serde_json_writes(value in json()) {
        prop_assert_eq!(text(&value), value.to_string());
        prop_assert_eq!(decode::<Value>("k", text(&value).as_bytes()).unwrap(), value);
    }

    #[test]
    fn the_order_of_entries_does_not_matter(
        entries in prop::collection::btree_map(".{0,3}", json(), 0..8),
        seed in any::<prop::sample::Index>(),
    ) {
        let sorted: Vec<_> = entries.into_iter().collect();
        let mut turned = sorted.clone();
        if !turned.is_empty() {
            let by = seed.index(turned.len());
            turned.rotate_left(by);
        }
        let expected = text(&AsMade(&sorted));
        prop_assert_eq!(text(&AsMade(&turned)), expected);
    }
}
