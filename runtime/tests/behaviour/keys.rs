//! Idempotency keys: the first answer is the answer.

use stayput::prelude::*;
use stayput::testing::Harness;
use stayput::{Error, testing};

use crate::support::{code, overwrite, stored};

#[derive(Debug, ActionError)]
#[error(prefix = "till")]
pub enum TillError {
    /// Nothing to pay.
    Nothing,
}

#[durable_object]
pub struct Till {
    cents: u64,
    bills: Log<u64>,
}

#[durable_object]
impl Till {
    #[action(public)]
    fn pay(&mut self, cents: u64) -> Result<u64, TillError> {
        self.bills.push(cents);
        self.cents += cents;
        if cents == 0 {
            return Err(TillError::Nothing);
        }
        Ok(self.cents)
    }

    #[action]
    async fn pay_slowly(&mut self, cx: &mut Context<Self>, cents: u64) -> u64 {
        cx.sleep(seconds(1)).await;
        self.cents += cents;
        self.cents
    }

    #[action]
    fn open(&mut self) {
        self.cents += 1;
    }

    #[action]
    async fn settle(this: Handle<Self>, cx: ProcessContext<Self>, cents: u64) -> Result<u64> {
        let before = this.atomic(|till, _| Ok::<_, Error>(till.cents)).await?;
        cx.sleep(seconds(60)).await;
        if cents == 13 {
            return Err(Error::msg("no"));
        }
        let after = this
            .atomic(|till, _| {
                till.cents += cents;
                Ok::<_, Error>(till.cents)
            })
            .await?;
        Ok(after - before)
    }

    #[action]
    fn state(&self) -> (u64, u64) {
        (self.cents, self.bills.len())
    }
}

/// Answers again for an hour.
#[durable_object(key_hours = 1)]
pub struct Stall {
    sold: u64,
}

#[durable_object]
impl Stall {
    #[action]
    fn sell(&mut self) -> u64 {
        self.sold += 1;
        self.sold
    }
}

stayput::app!(Stall, Till);

fn run(test: impl AsyncFnOnce(&Harness)) {
    testing::run(app(), test);
}

#[test]
fn a_command_runs_once_and_answers_the_same() {
    run(async |t| {
        let till = Till::named(t, "front");
        for _ in 0..3 {
            assert_eq!(till.pay(5u64).key("a").await.unwrap(), 5);
        }
        assert_eq!(till.pay(5u64).key("b").await.unwrap(), 10);
        assert_eq!(till.pay(5u64).await.unwrap(), 15);
        till.open().key("a").await.unwrap();
        till.open().key("a").await.unwrap();
        assert_eq!(till.state().await.unwrap(), (16, 3));
    });
}

#[test]
fn the_answer_outlives_eviction_and_crash() {
    run(async |t| {
        let till = Till::named(t, "front");
        assert_eq!(till.pay(5u64).key("a").await.unwrap(), 5);
        t.evict().await;
        assert_eq!(till.pay(5u64).key("a").await.unwrap(), 5);
        t.crash().await;
        assert_eq!(till.pay(5u64).key("a").await.unwrap(), 5);
        assert_eq!(till.state().await.unwrap(), (5, 1));
    });
}

#[test]
fn an_error_is_not_kept() {
    run(async |t| {
        let till = Till::named(t, "front");
        assert!(till.pay(0u64).key("a").await.is_err());
        assert!(till.pay(0u64).key("a").await.is_err());
        assert_eq!(till.pay(4u64).key("a").await.unwrap(), 4);
    });
}

#[test]
fn other_parameters_under_the_same_key_are_refused() {
    run(async |t| {
        let till = Till::named(t, "front");
        till.pay(5u64).key("a").await.unwrap();
        assert_eq!(code(till.pay(6u64).key("a").await), "key_reused");
        assert_eq!(till.state().await.unwrap(), (5, 1));
    });
}

#[test]
fn keys_are_a_callers_own_and_an_actions_own() {
    run(async |t| {
        let ann = t.as_user("ann");
        let bob = t.as_user("bob");
        assert_eq!(Till::named(&ann, "x").pay(5u64).key("a").await.unwrap(), 5);
        assert_eq!(Till::named(&bob, "x").pay(5u64).key("a").await.unwrap(), 10);
        assert_eq!(Till::named(&ann, "x").pay(5u64).key("a").await.unwrap(), 5);
        // Another action has its own: this one runs.
        Till::named(&ann, "x").open().key("a").await.unwrap();
        assert_eq!(Till::named(&ann, "x").state().await.unwrap().0, 11);
        assert_eq!(Till::named(&ann, "y").pay(5u64).key("a").await.unwrap(), 5);
    });
}

#[test]
fn waiting_calls_with_one_key_run_once() {
    run(async |t| {
        let till = Till::named(t, "front");
        let both = [
            till.pay_slowly(5u64).key("a"),
            till.pay_slowly(5u64).key("a"),
        ];
        let both = both.map(|call| t.spawn(async move { call.await.unwrap() }));
        t.advance(seconds(3)).await;
        for one in both {
            assert_eq!(one.await, 5);
        }
        assert_eq!(till.state().await.unwrap().0, 5);
    });
}

#[test]
fn the_class_says_how_long_answers_are_kept() {
    run(async |t| {
        let stall = Stall::named(t, "front");
        for (wait, sold) in [(0, 1), (59, 1), (2, 2), (59, 2)] {
            t.advance(minutes(wait)).await;
            assert_eq!(stall.sell().key("k").await.unwrap(), sold);
        }
    });
}

#[test]
fn after_a_day_it_is_forgotten_and_cleared_away() {
    run(async |t| {
        let till = Till::named(t, "front");
        for number in 0..20 {
            till.pay(1u64).key(format!("k{number}")).await.unwrap();
        }
        t.advance(minutes(24 * 60 - 1)).await;
        assert_eq!(till.pay(1u64).key("k0").await.unwrap(), 1);
        t.advance(seconds(61)).await;
        assert_eq!(till.pay(1u64).key("k0").await.unwrap(), 21);
        till.pay(1u64).key("k1").await.unwrap();
        t.settle().await;
        let kept = stored(t.data());
        let kept = kept.iter().filter(|line| line.contains(" !idem"));
        assert_eq!(kept.count(), 4, "two records for each of the two live keys");
    });
}

#[test]
fn a_process_runs_once_while_it_runs_and_after() {
    run(async |t| {
        let till = Till::named(t, "front");
        let first = till.settle(7u64).key("a");
        let first = t.spawn(async move { first.await.unwrap() });
        t.advance(seconds(1)).await;
        assert_eq!(code(till.settle(7u64).key("a").await), "key_in_use");
        t.advance(seconds(60)).await;
        assert_eq!(first.await, 7);
        assert_eq!(till.settle(7u64).key("a").await.unwrap(), 7);
        assert_eq!(till.state().await.unwrap().0, 7);
    });
}

#[test]
fn a_process_that_failed_or_was_lost_may_be_tried_again() {
    run(async |t| {
        let till = Till::named(t, "front");
        let failing = till.settle(13u64).key("a");
        let failing = t.spawn(async move { failing.await.is_err() });
        t.advance(seconds(61)).await;
        assert!(failing.await);
        let lost = till.settle(7u64).key("b");
        let lost = t.spawn(async move { lost.await.is_err() });
        t.advance(seconds(1)).await;
        t.crash().await;
        assert!(lost.await);
        // It ended with the object's life: nobody has to wait until its time is up.
        let again = till.settle(7u64).key("b");
        let again = t.spawn(async move { again.await.unwrap() });
        t.advance(seconds(61)).await;
        assert_eq!(again.await, 7);
    });
}

#[test]
fn over_http_by_header_and_by_member() {
    run(async |t| {
        let pay = async |key: &str, body: &'static str| {
            let request = http::Request::post("/till/front")
                .header("content-type", "application/json")
                .header("idempotency-key", key);
            let answer = t.as_user("ann").http(request.body(body.into())).await;
            String::from_utf8_lossy(answer.body()).into_owned()
        };
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"pay","params":{"cents":5}}"#;
        let first = pay("a", body).await;
        assert_eq!(first, r#"{"jsonrpc":"2.0","result":5,"id":1}"#);
        assert_eq!(pay("a", body).await, first);
        let other = r#"{"jsonrpc":"2.0","id":1,"method":"pay","params":{"cents":6}}"#;
        assert!(pay("a", other).await.contains("key_reused"));
        assert!(pay("", body).await.contains("visible ASCII"));
        let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"pay","params":{"cents":6}}]"#;
        assert!(pay("c", batch).await.contains("-32600"));

        let user = t.as_user("ann");
        let keyed = r#"[{"jsonrpc":"2.0","id":1,"method":"pay","params":{"cents":5},"key":"m"},{"jsonrpc":"2.0","id":2,"method":"pay","params":{"cents":5},"key":"m"}]"#;
        let answer = user.post("/till/front", keyed).await;
        assert_eq!(
            String::from_utf8_lossy(answer.body()),
            r#"[{"jsonrpc":"2.0","result":10,"id":1},{"jsonrpc":"2.0","result":10,"id":2}]"#
        );
    });
}

#[test]
fn keys_that_are_none_are_refused() {
    run(async |t| {
        let till = Till::named(t, "front");
        for key in ["", "a b", "ä", &"x".repeat(256)] {
            assert_eq!(code(till.pay(5u64).key(key).await), "invalid_request");
        }
        till.pay(5u64).key("x".repeat(255)).await.unwrap();
    });
}

#[test]
fn an_answer_that_cannot_be_read_is_no_licence_to_run_again() {
    run(async |t| {
        let till = Till::named(t, "front");
        till.pay(5u64).key("a").await.unwrap();
        let lines = stored(t.data());
        let line = lines.iter().find(|line| line.contains(" !idem/")).unwrap();
        let key = line.split(' ').nth(1).unwrap();
        assert_eq!(overwrite(t.data(), key, "{"), 1);
        t.crash().await;
        assert_eq!(code(till.pay(5u64).key("a").await), "state.unreadable");
        assert_eq!(till.state().await.unwrap(), (5, 1));
    });
}
