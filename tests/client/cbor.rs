//! The same calls, in CBOR.

use stayput::prelude::*;

use crate::room::{Room, RoomError, Said};
use crate::{Running, run};

#[test]
fn calls_answers_and_errors_travel_as_cbor() {
    let running = Running::start();
    run(async {
        let client = running.client.cbor();
        let room = Room::named(&client, "a/b ü?");
        assert_eq!(room.say("\0 \"one\"").key("k").await.unwrap(), 1);
        // A key is good in both forms.
        let text = Room::named(&running.client, "a/b ü?");
        assert_eq!(text.say("\0 \"one\"").key("k").await.unwrap(), 1);
        assert_eq!(
            room.repeat("ü", 50_000_usize).await.unwrap(),
            "ü".repeat(50_000)
        );
        assert_eq!(room.myself().await.unwrap().count().await.unwrap(), 1);
        let failed = room.fill().await.unwrap_err();
        assert!(matches!(
            failed,
            CallError::Failed(RoomError::Full { max: 3 })
        ));
        let error = Room::named(&client, "~no").count().await.unwrap_err();
        assert_eq!(error.rejection().unwrap().code(), "invalid_name");
        let long = room.say("x".repeat(3 << 19)).await.unwrap_err();
        assert_eq!(long.rejection().unwrap().code(), "too_large");
    });
}

#[test]
fn connections_speak_it_too() {
    let running = Running::start();
    run(async {
        let client = running.client.cbor();
        let room = Room::named(&client, "r");
        let live = client.connect(&room).await.unwrap();
        let mut said = live.events::<Said>().await.unwrap();
        let plain = running.client.connect(&room).await.unwrap();
        let mut heard = plain.events::<Said>().await.unwrap();
        let over = Room::named(&live, "r");
        assert_eq!(over.say("over the socket").await.unwrap(), 1);
        for events in [&mut said, &mut heard] {
            assert_eq!(
                events.next().await.unwrap().unwrap().text,
                "over the socket"
            );
        }
        let failed = over.fill().await.unwrap_err();
        assert!(matches!(
            failed,
            CallError::Failed(RoomError::Full { max: 3 })
        ));
        drop(said);
        assert_eq!(over.count().await.unwrap(), 1);
    });
}
