//! Who calls: the one place where a request's credentials are judged, before any object wakes.

use std::fmt;
use std::sync::Arc;

use ::http::HeaderMap;
use ::http::header::{FORWARDED, VIA};

use super::address::Proxies;
use super::authenticate::AnyAuthenticate;
use super::credentials::Credentials;
use super::{AuthError, AuthRequest, Surroundings};
use crate::app::App;
use crate::http::{EdgeLimits, Request};
use crate::object::Caller;

/// An app's authenticators, and what holds without one.
#[derive(Clone, Default)]
pub struct Guard {
    authenticators: Vec<Arc<dyn AnyAuthenticate>>,
    developer: bool,
    proxies: Proxies,
    /// What all requests share.
    pub(crate) limits: Option<Arc<dyn EdgeLimits>>,
}

impl Guard {
    /// The app's authenticators, asked in order; without one everybody is anonymous.
    pub fn of(app: &App) -> Self {
        Self {
            authenticators: app.authenticators().to_vec(),
            limits: app.limits(),
            ..Self::default()
        }
    }

    /// The same, but without an authenticator who connects from this very machine to a loopback address, with nothing
    /// forwarding in between, is the developer and may do everything. Where there is one nobody is: a proxy on the
    /// same machine that says nothing of itself must not make strangers developers.
    #[must_use]
    pub fn with_developer(self, developer: bool) -> Self {
        Self { developer, ..self }
    }

    /// The same, but these proxies are believed where requests come from.
    #[must_use]
    pub fn with_proxies(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// The caller: an anonymous one if the request carries no credentials, an error if it carries wrong ones.
    pub(crate) async fn identify(
        &self,
        request: &Request,
        at: &dyn Surroundings,
    ) -> Result<Arc<Caller>, AuthError> {
        // Who made the request inside this program says so beside it: no client can.
        if let Some(given) = request.head.extensions.get::<Arc<Caller>>() {
            return Ok(Arc::clone(given));
        }
        let known = self.ask(request, at).await;
        if let Err(error) = &known
            && let Some(text) = error.for_log()
        {
            at.report(&format!("authentication: {text}"));
        }
        let mut caller = known?;
        caller.ip = self.proxies.address(request);
        Ok(Arc::new(caller))
    }

    /// Refuses credentials where something else says who asks.
    pub(crate) fn expect_none(&self, request: &Request) -> Result<(), AuthError> {
        if self.authenticators.is_empty()
            || Credentials::of(request.headers())? == Credentials::None
        {
            return Ok(());
        }
        Err(AuthError::refused(
            "the request carries more than one credential",
        ))
    }

    /// A caller who was known before, and asks again by this request.
    pub(crate) fn seen_here(&self, mut caller: Arc<Caller>, request: &Request) -> Arc<Caller> {
        Arc::make_mut(&mut caller).ip = self.proxies.address(request);
        caller
    }

    async fn ask(&self, request: &Request, at: &dyn Surroundings) -> Result<Caller, AuthError> {
        if self.authenticators.is_empty() {
            let local = request.peer.loopback && !was_forwarded(request.headers());
            return Ok(if self.developer && local {
                Caller::developer()
            } else {
                Caller::anonymous()
            });
        }
        let credentials = Credentials::of(request.headers())?;
        let seen = AuthRequest::new(request, credentials, &self.proxies, at);
        let mut refused: Option<AuthError> = None;
        for authenticator in &self.authenticators {
            match authenticator.authenticate(&seen).await {
                Ok(Some(principal)) => {
                    let caller = principal.into_caller();
                    if caller.is_expired(at.now()) {
                        return Err(AuthError::refused("the credentials have expired"));
                    }
                    return Ok(caller);
                }
                // That one cannot judge weighs more than that another does not know them.
                Err(error) if refused.is_none() || error.is_ours() => refused = Some(error),
                Ok(None) | Err(_) => {}
            }
        }
        match refused {
            Some(error) => Err(error),
            None if credentials == Credentials::None => Ok(Caller::anonymous()),
            None => Err(AuthError::refused("the credentials are not known here")),
        }
    }
}

/// Whether a proxy stands in between: then the peer's address says nothing about who asks.
fn was_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED)
        || headers.contains_key(VIA)
        || headers
            .keys()
            .any(|name| name.as_str().starts_with("x-forwarded-"))
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("authenticators", &self.authenticators.len())
            .field("developer", &self.developer)
            .finish_non_exhaustive()
    }
}
