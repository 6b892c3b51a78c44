//! The auction, from outside.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong in a test fails it"
)]

use stayput::prelude::*;
use stayput::testing::Harness;

use crate::token::subject_of;
use crate::{Auction, AuctionError, AuctionStub, Ended, Placed, Standing, app};

fn failed<T: std::fmt::Debug>(result: Result<T, CallError<AuctionError>>) -> AuctionError {
    match result {
        Err(CallError::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn of(t: &Harness, who: &str) -> AuctionStub {
    Auction::named(&t.as_user(who), "vase")
}

#[stayput::test]
async fn each_is_told_what_is_theirs_to_know(t: &Harness) {
    let (sam, ann, ben) = (of(t, "sam"), of(t, "ann"), of(t, "ben"));
    assert!(matches!(
        failed(ann.bid(100u64).await),
        AuctionError::NotOpen
    ));
    sam.offer("A vase", 100u64, 10u64, 200u64, 3_600u32, 60u32)
        .await
        .unwrap();
    assert!(matches!(
        failed(ben.offer("Mine", 1u64, 1u64, 0u64, 60u32, 60u32).await),
        AuctionError::Open
    ));
    let mut listeners = Vec::new();
    for who in ["sam", "ann", "ben"] {
        let socket = t.as_user(who).connect(&sam).await.unwrap();
        socket.subscribe(&["placed", "ended"]).await.unwrap();
        listeners.push(socket);
    }
    assert!(matches!(failed(sam.bid(500u64).await), AuctionError::Own));
    assert!(matches!(
        failed(ann.bid(99u64).await),
        AuctionError::TooLow { least: 100 }
    ));
    ann.bid(100u64).await.unwrap();
    assert!(matches!(
        failed(ben.bid(105u64).await),
        AuctionError::TooLow { least: 110 }
    ));
    ben.bid(250u64).await.unwrap();
    t.settle().await;
    let told = |next: &dyn Fn() -> Option<Placed>| -> Vec<_> {
        std::iter::from_fn(next)
            .map(|it| (it.number, it.cents, it.paddle, it.bidder))
            .collect()
    };
    let [sams, anns, bens] = [0, 1, 2].map(|at| told(&|| listeners[at].next::<Placed>()));
    let (first, second) = (Some("ann".to_owned()), Some("ben".to_owned()));
    assert_eq!(
        sams,
        [(1, 100, 1, first.clone()), (2, 250, 2, second.clone())]
    );
    assert_eq!(anns, [(1, 100, 1, first), (2, 250, 2, None)]);
    assert_eq!(bens, [(1, 100, 1, None), (2, 250, 2, second.clone())]);

    // Whoever comes now hears how it stands; the reserve is the seller's.
    for (who, reserve) in [("sam", Some(200)), ("eve", None)] {
        let late = t.as_user(who).connect(&sam).await.unwrap();
        late.subscribe(&["standing"]).await.unwrap();
        let standing = late.next::<Standing>().unwrap();
        assert_eq!(
            (standing.cents, standing.reserve_met, standing.reserve_cents),
            (Some(250), true, reserve)
        );
        assert_eq!(of(t, who).standing().await.unwrap(), standing);
    }
    let seen = of(t, "eve").bids(20u32).await.unwrap();
    assert_eq!(
        seen.iter()
            .map(|it| (it.number, &it.bidder))
            .collect::<Vec<_>>(),
        [(2, &None), (1, &None)]
    );

    t.advance(minutes(60)).await;
    let ends = [0, 1, 2].map(|at| listeners[at].next::<Ended>().unwrap());
    assert_eq!(
        ends.each_ref().map(|it| it.winner.as_deref()),
        [Some("ben"), None, Some("ben")]
    );
    assert_eq!(
        ends.map(|it| (it.cents, it.paddle)),
        [(Some(250), Some(2)); 3]
    );
    assert!(matches!(failed(ann.bid(900u64).await), AuctionError::Over));
}

#[stayput::test]
async fn a_late_bid_moves_the_end(t: &Harness) {
    let (sam, ann, ben) = (of(t, "sam"), of(t, "ann"), of(t, "ben"));
    let end = sam
        .offer("A vase", 100u64, 10u64, 1_000u64, 600u32, 60u32)
        .await
        .unwrap();
    assert_eq!(ann.bid(100u64).await.unwrap(), end);
    t.advance(seconds(9 * 60 + 30)).await;
    assert_eq!(ben.bid(200u64).await.unwrap(), end + seconds(30));
    // What was to end it is moved, also when the server was killed meanwhile.
    t.crash().await;
    t.advance(seconds(50)).await;
    assert!(!ann.standing().await.unwrap().ended);
    assert_eq!(ann.bid(300u64).await.unwrap(), end + seconds(80));
    t.advance(seconds(60)).await;
    let standing = ben.standing().await.unwrap();
    assert!(standing.ended && !standing.reserve_met);
    // It was not sold: nobody gave what it should bring.
    let late = t.as_user("ben").connect(&sam).await.unwrap();
    late.send_text(r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["ended"],"after":"oldest"}}"#).await;
    let ended = late.next::<Ended>().unwrap();
    assert_eq!((ended.cents, ended.winner), (None, None));
}

#[stayput::test]
async fn one_of_two_bids_at_once_is_too_low(t: &Harness) {
    of(t, "sam")
        .offer("A vase", 100u64, 10u64, 0u64, 600u32, 60u32)
        .await
        .unwrap();
    let (one, other) = (
        t.spawn(of(t, "ann").bid(100u64)),
        t.spawn(of(t, "ben").bid(100u64)),
    );
    let (one, other) = (one.await, other.await);
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}

#[stayput::test]
async fn who_is_there_is_known(t: &Harness) {
    let sam = of(t, "sam");
    let ann = t.as_user("ann").connect(&sam).await.unwrap();
    Auction::named(&ann, "vase")
        .presence()
        .enter(None, None)
        .await
        .unwrap();
    assert_eq!(sam.presence().count().await.unwrap(), 1);
    drop(ann);
    t.settle().await;
    assert_eq!(sam.presence().count().await.unwrap(), 0);
}

#[test]
fn a_token_is_one_subject_and_no_other() {
    let secret = "0123456789abcdef";
    let ann = subject_of(&format!("ann.{secret}")).unwrap();
    assert_eq!(subject_of(&format!("ann.{secret}")), Some(ann.clone()));
    assert!(ann.starts_with("ann~") && ann.len() == 20, "{ann}");
    assert_ne!(subject_of(&format!("ann.{secret}0")), Some(ann.clone()));
    assert_ne!(subject_of(&format!("ben.{secret}")), Some(ann));
    let long = "a".repeat(21);
    for (name, secret) in [
        ("", secret),
        (&long, secret),
        ("ann~0", secret),
        ("ann", "short"),
        ("ann", &"a".repeat(65)),
        ("ann", "0123456789abcde!"),
    ] {
        assert_eq!(
            subject_of(&format!("{name}.{secret}")),
            None,
            "{name}.{secret}"
        );
    }
    assert_eq!(subject_of("0123456789abcdef"), None);
}

/// A schedule that was due just before a bid moved the end.
#[stayput::test]
async fn an_end_that_has_moved_does_not_come_early(t: &Harness) {
    let sam = of(t, "sam");
    sam.offer("A vase", 100u64, 10u64, 0u64, 60u32, 60u32)
        .await
        .unwrap();
    t.run_in(&sam, Auction::end).await;
    assert!(!sam.standing().await.unwrap().ended);
    t.advance(seconds(60)).await;
    assert!(sam.standing().await.unwrap().ended);
}
