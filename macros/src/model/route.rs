//! A path of an action's own, below its object.

use syn::{Ident, LitStr};

use super::action::{Action, Mode};
use super::param::Param;
use crate::attrs::action::Auth;
use crate::attrs::route::RouteArgs;
use crate::diag::Diag;

/// Checks a route against the action that has it.
pub(crate) fn check(
    route: &RouteArgs,
    action: &Ident,
    auth: &Auth,
    (mode, streams): (Mode, bool),
    params: &[Param],
    diag: &mut Diag,
) {
    let path = &route.path;
    let reads = route.method == "GET";
    if matches!(auth, Auth::Internal) {
        diag.error(
            path,
            format!("action `{action}` is `internal`, so no route leads to it"),
        )
        .help("remove the route, or `internal`");
    }
    if reads && mode != Mode::Query && !streams {
        diag.error(
            path,
            format!("GET never mutates, and `{action}` is no query"),
        )
        .help("take `&self`, or write `post`, `put`, `patch` or `delete`");
    }
    let names = placeholders(path, diag);
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            diag.error(path, format!("`{{{name}}}` stands twice in the path"))
                .help("give each parameter one place");
        } else if !params.iter().any(|param| param.name == *name) {
            diag.error(path, format!("`{name}` is no parameter of `{action}`"))
                .help(known(params));
        }
    }
    if streams && let Some(location) = &route.location {
        diag.error(location, "items have no location")
            .help("remove `location`");
    }
    if let Some(none) = route.none.as_ref().filter(|_| streams) {
        diag.error(none, "there is always a list of items, if an empty one")
            .help("remove `none`");
    }
    if let Some((_, at)) = route.status.as_ref().filter(|_| reads) {
        diag.error(at, "a route that reads answers 200")
            .help("remove `status`");
    }
    if let Some(location) = &route.location {
        if reads {
            diag.error(
                location,
                "a route that reads makes nothing that has a location",
            )
            .help("remove `location`");
        } else {
            placeholders(location, diag);
        }
    }
    if let Some(none) = route.none.as_ref().filter(|_| !reads) {
        diag.error(none, "only a route that reads answers 404 for `None`")
            .help("remove `none`");
    }
}

fn known(params: &[Param]) -> String {
    if params.is_empty() {
        return "it has none: add one, or write the segment without braces".to_owned();
    }
    let names: Vec<String> = params
        .iter()
        .map(|param| format!("`{{{}}}`", param.name))
        .collect();
    format!("write {}, or add a parameter", names.join(" or "))
}

/// The names in a path's braces; what is wrong with the path is reported.
fn placeholders(path: &LitStr, diag: &mut Diag) -> Vec<String> {
    let text = path.value();
    match read(&text) {
        Ok(names) => names,
        Err(fault) => {
            diag.error(path, fault)
                .help("write it below the object, like `\"/users/{id}\"`");
            Vec::new()
        }
    }
}

fn read(path: &str) -> Result<Vec<String>, String> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err("the path of a route starts with `/`".to_owned());
    };
    let mut names = Vec::new();
    for (at, segment) in rest.split('/').enumerate() {
        if let Some(name) = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            if at == 0 {
                return Err(
                    "the first segment of a route is a word: in its place stand actions as well"
                        .to_owned(),
                );
            }
            names.push(name.to_owned());
        } else if segment.contains(['{', '}']) {
            return Err("a parameter is a whole segment".to_owned());
        } else {
            check_word(segment)?;
        }
    }
    Ok(names)
}

fn check_word(word: &str) -> Result<(), String> {
    if word.starts_with('~') {
        return Err("paths that start with `~` are the toolkit's own".to_owned());
    }
    let legal = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    if word.is_empty() || matches!(word, "." | "..") || !word.chars().all(legal) {
        return Err("a word of a route has only `a`-`z`, `A`-`Z`, `0`-`9`, `-`, `_` and `.`, and none is empty".to_owned());
    }
    Ok(())
}

/// No two actions have the same route, and none has another's name as its path.
pub(crate) fn unique(actions: &[Action], diag: &mut Diag) {
    // Conditional ones are left to the runtime's own check.
    let all = || actions.iter().filter(|action| action.cfgs.is_empty());
    for (at, action) in all().enumerate() {
        let Some(route) = &action.route else { continue };
        let path = route.path.value();
        // The REST form has these methods and no others.
        let in_rest = matches!(route.method, "GET" | "POST");
        let taken = all().filter(|_| in_rest).find(|other| {
            let was = other.was.as_ref().map(LitStr::value);
            let is_name = |name: &str| path.strip_prefix('/') == Some(name);
            other.ident != action.ident
                && (is_name(&other.name) || was.as_deref().is_some_and(is_name))
        });
        if let Some(other) = taken {
            diag.error(
                &route.path,
                format!("at `{path}` the action `{}` is called", other.name),
            )
            .help("write another path, or rename that action: `#[action(name = \"..\")]`");
        }
        let same = all().take(at).find(|other| {
            let other = other.route.as_ref();
            other.is_some_and(|other| {
                other.method == route.method && shape(&other.path.value()) == shape(&path)
            })
        });
        if let Some(other) = same {
            let method = route.method;
            diag.error(
                &route.path,
                format!("`{}` has the route `{method} {path}` already", other.ident),
            )
            .help("write another path or method");
        }
    }
}

/// The path without the names in its braces.
fn shape(path: &str) -> String {
    let blank = |segment: &str| {
        if segment.starts_with('{') {
            "{}".to_owned()
        } else {
            segment.to_owned()
        }
    };
    path.split('/').map(blank).collect::<Vec<_>>().join("/")
}
