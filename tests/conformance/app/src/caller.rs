//! An object that calls others in every way there is.

use std::future::{IntoFuture, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use stayput::prelude::*;

use crate::{Shelf, Tally};

/// Why a caller says no, with what there is to say about it.
#[derive(Debug, ActionError)]
#[error(prefix = "caller")]
pub enum CallerError {
    /// Too many.
    #[error(status = 429, message = "at most {max} of {who}", retryable)]
    Full {
        /// Who is counted.
        who: String,
        /// How many fit.
        max: u64,
    },
}

/// A stub that is kept.
#[durable_object]
#[derive(Debug)]
pub struct Caller {
    kept: Option<TallyStub>,
    calls: u32,
}

/// The stub of a tally.
type TallyStub = <Tally as stayput::state::Stateful>::Stub;

/// A future that need not be sent.
type Local<T> = Pin<Box<dyn Future<Output = T>>>;

#[durable_object]
impl Caller {
    /// Fails, and says with what.
    #[action(public)]
    fn full(&self, max: u64) -> Result<u64, CallerError> {
        let who = "é \"quoted\"".to_owned();
        Err(CallerError::Full { who, max })
    }

    /// How that arrives, typed.
    #[action(public)]
    async fn ask_full(&self, cx: &Context<Self>, to: String, max: u64) -> String {
        match Self::named(cx, &to).full(max).await {
            Ok(value) => value.to_string(),
            Err(CallError::Failed(CallerError::Full { who, max })) => format!("{who}: {max}"),
            Err(CallError::Rejected(rejection)) => rejection.code().to_owned(),
        }
    }

    /// Passes on what a tally's failure is, as it is.
    #[action(public)]
    async fn pass_failure(&mut self, cx: &mut Context<Self>, to: String) -> Result<i64> {
        self.calls += 1;
        Ok(Tally::named(cx, &to).fail_after_write(1).await?)
    }

    /// The same of a panic.
    #[action(public)]
    async fn pass_panic(&mut self, cx: &mut Context<Self>, to: String) -> Result<i64> {
        self.calls += 1;
        Ok(Tally::named(cx, &to).panic_after_write(1).await?)
    }

    /// How often it called and kept that.
    #[action(public)]
    fn calls(&self) -> u32 {
        self.calls
    }

    /// A ring of queries, which may come back to where it began.
    #[action(public)]
    async fn look_around(&self, cx: &Context<Self>, mut names: Vec<String>) -> Result<String> {
        if names.is_empty() {
            return Ok("seen".to_owned());
        }
        let next = names.remove(0);
        Ok(Self::named(cx, &next).look_around(names).await?)
    }

    /// A query that asks another query to change something.
    #[action(public)]
    async fn sneak_by(&self, cx: &Context<Self>, over: String, to: String) -> Result<String> {
        Ok(Shelf::named(cx, &over).sneak(to).await?)
    }

    /// What calling a name comes to.
    #[action(public)]
    async fn by_name(&self, cx: &Context<Self>, to: String) -> String {
        told(&Tally::named(cx, &to).value().await)
    }

    /// What calling an id comes to, and under which name.
    #[action(public)]
    async fn by_id(&self, cx: &Context<Self>, id: ObjectId) -> (String, Option<String>) {
        let tally = Tally::by_id(cx, id);
        let name = tally.name().await.ok().flatten();
        (told(&tally.value().await), name)
    }

    /// The id of a name.
    #[action(public)]
    fn id_of(&self, cx: &Context<Self>, name: String) -> Option<ObjectId> {
        Stub::id(&Tally::named(cx, &name)).ok()
    }

    /// Makes an object that has no name, and keeps its stub.
    #[action(public)]
    async fn keep_unique(&mut self, cx: &mut Context<Self>) -> Result<(i64, Option<String>, bool)> {
        let tally = Tally::unique(cx);
        let value = tally.increment(7).await?;
        let name = tally.name().await?;
        let differs = Stub::id(&tally)? != Stub::id(&Tally::unique(cx))?;
        self.kept = Some(tally);
        Ok((value, name, differs))
    }

    /// Calls the stub that is kept.
    #[action(public)]
    async fn use_kept(&mut self, by: i64) -> Result<Option<i64>> {
        match self.kept.clone() {
            Some(tally) => Ok(Some(tally.increment(by).await?)),
            None => Ok(None),
        }
    }

    /// One stub, used again and again, over pauses, failures and a panic.
    #[action(public)]
    async fn again_and_again(&mut self, cx: &mut Context<Self>, to: String) -> Vec<String> {
        let tally = Tally::named(cx, &to);
        let mut all = vec![told(&tally.increment(1).await)];
        cx.sleep(Duration::from_millis(5)).await;
        all.push(told(&tally.fail_after_write(1).await));
        all.push(told(&tally.panic_after_write(1).await));
        all.push(told(&tally.increment(1).await));
        cx.sleep(Duration::from_millis(5)).await;
        all.push(told(&tally.value().await));
        all
    }

    /// Calls that are under way at once: to two objects, and to one of them twice.
    #[action(public)]
    async fn at_once(
        &mut self,
        cx: &mut Context<Self>,
        left: String,
        right: String,
    ) -> Vec<String> {
        let (left, right) = (Tally::named(cx, &left), Tally::named(cx, &right));
        let calls = [
            left.slow_increment(60_u64),
            right.slow_increment(20_u64),
            left.slow_increment(1_u64),
        ];
        let calls = calls.into_iter().map(|call| {
            let call: Local<_> = Box::pin(call.into_future());
            call
        });
        all(calls.collect()).await.iter().map(told).collect()
    }

    /// A call that is begun and dropped is made nevertheless; one that is never polled is not.
    #[action(public)]
    async fn forget(&mut self, cx: &mut Context<Self>, to: String) -> String {
        let tally = Tally::named(cx, &to);
        drop(tally.increment(100).into_future());
        let mut begun: Local<_> = Box::pin(tally.increment(1).into_future());
        poll_fn(|cx| {
            // Its answer is not waited for.
            let _ = begun.as_mut().poll(cx);
            Poll::Ready(())
        })
        .await;
        drop(begun);
        cx.sleep(Duration::from_millis(100)).await;
        told(&tally.value().await)
    }

    /// So many calls at once to a tally that is busy: how many were run, and how many were too many.
    #[action(public)]
    async fn crowd(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        to: String,
        count: usize,
    ) -> Result<(usize, usize)> {
        this.read(|_| ()).await?;
        let tally = Tally::named(&cx, &to);
        let mut calls: Vec<Local<_>> =
            vec![Box::pin(tally.slow_increment(1_500_u64).into_future())];
        calls.extend((0..count).map(|_| {
            let call: Local<_> = Box::pin(tally.increment(1).into_future());
            call
        }));
        let answers = all(calls).await;
        let run = answers.iter().filter(|answer| answer.is_ok()).count();
        let refused = answers
            .iter()
            .filter(|answer| told(answer) == "overloaded")
            .count();
        Ok((run, refused))
    }

    /// Carries a text of so many bytes there and back.
    #[action(public)]
    async fn carry(&mut self, cx: &mut Context<Self>, to: String, bytes: usize) -> Result<usize> {
        let carrier = Shelf::named(cx, &to);
        let text = "é".repeat(bytes / 2);
        carrier
            .put(vec![("carried".to_owned(), text.clone())])
            .await?;
        let back = carrier.text("carried").await?;
        Ok(if back.as_deref() == Some(&*text) {
            bytes
        } else {
            0
        })
    }

    /// Waits for a slow tally, and tells how that ended.
    #[action(public)]
    async fn wait_for(&mut self, cx: &mut Context<Self>, to: String, millis: u64) -> Vec<String> {
        let deadline = cx.deadline();
        let mut all = vec![told(&Tally::named(cx, &to).slow_increment(millis).await)];
        // The deadline is that of the whole chain: nothing more is called once it has passed.
        all.push(told(&Tally::named(cx, &to).value().await));
        all.push((cx.deadline() == deadline).to_string());
        all
    }

    /// Whether the called object runs under the same deadline, the same request and the same caller.
    #[action(public)]
    async fn same_chain(&self, cx: &Context<Self>, to: String) -> Result<[bool; 3]> {
        let (deadline, request, subject) = Self::named(cx, &to).chain().await?;
        Ok([
            deadline == cx.deadline(),
            request == cx.request_id(),
            subject == cx.caller().subject(),
        ])
    }

    /// What this run is a part of.
    #[action(public)]
    fn chain(&self, cx: &Context<Self>) -> (Timestamp, String, String) {
        let subject = cx.caller().subject().to_owned();
        (cx.deadline(), cx.request_id().to_owned(), subject)
    }

    /// Calls an action that only objects may call.
    #[action(public)]
    async fn call_internal(&self, cx: &Context<Self>, to: String) -> Result<String> {
        Ok(Self::named(cx, &to).among_us().await?)
    }

    /// For objects only.
    #[action(internal)]
    fn among_us(&self) -> String {
        "between you and me".to_owned()
    }
}

/// A result, or the code of what went wrong.
fn told<T: ToString, E: ActionError>(answer: &std::result::Result<T, CallError<E>>) -> String {
    match answer {
        Ok(value) => value.to_string(),
        Err(CallError::Failed(_)) => "failed".to_owned(),
        Err(CallError::Rejected(rejection)) => {
            let doubt = if rejection.maybe_executed() {
                ", maybe executed"
            } else {
                ""
            };
            format!("{}{doubt}", rejection.code())
        }
    }
}

/// Waits for all of them.
async fn all<T>(mut futures: Vec<Local<T>>) -> Vec<T> {
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|cx| {
        let waiting = futures
            .iter_mut()
            .zip(&mut results)
            .filter(|(_, result)| result.is_none());
        let mut ready = true;
        for (future, result) in waiting {
            match future.as_mut().poll(cx) {
                Poll::Ready(value) => *result = Some(value),
                Poll::Pending => ready = false,
            }
        }
        if ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    results.into_iter().flatten().collect()
}
