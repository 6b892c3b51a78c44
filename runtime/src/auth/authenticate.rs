//! What finds out who calls.

use std::future::Future;

use super::{AuthError, AuthRequest, Principal};
use crate::backend::LocalFuture;
use crate::config::{ConfigError, EnvReader};

/// Finds out who sends a request, whatever transport it came by, before any object wakes.
///
/// [`ApiKeys`](super::ApiKeys) and `Jwt` are ready made, an async closure is one too:
///
/// ```
/// use stayput::auth::{AuthError, AuthRequest, Principal};
/// use stayput::prelude::*;
///
/// # #[durable_object] struct Room {}
/// # #[durable_object] impl Room {}
/// stayput::app!(Room; auth(async |request: &AuthRequest<'_>| {
///     match request.header("x-ticket-of-our-proxy") {
///         None => Ok(None),                                  // not for this one to say
///         Some("let-ann-in") => Ok(Some(Principal::new("ann"))),
///         Some(_) => Err(AuthError::refused("the proxy's ticket is not known")),
///     }
/// }));
/// # fn main() {}
/// ```
///
/// It runs on a thread that serves many connections, so it must not block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not authenticate requests",
    note = "write an authenticator of `stayput::auth`, or `async |request: &AuthRequest<'_>| ..` that returns \
            `Result<Option<Principal>, AuthError>`"
)]
pub trait Authenticate: Send + Sync + 'static {
    /// Who sends the request; `Ok(None)` if it carries nothing that this authenticator knows: then the next one is
    /// asked.
    fn authenticate(
        &self,
        request: &AuthRequest<'_>,
    ) -> impl Future<Output = Result<Option<Principal>, AuthError>>;

    /// Whether the settings it needs are there: a native program asks before it serves.
    ///
    /// # Errors
    ///
    /// Every setting that is missing or malformed, by name.
    fn check(&self, env: &EnvReader<'_>) -> Result<(), ConfigError> {
        let _ = env;
        Ok(())
    }
}

impl<F> Authenticate for F
where
    F: AsyncFn(&AuthRequest<'_>) -> Result<Option<Principal>, AuthError> + Send + Sync + 'static,
{
    async fn authenticate(
        &self,
        request: &AuthRequest<'_>,
    ) -> Result<Option<Principal>, AuthError> {
        self(request).await
    }
}

/// Any [`Authenticate`]: an app without one links none.
pub(crate) trait AnyAuthenticate: Send + Sync {
    fn authenticate<'a>(
        &'a self,
        request: &'a AuthRequest<'a>,
    ) -> LocalFuture<'a, Result<Option<Principal>, AuthError>>;
    fn check(&self, env: &EnvReader<'_>) -> Result<(), ConfigError>;
}

impl<A: Authenticate> AnyAuthenticate for A {
    fn authenticate<'a>(
        &'a self,
        request: &'a AuthRequest<'a>,
    ) -> LocalFuture<'a, Result<Option<Principal>, AuthError>> {
        Box::pin(Authenticate::authenticate(self, request))
    }

    fn check(&self, env: &EnvReader<'_>) -> Result<(), ConfigError> {
        Authenticate::check(self, env)
    }
}
