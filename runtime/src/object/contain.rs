//! Containing what user code may do: panic, or run past its deadline.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::current;
use super::origin::Origin;
use super::turn::Turn;
use crate::backend::LocalFuture;

/// Why user code did not come to its own end.
pub(crate) enum Stop {
    /// It panicked, with this text for the log.
    Panic(String),
    /// Its deadline passed.
    Deadline,
}

/// Runs user code that does not wait.
pub(crate) fn contain<R>(turn: &Rc<Turn>, run: impl FnOnce() -> R) -> Result<R, Stop> {
    // A storage fault poisons the turn that met it, not queries that happen to overlap it.
    let outer = turn.show_fault();
    turn.core.records.set_now(turn.now);
    // The state a panic may leave half-changed is never looked at again: the host loads it anew.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        current::scope(Origin::new(turn.clone()), run)
    }));
    turn.hide_fault(outer);
    outcome.map_err(|panic| Stop::Panic(text(&*panic)))
}

/// Runs user code that waits, until its deadline.
pub(crate) async fn contain_async<R>(
    turn: &Rc<Turn>,
    future: LocalFuture<'_, R>,
) -> Result<R, Stop> {
    let mut future = pin!(future);
    let mut deadline = None;
    poll_fn(|cx| {
        match contain(turn, || future.as_mut().poll(cx)) {
            Err(stop) => return Poll::Ready(Err(stop)),
            Ok(Poll::Ready(value)) => return Poll::Ready(Ok(value)),
            Ok(Poll::Pending) => {}
        }
        // The timer is made only for code that really waits.
        let timer =
            deadline.get_or_insert_with(|| turn.core.environment.sleep_until(turn.deadline));
        timer.as_mut().poll(cx).map(|()| Err(Stop::Deadline))
    })
    .await
}

/// Runs user code that belongs to no turn.
pub(crate) fn caught<R>(run: impl FnOnce() -> R) -> Result<R, Stop> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| Stop::Panic(text(&*panic)))
}

/// Runs user code that waits and belongs to no turn.
pub(crate) async fn catch<R>(future: impl Future<Output = R>) -> Result<R, Stop> {
    let mut future = pin!(future);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(Stop::Panic(text(&*panic)))),
        },
    )
    .await
}

/// The first of two futures to end; the other is dropped.
pub(crate) async fn race<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|cx| match one.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(value),
        Poll::Pending => other.as_mut().poll(cx),
    })
    .await
}

/// Lets all tasks of the thread go first that can.
pub(crate) async fn all_others() {
    let mut waited = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn text(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a text".to_owned()
    }
}
