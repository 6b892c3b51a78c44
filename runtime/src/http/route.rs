//! The routes of a class: which action a method and a path below an object mean.

use std::borrow::Cow;

use ::http::Method;

use super::Raw;
use super::class::Action;
use super::path::decode;
use crate::action::{InUrl, RouteInfo, placeholder};
use crate::error::Code;
use crate::order::sort_by;
use crate::rpc::WireError;

/// The routes of a class.
#[derive(Debug, Default)]
pub(super) struct Routes {
    all: Vec<Route>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) method: &'static str,
    path: String,
    segments: Vec<Segment>,
    pub(super) action: Action,
    pub(super) status: u16,
    pub(super) location: Option<Vec<Segment>>,
    pub(super) null_is_found: bool,
    pub(super) in_url: InUrl,
    /// How whole requests are brought to the action, in place of parameters.
    pub(super) raw: Option<&'static Raw>,
}

/// A segment of a route's path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// This very text.
    Word(String),
    /// The value of what has this name.
    Value(String),
}

/// A route that a path means, and the values in it.
pub(super) type Found<'r, 'p> = (&'r Route, Vec<(&'r str, Cow<'p, str>)>);

impl Routes {
    pub(super) fn add(&mut self, route: &RouteInfo, action: Action) {
        self.all.push(Route {
            method: route.method,
            path: route.path.clone(),
            segments: segments(&route.path),
            action,
            status: route.status,
            location: route.location.as_deref().map(segments),
            null_is_found: route.null_is_found,
            in_url: route.in_url,
            raw: None,
        });
    }

    /// Refuses what means two things: the macros see one block, the class has several, and mixins.
    pub(super) fn check<'a>(
        &self,
        class: &str,
        action: impl Fn(&str) -> Option<&'a Action>,
    ) -> Result<(), WireError> {
        let refuse = |message: String| Err(WireError::framework(Code::ConfigInvalid, message));
        for (at, route) in self.all.iter().enumerate() {
            let (method, path) = (route.method, &route.path);
            // The REST form has these methods and no others.
            if matches!(method, "GET" | "POST")
                && let [Segment::Word(word)] = &*route.segments
                && let Some(other) = action(word)
                && other.name != route.action.name
            {
                let (name, taken) = (&route.action.name, &other.name);
                return refuse(format!(
                    "class `{class}`: the route `{method} {path}` of `{name}` is where the action `{taken}` is called"
                ));
            }
            if self.all[..at].iter().any(|other| other.is_like(route)) {
                return refuse(format!("class `{class}` has two routes `{method} {path}`"));
            }
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What there is, for who asks for something else.
    pub(super) fn listed(&self) -> Vec<String> {
        let shown = |route: &Route| format!("{} {}", route.method, route.path);
        let mut all = self.all.iter().map(shown).collect();
        sort_by(&mut all, Ord::cmp);
        all
    }

    /// The route that a request means: of several the one that says most in words, from the left.
    pub(super) fn find<'p>(&self, method: &Method, below: &'p str) -> Option<Found<'_, 'p>> {
        let method = if *method == Method::HEAD {
            "GET"
        } else {
            method.as_str()
        };
        let fitting = self.all.iter().filter(|route| route.method == method);
        fitting
            .filter_map(|route| Some((route, route.values(below)?)))
            .reduce(|best, next| {
                if next.0.is_closer_than(best.0) {
                    next
                } else {
                    best
                }
            })
    }

    /// The methods of the routes that a path means.
    pub(super) fn methods(&self, below: &str) -> impl Iterator<Item = &'static str> {
        let fitting = self
            .all
            .iter()
            .filter(|route| route.values(below).is_some());
        fitting.map(|route| route.method)
    }
}

impl Route {
    /// That of requests which nothing else takes.
    pub(super) fn raw(action: Action, raw: &'static Raw) -> Self {
        Self {
            method: "",
            path: String::new(),
            segments: Vec::new(),
            action,
            status: 200,
            location: None,
            null_is_found: false,
            in_url: InUrl::NONE,
            raw: Some(raw),
        }
    }

    /// Whether the body of a request is read as it comes.
    pub(super) fn takes_body(&self) -> bool {
        self.action
            .streams
            .is_some_and(|streams| streams.takes_body)
    }

    /// Whether both mean the same requests.
    fn is_like(&self, other: &Self) -> bool {
        let alike = |(one, other): (&Segment, &Segment)| match (one, other) {
            (Segment::Word(one), Segment::Word(other)) => one == other,
            (Segment::Value(_), Segment::Value(_)) => true,
            _ => false,
        };
        self.method == other.method
            && self.segments.len() == other.segments.len()
            && self.segments.iter().zip(&other.segments).all(alike)
    }

    /// Whether this one says a word where the other, which fits as well, takes any.
    fn is_closer_than(&self, other: &Self) -> bool {
        let is_word = |segment: &Segment| matches!(segment, Segment::Word(_));
        self.segments
            .iter()
            .map(is_word)
            .gt(other.segments.iter().map(is_word))
    }

    /// The values in a path, if it is one of this route's.
    fn values<'p>(&self, below: &'p str) -> Option<Vec<(&str, Cow<'p, str>)>> {
        let mut values = Vec::new();
        let mut given = below.split('/');
        for segment in &self.segments {
            let text = decode(given.next()?)?;
            match segment {
                Segment::Word(word) if *word == text => {}
                Segment::Word(_) => return None,
                // Platforms resolve these before we see them.
                Segment::Value(_) if matches!(&*text, "" | "." | "..") => return None,
                Segment::Value(name) => values.push((&**name, text)),
            }
        }
        given.next().is_none().then_some(values)
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let segment = |text: &str| match placeholder(text) {
        Some(name) => Segment::Value(name.to_owned()),
        None => Segment::Word(text.to_owned()),
    };
    path.split('/').skip(1).map(segment).collect()
}
