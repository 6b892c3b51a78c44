//! The chain of an action: made once an object comes into memory, walked by each call.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use super::{Invocation, Middleware};
use crate::backend::LocalFuture;
use crate::object::Envelope;
use crate::rpc::Reply;

/// A middleware of any type.
pub type Layer = Rc<dyn AnyMiddleware>;

/// What the macros write for each: it makes the middleware of one object.
pub type MakeLayer = fn() -> Layer;

/// A [`Middleware`] whose type is forgotten.
pub trait AnyMiddleware: 'static {
    /// Runs around one call.
    fn call<'a>(&'a self, call: &'a mut Invocation, next: Next<'a>) -> LocalFuture<'a, Reply>;
    /// The middleware, to be asked for its type.
    fn into_any(self: Rc<Self>) -> Rc<dyn Any>;
}

impl<M: Middleware> AnyMiddleware for M {
    fn call<'a>(&'a self, call: &'a mut Invocation, next: Next<'a>) -> LocalFuture<'a, Reply> {
        Box::pin(Middleware::call(self, call, next))
    }

    fn into_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

/// Forgets a middleware's type.
pub fn layer<M: Middleware>(middleware: M) -> Layer {
    Rc::new(middleware)
}

/// What a chain leads to.
pub(crate) trait Inner {
    /// Runs the action.
    fn run(&self, call: Envelope) -> LocalFuture<'static, Reply>;
}

/// The rest of a chain, and the action at its end.
pub struct Next<'a> {
    rest: &'a [Layer],
    inner: &'a dyn Inner,
}

impl<'a> Next<'a> {
    pub(crate) fn new(rest: &'a [Layer], inner: &'a dyn Inner) -> Self {
        Self { rest, inner }
    }

    /// Goes on with the call, as it is now. An action that has begun runs to its end even if this future is dropped.
    pub async fn run(self, call: &mut Invocation) -> Reply {
        match self.rest.split_first() {
            Some((layer, rest)) => layer.call(call, Self { rest, ..self }).await,
            None => self.inner.run(call.envelope.clone()).await,
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("rest", &self.rest.len())
            .finish_non_exhaustive()
    }
}

/// The chains of one object: one for each action, sharing what the class lists. Empty if the class has no middleware.
#[derive(Default)]
pub(crate) struct Chains(Vec<Rc<[Layer]>>);

impl Chains {
    /// The chains of an object whose class lists `shared`, and whose actions list `own`.
    pub(crate) fn new<'a>(
        shared: &[MakeLayer],
        own: impl Iterator<Item = &'a [MakeLayer]> + Clone,
    ) -> Self {
        if shared.is_empty() && own.clone().all(<[_]>::is_empty) {
            return Self::default();
        }
        let shared: Vec<Layer> = shared.iter().map(|make| make()).collect();
        let chain = |own: &[MakeLayer]| -> Rc<[Layer]> {
            let own = own.iter().map(|make| make());
            shared.iter().cloned().chain(own).collect()
        };
        Self(own.map(chain).collect())
    }

    /// What runs around this action, if anything.
    pub(crate) fn get(&self, index: usize) -> Option<&Rc<[Layer]>> {
        self.0.get(index).filter(|chain| !chain.is_empty())
    }

    /// The first middleware of this type.
    pub(crate) fn find<M: Middleware>(&self) -> Option<Rc<M>> {
        let mut layers = self.0.iter().flat_map(|chain| chain.iter());
        layers.find_map(|layer| layer.clone().into_any().downcast().ok())
    }
}
