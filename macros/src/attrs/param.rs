//! `#[param(..)]` on a parameter of an action.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, Lit, LitStr};

use super::number::{self, Number};
use super::places::PARAM;
use super::{Args, literal, ungroup};
use crate::diag::Diag;
use crate::pattern;
use crate::syntax::json;
use crate::syntax::names::nearest;

/// The arguments of one `#[param]`.
#[derive(Default)]
pub(crate) struct ParamArgs {
    /// Calls of the descriptor's builder methods: `.default("1").bounds(..)`.
    pub(crate) builders: TokenStream,
    pub(crate) description: Option<LitStr>,
}

/// What is said of a value, as constructors of the runtime's `Bound`, and what a literal of the same attribute must keep to.
#[derive(Default)]
struct Bounds {
    calls: Vec<TokenStream>,
    min: Option<Number>,
    max: Option<Number>,
    exclusive: bool,
    min_length: Option<u64>,
    max_length: Option<u64>,
    values: Option<Vec<String>>,
}

/// Texts that a pattern is looked for in have at most so many characters, unless `max_length` says otherwise.
const PATTERN_LENGTH: u64 = 10_000;

/// The formats, and the runtime's constant of each.
const FORMATS: &[(&str, &str)] = &[
    ("date", "DATE"),
    ("date-time", "DATE_TIME"),
    ("email", "EMAIL"),
    ("hostname", "HOSTNAME"),
    ("ipv4", "IPV4"),
    ("ipv6", "IPV6"),
    ("time", "TIME"),
    ("uri", "URI"),
    ("uuid", "UUID"),
];

impl ParamArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&PARAM, attr, diag);
        let default = args.expr("default", diag);
        let bounds = Bounds::parse(&mut args, diag);
        let example = args.expr("example", diag);
        let description = args.text("description", diag);
        args.finish(diag);
        let mut builders = TokenStream::new();
        for (key, value) in [("default", default), ("example", example)] {
            if let Some(value) = value
                && let Some(text) = json_text(key, &value, diag)
            {
                if let Some(broken) = bounds.broken_by(&text) {
                    diag.error(value, format!("the {key} breaks `{broken}`"))
                        .help("callers are held to it: change one of the two");
                }
                let method = quote::format_ident!("{key}");
                builders.extend(quote!(.#method(#text)));
            }
        }
        let calls = &bounds.calls;
        if !calls.is_empty() {
            builders.extend(quote!(.bounds(const { &[#(__rt::Bound::#calls),*] })));
        }
        Self {
            builders,
            description,
        }
    }
}

impl Bounds {
    fn parse(args: &mut Args, diag: &mut Diag) -> Self {
        let mut bounds = Self::default();
        bounds.numbers(args, diag);
        (bounds.min_length, bounds.max_length) = bounds.counts(
            ["min_length", "max_length", "length"],
            args.text("pattern", diag),
            args,
            diag,
        );
        bounds.format(args, diag);
        bounds.counts(
            ["min_items", "max_items", "number of items"],
            None,
            args,
            diag,
        );
        if args.flag("unique", diag).is_some() {
            bounds.calls.push(quote!(unique()));
        }
        if let Some(value) = args.expr("one_of", diag) {
            let values = one_of(&value, diag);
            bounds.calls.push(quote!(one_of(&[#(#values),*])));
            bounds.values = Some(values);
        }
        bounds
    }

    fn numbers(&mut self, args: &mut Args, diag: &mut Diag) {
        let (low, high) = (args.expr("min", diag), args.expr("max", diag));
        let mut read = |key: &str, value: &Option<Expr>| Number::read(key, value.as_ref()?, diag);
        (self.min, self.max) = (read("min", &low), read("max", &high));
        if let (Some(min), Some(max), Some(at)) = (&self.min, &self.max, &high)
            && min.compare(max).is_gt()
        {
            diag.error(at, "`max` is less than `min`")
                .help("no value passes both: swap them");
        }
        if let Some(flag) = args.flag("exclusive", diag) {
            self.exclusive = true;
            if low.is_none() && high.is_none() {
                diag.error(flag, "`exclusive` without `min` or `max` says nothing")
                    .help("it makes the bounds exclusive: `min = 0, exclusive`");
            }
        }
        for (number, inclusive, exclusive) in [
            (&self.min, "min", "exclusive_min"),
            (&self.max, "max", "exclusive_max"),
        ] {
            if let Some(Number { text, .. }) = number {
                let name = if self.exclusive { exclusive } else { inclusive };
                let name = quote::format_ident!("{name}");
                self.calls.push(quote!(#name(#text)));
            }
        }
        if let Some(value) = args.expr("multiple_of", diag)
            && let Some(step) = Number::read("multiple_of", &value, diag)
        {
            if !step.is_positive() {
                diag.error(&value, "`multiple_of` takes a number greater than 0")
                    .help("write `multiple_of = 5`");
            }
            let text = step.text;
            self.calls.push(quote!(multiple_of(#text)));
        }
    }

    /// The two bounds of a length, and the pattern of a text between them.
    fn counts(
        &mut self,
        [low, high, what]: [&str; 3],
        pattern: Option<LitStr>,
        args: &mut Args,
        diag: &mut Diag,
    ) -> (Option<u64>, Option<u64>) {
        let min = args
            .expr(low, diag)
            .and_then(|value| count(low, &value, diag));
        let max_at = args.expr(high, diag);
        let given = max_at.as_ref().and_then(|value| count(high, value, diag));
        let implied = pattern
            .as_ref()
            .map(|_| PATTERN_LENGTH.max(min.unwrap_or(0)));
        let max = given.or(implied);
        if let (Some(min), Some(max), Some(at)) = (min, max, &max_at)
            && min > max
        {
            diag.error(at, format!("`{high}` is less than `{low}`"))
                .help(format!("no {what} passes both: swap them"));
        }
        for (name, count) in [(low, min), (high, max)] {
            if let Some(count) = count {
                let name = quote::format_ident!("{name}");
                self.calls.push(quote!(#name(#count)));
            }
        }
        if let (Some(pattern), Some(longest)) = (pattern, max) {
            match pattern::translate(&pattern.value()) {
                Ok(native) => self
                    .calls
                    .push(quote!(pattern(#pattern, #native, #longest))),
                Err(refused) => {
                    diag.error(&pattern, refused.message).help(refused.help);
                }
            }
        }
        (min, max)
    }

    fn format(&mut self, args: &mut Args, diag: &mut Diag) {
        let Some(name) = args.text("format", diag) else {
            return;
        };
        let value = name.value();
        if let Some((_, constant)) = FORMATS.iter().find(|(known, _)| *known == value) {
            let constant = quote::format_ident!("{constant}");
            self.calls.push(quote!(format(&__rt::format::#constant)));
            return;
        }
        let names = || FORMATS.iter().map(|(known, _)| *known);
        let fault = diag.error(&name, format!("there is no format `{value}`"));
        if let Some(near) = nearest(&value, names()) {
            fault.help(format!("did you mean `{near}`?"));
        }
        fault.help(format!(
            "the formats are `{}`; for others write a `pattern`",
            names().collect::<Vec<_>>().join("`, `")
        ));
    }

    /// The bound that a literal, as JSON text, does not keep to.
    fn broken_by(&self, text: &str) -> Option<&'static str> {
        if let Some(number) = Number::of(text) {
            let wrong =
                |order: std::cmp::Ordering| order.is_lt() || self.exclusive && order.is_eq();
            if self
                .min
                .as_ref()
                .is_some_and(|min| wrong(number.compare(min)))
            {
                return Some("min");
            }
            if self
                .max
                .as_ref()
                .is_some_and(|max| wrong(max.compare(&number)))
            {
                return Some("max");
            }
        }
        if let Ok(string) = syn::parse_str::<LitStr>(text) {
            let length = string.value().chars().count() as u64;
            if self.min_length.is_some_and(|min| length < min) {
                return Some("min_length");
            }
            if self.max_length.is_some_and(|max| length > max) {
                return Some("max_length");
            }
        }
        let listed = |values: &Vec<String>| values.iter().any(|value| value == text);
        let unlisted = self.values.as_ref().is_some_and(|values| !listed(values));
        unlisted.then_some("one_of")
    }
}

/// The JSON texts of a list of literals.
fn one_of(value: &Expr, diag: &mut Diag) -> Vec<String> {
    let Expr::Array(array) = ungroup(value) else {
        diag.error(value, "`one_of` lists the values that are allowed")
            .help("write `one_of = [\"a\", \"b\"]`");
        return Vec::new();
    };
    if array.elems.is_empty() {
        diag.error(array, "`one_of` is empty, so that no value passes")
            .help("write `one_of = [\"a\", \"b\"]`");
    }
    let mut texts = Vec::new();
    for value in &array.elems {
        let Some(text) = json_text("one_of", value, diag) else {
            continue;
        };
        if texts.contains(&text) {
            diag.error(value, "the value is listed twice")
                .help("leave one of them away");
        }
        texts.push(text);
    }
    texts
}

/// The JSON text of a literal.
fn json_text(key: &str, value: &Expr, diag: &mut Diag) -> Option<String> {
    let text = number::text(value).or_else(|| match literal(value)? {
        Lit::Str(text) => Some(json::string(&text.value())),
        Lit::Bool(flag) => Some(flag.value.to_string()),
        _ => None,
    });
    if text.is_none() {
        diag.error(
            value,
            format!("`{key}` takes a string, a number or a bool, written out"),
        )
        .help("for anything else make the parameter an `Option` and fill it in the body");
    }
    text
}

/// A literal count.
fn count(key: &str, value: &Expr, diag: &mut Diag) -> Option<u64> {
    let number = match literal(value) {
        Some(Lit::Int(int)) => int.base10_parse::<u64>().ok(),
        _ => None,
    };
    if number.is_none() {
        diag.error(value, format!("`{key}` takes a whole number"))
            .help(format!("write `{key} = 10`"));
    }
    number
}
