//! A limit that all objects share.

use stayput::middleware::{RateLimit, RateLimiter, by_subject};
use stayput::prelude::*;
use stayput::testing;

#[durable_object]
struct Desk {
    stamps: u64,
}

#[durable_object]
impl Desk {
    #[action(public)]
    fn stamp(&mut self) -> u64 {
        self.stamps += 1;
        self.stamps
    }
}

stayput::app!(Desk, RateLimiter; limits(RateLimit::per_minute(3).shared("api", by_subject)));

#[test]
fn the_limit_counts_over_all_objects_before_they_wake() {
    testing::run(app(), async |t| {
        let (ada, bob) = (t.as_user("ada"), t.as_user("bob"));
        for desk in ["a", "b", "c"] {
            let answer = ada.post(&format!("/desk/{desk}/stamp"), "{}").await;
            assert_eq!(answer.status().as_u16(), 200);
        }
        let refused = ada.post("/desk/d/stamp", "{}").await;
        assert_eq!(refused.status().as_u16(), 429);
        assert_eq!(refused.headers()["retry-after"], "20");
        assert!(String::from_utf8_lossy(refused.body()).contains("rate_limited"));
        assert_eq!(bob.post("/desk/d/stamp", "{}").await.body().as_ref(), b"1");
        t.advance(seconds(20)).await;
        assert_eq!(ada.post("/desk/d/stamp", "{}").await.body().as_ref(), b"2");
        // Nobody knows whose bucket this would be.
        let unknown = t.anonymous().post("/desk/d/stamp", "{}").await;
        assert_eq!(unknown.status().as_u16(), 429);
        // Calls between objects, and those of tests by stubs, are no requests.
        for _ in 0..9 {
            Desk::named(&ada, "e").stamp().await.unwrap();
        }
        // Nobody calls what counts.
        let inner = ada.post("/rate-limiter/api-0/take", r#"["x", 1, 1]"#).await;
        assert_eq!(inner.status().as_u16(), 429);
        let inner = bob.post("/rate-limiter/api-0/take", r#"["x", 1, 1]"#).await;
        assert_eq!(inner.status().as_u16(), 404);
    });
}

mod without_a_limiter {
    use super::*;

    #[durable_object]
    struct Lone {}
    #[durable_object]
    impl Lone {}

    stayput::app!(Lone; limits(RateLimit::per_minute(3).shared("api", by_subject)));

    #[test]
    #[should_panic(expected = "add `stayput::middleware::RateLimiter` to its classes")]
    fn limits_want_something_that_counts() {
        testing::run(app(), async |_| {});
    }
}
