//! Who is there: derived from connections, without ghosts.

use serde_json::json;
use stayput::mixins::presence::{self, Changed, Joined, Left, Presence, Typing};
use stayput::prelude::*;
use stayput::testing::{self, Harness, Socket};

use std::time::Duration;

use crate::support::code;

#[durable_object]
struct Den {
    said: u64,
    #[mixin]
    presence: Presence,
    #[mixin]
    open: presence::public::Presence,
}

#[durable_object]
impl Den {
    #[action(public)]
    fn say(&mut self) -> u64 {
        self.said += 1;
        self.said
    }

    #[action(public)]
    fn said(&self) -> u64 {
        self.said
    }

    #[action(public)]
    async fn say_slowly(this: Handle<Self>) -> Result<()> {
        this.atomic(|den, _| {
            den.said += 1;
            Ok::<_, stayput::Error>(())
        })
        .await?;
        Ok(())
    }

    #[action(public)]
    fn refuse(&mut self) -> Result<()> {
        Err(stayput::Error::msg("no"))
    }
}

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
        let almost = presence::TYPING.saturating_sub(Duration::from_millis(1));
        t.advance(almost).await;
        assert!(member().await.typing);
        t.advance(Duration::from_millis(1)).await;
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

/// Who is idle now, of what `watcher` heard.
fn turns(watcher: &Socket) -> Vec<(String, bool)> {
    let turn = || {
        let Changed { member } = watcher.next()?;
        Some((member.name, member.idle))
    };
    std::iter::from_fn(turn).collect()
}

fn turn(name: &str, idle: bool) -> Vec<(String, bool)> {
    vec![(name.to_owned(), idle)]
}

/// One who only watches, and those who are there.
async fn watched<const N: usize>(t: &Harness, names: [&str; N]) -> (Socket, [Socket; N]) {
    let den = Den::named(t, "d");
    let watcher = t.as_user("watcher").connect(&den).await.unwrap();
    watcher.subscribe(&["presence.changed"]).await.unwrap();
    let mut sockets = Vec::new();
    for name in names {
        let socket = t.as_user(name).connect(&den).await.unwrap();
        over(&socket).presence().enter(None, None).await.unwrap();
        sockets.push(socket);
    }
    turns(&watcher);
    (watcher, sockets.try_into().unwrap())
}

const A_SECOND: Duration = seconds(1);
const ALMOST_IDLE: Duration = seconds(299);

#[test]
fn who_does_nothing_is_told_idle_and_no_more_with_what_they_do_next() {
    testing::run(app(), async |t| {
        let (watcher, [ann]) = watched(t, ["ann"]).await;
        // It counts from what was done last, not from coming, and reading is not doing.
        t.advance(ALMOST_IDLE).await;
        over(&ann).say().await.unwrap();
        t.advance(ALMOST_IDLE).await;
        over(&ann).said().await.unwrap();
        assert_eq!(turns(&watcher), []);
        // The object sleeps meanwhile, as it does between messages on any day.
        t.evict().await;
        t.advance(A_SECOND).await;
        assert_eq!(turns(&watcher), turn("ann", true));
        let told = t.as_user("ann").connect(&Den::named(t, "d")).await.unwrap();
        assert!(over(&told).presence().list().await.unwrap()[0].idle);
        t.evict().await;
        // What fails did nothing.
        code(over(&ann).refuse().await);
        assert_eq!(turns(&watcher), []);
        over(&ann).say().await.unwrap();
        t.settle().await;
        assert_eq!(turns(&watcher), turn("ann", false));
        // Said once, however much they do; and of a process.
        over(&ann).say().await.unwrap();
        t.advance(presence::IDLE).await;
        assert_eq!(turns(&watcher), turn("ann", true));
        over(&ann).say_slowly().await.unwrap();
        t.settle().await;
        assert_eq!(turns(&watcher), turn("ann", false));
        for idle in [true, false] {
            if idle {
                t.advance(presence::IDLE).await;
            } else {
                over(&ann).presence().active().await.unwrap();
                t.settle().await;
            }
            assert_eq!(turns(&watcher), turn("ann", idle));
        }
    });
}

#[test]
fn of_several_connections_the_one_that_did_something_last_counts() {
    testing::run(app(), async |t| {
        let (watcher, [ann, again]) = watched(t, ["ann", "ann"]).await;
        t.advance(minutes(3)).await;
        over(&again).say().await.unwrap();
        t.advance(minutes(3)).await;
        assert_eq!(turns(&watcher), []);
        t.advance(minutes(2)).await;
        assert_eq!(turns(&watcher), turn("ann", true));
        over(&ann).say().await.unwrap();
        t.settle().await;
        assert_eq!(turns(&watcher), turn("ann", false));
        // The other one does not say it again.
        over(&again).say().await.unwrap();
        t.settle().await;
        assert_eq!(turns(&watcher), []);
        // To come by one more connection is to do something.
        t.advance(presence::IDLE).await;
        assert_eq!(turns(&watcher), turn("ann", true));
        let third = t.as_user("ann").connect(&Den::named(t, "d")).await.unwrap();
        over(&third).presence().enter(None, None).await.unwrap();
        over(&ann).say().await.unwrap();
        t.settle().await;
        assert_eq!(turns(&watcher), turn("ann", false));
    });
}

#[test]
fn an_object_is_woken_only_while_somebody_may_become_idle() {
    testing::run(app(), async |t| {
        // When it is woken next, in seconds.
        let next = async || {
            let den = Den::named(t, "d");
            let at = t.run_in(&den, |_, cx| cx.presence().alarm()).await;
            at.map(|at| at.since(t.now()).as_secs())
        };
        let (watcher, [ann, ben]) = watched(t, ["ann", "ben"]).await;
        assert_eq!(next().await, Some(300));
        // What they do moves nothing: nothing is written for it.
        for _ in 0..10 {
            t.advance(seconds(20)).await;
            over(&ann).say().await.unwrap();
        }
        assert_eq!(next().await, Some(100));
        t.advance(seconds(90)).await;
        over(&ben).say().await.unwrap();
        // Ann may be idle 200 s after that, Ben 90 s later: one look at the time of each.
        t.advance(seconds(10)).await;
        assert_eq!(next().await, Some(200));
        t.advance(seconds(200)).await;
        assert_eq!(turns(&watcher), turn("ann", true));
        assert_eq!(next().await, Some(90));
        t.advance(seconds(90)).await;
        assert_eq!(turns(&watcher), turn("ben", true));
        // All who are there are idle: there is nothing to wait for.
        assert_eq!(next().await, None);
        over(&ben).say().await.unwrap();
        assert_eq!(next().await, Some(300));
        // However many they are, a minute lies between two looks.
        t.advance(seconds(299)).await;
        over(&ann).say().await.unwrap();
        let cat = t.as_user("cat").connect(&Den::named(t, "d")).await.unwrap();
        over(&cat).presence().enter(None, None).await.unwrap();
        t.advance(seconds(1)).await;
        assert_eq!(next().await, Some(299));
        t.advance(seconds(298)).await;
        over(&cat).say().await.unwrap();
        turns(&watcher);
        t.advance(seconds(1)).await;
        assert_eq!(turns(&watcher), turn("ann", true));
        over(&ann).say().await.unwrap();
        assert_eq!(next().await, Some(299));
        // Nobody is there any more.
        drop((ann, ben));
        t.settle().await;
        assert_eq!(next().await, Some(299));
        drop(cat);
        t.settle().await;
        assert_eq!(next().await, None);
    });
}

#[test]
fn a_crash_leaves_one_alarm_which_finds_nobody() {
    testing::run(app(), async |t| {
        let (_watcher, [_ann]) = watched(t, ["ann"]).await;
        t.crash().await;
        t.advance(presence::IDLE).await;
        let den = Den::named(t, "d");
        assert_eq!(t.run_in(&den, |_, cx| cx.presence().alarm()).await, None);
    });
}
