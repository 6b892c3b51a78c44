//! Our decision is that of another implementation, which reads the schema that we publish.

use bytes::Bytes;
use proptest::prelude::*;
use schemars::SchemaGenerator;
use serde_json::{Value, json};

use super::super::{ActionParam, InUrl, Param, Params, format, missing};

/// What a parameter of type `T` with these constraints decides about a value, and what the oracle decides.
fn decide<T: ActionParam>(constraints: &[(&str, Value)], value: &Value) -> (bool, bool, Value) {
    let bounds = constraints
        .iter()
        .map(|(keyword, limit)| super::bound(keyword, limit).unwrap().unwrap());
    let table: &'static [Param] = super::table(bounds.collect());
    let schema = SchemaGenerator::default().subschema_for::<T>().to_value();
    let schema = table[0].complete_schema(schema, missing::is_optional::<T>());
    let text = Bytes::from(json!({ "it": value }).to_string());
    let ours = Params::new(table, text, InUrl::NONE)
        .decode::<(T,)>()
        .is_ok();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap_or_else(|fault| panic!("{schema}: {fault}"));
    (ours, validator.is_valid(value), schema)
}

fn agree<T: ActionParam>(
    constraints: &[(&str, Value)],
    value: &Value,
) -> Result<(), TestCaseError> {
    let (ours, oracle, schema) = decide::<T>(constraints, value);
    prop_assert_eq!(ours, oracle, "{} against {}", value, schema);
    Ok(())
}

/// Integers around the places where floats begin to round.
fn integer() -> impl Strategy<Value = i64> {
    let edges = prop::sample::select(vec![0, 1 << 53, -(1 << 53), i64::MAX - 5, i64::MIN + 5]);
    (edges, -4_i64..=4).prop_map(|(edge, off)| edge.saturating_add(off))
}

fn unsigned() -> impl Strategy<Value = u64> {
    let edges = prop::sample::select(vec![5, 1 << 53, 1 << 63, u64::MAX - 5]);
    (edges, 0_u64..=8).prop_map(|(edge, off)| (edge - 4).saturating_add(off))
}

fn float() -> impl Strategy<Value = f64> {
    let tenths = (-50_i32..50).prop_map(|number| f64::from(number) / 10.0);
    prop_oneof![tenths, prop::num::f64::NORMAL]
}

/// Values of all kinds, as a caller may send them.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..8).prop_map(Value::from),
        "[ab\u{e4}\u{1f600}]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[ab]", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn word() -> impl Strategy<Value = String> {
    "[a-c1 \n\u{e4}\u{2028}_.\\-]{0,6}"
}

/// Patterns of the common language.
fn pattern() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "a", "b", ".", "\\d", "\\w", "\\s", "[a-b]", "[^a]", "[\\d_.-]", "(?:a|1)", "\\.",
        "\u{e4}", "\\u00e4", "[^\\w]", "(b|_c)", "\\S", "\\W", "\\D",
    ]);
    let count = prop::sample::select(vec!["", "", "?", "*", "+", "{2}", "{1,2}", "{0,3}?"]);
    let parts = prop::collection::vec((atom, count), 1..4);
    let ends = (
        prop::sample::select(vec!["", "^"]),
        prop::sample::select(vec!["", "$"]),
    );
    (ends, parts).prop_map(|((start, end), parts)| {
        let parts: Vec<_> = parts
            .iter()
            .flat_map(|(atom, count)| [*atom, *count])
            .collect();
        let parts = parts.concat();
        format!("{start}{parts}{end}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn integers(low in integer(), high in integer(), value in integer(), step in 1_i64..6) {
        let value = json!(value);
        agree::<i64>(&[("minimum", json!(low)), ("maximum", json!(high))], &value)?;
        agree::<i64>(&[("exclusiveMinimum", json!(low)), ("exclusiveMaximum", json!(high))], &value)?;
        agree::<Option<i64>>(&[("multipleOf", json!(step)), ("maximum", json!(high))], &value)?;
    }

    #[test]
    fn unsigned_integers(low in unsigned(), high in unsigned(), value in unsigned(), step in 1_u64..6) {
        let value = json!(value);
        agree::<u64>(&[("minimum", json!(low)), ("maximum", json!(high))], &value)?;
        agree::<u64>(&[("exclusiveMinimum", json!(low)), ("multipleOf", json!(step))], &value)?;
        // The tighter bound of type and parameter holds.
        agree::<u8>(&[("minimum", json!(-3)), ("maximum", json!(low))], &value)?;
    }

    #[test]
    fn floats(low in float(), high in float(), value in float()) {
        let value = json!(value);
        agree::<f64>(&[("minimum", json!(low)), ("maximum", json!(high))], &value)?;
        agree::<f64>(&[("exclusiveMinimum", json!(low)), ("exclusiveMaximum", json!(high))], &value)?;
    }

    #[test]
    fn decimals(step in prop::sample::select(vec![0.1, 0.01, 0.5, 0.25, 2.5]), value in -2000_i32..2000) {
        let value = json!(f64::from(value) / 100.0);
        agree::<f64>(&[("multipleOf", json!(step))], &value)?;
    }

    #[test]
    fn texts(low in 0_u64..4, high in 0_u64..5, text in word()) {
        let limits = [("minLength", json!(low)), ("maxLength", json!(high))];
        agree::<String>(&limits, &json!(text))?;
        agree::<Option<String>>(&limits, &json!(text))?;
    }

    #[test]
    fn patterns(pattern in pattern(), text in word()) {
        if super::pattern::translate(&pattern).is_ok() {
            agree::<String>(&[("pattern", json!(pattern))], &json!(text))?;
        }
    }

    #[test]
    fn lists(low in 0_u64..3, high in 0_u64..4, items in prop::collection::vec(anything(), 0..5)) {
        let limits = [("minItems", json!(low)), ("maxItems", json!(high)), ("uniqueItems", json!(true))];
        agree::<Vec<Value>>(&limits, &json!(items))?;
        agree::<Option<Vec<Value>>>(&limits, &json!(items))?;
    }

    #[test]
    fn values(listed in prop::collection::vec(anything(), 1..4), value in anything(), pick in 0_usize..6) {
        let value = listed.get(pick).cloned().unwrap_or(value);
        agree::<Value>(&[("enum", json!(listed))], &value)?;
        let texts: Vec<_> = listed.iter().map(ToString::to_string).collect();
        agree::<Option<String>>(&[("enum", json!(texts))], &if pick == 5 { Value::Null } else { json!(value.to_string()) })?;
    }

    #[test]
    fn whatever_comes(value in anything()) {
        let limits = [
            ("minimum", json!(1)), ("multipleOf", json!(2)), ("minLength", json!(2)), ("maxItems", json!(1)),
            ("pattern", json!("^a")), ("uniqueItems", json!(true)),
        ];
        agree::<Value>(&limits, &value)?;
        agree::<Option<i64>>(&limits, &value)?;
        agree::<String>(&limits, &value)?;
        agree::<Vec<Value>>(&limits, &value)?;
        agree::<Option<bool>>(&limits, &value)?;
    }

    /// Examples of every format, damaged a little.
    #[test]
    fn formats(index in 0..format::ALL.len(), at in 0_usize..40, char in prop::sample::select("0159aZz.:-+@/[]%T\u{e4} ".chars().collect::<Vec<_>>()), how in 0..3) {
        let format = format::ALL[index];
        let mut text: Vec<char> = format.example.chars().collect();
        let at = at % text.len();
        match how {
            0 => text[at] = char,
            1 => text.insert(at, char),
            _ => drop(text.remove(at)),
        }
        let text: String = text.into_iter().collect();
        agree::<String>(&[("format", json!(format.name))], &json!(text))?;
        agree::<String>(&[("format", json!(format.name))], &json!(format.example))?;
    }
}
