//! The keys of `#[action(..)]` that give an action a path of its own.

use syn::{Expr, Lit, LitStr};

use super::{Args, literal};
use crate::diag::Diag;

/// The methods of HTTP that a route has, and their keys.
const METHODS: [(&str, &str); 5] = [
    ("get", "GET"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
];

/// A route, as it is written.
pub(crate) struct RouteArgs {
    pub(crate) method: &'static str,
    pub(crate) path: LitStr,
    /// The status of success, and what to point at.
    pub(crate) status: Option<(u16, Expr)>,
    pub(crate) location: Option<LitStr>,
    /// What to point at where `null` is an answer like any other.
    pub(crate) none: Option<Expr>,
}

impl RouteArgs {
    /// Takes the keys of a route out; `None` if there is no route.
    pub(super) fn take(args: &mut Args, diag: &mut Diag) -> Option<Self> {
        let mut route: Option<(&str, &'static str, LitStr)> = None;
        for (key, method) in METHODS {
            let Some(path) = args.text(key, diag) else {
                continue;
            };
            if let Some((first, ..)) = &route {
                diag.error(&path, format!("the action has a route already: `{first}`"))
                    .help("keep one, and write a second action that calls the same method");
            } else {
                route = Some((key, method, path));
            }
        }
        let status = args.expr("status", diag);
        let location = args.text("location", diag);
        let none = args.expr("none", diag);
        let Some((_, method, path)) = route else {
            let alone = [
                status.map(quote::ToTokens::into_token_stream),
                location.map(quote::ToTokens::into_token_stream),
                none.map(quote::ToTokens::into_token_stream),
            ];
            for key in alone.into_iter().flatten() {
                diag.error(key, "`status`, `location` and `none` belong to a route")
                    .help("add one, for example `post = \"/users\"`");
            }
            return None;
        };
        let status = status.and_then(|value| {
            let number = number(&value).filter(|number| [200, 201, 202, 204].contains(number));
            if number.is_none() {
                diag.error(
                    &value,
                    "`status` is a status of success: 200, 201, 202 or 204",
                )
                .help("write `status = 201`; an error's status stands at the error");
            }
            Some((number?, value))
        });
        if let Some(value) = &none
            && number(value) != Some(200)
        {
            diag.error(value, "`none` is 200, or left out: then it is 404")
                .help("write `none = 200`");
        }
        Some(Self {
            method,
            path,
            status,
            location,
            none,
        })
    }
}

fn number(value: &Expr) -> Option<u16> {
    match literal(value) {
        Some(Lit::Int(int)) => int.base10_parse().ok(),
        _ => None,
    }
}
