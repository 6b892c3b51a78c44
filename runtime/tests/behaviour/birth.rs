//! Who may bring objects to life: `#[durable_object(create = "..")]`.

use stayput::prelude::*;
use stayput::testing;

use crate::support::code;

#[durable_object(create = "halls:build")]
pub struct Hall {
    seats: u64,
    #[transient]
    knocks: u64,
}

#[durable_object]
impl Hall {
    #[action(public)]
    fn seats(&self) -> u64 {
        self.seats
    }

    #[action]
    fn add(&mut self, seats: u64) -> u64 {
        self.seats += seats;
        self.seats
    }

    #[action(public)]
    fn knock(&mut self) -> u64 {
        self.knocks += 1;
        self.knocks
    }

    #[action]
    async fn renovate(this: Handle<Self>) -> Result<u64> {
        let add = |hall: &mut Self, _: &mut Context<Self>| -> Result<u64> {
            hall.seats += 100;
            Ok(hall.seats)
        };
        Ok(this.atomic(add).await?)
    }

    #[event(start)]
    fn start(&mut self, first: bool) {
        if first {
            self.seats = 1;
        }
    }
}

/// Builds halls for whoever asks.
#[durable_object]
pub struct Builder {
    built: u64,
}

#[durable_object]
impl Builder {
    #[action]
    async fn build(&mut self, cx: &mut Context<Self>, name: String) -> Result<u64> {
        self.built += 1;
        Ok(Hall::named(cx, &name).add(10).await?)
    }
}

stayput::app!(Hall, Builder);

#[test]
fn who_lacks_the_scope_creates_nothing_but_may_use_what_there_is() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        let hall = Hall::named(&ann, "opera");
        assert_eq!(code(hall.add(5u64).await), "forbidden");
        assert_eq!(code(hall.renovate().await), "forbidden");
        assert_eq!(code(hall.knock().await), "forbidden");
        let refused = hall.add(5u64).await.unwrap_err();
        let refused = refused.rejection().unwrap();
        assert_eq!(refused.details(), Some(r#"{"scope":"halls:build"}"#));
        let nobody = Hall::named(&t.anonymous(), "opera");
        assert_eq!(code(nobody.knock().await), "unauthenticated");
        // Looking is free, and nothing of all this has stayed.
        assert_eq!(nobody.seats().await.unwrap(), 1);
        t.restart().await;
        assert_eq!(code(hall.add(5u64).await), "forbidden");

        let bob = t.as_user("bob").with_scopes(["halls:build"]);
        assert_eq!(Hall::named(&bob, "opera").add(5u64).await.unwrap(), 6);
        assert_eq!(hall.add(5u64).await.unwrap(), 11);
        assert_eq!(hall.renovate().await.unwrap(), 111);
        assert_eq!(nobody.knock().await.unwrap(), 1);
    });
}

#[test]
fn processes_of_who_has_the_scope_and_objects_create() {
    testing::run(app(), async |t| {
        let bob = t.as_user("bob").with_scopes(["halls:build"]);
        assert_eq!(Hall::named(&bob, "arena").renovate().await.unwrap(), 101);
        let ann = t.as_user("ann");
        let built = Builder::named(&ann, "main").build("dome").await;
        assert_eq!(built.unwrap(), 11);
        // The developer has every scope.
        assert_eq!(Hall::named(t, "shed").add(1u64).await.unwrap(), 2);
    });
}
