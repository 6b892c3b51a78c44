//! How a process reaches the state: in short, separate looks.

use std::fmt;
use std::rc::Rc;

use super::context::{Context, RawContext};
use super::mount::Project;
use crate::backend::LocalFuture;
use crate::error::{ActionError, CallError, Rejection};
use crate::rpc::WireError;
use crate::state::Stateful;

/// The object of a process (`async fn work(this: Handle<Self>, ..)`).
///
/// A process may take minutes and holds nothing while it does; it reaches the state only in the closures it passes
/// here, each of which waits its turn among the object's other calls.
pub struct Handle<S: Stateful> {
    access: Rc<dyn Access<S>>,
}

/// Runs a closure on a part of an object under its lock. The closures put their results where their maker finds them,
/// which keeps this trait free of type parameters.
pub(super) trait Access<S> {
    fn read<'a>(
        &'a self,
        look: &'a mut dyn FnMut(&S),
    ) -> LocalFuture<'a, Result<(), Box<WireError>>>;

    /// `change` says whether what it did is to be kept.
    fn write<'a>(
        &'a self,
        change: &'a mut dyn FnMut(&mut S, &RawContext) -> bool,
    ) -> LocalFuture<'a, Result<(), Box<WireError>>>;
}

impl<S: Stateful> Handle<S> {
    pub(super) fn new(access: Rc<dyn Access<S>>) -> Self {
        Self { access }
    }

    /// Looks at the state, after every command that finished before.
    ///
    /// # Errors
    ///
    /// `timeout` when the process's time is up before its turn comes, `object_reset`, `storage`.
    pub async fn read<R>(&self, look: impl FnOnce(&S) -> R) -> Result<R, Rejection> {
        let (mut look, mut seen) = (Some(look), None);
        self.access
            .read(&mut |state| seen = look.take().map(|look| look(state)))
            .await
            .map_err(Rejection::new)?;
        seen.ok_or_else(Rejection::lost)
    }

    /// Changes the state as a command would: all of it on `Ok`, nothing on `Err` or panic.
    ///
    /// # Errors
    ///
    /// The closure's own as `Failed`; `timeout`, `object_reset`, `storage` as `Rejected`.
    pub async fn atomic<R, E: ActionError>(
        &self,
        change: impl FnOnce(&mut S, &mut Context<S>) -> Result<R, E>,
    ) -> Result<R, CallError<E>> {
        let (mut change, mut outcome) = (Some(change), None);
        let committed = self
            .access
            .write(&mut |state, raw| {
                outcome = change
                    .take()
                    .map(|change| change(state, &mut Context::new(raw.clone())));
                matches!(outcome, Some(Ok(_)))
            })
            .await;
        match (outcome, committed) {
            (Some(Err(error)), _) => Err(CallError::Failed(error)),
            (_, Err(error)) => Err(CallError::Rejected(Rejection::new(error))),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(CallError::Rejected(Rejection::lost())),
        }
    }

    /// A handle of a mixin within.
    pub(super) fn project<P: Project<S>>(self) -> Handle<P::Part> {
        Handle {
            access: Rc::new(Part::<S, P> {
                host: self.access,
                part: std::marker::PhantomData,
            }),
        }
    }
}

impl<S: Stateful> Clone for Handle<S> {
    fn clone(&self) -> Self {
        Self {
            access: self.access.clone(),
        }
    }
}

impl<S: Stateful> fmt::Debug for Handle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle<{}>", S::TYPE_NAME)
    }
}

struct Part<H, P> {
    host: Rc<dyn Access<H>>,
    part: std::marker::PhantomData<fn() -> P>,
}

impl<H: Stateful, P: Project<H>> Access<P::Part> for Part<H, P> {
    fn read<'a>(
        &'a self,
        look: &'a mut dyn FnMut(&P::Part),
    ) -> LocalFuture<'a, Result<(), Box<WireError>>> {
        Box::pin(async move { self.host.read(&mut |host| look(P::get(host))).await })
    }

    fn write<'a>(
        &'a self,
        change: &'a mut dyn FnMut(&mut P::Part, &RawContext) -> bool,
    ) -> LocalFuture<'a, Result<(), Box<WireError>>> {
        Box::pin(async move {
            self.host
                .write(&mut |host, raw| change(P::get_mut(host), raw))
                .await
        })
    }
}
