//! How many objects a caller may bring to life: `CreationLimit`.

use stayput::middleware::{CreationLimit, RateLimiter};
use stayput::prelude::*;
use stayput::testing;

use crate::support::code;

#[durable_object(middleware(CreationLimit::per_minute(3)))]
pub struct Nest {
    eggs: u64,
}

#[durable_object]
impl Nest {
    #[action(public)]
    fn eggs(&self) -> u64 {
        self.eggs
    }

    #[action(public)]
    fn lay(&mut self) -> u64 {
        self.eggs += 1;
        self.eggs
    }

    #[action(public)]
    async fn brood(this: Handle<Self>) -> Result<u64> {
        let lay = |nest: &mut Self, _: &mut Context<Self>| Ok::<_, stayput::Error>(nest.lay());
        Ok(this.atomic(lay).await?)
    }

    #[action(public)]
    async fn lay_elsewhere(&mut self, cx: &mut Context<Self>, name: String) -> Result<u64> {
        Ok(Self::named(cx, &name).lay().await?)
    }
}

#[durable_object(middleware(CreationLimit))]
pub struct Hive {
    bees: u64,
}

#[durable_object]
impl Hive {
    #[action(public)]
    fn settle(&mut self) -> u64 {
        self.bees += 1;
        self.bees
    }
}

stayput::app!(Nest, Hive, RateLimiter);

mod uncounted {
    use super::{Hive, Nest};
    stayput::app!(Nest, Hive);
}

#[test]
fn a_caller_creates_so_many_and_uses_all_there_are() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        for name in ["a", "b", "c"] {
            assert_eq!(Nest::named(&ann, name).eggs().await.unwrap(), 0);
            assert_eq!(Nest::named(&ann, name).lay().await.unwrap(), 1);
        }
        let refused = Nest::named(&ann, "d").lay().await.unwrap_err();
        let refused = refused.rejection().unwrap();
        assert_eq!(refused.code(), "rate_limited");
        assert_eq!(refused.details(), Some(r#"{"retry_after_ms":20000}"#));
        assert!(!refused.maybe_executed());
        assert_eq!(code(Nest::named(&ann, "e").brood().await), "rate_limited");
        // Looking costs nothing, and nothing came to life.
        assert_eq!(Nest::named(&ann, "d").eggs().await.unwrap(), 0);
        assert_eq!(Nest::named(&ann, "a").lay().await.unwrap(), 2);
        assert_eq!(Nest::named(&ann, "a").brood().await.unwrap(), 3);
        // Others have buckets of their own.
        let bob = t.as_user("bob");
        assert_eq!(Nest::named(&bob, "d").lay().await.unwrap(), 1);
        // One more every 20 seconds.
        t.advance(seconds(20)).await;
        assert_eq!(Nest::named(&ann, "e").brood().await.unwrap(), 1);
        assert_eq!(code(Nest::named(&ann, "f").lay().await), "rate_limited");
    });
}

#[test]
fn objects_create_as_many_as_they_like() {
    testing::run(app(), async |t| {
        let nest = Nest::named(&t.as_user("ann"), "first");
        nest.lay().await.unwrap();
        for number in 0..10 {
            assert_eq!(nest.lay_elsewhere(number.to_string()).await.unwrap(), 1);
        }
    });
}

#[test]
fn without_a_word_it_is_sixty_a_minute() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        for number in 0..60 {
            let hive = Hive::named(&ann, &number.to_string());
            assert_eq!(hive.settle().await.unwrap(), 1);
        }
        assert_eq!(code(Hive::named(&ann, "x").settle().await), "rate_limited");
    });
}

#[test]
fn an_app_that_cannot_count_says_so() {
    testing::run(uncounted::app(), async |t| {
        let ann = t.as_user("ann");
        assert_eq!(code(Nest::named(&ann, "a").lay().await), "config.invalid");
        assert_eq!(Nest::named(&ann, "a").eggs().await.unwrap(), 0);
    });
}
