//! What waits for one object is bounded, by calls and by bytes; what is too much is refused at once.

use std::collections::BTreeMap;

use stayput::prelude::*;
use stayput::testing::{self, Task};

use crate::support::code;

#[durable_object]
pub struct Slow {
    done: u64,
}

#[durable_object]
impl Slow {
    #[action]
    async fn work(&mut self, cx: &mut Context<Self>, load: String) -> usize {
        cx.sleep(seconds(10)).await;
        self.done += 1;
        load.len()
    }

    #[action]
    fn count(&mut self, load: String) -> usize {
        self.done += 1;
        load.len()
    }

    #[action]
    fn done(&self) -> u64 {
        self.done
    }

    /// Holds nothing of the object, but a full one is to be left alone.
    #[action(public)]
    async fn process(_this: Handle<Self>, _cx: ProcessContext<Self>) {}
}

stayput::app!(Slow);

type Call = Task<Result<usize, CallError<std::convert::Infallible>>>;

async fn codes<T, E: ActionError>(
    calls: impl IntoIterator<Item = Task<Result<T, CallError<E>>>>,
) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    for call in calls {
        *codes.entry(code(call.await)).or_default() += 1;
    }
    codes
}

#[test]
fn of_two_thousand_calls_a_thousand_wait_and_the_rest_is_refused_at_once() {
    testing::run(app(), async |t| {
        let slow = Slow::named(t, "slow");
        let holder = t.spawn(slow.work(""));
        t.settle().await;
        let began = t.now();
        let calls: Vec<_> = (0..2_000).map(|_| t.spawn(slow.count(""))).collect();
        t.settle().await;
        let refused = calls.iter().filter(|call| call.is_finished()).count();
        assert_eq!((refused, t.now()), (1_000, began), "at once");
        let answer = t.anonymous().post("/slow/slow/process", "{}").await;
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "1");
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(
            body.contains(r#""code":"overloaded","details":{"retry_after_ms":1000},"retryable":true,"maybe_executed":false"#),
            "{body}"
        );
        t.advance(seconds(10)).await;
        holder.await.unwrap();
        let codes = codes(calls).await;
        assert_eq!((codes["ok"], codes["overloaded"]), (1_000, 1_000));
        assert_eq!(slow.done().await.unwrap(), 1_001, "none refused was run");
    });
}

#[test]
fn sixteen_mebibytes_of_parameters_wait_and_are_given_back() {
    testing::run(app(), async |t| {
        let slow = Slow::named(t, "heavy");
        let load = "x".repeat(900 << 10);
        for _ in 0..3 {
            let holder = t.spawn(slow.work(""));
            t.settle().await;
            let calls: Vec<_> = (0..30).map(|_| t.spawn(slow.count(&*load))).collect();
            let small: Vec<_> = (0..10).map(|_| t.spawn(slow.count("small"))).collect();
            t.settle().await;
            t.advance(seconds(10)).await;
            holder.await.unwrap();
            let codes = codes(calls).await;
            assert_eq!((codes["ok"], codes["overloaded"]), (18, 12));
            assert_eq!(self::codes(small).await["ok"], 10, "a small one still fits");
        }
    });
}

#[test]
fn a_caller_that_gives_up_leaves_no_place_taken() {
    testing::run(app(), async |t| {
        let slow = Slow::named(t, "left");
        for _ in 0..3 {
            let holder: Call = t.spawn(slow.work(""));
            t.settle().await;
            let waiting: Vec<_> = (0..1_000).map(|_| t.spawn(slow.work(""))).collect();
            t.settle().await;
            assert_eq!(code(slow.count("").await), "overloaded");
            t.advance(seconds(300)).await;
            holder.await.unwrap();
            let codes = codes(waiting).await;
            assert!(codes["timeout"] > 990, "{codes:?}");
            assert_eq!(code(slow.count("").await), "ok");
        }
    });
}
