//! Calls and events over a WebSocket.

use std::time::Duration;

use serde_json::json;
use stayput::client::{Client, Events, Follow, Followed};
use stayput::prelude::*;

use crate::room::{Desk, Entered, Hello, Room, RoomError, Said, Told};
use crate::{Running, run};

/// Declared by no class.
#[event(public)]
struct Unheard {}

#[test]
fn calls_and_events_go_over_one_connection() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "r");
        let live = running.client.connect(&room).await.unwrap();
        let mut said = live.events::<Said>().await.unwrap();
        let mut entered = live.events_of::<Entered>("door").await.unwrap();
        let over = Room::named(&live, "r");
        assert_eq!(over.say("over the socket").await.unwrap(), 1);
        assert_eq!(room.say("over HTTP").await.unwrap(), 2);
        assert_eq!(over.door().enter("ann").await.unwrap(), 1);
        for text in ["over the socket", "over HTTP"] {
            assert_eq!(said.next().await.unwrap().unwrap().text, text);
        }
        let name = "ann".to_owned();
        assert_eq!(entered.next().await.unwrap().unwrap(), Entered { name });
        let failed = over.fill().await.unwrap_err();
        assert!(matches!(
            failed,
            CallError::Failed(RoomError::Full { max: 3 })
        ));
        // It is open to one object.
        let other = Room::named(&live, "other").count().await.unwrap_err();
        assert_eq!(other.rejection().unwrap().code(), "invalid_request");
        let myself = over.myself().await.unwrap();
        assert_eq!(myself.count().await.unwrap(), 2);
    });
}

#[test]
fn what_nobody_listens_to_is_not_sent() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "r");
        let live = running.client.connect(&room).await.unwrap();
        let first = live.events::<Said>().await.unwrap();
        let mut second = live.events::<Said>().await.unwrap();
        drop(first);
        room.say("to the second").await.unwrap();
        assert_eq!(second.next().await.unwrap().unwrap().number, 1);
        drop(second);
        // An answer over the connection tells that the server has read what came before.
        Room::named(&live, "r").count().await.unwrap();
        room.say("to nobody").await.unwrap();
        let mut third = live.events::<Said>().await.unwrap();
        room.say("to the third").await.unwrap();
        assert_eq!(third.next().await.unwrap().unwrap().number, 3);
    });
}

#[test]
fn events_one_cannot_have_are_refused_by_name() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "r");
        let live = running.client.connect(&room).await.unwrap();
        let error = live.events::<Unheard>().await.unwrap_err();
        assert_eq!(error.code(), "invalid_params");
        assert!(
            error.details().unwrap().contains("door.entered"),
            "{error:?}"
        );
        let error = live.events_of::<Entered>("window").await.unwrap_err();
        assert_eq!(error.code(), "invalid_params");
    });
}

#[test]
fn a_connection_says_who_comes() {
    let running = Running::start();
    run(async {
        let desk = Desk::named(&running.client, "d");
        for hello in [
            Hello {
                name: "a&b= +é\"".to_owned(),
                since: Some(u64::MAX),
                tags: vec!["one".to_owned()],
            },
            Hello {
                name: "7".to_owned(),
                since: None,
                tags: Vec::new(),
            },
        ] {
            let client = running.client.saying(&hello).unwrap();
            let live = client.connect(&desk).await.unwrap();
            let who = Desk::named(&live, "d").who().await.unwrap();
            assert_eq!(who, Some(hello));
            // Calls over HTTP say nothing of it.
            assert_eq!(Desk::named(&client, "d").who().await.unwrap(), None);
        }
        let error = running.client.connect(&desk).await.unwrap_err();
        assert_eq!(error.code(), "invalid_params");
        assert_eq!(desk.came().await.unwrap(), 2);
    });
}

/// A client whose connections come into two rooms.
fn in_two_rooms(running: &Running) -> Client {
    let said = json!({ "name": "ann", "rooms": ["red", "blue"] });
    running.client.saying(&said).unwrap()
}

#[test]
fn who_is_in_several_rooms_can_tell_them_apart() {
    let running = Running::start();
    run(async {
        let desk = Desk::named(&running.client, "rooms");
        let client = in_two_rooms(&running);
        let live = client.connect(&desk).await.unwrap();
        let mut all = live.events::<Told>().await.unwrap();
        let mut red = live.events::<Told>().await.unwrap().in_room("red");
        let mut both = red_and_blue(live.events::<Told>().await.unwrap());
        let told = [
            ("to all", &[] as &[&str]),
            ("to red", &["red"]),
            ("to blue", &["blue"]),
            ("to green", &["green"]),
            ("to blue and red", &["blue", "red"]),
        ];
        for (text, rooms) in told {
            let rooms: Vec<String> = rooms.iter().map(ToString::to_string).collect();
            desk.tell(text, rooms).await.unwrap();
        }
        for text in ["to all", "to red", "to blue", "to blue and red"] {
            assert_eq!(text_of(&mut all).await, text);
        }
        for text in ["to red", "to blue and red"] {
            assert_eq!(text_of(&mut red).await, text);
        }
        for text in ["to red", "to blue", "to blue and red"] {
            assert_eq!(text_of(&mut both).await, text);
        }
    });
}

fn red_and_blue(events: Events<Told>) -> Events<Told> {
    events.in_room("red").in_room("blue")
}

async fn text_of(events: &mut Events<Told>) -> String {
    let told = tokio::time::timeout(Duration::from_secs(10), events.next());
    told.await.unwrap().unwrap().unwrap().text
}

#[test]
fn a_follower_of_one_room_passes_over_the_others_and_stays_at_the_end_of_the_log() {
    let running = Running::start();
    run(async {
        let desk = Desk::named(&running.client, "followed");
        let client = in_two_rooms(&running);
        let tell = async |text: &str, room: &str| desk.tell(text, vec![room.to_owned()]).await;
        let mut red = client
            .follow::<Told>(&desk)
            .unwrap()
            .in_room("red")
            .after("oldest");
        tell("early", "red").await.unwrap();
        assert_eq!(followed(&mut red).await, "early");
        // So many that the place of what was heard last is not kept any more ..
        for _ in 0..30 {
            tell("elsewhere", "blue").await.unwrap();
        }
        tell("late", "red").await.unwrap();
        assert_eq!(followed(&mut red).await, "late");
        // .. and yet nothing is missing after a lost connection.
        for _ in 0..15 {
            tell("elsewhere", "blue").await.unwrap();
        }
        let seen = tokio::time::timeout(Duration::from_millis(300), red.next()).await;
        assert!(seen.is_err(), "{seen:?}");
        let cursor = red.cursor().unwrap().to_owned();
        for _ in 0..15 {
            tell("elsewhere", "blue").await.unwrap();
        }
        tell("last", "red").await.unwrap();
        let mut again = client
            .follow::<Told>(&desk)
            .unwrap()
            .in_room("red")
            .after(cursor);
        assert_eq!(followed(&mut again).await, "last");
    });
}

async fn followed(events: &mut Follow<Told>) -> String {
    let next = tokio::time::timeout(Duration::from_secs(10), events.next());
    match next.await.unwrap().unwrap() {
        Followed::Event(told) => told.text,
        Followed::Gap => "a gap".to_owned(),
    }
}

#[test]
fn a_refused_connection_says_why() {
    let running = Running::start();
    run(async {
        let full = Room::named(&running.client, "full");
        let error = running.client.connect(&full).await.unwrap_err();
        assert_eq!((error.code(), error.status()), ("room.full", 503));
        assert!(error.retryable() && !error.maybe_executed());
        // One that is refused before it is a connection: by an answer of HTTP.
        let wrong = Room::named(&running.client, "x".repeat(513).as_str());
        let error = running.client.connect(&wrong).await.unwrap_err();
        assert_eq!(error.code(), "invalid_name");
    });
}

#[test]
fn both_sides_can_end_it() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "r");
        let live = running.client.connect(&room).await.unwrap();
        let mut said = live.events::<Said>().await.unwrap();
        let over = Room::named(&live, "r");
        // What ends the connection has no answer over it.
        let error = over.leave(4_100_u16).await.unwrap_err();
        assert_eq!(error.rejection().unwrap().code(), "network");
        assert_eq!(live.closed().await, (4100, "out".to_owned()));
        assert!(said.next().await.is_none());
        let error = over.say("too late").await.unwrap_err();
        let rejection = error.rejection().unwrap();
        assert_eq!(
            (rejection.code(), rejection.maybe_executed()),
            ("network", false)
        );
        assert!(rejection.message().contains("4100 out"), "{rejection}");
        let mut late = live.events::<Said>().await.unwrap_err();
        assert_eq!(late.code(), "network");

        let live = running.client.connect(&room).await.unwrap();
        late = live.close(1001, "").unwrap_err();
        assert_eq!(late.code(), "invalid_request");
        live.close(4200, "done").unwrap();
        assert_eq!(live.closed().await, (4200, "done".to_owned()));
    });
}

#[test]
fn it_ends_with_the_last_who_uses_it() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "r");
        let live = running.client.connect(&room).await.unwrap();
        let mut said: Events<Said> = live.events().await.unwrap();
        drop(live);
        room.say("still here").await.unwrap();
        assert_eq!(said.next().await.unwrap().unwrap().text, "still here");
        assert_eq!(room.listeners().await.unwrap(), 1);
        drop(said);
        let gone = async {
            while room.listeners().await.unwrap() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), gone)
            .await
            .unwrap();
    });
}

#[test]
fn a_reader_that_is_behind_is_told_once() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "r");
        let live = running.client.connect(&room).await.unwrap();
        let mut said = live.events::<Said>().await.unwrap();
        let over = Room::named(&live, "r");
        for _ in 0..9 {
            // Its events come before its answer, and nobody reads them.
            over.flood(500_u64).await.unwrap();
        }
        for number in 1..=4_096 {
            assert_eq!(said.next().await.unwrap().unwrap().number, number);
        }
        let error = said.next().await.unwrap().unwrap_err();
        assert_eq!(error.code(), "overflow");
        assert!(said.next().await.is_none());
        // The connection itself goes on.
        assert_eq!(over.count().await.unwrap(), 4_500);
        let mut again = live.events::<Said>().await.unwrap();
        over.say("on").await.unwrap();
        assert_eq!(again.next().await.unwrap().unwrap().number, 4_501);
    });
}

#[test]
fn long_messages_pass_both_ways_and_longer_ones_are_not_sent() {
    let running = Running::start();
    run(async {
        let room = Room::named(&running.client, "r");
        let live = running.client.connect(&room).await.unwrap();
        let over = Room::named(&live, "r");
        let text = over.repeat("x".repeat(900_000), 2_usize).await.unwrap();
        assert_eq!(text.len(), 1_800_000);
        let error = over.say("x".repeat(1 << 20)).await.unwrap_err();
        let rejection = error.rejection().unwrap();
        assert_eq!(
            (rejection.code(), rejection.maybe_executed()),
            ("too_large", false)
        );
        // Much in both directions at once: nobody waits for the other for ever, and whoever asked for it is not slow.
        let calls = (0..100).map(|_| over.repeat("y".repeat(50_000), 2_usize).into_future());
        for answer in futures_util::future::join_all(calls).await {
            assert_eq!(answer.unwrap().len(), 100_000);
        }
    });
}
