//! Parameters: what decodes, what is refused and what is said about it, against the schemas' own test suite and another
//! implementation.

mod faults;
mod keywords;
mod oracle;
mod vectors;

// The very translation that the macros apply.
#[path = "../../../../macros/src/pattern/mod.rs"]
#[allow(
    dead_code,
    clippy::pedantic,
    reason = "belongs to the macros, where it is linted"
)]
mod pattern;

use std::sync::Arc;

use super::{Bound, Format, Param};

/// A bound of a schema's keyword, if it is one that `#[param(..)]` can say.
fn bound(keyword: &str, value: &serde_json::Value) -> Option<Result<Bound, String>> {
    let text = || leak(value.to_string());
    let count = || {
        // `2.0` is a count as well.
        let text = value.to_string();
        text.trim_end_matches(".0").parse().unwrap_or_default()
    };
    Some(Ok(match keyword {
        "minimum" => Bound::min(text()),
        "maximum" => Bound::max(text()),
        "exclusiveMinimum" => Bound::exclusive_min(text()),
        "exclusiveMaximum" => Bound::exclusive_max(text()),
        "multipleOf" => Bound::multiple_of(text()),
        "minLength" => Bound::min_length(count()),
        "maxLength" => Bound::max_length(count()),
        "minItems" => Bound::min_items(count()),
        "maxItems" => Bound::max_items(count()),
        "uniqueItems" if value == true => Bound::unique(),
        "enum" => {
            let values = value.as_array()?.iter();
            let values: Vec<_> = values.map(|value| leak(value.to_string())).collect();
            Bound::one_of(values.leak())
        }
        "pattern" => {
            let source = leak(value.as_str()?.to_owned());
            match pattern::translate(source) {
                Ok(native) => Bound::pattern(source, leak(native), 10_000),
                Err(refused) => return Some(Err(refused.message)),
            }
        }
        "format" => Bound::format(format(value.as_str()?)?),
        _ => return None,
    }))
}

fn format(name: &str) -> Option<&'static Format> {
    let mut all = super::format::ALL.iter();
    all.find(|format| format.name == name).copied()
}

fn leak(text: String) -> &'static str {
    text.leak()
}

/// A table of one parameter, `it`.
fn table(bounds: Vec<Bound>) -> &'static [Param] {
    vec![Param::new("it", "").bounds(bounds.leak())].leak()
}

/// Where the public test suites are, if they are.
fn data() -> Option<Arc<std::path::Path>> {
    std::env::var_os("STAYPUT_TEST_DATA").map(|folder| std::path::PathBuf::from(folder).into())
}
