//! An object on its way out: who may do what meanwhile, and for how long.

use std::time::{Duration, Instant};

use bytes::Bytes;
use stayput::prelude::*;
use stayput::testing;

#[durable_object]
pub struct Attic {
    boxes: Map<u32, String>,
}

#[durable_object]
impl Attic {
    #[action(public)]
    fn store(&mut self, number: u32, length: usize) {
        self.boxes.set(&number, &"x".repeat(length));
    }

    #[action(public)]
    fn holds(&self, number: u32) -> bool {
        self.boxes.contains(&number)
    }
}

stayput::app!(Attic; transfer);

fn export() -> ::http::Result<::http::Request<Bytes>> {
    ::http::Request::get("/attic/a/~export").body(Bytes::new())
}

#[test]
fn nobody_writes_while_an_object_leaves_and_nobody_waits_for_ever() {
    testing::run(app(), async |t| {
        let admin = t.as_user("ann").with_scopes(["stayput:admin"]);
        let attic = Attic::named(t, "a");
        for number in 0..8 {
            attic.store(number, 100_000).await.unwrap();
        }
        let mut leaving = admin.stream(export()).await;
        let first = leaving.next().await.unwrap();
        assert!(first.starts_with(b"{\"stayput\""));
        // Whoever only asks does not wait.
        assert!(attic.holds(7).await.unwrap());
        let mut write = std::pin::pin!(attic.store(9, 1).into_future());
        // Long enough for a thread to have done it.
        let end = Instant::now() + Duration::from_millis(200);
        while Instant::now() < end {
            tokio::select! {
                biased;
                early = &mut write => panic!("{early:?} came while the object left"),
                () = tokio::task::yield_now() => {}
            }
        }
        t.advance(Duration::from_secs(21)).await;
        write.await.unwrap();
        let text = leaving.text().await;
        assert!(
            leaving.is_broken(),
            "nobody may take it for whole: {text:?}"
        );
        // All of it, for whoever reads.
        let mut leaving = admin.stream(export()).await;
        let text = leaving.text().await;
        assert!(!leaving.is_broken());
        assert_eq!(
            text.lines().count(),
            12,
            "a first, a last, and the records between"
        );
        // Whoever goes lets go.
        let mut leaving = admin.stream(export()).await;
        leaving.next().await.unwrap();
        drop(leaving);
        attic.store(10, 1).await.unwrap();
    });
}
