//! Something that goes on beside the test.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::JoinHandle;

/// What [`Harness::spawn`](super::Harness::spawn) began. Await it for the result; dropping it lets it go on.
#[derive(Debug)]
pub struct Task<T>(JoinHandle<T>);

impl<T: 'static> Task<T> {
    pub(super) fn new(future: impl Future<Output = T> + 'static) -> Self {
        Self(tokio::task::spawn_local(future))
    }

    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match Pin::new(&mut self.0).poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(value)) => Poll::Ready(value),
            Poll::Ready(Err(error)) => match error.try_into_panic() {
                // A failed assertion beside the test fails the test.
                Ok(panic) => std::panic::resume_unwind(panic),
                // Cancelled with the runtime, as is whoever awaits it.
                Err(_) => Poll::Pending,
            },
        }
    }
}
