//! A path of an action's own, below its object: `#[action(get = "/users/{id}")]`.

use super::{InUrl, Param};

/// A route, as the macros write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path below the object; `{name}` is a parameter (`/users/{id}`).
    pub path: &'static str,
    /// The status of success.
    pub status: u16,
    /// The path below the object that `Location` names; `{name}` is a member of the result.
    pub location: Option<&'static str>,
    /// Whether `null` is an answer like any other, and not a 404.
    pub null_is_found: bool,
}

impl Route {
    /// A route that answers 200; one that reads answers 404 for `null`.
    pub const fn new(method: &'static str, path: &'static str) -> Self {
        Self {
            method,
            path,
            status: 200,
            location: None,
            null_is_found: false,
        }
    }

    /// The status of success.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The path below the object that `Location` names.
    #[must_use]
    pub const fn location(mut self, path: &'static str) -> Self {
        self.location = Some(path);
        self
    }

    /// `null` is an answer like any other.
    #[must_use]
    pub const fn null_is_found(mut self) -> Self {
        self.null_is_found = true;
        self
    }

    /// The same for whoever must know it, from the object that the action's mixin is mounted in.
    pub(crate) fn under(&self, mount: &str, params: &[Param]) -> RouteInfo {
        let below = |path: &str| {
            let mounts = mount.split('.').filter(|mount| !mount.is_empty());
            let mut whole: String = mounts.flat_map(|mount| ["/", mount]).collect();
            whole.push_str(path);
            whole
        };
        let placed = placeholders(self.path)
            .filter_map(|name| params.iter().position(|param| param.name == name));
        let in_url = if self.method == "GET" {
            InUrl::ALL
        } else {
            placed.fold(InUrl::NONE, InUrl::with)
        };
        RouteInfo {
            method: self.method,
            path: below(self.path),
            status: self.status,
            location: self.location.map(below),
            null_is_found: self.null_is_found,
            in_url,
        }
    }
}

/// The names in a path's braces.
fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(placeholder)
}

/// The name in a segment's braces, if that is what it is.
pub(crate) fn placeholder(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// A route, with the mount in its paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path below the object.
    pub path: String,
    /// The status of success.
    pub status: u16,
    /// The path below the object that `Location` names.
    pub location: Option<String>,
    /// Whether `null` is an answer like any other, and not a 404.
    pub null_is_found: bool,
    /// The parameters that the URL gives.
    pub in_url: InUrl,
}
