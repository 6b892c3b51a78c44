//! Calls that are made again, and errors in other words.

use stayput::middleware::{MapErrors, RateLimit};
use stayput::prelude::*;
use stayput::testing::{self, Harness, Task};

use crate::support::code;

#[derive(Debug, Clone, PartialEq, ActionError)]
#[error(prefix = "bank")]
pub enum BankError {
    /// Not now.
    #[error(status = 503, retryable)]
    Busy,
    /// Never.
    #[error(status = 409)]
    Broke,
    /// It is not to be said why.
    #[error(status = 503, retryable)]
    Closed {
        /// How often it was tried.
        tries: u32,
    },
}

fn told(error: &Rejection) -> Option<BankError> {
    (error.code() == "internal").then_some(BankError::Closed { tries: 7 })
}

#[durable_object(middleware(MapErrors::by(told)))]
struct Bank {
    paid: u64,
    #[transient]
    tries: u32,
}

#[durable_object]
impl Bank {
    /// Fails so often, then pays.
    #[action]
    fn pay(&mut self, busy: u32) -> Result<u64, BankError> {
        self.tries += 1;
        self.paid += 1;
        if self.tries <= busy {
            return Err(BankError::Busy);
        }
        Ok(self.paid)
    }

    #[action]
    fn refuse(&mut self) -> Result<(), BankError> {
        self.tries += 1;
        Err(BankError::Broke)
    }

    #[action]
    fn ask(&self) -> u32 {
        self.tries
    }

    #[action(middleware(RateLimit::per_second(1)))]
    fn seldom(&mut self) -> u64 {
        self.paid += 1;
        self.paid
    }

    #[action]
    fn topple(&mut self) -> Result<(), BankError> {
        panic!("on purpose")
    }

    /// Commits, and then panics: it may have been executed.
    #[action]
    async fn half(this: Handle<Self>) -> Result<(), BankError> {
        let paid = this.atomic(|bank, _| {
            bank.paid += 1;
            Ok::<_, BankError>(())
        });
        drop(paid.await);
        panic!("on purpose")
    }
}

stayput::app!(Bank);

/// The answer of a call that waits for the time to pass, and how long that took in steps of 50 ms.
async fn passing<T: 'static>(t: &Harness, task: Task<T>) -> (T, u32) {
    for steps in 0..200 {
        if task.is_finished() {
            return (task.await, steps);
        }
        t.advance(std::time::Duration::from_millis(50)).await;
    }
    panic!("it never ends");
}

#[test]
fn what_may_go_better_is_called_again() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "main");
        let call = bank.pay(2u32).retry(Retry::default());
        let (paid, steps) = passing(t, t.spawn(call)).await;
        assert_eq!(paid.unwrap(), 1, "what failed was not kept");
        assert!(steps <= 8, "{steps}");
        assert_eq!(bank.ask().await.unwrap(), 3);
    });
}

#[test]
fn there_are_only_so_many_tries() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "main");
        let call = bank.pay(9u32).retry(Retry::default().tries(4));
        let (paid, _) = passing(t, t.spawn(call)).await;
        assert!(
            matches!(paid, Err(CallError::Failed(BankError::Busy))),
            "{paid:?}"
        );
        assert_eq!(bank.ask().await.unwrap(), 4);
        // Without the word there is one.
        assert!(bank.pay(9u32).await.is_err());
        assert_eq!(bank.ask().await.unwrap(), 5);
    });
}

#[test]
fn what_will_not_go_better_is_called_once() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "main");
        let refused = bank.refuse().retry(Retry::default()).await;
        assert!(matches!(refused, Err(CallError::Failed(BankError::Broke))));
        assert_eq!(bank.ask().await.unwrap(), 1);
    });
}

#[test]
fn a_wait_that_is_asked_for_is_waited() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "main");
        assert_eq!(bank.seldom().await.unwrap(), 1);
        let (paid, steps) = passing(t, t.spawn(bank.seldom().retry(Retry::default()))).await;
        assert_eq!(paid.unwrap(), 2);
        assert!((19..=22).contains(&steps), "{steps}");
        // Longer than the cap nobody waits.
        let patience = Retry::default().cap(std::time::Duration::from_millis(500));
        let refused = bank.seldom().retry(patience).await;
        assert_eq!(code(refused), "rate_limited");
    });
}

#[test]
fn errors_are_told_in_other_words() {
    testing::run(app(), async |t| {
        let bank = Bank::named(t, "main");
        let fallen = bank.topple().await.unwrap_err();
        assert!(
            matches!(fallen, CallError::Failed(BankError::Closed { tries: 7 })),
            "{fallen:?}"
        );
        let refused = bank.refuse().await;
        assert!(matches!(refused, Err(CallError::Failed(BankError::Broke))));
        // One that may have been executed still says so, and is not made again although it says that it may be.
        let (half, _) = passing(t, t.spawn(bank.half().retry(Retry::default()))).await;
        assert!(
            matches!(half, Err(CallError::Failed(BankError::Closed { .. }))),
            "{half:?}"
        );
        assert_eq!(bank.seldom().await.unwrap(), 2);
    });
}
