//! `#[param(..)]` on a parameter of an action.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, Lit, LitStr, UnOp};

use super::places::PARAM;
use super::{Args, literal, ungroup};
use crate::diag::Diag;
use crate::syntax::json;

/// The arguments of one `#[param]`.
#[derive(Default)]
pub(crate) struct ParamArgs {
    /// Calls of the descriptor's builder methods: `.max_length(4096)`.
    pub(crate) builders: TokenStream,
    pub(crate) description: Option<LitStr>,
}

const LENGTHS: [(&str, &str, &str); 2] = [
    ("min_length", "max_length", "length"),
    ("min_items", "max_items", "number of items"),
];

impl ParamArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&PARAM, attr, diag);
        let mut builders = TokenStream::new();
        if let Some(value) = args.expr("default", diag)
            && let Some(text) = json_text("default", &value, diag)
        {
            builders.extend(quote!(.default(#text)));
        }
        let min = args
            .expr("min", diag)
            .and_then(|value| number("min", &value, diag));
        let max_at = args.expr("max", diag);
        let max = max_at.as_ref().and_then(|value| number("max", value, diag));
        if let Some(value) = min {
            builders.extend(quote!(.min(#value)));
        }
        if let Some(value) = max {
            if let (true, Some(at)) = (min.is_some_and(|min| min > value), &max_at) {
                diag.error(at, "`max` is less than `min`")
                    .help("no value passes both: swap them");
            }
            builders.extend(quote!(.max(#value)));
        }
        if let Some(flag) = args.flag("exclusive", diag) {
            if min.is_none() && max.is_none() {
                diag.error(flag, "`exclusive` without `min` or `max` says nothing")
                    .help("it makes the bounds exclusive: `min = 0, exclusive`");
            }
            builders.extend(quote!(.exclusive()));
        }
        for (low, high, what) in LENGTHS {
            let min = args
                .expr(low, diag)
                .and_then(|value| count(low, &value, diag));
            let max_at = args.expr(high, diag);
            let max = max_at.as_ref().and_then(|value| count(high, value, diag));
            let method = |name: &str| quote::format_ident!("{name}");
            if let Some(value) = min {
                let method = method(low);
                builders.extend(quote!(.#method(#value)));
            }
            if let Some(value) = max {
                if let (true, Some(at)) = (min.is_some_and(|min| min > value), &max_at) {
                    diag.error(at, format!("`{high}` is less than `{low}`"))
                        .help(format!("no {what} passes both: swap them"));
                }
                let method = method(high);
                builders.extend(quote!(.#method(#value)));
            }
        }
        if let Some(value) = args.expr("one_of", diag) {
            builders.extend(one_of(&value, diag));
        }
        if let Some(value) = args.expr("example", diag)
            && let Some(text) = json_text("example", &value, diag)
        {
            builders.extend(quote!(.example(#text)));
        }
        let description = args.text("description", diag);
        args.finish(diag);
        Self {
            builders,
            description,
        }
    }
}

fn one_of(value: &Expr, diag: &mut Diag) -> TokenStream {
    let Expr::Array(array) = ungroup(value) else {
        diag.error(value, "`one_of` lists the values that are allowed")
            .help("write `one_of = [\"a\", \"b\"]`");
        return TokenStream::new();
    };
    if array.elems.is_empty() {
        diag.error(array, "`one_of` is empty, so that no value passes")
            .help("write `one_of = [\"a\", \"b\"]`");
    }
    let texts: Vec<String> = array
        .elems
        .iter()
        .filter_map(|value| json_text("one_of", value, diag))
        .collect();
    quote!(.one_of(&[#(#texts),*]))
}

/// The JSON text of a literal.
fn json_text(key: &str, value: &Expr, diag: &mut Diag) -> Option<String> {
    let text = match ungroup(value) {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => literal(&unary.expr)
            .and_then(json::number)
            .map(|text| format!("-{text}")),
        expr => literal(expr).and_then(|lit| match lit {
            Lit::Str(text) => Some(json::string(&text.value())),
            Lit::Bool(flag) => Some(flag.value.to_string()),
            other => json::number(other),
        }),
    };
    if text.is_none() {
        diag.error(
            value,
            format!("`{key}` takes a string, a number or a bool, written out"),
        )
        .help("for anything else make the parameter an `Option` and fill it in the body");
    }
    text
}

/// A numeric literal.
fn number(key: &str, value: &Expr, diag: &mut Diag) -> Option<f64> {
    let text = match ungroup(value) {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => literal(&unary.expr)
            .and_then(json::number)
            .map(|text| format!("-{text}")),
        expr => literal(expr).and_then(json::number),
    };
    let number = text.and_then(|text| text.parse::<f64>().ok());
    if number.is_none() {
        diag.error(value, format!("`{key}` takes a number"))
            .help(format!("write `{key} = 10`"));
    }
    number
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
