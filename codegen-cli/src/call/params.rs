//! Params as they are written in a shell.

use std::io::Read as _;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::Error;

/// Params as JSON text; numbers stay exactly as they were written. `None` if none are given.
pub(super) fn read(given: &[String]) -> Result<Option<String>, Error> {
    match given {
        [] => Ok(None),
        [one] if one == "-" => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| fault("-", &error.to_string()))?;
            if text.trim().is_empty() {
                Ok(None)
            } else {
                json(&text).map(Some)
            }
        }
        [one] if one.trim_start().starts_with(['{', '[']) => json(one).map(Some),
        pairs => pairs_to_json(pairs).map(Some),
    }
}

fn json(text: &str) -> Result<String, Error> {
    let shown = text.trim();
    if !shown.starts_with(['{', '[']) {
        return Err(fault(shown, "params are one JSON object or array"));
    }
    let raw: &RawValue = serde_json::from_str(shown)
        .map_err(|error| fault(shown, &format!("is no JSON: {error}")))?;
    Ok(raw.get().to_owned())
}

fn pairs_to_json(pairs: &[String]) -> Result<String, Error> {
    let mut members: Vec<(&str, String)> = Vec::new();
    for pair in pairs {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| fault(pair, "is neither JSON nor `key=value`"))?;
        if key.is_empty() {
            return Err(fault(pair, "the key is empty"));
        }
        if members.iter().any(|(other, _)| *other == key) {
            return Err(fault(pair, "the key is given twice"));
        }
        let value = match serde_json::from_str::<&RawValue>(value) {
            Ok(raw) => raw.get().to_owned(),
            Err(_) => Value::from(value).to_string(),
        };
        members.push((key, value));
    }
    let members = members
        .iter()
        .map(|(key, value)| format!("{}:{value}", Value::from(*key)));
    Ok(format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
}

fn fault(what: &str, message: &str) -> Error {
    Error::Argument {
        what: what.to_owned(),
        message: message.to_owned(),
        help: "give params as '{\"by\":2}', as by=2, or as - to read JSON from standard input"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(words: &[&str]) -> Result<Option<String>, Error> {
        read(
            &words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn numbers_stay_exactly_as_written() {
        assert_eq!(
            given(&["{\"n\": 18446744073709551616}"]).unwrap().unwrap(),
            "{\"n\": 18446744073709551616}"
        );
        assert_eq!(
            given(&["n=123456789012345678901234567890"])
                .unwrap()
                .unwrap(),
            "{\"n\":123456789012345678901234567890}"
        );
    }

    #[test]
    fn a_value_is_json_or_a_string() {
        let json = given(&[
            "by=2",
            "text=hello world",
            "quoted=\"2\"",
            "tags=[1]",
            "empty=",
            "eq=a=b",
        ])
        .unwrap()
        .unwrap();
        assert_eq!(
            json,
            r#"{"by":2,"text":"hello world","quoted":"2","tags":[1],"empty":"","eq":"a=b"}"#
        );
        assert_eq!(given(&[]).unwrap(), None);
        assert_eq!(given(&["[1, 2]"]).unwrap().unwrap(), "[1, 2]");
    }

    #[test]
    fn what_is_neither_is_refused() {
        for words in [
            &["{\"by\":"][..],
            &["2"],
            &["by"],
            &["=2"],
            &["a=1", "a=2"],
            &["{}", "a=1"],
        ] {
            assert!(
                matches!(given(words), Err(Error::Argument { .. })),
                "{words:?}"
            );
        }
    }
}
