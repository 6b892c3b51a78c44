//! What brings a call to another app, by the platform's means: the function that expansions of `stub!` name.

use super::RemoteCall;
use crate::backend::LocalFuture;
use crate::rpc::Reply;
#[cfg(not(target_arch = "wasm32"))]
use crate::{error::Code, rpc::WireError};

/// Brings a call to an object of another app: on Workers by a binding, or by a URL.
#[cfg(target_arch = "wasm32")]
pub fn deliver(call: RemoteCall<'_>) -> LocalFuture<'static, Reply> {
    crate::backend::workers::deliver(call)
}

/// Brings a call to an object of another app, by its URL.
#[cfg(all(feature = "client", not(target_arch = "wasm32")))]
pub fn deliver(call: RemoteCall<'_>) -> LocalFuture<'static, Reply> {
    crate::client::deliver(call)
}

/// Brings a call to an object that is written in JavaScript.
#[cfg(target_arch = "wasm32")]
pub(super) fn deliver_js(call: RemoteCall<'_>) -> LocalFuture<'static, Reply> {
    crate::backend::workers::deliver_js(call)
}

/// There are none natively.
#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::needless_pass_by_value, reason = "as the others are called")]
pub(super) fn deliver_js(call: RemoteCall<'_>) -> LocalFuture<'static, Reply> {
    let message = format!(
        "`{}` leads to objects that are written in JavaScript, which exist on Workers only",
        call.remote.binding
    );
    let error = WireError::framework(Code::ConfigBindingMissing, message);
    Box::pin(std::future::ready(Err(Box::new(error))))
}

/// Nothing does without the feature `client`, and `stub!` says so.
#[cfg(not(any(feature = "client", target_arch = "wasm32")))]
#[expect(clippy::needless_pass_by_value, reason = "as the others are called")]
pub fn deliver(call: RemoteCall<'_>) -> LocalFuture<'static, Reply> {
    let error = call
        .remote
        .unbound("give the crate `stayput` the feature `client`");
    Box::pin(std::future::ready(Err(error)))
}

/// Fails to compile where nothing could bring a call: expanded by `stub!`.
#[cfg(any(feature = "client", target_arch = "wasm32"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __remote_needs_client {
    () => {};
}

/// Fails to compile where nothing could bring a call: expanded by `stub!`.
#[cfg(not(any(feature = "client", target_arch = "wasm32")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __remote_needs_client {
    () => {
        ::core::compile_error!(
            "stubs of another app call over HTTP: give the crate `stayput` the feature `client`, or `client-tls` for https"
        );
    };
}
