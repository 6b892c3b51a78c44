//! Events to clients: who gets them, when, and that a failed action sends none.

use serde_json::json;
use stayput::prelude::*;
use stayput::testing::{Fault, Received, Test, run};

use crate::support::code;

/// Someone said something.
#[event(public)]
#[derive(PartialEq)]
pub struct Said {
    id: u64,
    text: String,
}

/// For the authenticated.
#[event]
pub struct Seen {
    by: String,
}

/// For moderators.
#[event(scope = "room:moderate")]
pub struct Flagged {
    id: u64,
}

/// A number that JSON does not hold.
#[event(public)]
pub struct Measured {
    value: f64,
}

/// It rang.
#[event(public)]
pub struct Rang {
    times: u32,
}

/// A bell, mounted twice.
#[mixin(events(Rang))]
pub struct Bell {
    times: u32,
}

#[mixin]
impl Bell {
    #[action]
    pub fn ring(&mut self, cx: &mut Context<Self>) {
        self.times += 1;
        let times = self.times;
        cx.broadcast(Rang { times });
    }
}

#[durable_object(events(Said, Seen, Flagged, Measured))]
pub struct Room {
    said: Log<String>,
    #[mixin]
    front: Bell,
    #[mixin]
    back: Bell,
}

#[durable_object]
impl Room {
    /// Says something, then ends as it is told.
    #[action(public)]
    fn say(&mut self, cx: &mut Context<Self>, text: String, end: Option<String>) -> Result<u64> {
        let id = self.said.push(text.clone());
        cx.broadcast(Said { id, text });
        match end.as_deref() {
            Some("fail") => Err(stayput::Error::msg("as asked")),
            Some("panic") => panic!("as asked"),
            _ => Ok(id),
        }
    }

    /// Says something that is not kept.
    #[action(public)]
    fn whisper(&mut self, cx: &mut Context<Self>, text: String) {
        cx.broadcast(Said { id: 0, text });
    }

    /// Says something to some, and tells to how many.
    #[action]
    fn narrow(
        &mut self,
        cx: &mut Context<Self>,
        except: Option<ConnectionId>,
        to: Option<ConnectionId>,
        subject: Option<String>,
    ) -> usize {
        let send = |cx: &mut Context<Self>| {
            let mut broadcast = cx.broadcast(Said {
                id: 0,
                text: "narrow".to_owned(),
            });
            if let Some(except) = except {
                broadcast = broadcast.except(except);
            }
            if let Some(to) = to {
                broadcast = broadcast.to_connection(to);
            }
            if let Some(subject) = &subject {
                broadcast = broadcast.to_subject(subject);
            }
            broadcast.count()
        };
        send(cx)
    }

    #[action]
    fn see(&mut self, cx: &mut Context<Self>) {
        let by = cx.caller().subject().to_owned();
        cx.broadcast(Seen { by });
        cx.broadcast(Flagged { id: 1 });
    }

    #[action]
    fn measure(&mut self, cx: &mut Context<Self>) {
        self.said.push("measured".to_owned());
        cx.broadcast(Said {
            id: 1,
            text: "before".to_owned(),
        });
        cx.broadcast(Measured { value: f64::NAN });
    }

    /// Who calls by which connection.
    #[action(public)]
    fn whoami(&self, cx: &Context<Self>) -> Option<ConnectionId> {
        cx.connection().map(|connection| connection.id())
    }

    /// The same, through another object.
    #[action]
    async fn whoami_there(&mut self, cx: &mut Context<Self>) -> Result<Option<ConnectionId>> {
        Ok(Room::named(cx, "other").whoami().await?)
    }

    /// Sets state of its connection, and may fail.
    #[action]
    fn name(&mut self, cx: &mut Context<Self>, name: String, fail: bool) -> Result<Vec<String>> {
        if let Some(mut connection) = cx.connection() {
            connection.set_state(cx, &name);
        }
        let names = cx.connections();
        let names = names.iter().filter_map(Connection::state).collect();
        if fail {
            return Err(stayput::Error::msg("as asked"));
        }
        Ok(names)
    }

    #[action]
    fn names(&self, cx: &Context<Self>) -> Vec<String> {
        cx.connections()
            .iter()
            .filter_map(Connection::state)
            .collect()
    }

    /// Sends a raw frame, and closes.
    #[action]
    fn part(&mut self, cx: &mut Context<Self>, code: u16, reason: String) {
        if let Some(connection) = cx.connection() {
            connection.send(cx, "bye");
            connection.close(cx, code, &reason);
        }
    }

    #[action]
    fn starts(&self) -> u64 {
        self.said.len()
    }

    #[event(start)]
    fn start(&mut self, cx: &mut Context<Self>, first: bool) {
        if first {
            self.said.push("born".to_owned());
            cx.broadcast(Said {
                id: 1,
                text: "born".to_owned(),
            });
        }
    }
}

stayput::app!(Room);

fn said(id: u64, text: &str) -> Received {
    Received::Event("said".to_owned(), json!({"id": id, "text": text}))
}

#[test]
fn subscribers_get_what_they_asked_for() {
    run(app(), async |t| {
        let room = Room::named(t, "lobby");
        let ann = t.as_user("ann").connect(&room).await.unwrap();
        let bob = t.anonymous().connect(&room).await.unwrap();
        assert_eq!(ann.subscribe(&["said"]).await.unwrap(), ["said"]);
        assert_eq!(room.say("hello", None).await.unwrap(), 2);
        t.settle().await;
        // What `start` sent into the unborn object came with the commit that bore it, before what followed.
        assert_eq!(ann.received(), [said(1, "born"), said(2, "hello")]);
        assert_eq!(bob.received(), []);
        // Nothing is subscribed if one of the names cannot be.
        let refused = bob.subscribe(&["said", "seen"]).await.unwrap_err();
        assert_eq!(refused.code(), "unauthenticated");
        let refused = ann.subscribe(&["said", "flagged"]).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
        let refused = bob.subscribe(&["said", "sayd"]).await.unwrap_err();
        assert_eq!(refused.code(), "invalid_params");
        assert!(refused.details().unwrap().contains("/events/1"));
        room.whisper("psst").await.unwrap();
        t.settle().await;
        assert_eq!(bob.received(), []);
        // Twice is once; what is given up is gone.
        bob.subscribe(&["said", "said"]).await.unwrap();
        assert_eq!(
            bob.subscribe(&["measured"]).await.unwrap(),
            ["measured", "said"]
        );
        room.whisper("psst").await.unwrap();
        t.settle().await;
        assert_eq!(bob.received(), [said(0, "psst")]);
        assert_eq!(bob.unsubscribe(&["said"]).await.unwrap(), ["measured"]);
        room.whisper("psst").await.unwrap();
        t.settle().await;
        assert_eq!(bob.received(), []);
        assert_eq!(ann.received().len(), 3);
    });
}

#[test]
fn without_names_one_listens_to_all_that_one_may_hear() {
    run(app(), async |t| {
        let room = Room::named(t, "lobby");
        for (client, heard) in [
            (
                t.anonymous(),
                vec!["back.rang", "front.rang", "measured", "said"],
            ),
            (
                t.as_user("ann").with_scopes(["room:moderate"]),
                vec![
                    "back.rang",
                    "flagged",
                    "front.rang",
                    "measured",
                    "said",
                    "seen",
                ],
            ),
        ] {
            let socket = client.connect(&room).await.unwrap();
            let answer = socket
                .send_text(r#"{"jsonrpc":"2.0","method":"rpc.subscribe","id":1}"#)
                .await;
            let answer: serde_json::Value = serde_json::from_str(&answer.unwrap()).unwrap();
            assert_eq!(answer["result"]["events"], json!(heard));
        }
    });
}

#[test]
fn a_failed_action_sends_nothing() {
    run(app(), async |t| {
        let room = Room::named(t, "lobby");
        let ann = t.as_user("ann").connect(&room).await.unwrap();
        ann.subscribe(&["said", "measured"]).await.unwrap();
        room.say("kept", None).await.unwrap();
        assert_eq!(code(room.say("lost", "fail").await), "internal");
        assert_eq!(code(room.say("lost", "panic").await), "internal");
        t.fail_next(Fault::Io);
        assert_eq!(code(room.say("lost", None).await), "storage");
        assert_eq!(code(room.measure().await), "state.unstorable");
        t.settle().await;
        let received = ann.received();
        assert_eq!(received, [said(1, "born"), said(2, "kept")], "{received:?}");
    });
}

#[test]
fn nothing_is_sent_before_it_is_durable() {
    run(app(), async |t| {
        let room = Room::named(t, "lobby");
        let ann = t.as_user("ann").connect(&room).await.unwrap();
        ann.subscribe(&["said"]).await.unwrap();
        room.say("first", None).await.unwrap();
        t.settle().await;
        ann.received();
        let held = t.hold_commits();
        let saying = t.spawn(room.say("second", None));
        // Changes nothing itself, but may have seen what is not on disk yet.
        let whispering = t.spawn(room.whisper("third"));
        for _ in 0..50 {
            tokio::task::yield_now().await;
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(!saying.is_finished() && !whispering.is_finished());
        assert_eq!(ann.received(), []);
        drop(held);
        saying.await.unwrap();
        // The event leaves before the reply.
        assert_eq!(ann.received()[0], said(3, "second"));
        whispering.await.unwrap();
    });
}

#[test]
fn recipients_are_narrowed_down_and_counted() {
    run(app(), async |t| {
        let room = Room::named(t, "lobby");
        let mut sockets = Vec::new();
        for name in ["ann", "ann", "bob"] {
            let socket = t.as_user(name).connect(&room).await.unwrap();
            socket.subscribe(&["said"]).await.unwrap();
            sockets.push(socket);
        }
        // Connected, but not listening.
        let deaf = t.as_user("ann").connect(&room).await.unwrap();
        let got = |sockets: &[stayput::testing::Socket]| -> Vec<usize> {
            sockets
                .iter()
                .map(|socket| socket.received().len())
                .collect()
        };
        room.say("warm", None).await.unwrap();
        t.settle().await;
        got(&sockets);
        let first = sockets[0].id();
        for (except, to, subject, expected) in [
            (None, None, None, vec![1, 1, 1]),
            (Some(first), None, None, vec![0, 1, 1]),
            (None, Some(first), None, vec![1, 0, 0]),
            (None, Some(deaf.id()), None, vec![0, 0, 0]),
            (None, None, Some("ann"), vec![1, 1, 0]),
            (Some(first), None, Some("ann"), vec![0, 1, 0]),
            (Some(first), Some(first), None, vec![0, 0, 0]),
            (None, None, Some("nobody"), vec![0, 0, 0]),
        ] {
            let count = room.narrow(except, to, subject.map(str::to_owned)).await;
            assert_eq!(count.unwrap(), expected.iter().sum::<usize>());
            t.settle().await;
            assert_eq!(got(&sockets), expected, "{except:?} {to:?} {subject:?}");
        }
        assert_eq!(deaf.received(), []);
    });
}

#[test]
fn a_mixins_events_bear_its_mount() {
    run(app(), async |t| {
        let room = Room::named(t, "lobby");
        let ann = t.as_user("ann").connect(&room).await.unwrap();
        ann.subscribe(&["front.rang"]).await.unwrap();
        room.back().ring().await.unwrap();
        room.front().ring().await.unwrap();
        t.settle().await;
        let rang = Received::Event("front.rang".to_owned(), json!({"times": 1}));
        assert_eq!(ann.received(), [rang]);
    });
}

#[test]
fn calls_of_a_connection_know_it() {
    run(app(), async |t| {
        let room = Room::named(t, "lobby");
        let ann = t.as_user("ann").connect(&room).await.unwrap();
        let by_socket = Room::named(&ann, "lobby");
        assert_eq!(by_socket.whoami().await.unwrap(), Some(ann.id()));
        assert_eq!(room.whoami().await.unwrap(), None);
        // It is a connection to this object, not to those that it calls.
        assert_eq!(by_socket.whoami_there().await.unwrap(), None);
    });
}

#[test]
fn the_state_of_a_connection_changes_with_the_commit_and_survives_eviction() {
    run(app(), async |t| {
        let room = Room::named(t, "lobby");
        let ann = t.as_user("ann").connect(&room).await.unwrap();
        let bob = t.as_user("bob").connect(&room).await.unwrap();
        let (by_ann, by_bob) = (Room::named(&ann, "lobby"), Room::named(&bob, "lobby"));
        // What a method sets it sees.
        assert_eq!(by_ann.name("Ann", false).await.unwrap(), ["Ann"]);
        assert_eq!(code(by_bob.name("Bob", true).await), "internal");
        assert_eq!(room.names().await.unwrap(), ["Ann"]);
        by_bob.name("Bob", false).await.unwrap();
        ann.subscribe(&["said"]).await.unwrap();
        t.evict().await;
        assert_eq!(room.names().await.unwrap(), ["Ann", "Bob"]);
        room.whisper("still there").await.unwrap();
        t.settle().await;
        assert_eq!(ann.received().last(), Some(&said(0, "still there")));
        // Too much of it fails the action and changes nothing.
        assert_eq!(
            code(by_ann.name("x".repeat(9_000), false).await),
            "state.unstorable"
        );
        assert_eq!(room.names().await.unwrap(), ["Ann", "Bob"]);
        // Who leaves takes it along.
        drop((by_bob, bob));
        t.settle().await;
        assert_eq!(room.names().await.unwrap(), ["Ann"]);
    });
}

#[test]
fn an_object_sends_frames_and_closes_connections() {
    run(app(), async |t| {
        let room = Room::named(t, "lobby");
        let ann = t.as_user("ann").connect(&room).await.unwrap();
        let by_ann = Room::named(&ann, "lobby");
        assert_eq!(code(by_ann.part(1005, "no").await), "state.unstorable");
        assert_eq!(
            code(by_ann.part(4000, "x".repeat(124)).await),
            "state.unstorable"
        );
        assert_eq!(ann.closed(), None);
        by_ann.part(4000, "enough").await.unwrap();
        t.settle().await;
        assert_eq!(ann.received(), [Received::Frame("bye".into())]);
        assert_eq!(ann.closed(), Some((4000, "enough".to_owned())));
    });
}

#[test]
fn a_restart_leaves_no_connection() {
    Test::new(app()).threads(2).run(async |t| {
        let room = Room::named(t, "lobby");
        let ann = t.as_user("ann").connect(&room).await.unwrap();
        Room::named(&ann, "lobby").name("Ann", false).await.unwrap();
        t.crash().await;
        assert_eq!(ann.closed().map(|(code, _)| code), Some(1012));
        assert_eq!(room.names().await.unwrap(), Vec::<String>::new());
        let again = t.as_user("ann").connect(&room).await.unwrap();
        again.subscribe(&["said"]).await.unwrap();
        room.whisper("back").await.unwrap();
        t.settle().await;
        assert_eq!(again.received(), [said(0, "back")]);
    });
}

#[test]
fn a_class_where_nothing_is_public_has_no_anonymous_connections() {
    #[durable_object]
    struct Vault {}
    #[durable_object]
    impl Vault {
        #[action]
        fn open(&self) {}
    }
    stayput::app!(Vault);
    run(app(), async |t| {
        let vault = Vault::named(t, "v");
        let refused = t.anonymous().connect(&vault).await.unwrap_err();
        assert_eq!(refused.code(), "unauthenticated");
        assert!(t.as_user("ann").connect(&vault).await.is_ok());
    });
}
