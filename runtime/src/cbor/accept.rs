//! Which form a request is in, and which one its answer is to have.

use ::http::HeaderMap;
use ::http::header::{ACCEPT, CONTENT_TYPE};

/// RFC 8949, 9.5.
pub(super) const MEDIA_TYPE: &str = "application/cbor";

/// Whether the body is declared as CBOR. The media type has no parameters.
pub(super) fn is_sent(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let is_cbor = types.next().is_some_and(|value| {
        let value = value.as_bytes().trim_ascii();
        value.eq_ignore_ascii_case(MEDIA_TYPE.as_bytes())
    });
    is_cbor && types.next().is_none()
}

/// Whether the answer is to be CBOR: if the client likes it better than JSON, or both alike and sent it.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let (cbor, json) = (quality(headers, b"cbor"), quality(headers, b"json"));
    if cbor == json {
        is_sent(headers)
    } else {
        cbor > json
    }
}

/// How much the client likes `application/{subtype}`, from 0 to 1,000: what the closest of its ranges says.
fn quality(headers: &HeaderMap, subtype: &[u8]) -> u32 {
    if !headers.contains_key(ACCEPT) {
        return 1_000;
    }
    let ranges = headers
        .get_all(ACCEPT)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let mut best = (0, 0);
    for range in ranges {
        let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let closeness = match parts.next().unwrap_or_default() {
            b"*/*" => 1,
            range if range.eq_ignore_ascii_case(b"application/*") => 2,
            range => match range.split_at_checked(b"application/".len()) {
                Some((kind, rest))
                    if kind.eq_ignore_ascii_case(b"application/")
                        && rest.eq_ignore_ascii_case(subtype) =>
                {
                    3
                }
                _ => continue,
            },
        };
        let weight = parts.find_map(|part| {
            let value = part.strip_prefix(b"q=").or(part.strip_prefix(b"Q="))?;
            Some(thousandths(value))
        });
        best = best.max((closeness, weight.unwrap_or(1_000)));
    }
    best.1
}

/// `0.75` as 750. What is no weight is taken for none.
fn thousandths(value: &[u8]) -> u32 {
    let (whole, rest) = match value {
        [b'1', rest @ ..] => (1_000, rest),
        [b'0', rest @ ..] => (0, rest),
        _ => return 0,
    };
    let mut digits = rest.iter().skip(1);
    let fraction = [100, 10, 1].iter().map(|place| {
        let digit = digits.next().filter(|digit| digit.is_ascii_digit());
        place * digit.map_or(0, |digit| u32::from(digit - b'0'))
    });
    (whole + fraction.sum::<u32>()).min(1_000)
}
