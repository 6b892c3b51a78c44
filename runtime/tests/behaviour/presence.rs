//! Who is there: derived from connections, without ghosts.

use serde_json::json;
use stayput::mixins::presence::{self, Changed, Joined, Left, Presence, Typing};
use stayput::prelude::*;
use stayput::testing::{self, Socket};

use crate::support::code;

#[durable_object]
struct Den {
    #[mixin]
    presence: Presence,
    #[mixin]
    open: presence::public::Presence,
}

#[durable_object]
impl Den {}

stayput::app!(Den);

fn over(socket: &Socket) -> DenStub {
    Den::named(socket, "d")
}

const ALL: &[&str] = &[
    "presence.joined",
    "presence.left",
    "presence.changed",
    "presence.typing",
];

#[test]
fn who_is_there_is_who_is_connected() {
    testing::run(app(), async |t| {
        let den = Den::named(&t.as_user("watcher"), "d");
        let watcher = t.as_user("watcher").connect(&den).await.unwrap();
        watcher.subscribe(ALL).await.unwrap();
        let ann = t.as_user("ann").connect(&den).await.unwrap();
        let again = t.as_user("ann").connect(&den).await.unwrap();
        let ben = t.as_user("ben").connect(&den).await.unwrap();
        for (socket, metadata) in [
            (&ann, None),
            (&ben, Some(json!({"color": "red"}))),
            (&again, None),
        ] {
            // What somebody says of their name is nothing, if they are known.
            over(socket)
                .presence()
                .enter(Some("nobody".to_owned()), metadata)
                .await
                .unwrap();
        }
        t.settle().await;
        let joined = watcher.next::<Joined>().unwrap();
        assert_eq!((&*joined.member.name, joined.count), ("ann", 1));
        let joined = watcher.next::<Joined>().unwrap();
        assert_eq!((&*joined.member.name, joined.count), ("ben", 2));
        assert_eq!(joined.member.metadata, json!({"color": "red"}));
        // Their second connection is no second one of them.
        assert_eq!(watcher.next::<Changed>().unwrap().member.connections, 2);
        let there = den.presence().list().await.unwrap();
        let there: Vec<_> = there
            .iter()
            .map(|member| (&*member.name, member.connections))
            .collect();
        assert_eq!(there, [("ann", 2), ("ben", 1)]);

        // They leave with the last of them, also while the object sleeps.
        drop(ann);
        t.settle().await;
        t.evict().await;
        assert_eq!(den.presence().count().await.unwrap(), 2);
        assert!(watcher.received().is_empty());
        drop(again);
        t.settle().await;
        let Left { name, count } = watcher.next().unwrap();
        assert_eq!((&*name, count), ("ann", 1));
        over(&ben).presence().leave().await.unwrap();
        t.settle().await;
        assert_eq!(watcher.next::<Left>().unwrap().count, 0);
        // Who has left has left: their connection says nothing any more.
        assert_eq!(
            code(over(&ben).presence().leave().await),
            "presence.not_there"
        );
        drop(ben);
        t.settle().await;
        assert!(watcher.received().is_empty());
    });
}

#[test]
fn typing_and_idling_end_by_themselves() {
    testing::run(app(), async |t| {
        let den = Den::named(&t.as_user("watcher"), "d");
        let ann = t.as_user("ann").connect(&den).await.unwrap();
        let ben = t.as_user("ben").connect(&den).await.unwrap();
        for socket in [&ann, &ben] {
            socket.subscribe(&["presence.typing"]).await.unwrap();
            over(socket).presence().enter(None, None).await.unwrap();
        }
        let member = async || den.presence().list().await.unwrap().remove(0);
        over(&ann).presence().typing(true).await.unwrap();
        t.settle().await;
        let Typing {
            name,
            active,
            until,
        } = ben.next().unwrap();
        assert_eq!((&*name, active), ("ann", true));
        assert_eq!(until, t.now() + presence::TYPING);
        // Not to who types.
        assert!(ann.received().is_empty());
        let almost = presence::TYPING.saturating_sub(std::time::Duration::from_millis(1));
        t.advance(almost).await;
        assert!(member().await.typing);
        t.advance(std::time::Duration::from_millis(1)).await;
        assert!(!member().await.typing);
        over(&ann).presence().typing(true).await.unwrap();
        over(&ann).presence().typing(false).await.unwrap();
        assert!(!member().await.typing);
        t.advance(presence::IDLE).await;
        assert!(member().await.idle);
        over(&ann).presence().active().await.unwrap();
        assert!(!member().await.idle);
    });
}

#[test]
fn who_may_not_enter_is_told_why() {
    testing::run(app(), async |t| {
        let den = Den::named(&t.as_user("ann"), "d");
        assert_eq!(
            code(den.presence().enter(None, None).await),
            "presence.needs_connection"
        );
        let ann = t.as_user("ann").connect(&den).await.unwrap();
        assert_eq!(
            code(over(&ann).presence().typing(true).await),
            "presence.not_there"
        );
        let long = Some(json!("x".repeat(presence::MAX_METADATA)));
        assert_eq!(
            code(over(&ann).presence().enter(None, long).await),
            "presence.too_long"
        );
        // Nobody unknown is among those who are known; they have a place of their own, by the name they give.
        let den = Den::named(&t.anonymous(), "d");
        let guest = t.anonymous().connect(&den).await.unwrap();
        assert_eq!(
            code(
                over(&guest)
                    .presence()
                    .enter(Some("guest".to_owned()), None)
                    .await
            ),
            "unauthenticated"
        );
        assert_eq!(
            code(over(&guest).open().enter(None, None).await),
            "presence.needs_name"
        );
        let there = over(&guest)
            .open()
            .enter(Some("guest".to_owned()), None)
            .await
            .unwrap();
        assert_eq!(there[0].name, "guest");
        assert_eq!(den.open().count().await.unwrap(), 1);
    });
}
