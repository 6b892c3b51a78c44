//! What an object that was called answered by its own error, passed on by `?` in an action of `stayput::Result`.

use std::fmt;

use stayput::error::{CallError, Rejection};
use stayput::prelude::*;
use stayput::testing::Harness;

#[derive(Debug, ActionError)]
pub enum StockError {
    /// There is less than that.
    #[error(
        code = "stock.short",
        status = 409,
        retryable,
        message = "only {left} left"
    )]
    Short { left: u64 },
}

#[durable_object]
pub struct Stock {
    taken: u64,
}

#[durable_object]
impl Stock {
    #[action]
    fn take(&mut self, many: u64) -> Result<u64, StockError> {
        if many > 3 {
            return Err(StockError::Short { left: 3 });
        }
        self.taken += many;
        Ok(self.taken)
    }
}

/// A cause that a library wraps.
#[derive(Debug)]
struct Ordering(CallError<StockError>);

impl fmt::Display for Ordering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the order failed")
    }
}

impl std::error::Error for Ordering {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[durable_object]
pub struct Till {
    sold: u64,
}

#[durable_object]
impl Till {
    #[action]
    async fn sell(&mut self, cx: &mut Context<Self>, many: u64) -> Result<u64> {
        self.sold += many;
        Ok(Stock::named(cx, "main").take(many).await?)
    }

    #[action]
    async fn sell_wrapped(&mut self, cx: &mut Context<Self>, many: u64) -> Result<u64> {
        let taken = Stock::named(cx, "main").take(many).await;
        Ok(taken.map_err(Ordering)?)
    }

    #[action]
    async fn sell_boxed(&mut self, cx: &mut Context<Self>, many: u64) -> Result<u64> {
        let taken = Stock::named(cx, "main").take(many).await;
        Ok(taken.map_err(Box::new)?)
    }

    /// By two objects.
    #[action]
    async fn order(&mut self, cx: &mut Context<Self>, many: u64) -> Result<u64> {
        Ok(Till::named(cx, "other").sell(many).await?)
    }

    /// A process's own change.
    #[action]
    async fn restock(this: Handle<Self>, _cx: ProcessContext<Self>) -> Result<()> {
        this.atomic(|_, _| Err::<(), _>(StockError::Short { left: 0 }))
            .await?;
        Ok(())
    }

    /// The general error of a process's own change, which has told its text to the log only.
    #[action]
    async fn muddle(this: Handle<Self>, _cx: ProcessContext<Self>) -> Result<()> {
        this.atomic(|_, _| Err::<(), _>(stayput::Error::msg("a secret")))
            .await?;
        Ok(())
    }

    /// Says it in its own words: those are for the log.
    #[action]
    async fn reword(&mut self, cx: &mut Context<Self>, many: u64) -> Result<u64> {
        let taken = Stock::named(cx, "main").take(many).await;
        taken.map_err(|error| stayput::Error::msg(format!("no stock: {error}")))
    }

    #[action]
    fn sold(&self) -> u64 {
        self.sold
    }
}

stayput::app!(Stock, Till);

fn rejection<T>(answer: Result<T, CallError<stayput::Error>>) -> Rejection {
    match answer {
        Err(CallError::Rejected(rejection)) => rejection,
        Err(CallError::Failed(error)) => panic!("of another type: {error}"),
        Ok(_) => panic!("no error"),
    }
}

#[stayput::test(app = app())]
async fn what_a_called_object_answered_keeps_all_that_it_says(t: &Harness) {
    let till = Till::named(t, "main");
    let answers = [
        till.sell(5).await,
        till.sell_wrapped(5).await,
        till.sell_boxed(5).await,
        till.order(5).await,
    ];
    for answer in answers {
        let told = rejection(answer);
        assert_eq!(told.code(), "stock.short");
        assert_eq!(told.status(), 409);
        assert_eq!(told.rpc_code(), 1);
        assert_eq!(told.message(), "only 3 left");
        assert_eq!(told.details(), Some(r#"{"left":3}"#));
        assert!(told.retryable());
        assert!(!told.maybe_executed());
    }
    assert_eq!(till.sold().await.unwrap(), 0);
    assert_eq!(till.sell(3).await.unwrap(), 3);
}

#[stayput::test(app = app())]
async fn so_does_what_a_process_changed(t: &Harness) {
    let till = Till::named(t, "main");
    let told = rejection(till.restock().await);
    assert_eq!(told.code(), "stock.short");
    assert_eq!(told.details(), Some(r#"{"left":0}"#));
}

#[stayput::test(app = app())]
async fn words_for_the_log_stay_there(t: &Harness) {
    let till = Till::named(t, "main");
    assert_eq!(rejection(till.reword(5).await).code(), "internal");
    let told = rejection(till.muddle().await);
    assert_eq!(told.code(), "internal");
    // What an earlier error said is not taken for this one's.
    let told = rejection(till.sell(5).await);
    assert_eq!(told.code(), "stock.short");
    assert_eq!(rejection(till.reword(5).await).code(), "internal");
}
