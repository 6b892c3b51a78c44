//! Literals as JSON text: defaults and examples reach the runtime in the form of the wire.

use std::fmt::Write as _;

use syn::Lit;

/// A string literal.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A numeric literal without its sign; `None` for other literals and for what JSON cannot say.
pub(crate) fn number(lit: &Lit) -> Option<String> {
    match lit {
        Lit::Int(int) => Some(int.base10_digits().to_owned()),
        Lit::Float(float) => {
            let number: f64 = float.base10_parse().ok()?;
            number.is_finite().then(|| format!("{number:?}"))
        }
        _ => None,
    }
}
