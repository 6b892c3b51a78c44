//! Parameters in a URL's query, as a JSON object.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::percent_decode;
use serde::de::IgnoredAny;

use super::path::is_percent_encoded;
use crate::error::Code;
use crate::rpc::{MAX_JSON_DEPTH, WireError, deeper_than};

/// How many different parameters a query may have.
const MAX_PARAMS: usize = 100;

/// The query's parameters as JSON text of an object; empty if there are none.
///
/// A value that looks like a number, `true`, `false`, `null`, an object or an array is written as it stands, every
/// other one as a string; values of a repeated name become an array. No text is lost: a value that was not written as
/// a string is, byte for byte, the text of the URL.
pub(crate) fn from_query(query: &str) -> Result<Bytes, WireError> {
    let mut params: Vec<(Cow<'_, str>, Vec<Cow<'_, str>>)> = Vec::new();
    for pair in pairs(query) {
        let (name, value) = pair?;
        if let Some((_, values)) = params.iter_mut().find(|(known, _)| *known == name) {
            values.push(value);
            continue;
        }
        if params.len() == MAX_PARAMS {
            let message = format!("the query has more than {MAX_PARAMS} parameters");
            return Err(WireError::framework(Code::MalformedRequest, message));
        }
        params.push((name, vec![value]));
    }
    if params.is_empty() {
        return Ok(Bytes::new());
    }
    let mut json = Vec::with_capacity(query.len() + 16);
    for (at, (name, values)) in params.iter().enumerate() {
        json.push(if at == 0 { b'{' } else { b',' });
        write_string(&mut json, name);
        json.push(b':');
        match &**values {
            [value] => write_value(&mut json, value),
            values => {
                for (at, value) in values.iter().enumerate() {
                    json.push(if at == 0 { b'[' } else { b',' });
                    write_value(&mut json, value);
                }
                json.push(b']');
            }
        }
    }
    json.push(b'}');
    if deeper_than(&json, MAX_JSON_DEPTH) {
        let message = format!("the query is nested deeper than {MAX_JSON_DEPTH} levels");
        return Err(WireError::framework(Code::TooDeep, message));
    }
    Ok(json.into())
}

/// The same object with the values of a path's segments put before its own.
pub(super) fn with_segments(
    segments: &[(&str, Cow<'_, str>)],
    params: &Bytes,
) -> Result<Bytes, WireError> {
    if segments.is_empty() {
        return Ok(params.clone());
    }
    let text = params.trim_ascii();
    let rest = match text {
        [] => b"}",
        [b'{', rest @ ..] => rest.trim_ascii_start(),
        _ => {
            let message = "below this path the body is a JSON object, with parameters by name";
            return Err(WireError::framework(Code::InvalidRequest, message));
        }
    };
    let mut json = Vec::with_capacity(params.len() + 64);
    for (at, (name, value)) in segments.iter().enumerate() {
        json.push(if at == 0 { b'{' } else { b',' });
        write_string(&mut json, name);
        json.push(b':');
        write_value(&mut json, value);
    }
    if rest != b"}" {
        json.push(b',');
    }
    json.extend_from_slice(rest);
    if deeper_than(&json, MAX_JSON_DEPTH) {
        let message = format!("the path is nested deeper than {MAX_JSON_DEPTH} levels");
        return Err(WireError::framework(Code::TooDeep, message));
    }
    Ok(json.into())
}

/// The names and values of a query, in order.
pub(crate) fn pairs(
    query: &str,
) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>), WireError>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Ok((decode(name)?, decode(value)?))
    })
}

/// A name or value of a form: `+` is a blank.
fn decode(text: &str) -> Result<Cow<'_, str>, WireError> {
    if !text.contains(['%', '+']) {
        return Ok(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8().ok();
    let decoded = decoded.filter(|_| is_percent_encoded(text.as_bytes()));
    decoded
        .map(|text| Cow::Owned(text.into_owned()))
        .ok_or_else(|| {
            let message = "the query is not percent-encoded UTF-8";
            WireError::framework(Code::MalformedRequest, message)
        })
}

fn write_value(json: &mut Vec<u8>, value: &str) {
    if is_json(value) {
        json.extend_from_slice(value.as_bytes());
    } else {
        write_string(json, value);
    }
}

/// Whether a text is JSON, but no string, and nothing around it.
fn is_json(text: &str) -> bool {
    let looks = matches!(
        text.as_bytes(),
        [b'0'..=b'9' | b'-' | b't' | b'f' | b'n' | b'{' | b'[', ..]
    );
    looks
        && !text.ends_with(|last: char| last.is_ascii_whitespace())
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn write_string(json: &mut Vec<u8>, text: &str) {
    // A string has no part that could not be written, and a `Vec` takes all.
    let _ = serde_json::to_writer(json, text);
}
