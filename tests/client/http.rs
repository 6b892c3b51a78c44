//! Calls over HTTP.

use std::time::Duration;

use stayput::prelude::*;

use crate::room::{Room, RoomError};
use crate::{Running, client, run};

#[test]
fn stubs_call_and_answer() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "a/b ü?");
        assert_eq!(room.say("one").await.unwrap(), 1);
        assert_eq!(room.say("two").await.unwrap(), 2);
        assert_eq!(room.count().await.unwrap(), 2);
        assert_eq!(room.door().enter("ann").await.unwrap(), 1);
        // The id of a name is the server's, and it names the same object.
        let same = Room::by_id(&running.client, room.id().unwrap());
        assert_eq!(same.count().await.unwrap(), 2);
        // A stub in an answer calls by the client that got it.
        let myself = room.myself().await.unwrap();
        assert_eq!(myself.count().await.unwrap(), 2);
        let unique = Room::unique(&running.client);
        assert_eq!(unique.count().await.unwrap(), 0);
    });
}

#[test]
fn many_calls_at_once_share_connections() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "busy");
        let calls = (0..200).map(|_| room.say("x").into_future());
        let mut numbers: Vec<u64> = futures_util::future::join_all(calls)
            .await
            .into_iter()
            .map(|number| number.unwrap())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
    });
}

#[test]
fn errors_arrive_as_the_action_declares_them() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "r");
        let failed = room.fill().await.unwrap_err();
        assert!(
            matches!(failed, CallError::Failed(RoomError::Full { max: 3 })),
            "{failed:?}"
        );
        let error = Room::named(&running.client, "~no").count().await;
        let error = error.unwrap_err();
        assert_eq!(error.rejection().unwrap().code(), "invalid_name");
        // A client sends what it is given; limits are the server's.
        let long = room.say("x".repeat(3 << 19)).await.unwrap_err();
        let rejection = long.rejection().unwrap();
        assert_eq!(
            (
                rejection.code(),
                rejection.status(),
                rejection.maybe_executed()
            ),
            ("too_large", 413, false)
        );
        assert_eq!(room.count().await.unwrap(), 0);
    });
}

#[test]
fn answers_that_take_too_long_are_given_up() {
    let running = Running::start();
    run(async {
        let hasty = running.client.timeout(Duration::from_millis(100));
        let room = Room::named(&hasty, "slow");
        let command = room.ponder(2_000_u64).await.unwrap_err();
        let query = room.watch(2_000_u64).await.unwrap_err();
        let [command, query] = [&command, &query].map(|error| error.rejection().unwrap());
        assert_eq!(
            (command.code(), command.maybe_executed()),
            ("client_timeout", true)
        );
        assert_eq!(
            (query.code(), query.maybe_executed()),
            ("client_timeout", false)
        );
        assert!(command.retryable() && query.retryable());
    });
}

#[test]
fn a_server_that_is_not_there_executed_nothing() {
    run(async {
        let nobody = client(&format!(
            "http://{}",
            support::process::free_address().unwrap()
        ));
        let room = Room::named(&nobody, "r");
        let error = room.say("x").await.unwrap_err();
        let rejection = error.rejection().unwrap();
        assert_eq!((rejection.code(), rejection.status()), ("network", 503));
        assert!(rejection.retryable() && !rejection.maybe_executed());
        assert!(rejection.message().contains("refused"), "{rejection}");
        let error = nobody.connect(&room).await.unwrap_err();
        assert_eq!((error.code(), error.maybe_executed()), ("network", false));
        assert!(error.message().contains("refused"), "{error}");
    });
}

#[test]
fn a_server_that_dies_meanwhile_may_have_executed_it() {
    let Running {
        client,
        server,
        data,
    } = Running::start();
    run(async {
        let room = Room::named(&client, "r");
        room.count().await.unwrap();
        let command = room.ponder(5_000_u64).into_future();
        let query = room.watch(5_000_u64).into_future();
        let other = Room::named(&client, "other").watch(5_000_u64).into_future();
        let kill = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.kill();
        };
        let (command, query, other, ()) = tokio::join!(command, query, other, kill);
        let [command, query, other] = [&command, &query, &other]
            .map(|answer| answer.as_ref().unwrap_err().rejection().unwrap());
        assert_eq!(
            (command.code(), command.maybe_executed()),
            ("network", true)
        );
        assert_eq!((query.code(), query.maybe_executed()), ("network", false));
        assert_eq!((other.code(), other.maybe_executed()), ("network", false));
    });
    drop(data);
}
