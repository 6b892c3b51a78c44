//! What brings a call to another app, by the platform's means: the function that expansions of `stub!` name.

use super::RemoteCall;
use crate::backend::LocalFuture;
use crate::rpc::Reply;

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
