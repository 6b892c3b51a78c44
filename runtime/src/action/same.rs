//! Whether two JSON texts are the same value: `1` is `1.0`, and the order of members is no matter.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;

use super::number::Decimal;

/// Whether two JSON texts are the same value.
pub(super) fn same_json(one: &str, other: &str) -> bool {
    one == other || canonical(one) == canonical(other)
}

/// A text that all writings of a value have in common.
pub(super) fn canonical(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    write(json, &mut out);
    out
}

/// The items of an array, unless it is none.
pub(super) fn items(json: &str) -> Option<Vec<&RawValue>> {
    if json.starts_with('[') {
        serde_json::from_str(json).ok()
    } else {
        None
    }
}

fn write(json: &str, out: &mut String) {
    if let Some(items) = items(json) {
        for item in items {
            out.push('[');
            write(item.get(), out);
        }
        out.push(']');
    } else if json.starts_with('{')
        && let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json)
    {
        for (name, value) in members {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "{{{name:?}");
            write(value.get(), out);
        }
        out.push('}');
    } else if json.starts_with('"')
        && let Ok(text) = serde_json::from_str::<Cow<'_, str>>(json)
    {
        let _ = write!(out, "{text:?}");
    } else if let Some(number) = Decimal::of(json) {
        number.write(out);
    } else {
        out.push_str(json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_same_however_they_are_written() {
        for (one, other) in [
            ("1", "1.0"),
            ("-0", "0"),
            ("1e2", "100"),
            ("\"a\\u0062\"", "\"ab\""),
            ("{\"a\":1,\"b\":[2]}", "{ \"b\" : [2.0], \"a\" : 1e0 }"),
            ("[ ]", "[]"),
        ] {
            assert!(same_json(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("1", "\"1\""),
            ("1", "true"),
            ("0", "false"),
            ("[1,2]", "[2,1]"),
            ("[[1],2]", "[[1,2]]"),
            ("[]", "{}"),
            ("[]", "[[]]"),
            ("null", "\"null\""),
            ("{\"a\":1}", "{\"a\":1,\"b\":1}"),
            ("\"a\"", "\"A\""),
            ("9007199254740992", "9007199254740993"),
        ] {
            assert!(!same_json(one, other), "{one} {other}");
        }
    }
}
