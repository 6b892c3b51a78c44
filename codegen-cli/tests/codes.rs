//! The codes of the framework, as clients know them, are those that the runtime gives.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

/// The texts in quotes that directly follow `before` on a line.
fn quoted_after(text: &str, before: impl Fn(&str) -> bool) -> BTreeSet<&str> {
    text.lines()
        .filter_map(|line| {
            let mut parts = line.trim().splitn(3, '"');
            let (first, code) = (parts.next()?, parts.next()?);
            before(first).then_some(code)
        })
        .collect()
}

#[test]
fn clients_know_every_code_of_the_runtime() {
    let table = include_str!("../../runtime/src/error/codes.rs");
    let rows = table
        .split_once("codes! {")
        .unwrap()
        .1
        .split_once("\n}")
        .unwrap()
        .0;
    let runtime = quoted_after(rows, |before| {
        let variant = before.trim_end();
        before.len() > variant.len()
            && !variant.is_empty()
            && variant.chars().all(char::is_alphanumeric)
    });
    assert!(runtime.len() > 20, "{runtime:?}");

    let client = include_str!("../src/lang/typescript/stayput.ts");
    let union = client
        .split_once("export type FrameworkCode =")
        .unwrap()
        .1
        .split_once(';')
        .unwrap()
        .0;
    // The last one ends with the type's semicolon, and is a row all the same.
    let known = quoted_after(union, |before| before == "| ");
    assert_eq!(runtime, known);
}
