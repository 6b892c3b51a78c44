//! What routes run: functions, behind one type.

use std::future::Future;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::Request;
use super::super::request::misfit;
use super::context::FrontContext;
use super::error::FrontError;
use super::reply::{Answer, IntoResponse};
use crate::action::encode;
use crate::backend::LocalFuture;
use crate::rpc::{Reply, WireError, from_utf8};

/// A handler of a route, whatever its type was.
pub(super) type Run =
    Box<dyn Fn(FrontContext, Request) -> LocalFuture<'static, Answer> + Send + Sync>;
/// The same of a method.
pub(super) type Call =
    Box<dyn Fn(FrontContext, Bytes) -> LocalFuture<'static, Reply> + Send + Sync>;

/// What a route can run: `async fn(FrontContext, Request) -> impl IntoResponse`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of a route",
    label = "not an `async fn(FrontContext, Request)` whose answer is a response",
    note = "write `async fn name(cx: FrontContext, request: Request) -> R`, where `R` is a response: `Json<T>`, a text, a `StatusCode`, or a `Result` of one"
)]
pub trait Handler {
    #[doc(hidden)]
    fn run(&self, cx: FrontContext, request: Request) -> LocalFuture<'static, Answer>;
}

impl<F, A> Handler for F
where
    F: Fn(FrontContext, Request) -> A,
    A: Future<Output: IntoResponse> + 'static,
{
    fn run(&self, cx: FrontContext, request: Request) -> LocalFuture<'static, Answer> {
        let answer = self(cx, request);
        Box::pin(async move { answer.await.into_answer() })
    }
}

/// What a method can run: `async fn(FrontContext, P) -> Result<T, E>`, with `P` made of the parameters. `()` takes none, a
/// struct takes them by name or by position, a tuple by position.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of a method",
    label = "not an `async fn(FrontContext, P) -> Result<T, E>`",
    note = "write `async fn name(cx: FrontContext, params: P) -> Result<T, E>`, where `P` implements `Deserialize` and `T` `Serialize`; `()` takes no parameters"
)]
pub trait MethodHandler<P> {
    #[doc(hidden)]
    fn call(&self, cx: FrontContext, params: Bytes) -> LocalFuture<'static, Reply>;
}

impl<F, A, P, T, E> MethodHandler<P> for F
where
    F: Fn(FrontContext, P) -> A,
    A: Future<Output = Result<T, E>> + 'static,
    P: DeserializeOwned,
    T: Serialize,
    E: Into<FrontError>,
{
    fn call(&self, cx: FrontContext, params: Bytes) -> LocalFuture<'static, Reply> {
        let answer = match read::<P>(&params) {
            Ok(params) => self(cx, params),
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        Box::pin(async move {
            match answer.await {
                Ok(result) => encode(&result),
                Err(error) => Err(error.into().into_wire()),
            }
        })
    }
}

/// The parameters. None at all are as good as an empty object.
fn read<P: DeserializeOwned>(params: &[u8]) -> Result<P, Box<WireError>> {
    let read = if params.is_empty() {
        from_utf8(b"null").or_else(|_| from_utf8(b"{}"))
    } else {
        from_utf8(params)
    };
    read.map_err(|fault| misfit("what `params` says", &fault))
}
