//! Errors in other words.

use super::{Invocation, Middleware, Next, Reply};
use crate::error::{ActionError, Rejection};

/// Answers errors in other words: `MapErrors::by(told)`, where `told` is a function that is shown each error, those of the
/// framework included, and answers the one to tell instead, or `None` to leave it.
///
/// ```
/// # use stayput::prelude::*;
/// use stayput::middleware::MapErrors;
///
/// #[derive(Debug, ActionError)]
/// enum ShopError {
///     /// The shop is closed for repairs.
///     #[error(code = "shop.closed", status = 503, retryable)]
///     Closed,
/// }
///
/// fn told(error: &Rejection) -> Option<ShopError> {
///     (error.code() == "state.unreadable").then_some(ShopError::Closed)
/// }
///
/// #[durable_object(middleware(MapErrors::by(told)))]
/// struct Shop {}
/// # #[durable_object] impl Shop {}
/// ```
///
/// An error that says the action may have been executed keeps saying so. Faults of the parameters are found after the
/// middleware, and pass it like all errors. The manifest lists what actions declare; list there what `told` answers, too.
#[derive(Debug, Clone, Copy)]
pub struct MapErrors<E> {
    map: fn(&Rejection) -> Option<E>,
}

impl<E: ActionError> MapErrors<E> {
    /// By this function.
    pub const fn by(map: fn(&Rejection) -> Option<E>) -> Self {
        Self { map }
    }
}

impl<E: ActionError + 'static> Middleware for MapErrors<E> {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        let error = match next.run(call).await {
            Ok(answer) => return Ok(answer),
            Err(error) => Rejection::new(error),
        };
        match (self.map)(&error) {
            None => Err(error.into_wire()),
            Some(other) => {
                let mut told = other.to_wire();
                told.maybe_executed |= error.maybe_executed();
                Err(Box::new(told))
            }
        }
    }
}
