//! Whoever calls in a test: stubs made with it pass the same checks as any client's calls.

use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::AUTHORIZATION;
use bytes::Bytes;

use super::harness::Inner;
use super::stream::Streamed;
use crate::backend::LocalFuture;
use crate::backend::native::shown;
use crate::http::{Request, Response};
use crate::object::{
    Caller, HasOrigin, IdKey, Origin, Originate, OutgoingCall, RUN_ACTION, WAKE_ACTION,
};
use crate::rpc::Reply;

/// One caller: `Room::named(&t.as_user("ann"), "lobby")` calls as Ann.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Rc<Inner>,
    pub(super) caller: Arc<Caller>,
}

impl Client {
    /// The same caller with these scopes, which replace those it had.
    #[must_use]
    pub fn with_scopes<'a>(&self, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let caller = Caller {
            scopes: scopes.into_iter().map(str::to_owned).collect(),
            ..(*self.caller).clone()
        };
        Self {
            inner: self.inner.clone(),
            caller: Arc::new(caller),
        }
    }

    /// `GET path` (`/counter/home/value`), as HTTP clients do it but for the socket.
    pub async fn get(&self, path: &str) -> Response {
        self.http(::http::Request::get(path).body(Bytes::new()))
            .await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, json: impl Into<Bytes>) -> Response {
        let request = ::http::Request::post(path).header("content-type", "application/json");
        self.http(request.body(json.into())).await
    }

    /// Any HTTP request, as `http::Request::builder()` makes it. One with credentials (`Authorization`, `X-API-Key`) is
    /// judged by the app's own authenticators.
    ///
    /// # Panics
    ///
    /// When the builder says that it is none.
    #[expect(
        clippy::expect_used,
        reason = "a request that is none fails the test, at its line"
    )]
    #[track_caller]
    pub fn http(
        &self,
        request: ::http::Result<::http::Request<Bytes>>,
    ) -> impl Future<Output = Response> + use<> {
        let mut request = Request::new(
            request.expect("an HTTP request"),
            crate::http::Peer::default(),
        );
        let headers = request.headers();
        if !headers.contains_key(AUTHORIZATION) && !headers.contains_key("x-api-key") {
            request.head.extensions.insert(self.caller.clone());
        }
        let inner = self.inner.clone();
        let what = || format!("{} {}", request.head.method, request.head.uri);
        let detained = inner.detain(&what);
        async move {
            detained.await;
            let response = inner.front.handle(request, &inner.port()).await;
            Streamed::new(response).whole().await
        }
    }

    /// The same where the response is a result that comes item by item and is to be read so.
    ///
    /// # Panics
    ///
    /// When the builder says that it is none.
    #[expect(
        clippy::expect_used,
        reason = "a request that is none fails the test, at its line"
    )]
    #[track_caller]
    pub fn stream(
        &self,
        request: ::http::Result<::http::Request<Bytes>>,
    ) -> impl Future<Output = Streamed> + use<> {
        let mut request = Request::new(
            request.expect("an HTTP request"),
            crate::http::Peer::default(),
        );
        request.head.extensions.insert(self.caller.clone());
        let inner = self.inner.clone();
        async move { Streamed::new(inner.front.handle(request, &inner.port()).await) }
    }
}

impl Originate for Client {
    fn id_key(&self, class: &str) -> Option<IdKey> {
        let class = self.inner.settings.app.find(class)?;
        Some(class.ids.clone())
    }

    fn random(&self, bytes: &mut [u8]) {
        Originate::random(&self.inner.port(), bytes);
    }

    fn pause(&self, time: Duration) -> LocalFuture<'static, ()> {
        self.inner.port().pause(time)
    }

    fn is_lasting(&self) -> bool {
        true
    }

    fn call(self: Rc<Self>, call: OutgoingCall) -> LocalFuture<'static, Reply> {
        Box::pin(async move {
            let port = self.inner.port();
            // The harness's own business is none that a client has.
            if call.remote.is_some() || [WAKE_ACTION, RUN_ACTION].contains(&&*call.action) {
                return Originate::call(Rc::new(port), call).await;
            }
            let what = || shown(&call.target, &call.action);
            self.inner.detain(&what).await;
            self.inner
                .front
                .call(call, self.caller.clone(), &port)
                .await
        })
    }
}

impl HasOrigin for Client {
    fn origin(&self) -> Origin {
        Origin::new(Rc::new(self.clone()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.caller).finish()
    }
}
