//! Calls a day, counted on disk: `Quota`.

use stayput::middleware::Quota;
use stayput::mixins::Quotas;
use stayput::prelude::*;
use stayput::testing::{self, Test};

use crate::support::code;

#[durable_object(middleware(Quota::per_day(3)))]
pub struct Desk {
    letters: u64,
    #[mixin]
    quotas: Quotas,
}

#[derive(Debug, ActionError)]
#[error(prefix = "desk")]
pub enum DeskError {
    /// There is no ink.
    Dry,
}

#[durable_object]
impl Desk {
    #[action(public)]
    fn write(&mut self) -> u64 {
        self.letters += 1;
        self.letters
    }

    #[action(public)]
    fn scribble(&mut self) -> Result<u64, DeskError> {
        self.letters += 1;
        Err(DeskError::Dry)
    }

    #[action(public)]
    fn letters(&self) -> u64 {
        self.letters
    }

    #[action(public, middleware(Quota::per_day(1).named("stamps")))]
    async fn send(this: Handle<Self>) -> Result<u64> {
        Ok(this.read(|desk| desk.letters).await?)
    }
}

/// Has a quota and nothing that keeps it; asks desks.
#[durable_object(middleware(Quota::per_day(3)))]
pub struct Clerk {
    written: u64,
}

#[durable_object]
impl Clerk {
    #[action(public)]
    fn note(&mut self) -> u64 {
        self.written += 1;
        self.written
    }
}

#[durable_object]
pub struct Office {
    written: u64,
}

#[durable_object]
impl Office {
    #[action(public)]
    async fn dictate(&mut self, cx: &mut Context<Self>, letters: u64) -> Result<u64> {
        for _ in 0..letters {
            self.written = Desk::named(cx, "desk").write().await?;
        }
        Ok(self.written)
    }
}

stayput::app!(Desk, Clerk, Office);

/// Noon of a day.
const NOON: Timestamp = Timestamp::from_millis(20_000 * 86_400_000 + 43_200_000);

#[test]
fn calls_are_counted_until_midnight() {
    Test::new(app()).start(NOON).run(async |t| {
        let ann = t.as_user("ann");
        let desk = Desk::named(&ann, "desk");
        // Nothing is there to be looked at, nor to count.
        assert_eq!(desk.letters().await.unwrap(), 0);
        // The one that brings it to life counts; so does one that fails, and a query.
        assert_eq!(desk.write().await.unwrap(), 1);
        assert_eq!(code(desk.scribble().await), "desk.dry");
        assert_eq!(desk.letters().await.unwrap(), 1);
        let refused = desk.write().await.unwrap_err();
        let refused = refused.rejection().unwrap();
        assert_eq!(refused.code(), "rate_limited");
        assert_eq!(refused.details(), Some(r#"{"retry_after_ms":43200000}"#));
        assert!(!refused.maybe_executed());
        // It is on disk, and others have their own.
        t.restart().await;
        assert_eq!(
            code(Desk::named(&ann, "desk").write().await),
            "rate_limited"
        );
        let bob = Desk::named(&t.as_user("bob"), "desk");
        assert_eq!(bob.write().await.unwrap(), 2);
        t.advance(hours(12).saturating_sub(std::time::Duration::from_millis(1)))
            .await;
        assert_eq!(
            code(Desk::named(&ann, "desk").write().await),
            "rate_limited"
        );
        t.advance(std::time::Duration::from_millis(1)).await;
        assert_eq!(Desk::named(&ann, "desk").write().await.unwrap(), 3);
    });
}

#[test]
fn named_quotas_are_counted_by_themselves() {
    Test::new(app()).start(NOON).run(async |t| {
        let desk = Desk::named(&t.as_user("ann"), "desk");
        desk.write().await.unwrap();
        assert_eq!(desk.send().await.unwrap(), 1);
        assert_eq!(code(desk.send().await), "rate_limited");
        // A mixin's own action is a call like any other, and the third of the day was used by what was refused.
        assert_eq!(code(desk.quotas().used("stamps").await), "rate_limited");
        let developer = Desk::named(t, "desk");
        assert_eq!(developer.quotas().used("calls").await.unwrap(), 1);
    });
}

#[test]
fn objects_are_free() {
    testing::run(app(), async |t| {
        let office = Office::named(&t.as_user("ann"), "office");
        assert_eq!(office.dictate(10_u64).await.unwrap(), 10);
    });
}

#[test]
fn what_keeps_nothing_says_so() {
    testing::run(app(), async |t| {
        let clerk = Clerk::named(&t.as_user("ann"), "clerk");
        assert_eq!(clerk.note().await.unwrap(), 1);
        assert_eq!(code(clerk.note().await), "config.invalid");
    });
}
