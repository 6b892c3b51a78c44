//! Parameters: what is taken and what is said about the rest, byte for byte on both backends.

use crate::scenarios::{fails, gives};
use crate::steps::{Scenario, Step};

/// A refusal, whose bytes are compared.
const fn refused(action: &'static str, params: &'static str) -> Step {
    fails("form/params", action, params, "invalid_params")
}

const fn taken(action: &'static str, params: &'static str, result: &'static str) -> Step {
    gives("form/params", action, params, result)
}

pub(crate) const ALL: &[Scenario] = &[Scenario {
    name: "parameters",
    steps: &[
        taken("numbers", r#"{"even": 9007199254740992}"#, "true"),
        taken(
            "numbers",
            r#"{"even": 2, "share": 0.5, "price": 4.35}"#,
            "true",
        ),
        taken("numbers", r"[null, null, 12.34]", "true"),
        taken("numbers", "{}", "false"),
        taken(
            "texts",
            r#"{"slug": "ab-1-c2", "marks": "\ud83d\udca9\ufeffa!", "color": "red"}"#,
            "true",
        ),
        taken("texts", r#"{"slug": null, "color": null}"#, "false"),
        taken(
            "formats",
            r#"["2024-02-29", "23:59:60Z", "2020-01-01t00:00:00+01:00", "a@[127.0.0.1]", "urn:a", null, "1.2.3.4", "::1.2.3.4", "a.b"]"#,
            "8",
        ),
        taken(
            "formats",
            r#"{"email": "a@[IPv6:::1]", "uuid": "123e4567-e89b-12d3-a456-426614174000"}"#,
            "2",
        ),
        taken("lists", r#"{"tags": [0, false, "0"]}"#, "3"),
        taken(
            "wide",
            "[-9223372036854775808, 18446744073709551615]",
            "[-9223372036854775808, 18446744073709551615]",
        ),
        taken(
            "echo",
            "[[9007199254740993, -9007199254740993]]",
            "[9007199254740993, -9007199254740993]",
        ),
        refused("numbers", r#"{"even": 9007199254740994}"#),
        refused("numbers", r#"{"even": 7, "share": 1, "price": 4.355}"#),
        refused("numbers", r#"{"even": 0, "share": 0, "price": "4.35"}"#),
        refused("numbers", r"[-3, -0.0, 1e-3, 4]"),
        refused("texts", r#"{"slug": "A", "marks": "ab", "color": "blue"}"#),
        refused(
            "texts",
            r#"{"slug": "a-b-", "marks": "\u2028 a", "colour": "red"}"#,
        ),
        refused("texts", r#"{"slug": "abcdefghi", "marks": "a\u0085b"}"#),
        refused(
            "texts",
            r#"{"slug": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}"#,
        ),
        refused(
            "formats",
            r#"["2023-02-29", "24:00:00Z", "2020-01-01 00:00:00Z", "a@b@c", "/a", "x", "1.2.3", "::1%0", "-a"]"#,
        ),
        refused("lists", r#"{"tags": []}"#),
        refused("lists", r#"{"tags": [1, 1.0, true, false]}"#),
        refused(
            "lists",
            r#"{"tags": [{"a": 1, "b": 2}, {"b": 2, "a": 1}], "limit": 300}"#,
        ),
        refused("lists", r#"{"tgas": [1]}"#),
        refused("lists", r"[]"),
        refused("wide", r"[9223372036854775808, 18446744073709551616]"),
        refused("wide", r"[1.0, -1]"),
    ],
}];
