//! What values a parameter allows beyond its type: data, and the function that checks it. What no parameter uses is not
//! linked.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::format::Format;
use super::number::Decimal;
use super::pattern::Pattern;
use super::same::{canonical, items, same_json};

/// One constraint on a parameter.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// What faults call it (`min`).
    pub(crate) rule: &'static str,
    /// What schemas call it (`minimum`).
    pub(crate) keyword: &'static str,
    pub(crate) limit: Limit,
    check: fn(&Limit, &Subject<'_>) -> Option<Broken>,
}

/// What a constraint compares with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// A JSON number, as text: exact.
    Number(&'static str),
    Count(u64),
    /// JSON texts.
    Values(&'static [&'static str]),
    Pattern(Pattern),
    Format(&'static Format),
    Unique,
}

/// A value to be checked. The constraints see its JSON text, which is the same on every backend.
pub(crate) struct Subject<'a> {
    json: &'a str,
    /// What it says, if it is a string.
    text: Option<Cow<'a, str>>,
    /// Whether it stands for "nothing", which the type knows.
    absent: bool,
}

/// A constraint that does not hold.
pub(crate) struct Broken {
    /// The part at fault: a JSON Pointer below the value.
    pub(crate) path: String,
    /// What would be right.
    pub(crate) expected: String,
}

impl Bound {
    const fn new(
        rule: &'static str,
        keyword: &'static str,
        limit: Limit,
        check: fn(&Limit, &Subject<'_>) -> Option<Broken>,
    ) -> Self {
        Self {
            rule,
            keyword,
            limit,
            check,
        }
    }

    /// The smallest number, as JSON text.
    pub const fn min(number: &'static str) -> Self {
        Self::new("min", "minimum", Limit::Number(number), |limit, subject| {
            compare(
                limit,
                subject,
                &[Ordering::Less],
                "greater than or equal to",
            )
        })
    }

    /// The largest number, as JSON text.
    pub const fn max(number: &'static str) -> Self {
        Self::new("max", "maximum", Limit::Number(number), |limit, subject| {
            compare(
                limit,
                subject,
                &[Ordering::Greater],
                "less than or equal to",
            )
        })
    }

    /// What numbers are greater than, as JSON text.
    pub const fn exclusive_min(number: &'static str) -> Self {
        let limit = Limit::Number(number);
        Self::new("min", "exclusiveMinimum", limit, |limit, subject| {
            let wrong = [Ordering::Less, Ordering::Equal];
            compare(limit, subject, &wrong, "greater than")
        })
    }

    /// What numbers are less than, as JSON text.
    pub const fn exclusive_max(number: &'static str) -> Self {
        let limit = Limit::Number(number);
        Self::new("max", "exclusiveMaximum", limit, |limit, subject| {
            let wrong = [Ordering::Greater, Ordering::Equal];
            compare(limit, subject, &wrong, "less than")
        })
    }

    /// What numbers are a whole number of times, as JSON text of a number greater than 0.
    pub const fn multiple_of(number: &'static str) -> Self {
        let limit = Limit::Number(number);
        Self::new("multiple_of", "multipleOf", limit, |limit, subject| {
            let Limit::Number(step) = limit else {
                return None;
            };
            let (number, step) = (Decimal::of(subject.json)?, Decimal::of(step)?);
            broken(number.is_multiple_of(&step), |expected| {
                let Limit::Number(step) = limit else { return };
                let _ = write!(expected, "a multiple of {step}");
            })
        })
    }

    /// The least number of characters.
    pub const fn min_length(count: u64) -> Self {
        let limit = Limit::Count(count);
        Self::new("min_length", "minLength", limit, |limit, subject| {
            at_least(limit, subject.length()?, "character")
        })
    }

    /// The greatest number of characters.
    pub const fn max_length(count: u64) -> Self {
        let limit = Limit::Count(count);
        Self::new("max_length", "maxLength", limit, |limit, subject| {
            at_most(limit, subject.length()?, "character")
        })
    }

    /// The least number of items.
    pub const fn min_items(count: u64) -> Self {
        let limit = Limit::Count(count);
        Self::new("min_items", "minItems", limit, |limit, subject| {
            at_least(limit, items(subject.json)?.len() as u64, "item")
        })
    }

    /// The greatest number of items.
    pub const fn max_items(count: u64) -> Self {
        let limit = Limit::Count(count);
        Self::new("max_items", "maxItems", limit, |limit, subject| {
            at_most(limit, items(subject.json)?.len() as u64, "item")
        })
    }

    /// No two items are the same.
    pub const fn unique() -> Self {
        Self::new("unique", "uniqueItems", Limit::Unique, |_, subject| {
            let mut seen = BTreeMap::new();
            for (index, item) in items(subject.json)?.into_iter().enumerate() {
                if let Some(first) = seen.insert(canonical(item.get()), index) {
                    return Some(Broken {
                        path: format!("/{index}"),
                        expected: format!("an item that differs from the one at {first}"),
                    });
                }
            }
            None
        })
    }

    /// The only values there are, as JSON texts.
    pub const fn one_of(values: &'static [&'static str]) -> Self {
        let limit = Limit::Values(values);
        Self::new("one_of", "enum", limit, |limit, subject| {
            let Limit::Values(values) = limit else {
                return None;
            };
            let known = |value: &&str| same_json(value, subject.json);
            broken(subject.absent || values.iter().any(known), |expected| {
                let _ = write!(expected, "one of {}", values.join(", "));
            })
        })
    }

    /// What is found in a text of at most `longest` characters: the pattern, and the same as the `regex` crate writes it.
    pub const fn pattern(source: &'static str, native: &'static str, longest: u64) -> Self {
        let limit = Limit::Pattern(Pattern::new(source, native, longest));
        Self::new("pattern", "pattern", limit, |limit, subject| {
            let (Limit::Pattern(pattern), Some(text)) = (limit, &subject.text) else {
                return None;
            };
            let holds = !pattern.takes(subject.length()?) || pattern.is_in(text);
            broken(holds, |expected| {
                let _ = write!(expected, "a text with the pattern {}", pattern.source);
            })
        })
    }

    /// What a text is.
    pub const fn format(format: &'static Format) -> Self {
        let limit = Limit::Format(format);
        Self::new("format", "format", limit, |limit, subject| {
            let (Limit::Format(format), Some(text)) = (limit, &subject.text) else {
                return None;
            };
            broken((format.check)(text), |expected| {
                let _ = write!(expected, "{}, such as {}", format.what, format.example);
            })
        })
    }

    /// What is wrong with a value, if anything is.
    pub(super) fn check(&self, subject: &Subject<'_>) -> Option<Broken> {
        (self.check)(&self.limit, subject)
    }
}

impl Limit {
    /// What is allowed, as JSON text.
    pub(super) fn to_json(self) -> String {
        match self {
            Self::Number(number) => number.to_owned(),
            Self::Count(count) => count.to_string(),
            Self::Values(values) => format!("[{}]", values.join(",")),
            Self::Pattern(pattern) => string(pattern.source),
            Self::Format(format) => string(format.name),
            Self::Unique => "true".to_owned(),
        }
    }
}

impl<'a> Subject<'a> {
    /// `absent`: whether a `null` stands for "nothing".
    pub(super) fn new(json: &'a str, absent: impl FnOnce() -> bool) -> Self {
        let text = if json.starts_with('"') {
            serde_json::from_str(json).ok()
        } else {
            None
        };
        Self {
            json,
            text: text.map(|Text(text)| text),
            absent: json == "null" && absent(),
        }
    }

    fn length(&self) -> Option<u64> {
        self.text.as_ref().map(|text| text.chars().count() as u64)
    }
}

/// A string's text, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn broken(holds: bool, expect: impl FnOnce(&mut String)) -> Option<Broken> {
    if holds {
        return None;
    }
    let mut expected = String::new();
    expect(&mut expected);
    Some(Broken {
        path: String::new(),
        expected,
    })
}

fn compare(limit: &Limit, subject: &Subject<'_>, wrong: &[Ordering], than: &str) -> Option<Broken> {
    let Limit::Number(bound) = limit else {
        return None;
    };
    let order = Decimal::of(subject.json)?.compare(&Decimal::of(bound)?);
    broken(!wrong.contains(&order), |expected| {
        let _ = write!(expected, "a number {than} {bound}");
    })
}

fn at_least(limit: &Limit, count: u64, what: &str) -> Option<Broken> {
    counted(limit, count, Ordering::Less, "at least", what)
}

fn at_most(limit: &Limit, count: u64, what: &str) -> Option<Broken> {
    counted(limit, count, Ordering::Greater, "at most", what)
}

fn counted(limit: &Limit, count: u64, wrong: Ordering, bound: &str, what: &str) -> Option<Broken> {
    let Limit::Count(limit) = limit else {
        return None;
    };
    broken(count.cmp(limit) != wrong, |expected| {
        let many = if *limit == 1 { "" } else { "s" };
        let _ = write!(expected, "{bound} {limit} {what}{many}, not {count}");
    })
}
