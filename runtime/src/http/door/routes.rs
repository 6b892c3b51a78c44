//! The list of an app's own routes.

use std::fmt;

use super::handler::{Call, Handler, MethodHandler, Run};
use super::pattern::Pattern;
use super::to::To;
use crate::http::EdgeAuth;

/// The routes of an app that run before any object, as a function lists them for [`app!`](crate::app).
#[derive(Default)]
#[must_use = "the function gives it back to `app!(..; routes(..))`"]
pub struct Routes {
    pub(super) all: Vec<Route>,
    pub(super) methods: Vec<Procedure>,
    /// What is wrong already, without a look at the app.
    pub(super) faults: Vec<String>,
    last: Last,
}

/// Which entry of the list was made last.
#[derive(Clone, Copy, Default)]
enum Last {
    #[default]
    None,
    Route,
    Method,
}

/// One route.
pub(super) struct Route {
    /// `None`: any.
    pub(super) method: Option<&'static str>,
    pub(super) pattern: Pattern,
    /// Method and path, for people.
    pub(super) label: String,
    pub(super) way: Way,
    pub(super) auth: EdgeAuth,
    /// Whether its body need not be JSON.
    pub(super) takes_any_body: bool,
}

/// What it does.
pub(super) enum Way {
    To(To),
    Run(Run),
}

/// A method of `POST /rpc`.
pub(super) struct Procedure {
    pub(super) name: &'static str,
    pub(super) auth: EdgeAuth,
    pub(super) call: Call,
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything at or below this path, of any method, goes to an object: its actions, its JSON-RPC, its sockets and
    /// events. Who may do what there is said by the object's actions.
    pub fn route(self, path: &'static str, to: To) -> Self {
        self.add(None, path, Way::To(to))
    }

    /// `GET` and `HEAD` of this path.
    pub fn get(self, path: &'static str, handler: impl Handler + Send + Sync + 'static) -> Self {
        self.run(Some("GET"), path, handler)
    }

    /// `POST` of this path.
    pub fn post(self, path: &'static str, handler: impl Handler + Send + Sync + 'static) -> Self {
        self.run(Some("POST"), path, handler)
    }

    /// `PUT` of this path.
    pub fn put(self, path: &'static str, handler: impl Handler + Send + Sync + 'static) -> Self {
        self.run(Some("PUT"), path, handler)
    }

    /// `PATCH` of this path.
    pub fn patch(self, path: &'static str, handler: impl Handler + Send + Sync + 'static) -> Self {
        self.run(Some("PATCH"), path, handler)
    }

    /// `DELETE` of this path.
    pub fn delete(self, path: &'static str, handler: impl Handler + Send + Sync + 'static) -> Self {
        self.run(Some("DELETE"), path, handler)
    }

    /// Every method of this path but `OPTIONS`, which the house answers. A route of one method goes before it.
    pub fn any(self, path: &'static str, handler: impl Handler + Send + Sync + 'static) -> Self {
        self.run(None, path, handler)
    }

    /// A method of JSON-RPC on `POST /rpc`.
    pub fn method<P>(
        mut self,
        name: &'static str,
        handler: impl MethodHandler<P> + Send + Sync + 'static,
    ) -> Self {
        if name.is_empty() || name.starts_with("rpc.") {
            let fault = format!("`{name}` cannot be a method: it is empty, or begins with `rpc.`");
            self.faults.push(fault);
        }
        if self.methods.iter().any(|known| known.name == name) {
            self.faults.push(format!("there are two methods `{name}`"));
        }
        self.methods.push(Procedure {
            name,
            auth: EdgeAuth::Authenticated,
            call: Box::new(move |cx, params| handler.call(cx, params)),
        });
        self.last = Last::Method;
        self
    }

    /// Anybody may use the handler before this. Without a word the caller must be authenticated.
    pub fn public(self) -> Self {
        self.allow(EdgeAuth::Public, "public()")
    }

    /// Whoever uses the handler before this needs the scope.
    pub fn scope(self, scope: &'static str) -> Self {
        self.allow(EdgeAuth::Scope(scope.into()), "scope(..)")
    }

    /// The handler before this takes bodies of any media type and coding. Without it a body is JSON, which no foreign page
    /// sends unasked.
    pub fn any_body(mut self) -> Self {
        match (self.last, self.all.last_mut()) {
            (
                Last::Route,
                Some(
                    route @ Route {
                        way: Way::Run(_), ..
                    },
                ),
            ) => route.takes_any_body = true,
            _ => self.misplaced("any_body()"),
        }
        self
    }

    fn allow(mut self, auth: EdgeAuth, word: &str) -> Self {
        match (self.last, self.all.last_mut(), self.methods.last_mut()) {
            (
                Last::Route,
                Some(
                    route @ Route {
                        way: Way::Run(_), ..
                    },
                ),
                _,
            ) => route.auth = auth,
            (Last::Method, _, Some(method)) => method.auth = auth,
            _ => self.misplaced(word),
        }
        self
    }

    fn misplaced(&mut self, word: &str) {
        let what = match (self.last, self.all.last()) {
            (Last::Route, Some(route)) => format!("the route `{}`", route.pattern.text),
            (Last::Method, _) => "a method".to_owned(),
            _ => "nothing".to_owned(),
        };
        self.faults.push(format!(
            "`{word}` stands behind {what}: it belongs behind a handler; what leads to an object is for its actions to say"
        ));
    }

    fn run(
        self,
        method: Option<&'static str>,
        path: &str,
        handler: impl Handler + Send + Sync + 'static,
    ) -> Self {
        let run: Run = Box::new(move |cx, request| handler.run(cx, request));
        self.add(method, path, Way::Run(run))
    }

    fn add(mut self, method: Option<&'static str>, path: &str, way: Way) -> Self {
        match Pattern::read(path) {
            Ok(pattern) => {
                if let Way::To(to) = &way {
                    self.faults.extend(to.fault(&pattern));
                }
                self.all.push(Route {
                    method,
                    label: method
                        .map_or_else(|| path.to_owned(), |method| format!("{method} {path}")),
                    pattern,
                    way,
                    auth: EdgeAuth::Authenticated,
                    takes_any_body: false,
                });
                self.last = Last::Route;
            }
            Err(fault) => self.faults.push(fault),
        }
        self
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.all.iter().map(|route| &*route.label);
        let methods = self.methods.iter().map(|method| method.name);
        f.debug_list().entries(routes.chain(methods)).finish()
    }
}
