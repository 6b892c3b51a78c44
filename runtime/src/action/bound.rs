//! What values a parameter allows beyond its type.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// What values a parameter allows beyond its type.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) exclusive: bool,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) one_of: &'static [&'static str],
}

impl Bound {
    /// Checks a decoded value on its JSON text, which is the same on every backend.
    pub(super) fn check(&self, text: &str, mut fault: impl FnMut(&'static str, String)) {
        let bound = self;
        if let (true, Ok(number)) = (
            bound.min.is_some() || bound.max.is_some(),
            text.parse::<f64>(),
        ) {
            let or_equal = if bound.exclusive { "" } else { "or equal to " };
            if let Some(min) = bound.min
                && (number < min || bound.exclusive && number <= min)
            {
                fault("min", format!("a number greater than {or_equal}{min}"));
            }
            if let Some(max) = bound.max
                && (number > max || bound.exclusive && number >= max)
            {
                fault("max", format!("a number less than {or_equal}{max}"));
            }
        }
        if (bound.min_length.is_some() || bound.max_length.is_some())
            && let Ok(string) = serde_json::from_str::<Cow<'_, str>>(text)
        {
            let length = string.chars().count() as u64;
            if let Some(min) = bound.min_length.filter(|min| length < *min) {
                fault(
                    "min_length",
                    format!("at least {min} characters, not {length}"),
                );
            }
            if let Some(max) = bound.max_length.filter(|max| length > *max) {
                fault(
                    "max_length",
                    format!("at most {max} characters, not {length}"),
                );
            }
        }
        if (bound.min_items.is_some() || bound.max_items.is_some())
            && let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text)
        {
            let count = items.len() as u64;
            if let Some(min) = bound.min_items.filter(|min| count < *min) {
                fault("min_items", format!("at least {min} items, not {count}"));
            }
            if let Some(max) = bound.max_items.filter(|max| count > *max) {
                fault("max_items", format!("at most {max} items, not {count}"));
            }
        }
        if !bound.one_of.is_empty()
            && text != "null"
            && !bound.one_of.iter().any(|allowed| same_json(allowed, text))
        {
            fault("one_of", format!("one of {}", bound.one_of.join(", ")));
        }
    }
}

/// Whether two JSON texts are the same value.
fn same_json(one: &str, other: &str) -> bool {
    one == other
        || matches!(
            (serde_json::from_str::<serde_json::Value>(one), serde_json::from_str::<serde_json::Value>(other)),
            (Ok(one), Ok(other)) if one == other
        )
}
