//! Nothing leaves an object before everything it could have seen is on disk.

use stayput::prelude::*;
use stayput::testing::{self, Fault, Harness, Test};

use crate::support::{Signal, a_while, fate, stored};

#[durable_object]
pub struct Till {
    sum: u64,
}

static RANG: Signal = Signal::new();

#[durable_object]
impl Till {
    #[action]
    fn pay(&mut self, amount: u64) -> u64 {
        self.sum += amount;
        self.sum
    }

    #[action]
    fn refuse(&mut self) -> Result<u64> {
        self.sum = 0;
        Err(stayput::Error::msg("deliberate"))
    }

    #[action]
    fn sum(&self) -> u64 {
        self.sum
    }

    #[action]
    fn ring(&self) {
        RANG.give();
    }

    /// Writes nothing itself, but what it tells the bell depends on what may not be on disk yet.
    #[action]
    async fn ring_bell(&self, cx: &Context<Self>) -> Result<u64> {
        Till::named(cx, "bell").ring().await?;
        Ok(self.sum)
    }

    #[action]
    async fn slow_pay(&mut self, cx: &mut Context<Self>) -> u64 {
        cx.sleep(seconds(1)).await;
        self.sum += 1;
        self.sum
    }
}

stayput::app!(Till);

#[test]
fn replies_wait_for_the_disk() {
    Test::new(app()).threads(2).run(async |t| {
        let (till, other) = (Till::named(t, "till"), Till::named(t, "other"));
        till.pay(1).await.unwrap();
        let held = t.hold_commits();
        let command = t.spawn(till.pay(2));
        a_while().await;
        let (query, failing) = (t.spawn(till.sum()), t.spawn(till.refuse()));
        let unconcerned = t.spawn(other.sum());
        a_while().await;
        assert!(
            !command.is_finished(),
            "the command's commit is not on disk"
        );
        assert!(!query.is_finished(), "the query saw what is not on disk");
        assert!(!failing.is_finished(), "an error may tell what it saw, too");
        assert_eq!(
            unconcerned.await.unwrap(),
            0,
            "who saw nothing of it waits for nothing"
        );
        assert!(!stored(t.data()).iter().any(|line| line.ends_with("= 3")));
        drop(held);
        assert_eq!(command.await.unwrap(), 3);
        assert_eq!(query.await.unwrap(), 3);
        assert_eq!(fate(failing.await).0, "internal");
        assert!(stored(t.data()).iter().any(|line| line.ends_with("= 3")));
    });
}

#[test]
fn calls_to_other_objects_wait_for_the_disk() {
    Test::new(app()).threads(2).run(async |t| {
        let till = Till::named(t, "till");
        let held = t.hold_commits();
        let command = t.spawn(till.pay(2));
        a_while().await;
        let ringing = t.spawn(till.ring_bell());
        a_while().await;
        assert!(!RANG.is_given(), "the bell would tell what is not on disk");
        drop(held);
        assert_eq!(ringing.await.unwrap(), 2);
        assert!(RANG.is_given());
        command.await.unwrap();
    });
}

#[test]
fn many_commands_run_ahead_of_the_disk_and_fail_with_it() {
    for (fault, sum) in [(Fault::Io, 1), (Fault::Full, 1), (Fault::IoAfterCommit, 2)] {
        testing::run(app(), async |t| {
            let till = Till::named(t, "till");
            till.pay(1).await.unwrap();
            let held = t.hold_commits();
            let first = t.spawn(till.pay(1));
            a_while().await;
            let ahead: Vec<_> = (0..5).map(|_| t.spawn(till.pay(1))).collect();
            let query = t.spawn(till.sum());
            a_while().await;
            t.fail_next(fault);
            drop(held);
            assert!(matches!(
                fate(first.await).0.as_str(),
                "storage" | "storage_full"
            ));
            for call in ahead {
                let (code, maybe) = fate(call.await);
                assert!(code != "ok" && maybe, "{fault:?}: {code}");
            }
            assert_ne!(
                fate(query.await).0,
                "ok",
                "{fault:?}: it saw what is not on disk"
            );
            assert_eq!(till.sum().await.unwrap(), sum, "{fault:?}");
            assert_eq!(till.pay(10).await.unwrap(), sum + 10);
        });
    }
}

#[test]
fn what_was_answered_survives_a_crash_and_the_rest_is_whole() {
    testing::run(app(), async |t: &Harness| {
        let till = Till::named(t, "till");
        for paid in 1..=3 {
            assert_eq!(till.pay(1).await.unwrap(), paid);
        }
        let held = t.hold_commits();
        let lost = t.spawn(till.pay(1));
        a_while().await;
        t.crash().await;
        drop(held);
        assert_eq!(fate(lost.await), ("object_reset".to_owned(), true));
        assert_eq!(till.sum().await.unwrap(), 3);
    });
}

#[test]
fn a_command_that_waited_is_committed_without_further_calls() {
    testing::run(app(), async |t| {
        let till = Till::named(t, "till");
        let call = t.spawn(till.slow_pay());
        t.advance(seconds(1)).await;
        assert!(call.is_finished(), "nothing else had to happen");
        assert_eq!(call.await.unwrap(), 1);
    });
}
