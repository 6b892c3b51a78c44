//! Routes that lead to an object.

use ::http::Uri;
use ::http::uri::PathAndQuery;
use percent_encoding::utf8_percent_encode;

use super::super::params::pairs;
use super::super::routed::UNRESERVED;
use super::pattern::{Fit, Pattern};
use crate::error::Code;
use crate::object::{Object, Target};
use crate::rpc::WireError;

/// Where a route leads: to an object of a class, made by [`to`].
#[derive(Debug, Clone)]
#[must_use = "does nothing until it is given to `Routes::route`"]
pub struct To {
    class: &'static str,
    by: By,
}

/// What names the object.
#[derive(Debug, Clone)]
enum By {
    /// The only placeholder of the path.
    Path,
    /// A parameter of the query, and who it is without one.
    Query(&'static str, Option<&'static str>),
    /// It is always the same.
    Name(&'static str),
}

/// To an object of this class. The path's placeholder names it, if nothing else is said.
pub fn to<C: Object>() -> To {
    To {
        class: C::CLASS,
        by: By::Path,
    }
}

impl To {
    /// A parameter of the query names the object: `/chat?room=lobby`. The object does not see that parameter.
    pub fn named_by_query(self, parameter: &'static str) -> Self {
        Self {
            by: By::Query(parameter, None),
            ..self
        }
    }

    /// The object's name where the query names none.
    pub fn or(self, name: &'static str) -> Self {
        let by = match self.by {
            By::Query(parameter, _) => By::Query(parameter, Some(name)),
            // A path without the placeholder is none of the route's.
            By::Path | By::Name(_) => By::Name(name),
        };
        Self { by, ..self }
    }

    /// Always the object of this name.
    pub fn named(self, name: &'static str) -> Self {
        Self {
            by: By::Name(name),
            ..self
        }
    }

    pub(super) fn class(&self) -> &'static str {
        self.class
    }

    /// What is wrong with it on a path.
    pub(super) fn fault(&self, pattern: &Pattern) -> Option<String> {
        let path = &pattern.text;
        let count = pattern.names().count();
        match self.by {
            By::Path if count == 1 => None,
            By::Path => Some(format!(
                "the route `{path}` does not say which object of `{}` it leads to: write one placeholder, `/{{name}}`, or use `named_by_query` or `named`",
                self.class
            )),
            By::Query(..) | By::Name(_) if count == 0 => None,
            By::Query(..) | By::Name(_) => Some(format!(
                "the route `{path}` has a placeholder that nobody reads, for something else names the object"
            )),
        }
    }

    /// The object's own path of a request.
    pub(super) fn lead(&self, uri: &Uri, fit: &Fit<'_>) -> Result<Uri, WireError> {
        let query = uri.query().unwrap_or("");
        let encoded = |name: &str| utf8_percent_encode(name, UNRESERVED).to_string();
        let (name, query) = match self.by {
            By::Path => {
                let segment = fit.values.first().map_or("", |(_, segment)| segment);
                (segment.to_owned(), query.to_owned())
            }
            By::Name(name) => (encoded(name), query.to_owned()),
            By::Query(parameter, default) => {
                let (name, rest) = take(query, parameter)?;
                let name = name.as_deref().or(default).ok_or_else(|| {
                    malformed(format!("the query must name the object: `?{parameter}=..`"))
                })?;
                (encoded(name), rest)
            }
        };
        at(uri, &format!("/{}/{name}", self.class), fit.rest, &query)
    }
}

/// The URL of something at or below an object.
pub(super) fn below(uri: &Uri, target: &Target, rest: Option<&str>) -> Result<Uri, WireError> {
    let base = match &target.name {
        Some(name) => format!(
            "/{}/{}",
            target.class,
            utf8_percent_encode(name, UNRESERVED)
        ),
        None => format!("/{}/~{}", target.class, target.id),
    };
    at(uri, &base, rest, uri.query().unwrap_or(""))
}

fn at(uri: &Uri, base: &str, rest: Option<&str>, query: &str) -> Result<Uri, WireError> {
    let mut path = base.to_owned();
    if let Some(rest) = rest {
        path.push('/');
        path.push_str(rest);
    }
    if !query.is_empty() {
        path.push('?');
        path.push_str(query);
    }
    let path = PathAndQuery::try_from(path).ok();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = path;
    let uri = parts
        .path_and_query
        .is_some()
        .then(|| Uri::from_parts(parts));
    match uri {
        Some(Ok(uri)) => Ok(uri),
        _ => Err(malformed("the path leads to no URL".to_owned())),
    }
}

/// The value of a parameter, and the query without it.
fn take(query: &str, parameter: &str) -> Result<(Option<String>, String), WireError> {
    let mut found = None;
    let mut rest = String::new();
    let raw = query.split('&').filter(|pair| !pair.is_empty());
    for (raw, pair) in raw.zip(pairs(query)) {
        let (name, value) = pair?;
        if name != parameter {
            if !rest.is_empty() {
                rest.push('&');
            }
            rest.push_str(raw);
        } else if found.replace(value.into_owned()).is_some() {
            return Err(malformed(format!("`?{parameter}=` stands more than once")));
        }
    }
    Ok((found, rest))
}

fn malformed(message: String) -> WireError {
    WireError::framework(Code::MalformedRequest, message)
}
