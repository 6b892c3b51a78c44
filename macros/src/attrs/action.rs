//! `#[action(..)]` on a method.

use syn::{Attribute, Expr, LitStr, Path};

use super::Args;
use super::places::ACTION;
use super::route::RouteArgs;
use crate::diag::Diag;

/// Who may call.
#[derive(Default)]
pub(crate) enum Auth {
    /// Whoever is authenticated.
    #[default]
    Caller,
    Public,
    Scope(LitStr),
    Internal,
}

impl Auth {
    /// What the words say, each of them there or not.
    pub(crate) fn of(
        public: Option<Path>,
        scope: Option<LitStr>,
        internal: Option<Path>,
        diag: &mut Diag,
    ) -> Self {
        if let Some(scope) = &scope {
            check_scope(scope, "scope = \"room:write\"", diag);
        }
        match (public, scope, internal) {
            (None, None, None) => Self::Caller,
            (Some(_), None, None) => Self::Public,
            (None, Some(scope), None) => Self::Scope(scope),
            (None, None, Some(_)) => Self::Internal,
            (public, scope, internal) => {
                let words = [
                    public.map(quote::ToTokens::into_token_stream),
                    scope.map(quote::ToTokens::into_token_stream),
                    internal.map(quote::ToTokens::into_token_stream),
                ];
                for word in words.into_iter().flatten() {
                    diag.error(word, "`public`, `scope` and `internal` exclude each other")
                        .help("keep one of them, or none: then the caller must be authenticated");
                }
                Self::Caller
            }
        }
    }
}

/// Whether a scope is one word.
pub(crate) fn check_scope(scope: &LitStr, example: &str, diag: &mut Diag) -> bool {
    let text = scope.value();
    let sound = !text.is_empty() && !text.contains(char::is_whitespace);
    if !sound {
        diag.error(scope, "a scope is one word without spaces")
            .help(format!("write a name such as `{example}`"));
    }
    sound
}

/// The arguments of one `#[action]`.
#[derive(Default)]
pub(crate) struct ActionArgs {
    pub(crate) auth: Auth,
    pub(crate) name: Option<LitStr>,
    pub(crate) was: Option<LitStr>,
    pub(crate) route: Option<RouteArgs>,
    pub(crate) middleware: Vec<Expr>,
    /// Calls of it only begin it.
    pub(crate) job: Option<Path>,
    /// The same, and what it does is kept step by step.
    pub(crate) workflow: Option<Path>,
    /// How often a job that fails is run again.
    pub(crate) retries: Option<Expr>,
}

impl ActionArgs {
    pub(crate) fn parse(attr: &Attribute, diag: &mut Diag) -> Self {
        let mut args = Args::of(&ACTION, attr, diag);
        let public = args.flag("public", diag);
        let scope = args.text("scope", diag);
        let internal = args.flag("internal", diag);
        let auth = Auth::of(public, scope, internal, diag);
        let name = args.text("name", diag);
        let was = args.text("was", diag);
        let route = RouteArgs::take(&mut args, diag);
        let middleware = args.exprs("middleware", diag);
        let job = args.flag("job", diag);
        let workflow = args.flag("workflow", diag);
        let retries = args.expr("retries", diag);
        args.finish(diag);
        Self {
            auth,
            name,
            was,
            route,
            middleware,
            job,
            workflow,
            retries,
        }
    }
}
