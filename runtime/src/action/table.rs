//! The const tables that `#[durable_object]` on an impl block generates: data plus one call.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::{ActionOutput, ActionParam, DecodeParams, ErrOf, Fallible, OkOf, Param, Params, Route};
use crate::backend::LocalFuture;
use crate::error::{ActionError, ErrorDescriber};
use crate::event::Handler;
use crate::http::door::IntoResponse;
use crate::http::{Begins, FETCH, FromRequest, Raw};
use crate::manifest::{DESCRIBES, ErrorManifest, JobManifest};
use crate::middleware::MakeLayer;
use crate::mixins::jobs::{Accepted, JobError};
use crate::object::{Context, Handle, ProcessContext};
use crate::rpc::Reply;
use crate::state::Stateful;
use crate::stream::{StreamOf, Streams};

/// The actions and handlers of one impl block.
#[derive(Debug)]
pub struct Table<T: Stateful> {
    /// Actions in source order.
    pub actions: &'static [Action<T>],
    /// Handlers in source order.
    pub handlers: &'static [Handler<T>],
}

/// Implemented for the blocks a struct lists: its main block, and those of `impls(..)`.
#[diagnostic::on_unimplemented(
    message = "the struct of this `impl` block does not know it",
    note = "annotate the struct with `#[durable_object]`, or with `#[mixin]` if other objects mount it",
    note = "list a named block there: `impls(name)`"
)]
pub trait Lists<const BLOCK: u64>: Stateful {}

/// Implemented by the impl blocks of an object or mixin: `BLOCK` is 0 for the main block and a hash of the block's name
/// for those listed in `impls(..)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no such `#[durable_object]` impl block",
    label = "an impl block is missing",
    note = "add `#[durable_object] impl {Self} {{ .. }}` (`#[mixin]` for a mixin)"
)]
pub trait Actions<const BLOCK: u64>: Lists<BLOCK> {
    /// The block's table.
    const TABLE: &'static Table<Self>;
}

/// One action.
pub struct Action<T: Stateful> {
    /// Its wire name.
    pub name: &'static str,
    /// Names it had before, still accepted.
    pub was: &'static [&'static str],
    /// The doc comment.
    pub docs: &'static str,
    /// Who may call.
    pub auth: Auth,
    /// Parameters in positional order.
    pub params: &'static [Param],
    /// A path of its own.
    pub route: Option<Route>,
    /// How requests are brought to it, if it is the handler of those that nothing else takes.
    pub raw: Option<&'static Raw>,
    /// What it takes to send its result item by item, if it is such a one.
    pub streams: Option<&'static Streams>,
    /// What runs around it, within what its class lists.
    pub middleware: &'static [MakeLayer],
    /// The method; of a job what begins one.
    pub run: Run<T>,
    /// The method of a job.
    pub job: Option<RunProcess<T>>,
    /// How a call of a job is answered.
    pub begins: Option<&'static Begins>,
    /// Describes the types of the signature.
    pub describe: fn(&mut ActionDescriber<'_>),
}

impl<T: Stateful> Action<T> {
    const fn new(run: Run<T>) -> Self {
        Self {
            name: "",
            was: &[],
            docs: "",
            auth: Auth::Authenticated,
            params: &[],
            route: None,
            raw: None,
            streams: None,
            middleware: &[],
            run,
            job: None,
            begins: None,
            describe: |_| {},
        }
    }

    /// An action with `&self`.
    pub const fn query(run: fn(&T, &Context<T>, &mut Params) -> Reply) -> Self {
        Self::new(Run::Query(run))
    }

    /// An async action with `&self`.
    pub const fn async_query(
        run: for<'a> fn(&'a T, &'a Context<T>, Params) -> LocalFuture<'a, Reply>,
    ) -> Self {
        Self::new(Run::AsyncQuery(run))
    }

    /// An action with `&mut self`.
    pub const fn command(run: fn(&mut T, &mut Context<T>, &mut Params) -> Reply) -> Self {
        Self::new(Run::Command(run))
    }

    /// An async action with `&mut self`.
    pub const fn async_command(
        run: for<'a> fn(&'a mut T, &'a mut Context<T>, Params) -> LocalFuture<'a, Reply>,
    ) -> Self {
        Self::new(Run::AsyncCommand(run))
    }

    /// An action with `this: Handle<Self>`.
    pub const fn process(run: RunProcess<T>) -> Self {
        Self::new(Run::Process(run))
    }

    /// A process that runs as a job: `begin` is what a call of it does, `run` the job itself.
    pub const fn job(
        begin: fn(&mut T, &mut Context<T>, &mut Params) -> Reply,
        run: RunProcess<T>,
    ) -> Self {
        let mut action = Self::new(Run::Command(begin));
        action.job = Some(run);
        action.begins = Some(&Begins::A_JOB);
        action
    }

    /// Its wire name and doc comment.
    #[must_use]
    pub const fn named(mut self, name: &'static str, docs: &'static str) -> Self {
        self.name = name;
        // A Worker's manifest was written by the native program.
        if !cfg!(target_arch = "wasm32") {
            self.docs = docs;
        }
        self
    }

    /// Names it had before.
    #[must_use]
    pub const fn was(mut self, names: &'static [&'static str]) -> Self {
        self.was = names;
        self
    }

    /// Anybody may call it.
    #[must_use]
    pub const fn public(mut self) -> Self {
        self.auth = Auth::Public;
        self
    }

    /// Callers need this scope.
    #[must_use]
    pub const fn scope(mut self, scope: &'static str) -> Self {
        self.auth = Auth::Scope(scope);
        self
    }

    /// Only objects may call it.
    #[must_use]
    pub const fn internal(mut self) -> Self {
        self.auth = Auth::Internal;
        self
    }

    /// Its parameters, by position.
    #[must_use]
    pub const fn params(mut self, params: &'static [Param]) -> Self {
        self.params = params;
        self
    }

    /// A path of its own, below the object.
    #[must_use]
    pub const fn route(mut self, route: Route) -> Self {
        self.route = Some(route);
        self
    }

    /// It takes the requests that nothing else takes, in this form, and gives such an answer.
    #[must_use]
    pub const fn raw<Q: FromRequest, R: IntoResponse>(mut self) -> Self {
        self.name = FETCH;
        self.raw = Some(&Raw::WHOLE);
        self.streams = const {
            match (Q::STREAMS, R::STREAMS) {
                (true, _) => Some(&Streams::EXCHANGES),
                (false, true) => Some(&Streams::RESPONSES),
                (false, false) => None,
            }
        };
        self
    }

    /// What runs around it.
    #[must_use]
    pub const fn middleware(mut self, middleware: &'static [MakeLayer]) -> Self {
        self.middleware = middleware;
        self
    }

    /// The types of an action that returns a `Result`: its parameters, as a tuple, and what it returns.
    #[must_use]
    pub const fn result<P: DecodeParams, R: Fallible<Ok: ActionOutput, Err: ActionError>>(
        mut self,
    ) -> Self {
        self.describe = |describer| {
            describer.params::<P>();
            describer.result::<OkOf<R>>();
            describer.errors::<ErrOf<R>>();
        };
        self
    }

    /// The types of a job that returns a `Result`.
    #[must_use]
    pub const fn job_result<P: DecodeParams, R: Fallible<Ok: ActionOutput, Err: ActionError>>(
        mut self,
    ) -> Self {
        self.describe = |describer| {
            describer.params::<P>();
            describer.job(
                ActionDescriber::result::<OkOf<R>>,
                ActionDescriber::errors::<ErrOf<R>>,
            );
        };
        self
    }

    /// The types of a job that cannot fail by itself.
    #[must_use]
    pub const fn job_value<P: DecodeParams, R: ActionOutput>(mut self) -> Self {
        self.describe = |describer| {
            describer.params::<P>();
            describer.job(ActionDescriber::result::<R>, |_| {});
        };
        self
    }

    /// The types of an action that cannot fail.
    #[must_use]
    pub const fn value<P: DecodeParams, R: ActionOutput>(mut self) -> Self {
        self.describe = |describer| {
            describer.params::<P>();
            describer.result::<R>();
        };
        self
    }

    /// The types of an action that returns items: its parameters, as a tuple, and the `Streaming`.
    #[must_use]
    pub const fn items<P: DecodeParams, S: StreamOf>(mut self) -> Self {
        self.streams = Some(&Streams::ALL);
        self.describe = |describer| {
            describer.params::<P>();
            describer.result::<S::Item>();
            describer.errors::<S::Error>();
        };
        self
    }

    /// The same of one that returns a `Result` of items.
    #[must_use]
    pub const fn items_or_error<P: DecodeParams, R: Fallible<Ok: StreamOf, Err: ActionError>>(
        mut self,
    ) -> Self {
        self.streams = Some(&Streams::ALL);
        self.describe = |describer| {
            describer.params::<P>();
            describer.result::<<OkOf<R> as StreamOf>::Item>();
            describer.errors::<ErrOf<R>>();
            describer.errors::<<OkOf<R> as StreamOf>::Error>();
        };
        self
    }
}

impl<T: Stateful> std::fmt::Debug for Action<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Action")
            .field("name", &self.name)
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}

/// Who may call an action from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Any authenticated caller.
    Authenticated,
    /// Anybody.
    Public,
    /// An authenticated caller with this scope.
    Scope(&'static str),
    /// Objects and deferred work only.
    Internal,
}

/// How an action is run: its receiver decides.
pub enum Run<T: Stateful> {
    /// `fn(&self)`.
    Query(fn(&T, &Context<T>, &mut Params) -> Reply),
    /// `async fn(&self)`.
    AsyncQuery(for<'a> fn(&'a T, &'a Context<T>, Params) -> LocalFuture<'a, Reply>),
    /// `fn(&mut self)`.
    Command(fn(&mut T, &mut Context<T>, &mut Params) -> Reply),
    /// `async fn(&mut self)`.
    AsyncCommand(for<'a> fn(&'a mut T, &'a mut Context<T>, Params) -> LocalFuture<'a, Reply>),
    /// `fn(this: Handle<Self>)`.
    Process(RunProcess<T>),
}

/// How a process is run.
pub type RunProcess<T> = fn(Handle<T>, ProcessContext<T>, Params) -> LocalFuture<'static, Reply>;

impl<T: Stateful> std::fmt::Debug for Run<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Query(_) => "Query",
            Self::AsyncQuery(_) => "AsyncQuery",
            Self::Command(_) => "Command",
            Self::AsyncCommand(_) => "AsyncCommand",
            Self::Process(_) => "Process",
        })
    }
}

/// Collects the schemas of one action.
#[derive(Debug)]
pub struct ActionDescriber<'a> {
    pub(crate) generator: &'a mut SchemaGenerator,
    /// Per parameter: whether its type decodes from "missing", and its schema.
    pub(crate) params: Vec<(bool, Value)>,
    pub(crate) result: Value,
    pub(crate) errors: Vec<ErrorManifest>,
    /// What a job returns in the end.
    pub(crate) job: Option<JobManifest>,
}

impl<'a> ActionDescriber<'a> {
    pub(crate) fn new(generator: &'a mut SchemaGenerator) -> Self {
        Self {
            generator,
            params: Vec::new(),
            result: Value::Null,
            errors: Vec::new(),
            job: None,
        }
    }

    /// The parameters' types, as a tuple.
    pub fn params<P: DecodeParams>(&mut self) {
        if !DESCRIBES {
            return;
        }
        P::describe(self);
    }

    /// The result's type.
    pub fn result<T: JsonSchema>(&mut self) {
        if !DESCRIBES {
            return;
        }
        self.result = self.generator.subschema_for::<T>().to_value();
    }

    /// The error's type.
    pub fn errors<E: ActionError>(&mut self) {
        if !DESCRIBES {
            return;
        }
        let mut describer = ErrorDescriber::new(self.generator);
        E::describe(&mut describer);
        // A result of items has two: before the first, and after.
        for error in describer.into_errors() {
            if self.errors.iter().all(|known| known.code != error.code) {
                self.errors.push(error);
            }
        }
    }

    /// A job: what describes what it returns in the end, and its errors. A call of it answers something else.
    fn job(&mut self, result: fn(&mut Self), errors: fn(&mut Self)) {
        if !DESCRIBES {
            return;
        }
        result(self);
        errors(self);
        self.job = Some(JobManifest {
            result: std::mem::take(&mut self.result),
            errors: std::mem::take(&mut self.errors),
        });
        self.result::<Accepted>();
        self.errors::<JobError>();
    }

    pub(crate) fn param<T: ActionParam>(&mut self) {
        let schema = self.generator.subschema_for::<T>().to_value();
        self.params.push((super::is_optional::<T>(), schema));
    }
}
