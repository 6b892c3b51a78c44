//! Handlers of `Executed` are part of the action's transaction.

use stayput::event::Executed;
use stayput::prelude::*;
use stayput::testing;

use crate::support::code;

/// Notes who did what.
#[mixin]
pub struct Audit {
    rows: Log<String>,
}

#[mixin]
impl Audit {
    #[action(public)]
    fn rows(&self) -> Vec<String> {
        self.rows.last(100)
    }

    #[event(Executed, required)]
    fn note(&mut self, cx: &mut Context<Self>, executed: Executed) {
        let Executed {
            action,
            params,
            result,
        } = executed;
        let result = result.unwrap_or_default();
        self.rows.push(format!(
            "{} {action}{params}={result}",
            cx.caller().subject()
        ));
    }
}

#[derive(Debug, ActionError)]
#[error(prefix = "till")]
enum TillError {
    /// There is less than nothing in it.
    #[error(code = "broke", status = 409)]
    Broke,
    /// There is too much in it.
    #[error(code = "rich", status = 409)]
    Rich,
}

#[durable_object]
struct Till {
    cents: i64,
    warned: u32,
    #[mixin]
    audit: Audit,
}

#[durable_object]
impl Till {
    #[action]
    fn pay(&mut self, cents: i64) -> Result<i64, TillError> {
        self.cents += cents;
        if cents == 13 {
            return Err(TillError::Broke);
        }
        Ok(self.cents)
    }

    #[action]
    async fn pay_late(&mut self, cents: i64) {
        std::future::ready(()).await;
        self.cents += cents;
    }

    #[action]
    async fn pay_twice(this: Handle<Self>, cents: i64) -> Result<(), TillError> {
        for _ in 0..2 {
            let paid = this.atomic(|till, _| {
                till.cents += cents;
                Ok::<_, TillError>(())
            });
            paid.await.map_err(|_| TillError::Broke)?;
        }
        Ok(())
    }

    #[action(public)]
    fn cents(&self) -> (i64, u32) {
        (self.cents, self.warned)
    }

    /// Undoes what leaves less than nothing.
    #[event(Executed, required)]
    fn holds(&mut self) -> Result<(), TillError> {
        if self.cents < 0 {
            Err(TillError::Broke)
        } else {
            Ok(())
        }
    }

    /// Undoes itself only.
    #[event(Executed)]
    fn warn(&mut self) -> Result<(), TillError> {
        self.warned += 1;
        if self.cents > 1_000 {
            Err(TillError::Rich)
        } else {
            Ok(())
        }
    }
}

stayput::app!(Till);

#[test]
fn what_handlers_write_is_kept_with_the_action_and_undone_with_it() {
    testing::run(app(), async |t| {
        let till = Till::named(&t.as_user("ada"), "front");
        assert_eq!(till.pay(500).await.unwrap(), 500);
        assert_eq!(code(till.pay(-600).await), "till.broke");
        assert_eq!(code(till.pay(13).await), "till.broke");
        till.pay_late(100).await.unwrap();
        till.pay_twice(1).await.unwrap();
        assert_eq!(code(till.pay_twice(-400).await), "till.broke");
        assert_eq!(till.cents().await.unwrap(), (202, 5));
        till.pay(1_000).await.unwrap();
        assert_eq!(till.cents().await.unwrap(), (1_202, 5));
        t.restart().await;
        let rows = [
            "ada pay[500]=500",
            "ada pay_late[100]=null",
            "ada pay_twice[1]=",
            "ada pay_twice[1]=",
            "ada pay_twice[-400]=",
            "ada pay[1000]=1202",
        ];
        assert_eq!(till.audit().rows().await.unwrap(), rows);
    });
}
