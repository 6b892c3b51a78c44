//! Handlers of connections: who is let in, frames of protocols of one's own, and who has left.

use stayput::prelude::*;
use stayput::testing::{Fault, Received, run};

use crate::support::{code, stored};

/// Someone is in.
#[event(public)]
pub struct Joined {
    name: String,
}

/// A part that follows connections too.
#[mixin]
pub struct Census {
    came: u32,
    left: u32,
}

#[mixin]
impl Census {
    #[event(connect)]
    fn count_in(&mut self, cx: &mut Context<Self>, mut connection: Connection) {
        self.came += 1;
        // Its own state, beside the host's.
        connection.set_state(cx, &self.came);
    }

    #[event(disconnect)]
    fn count_out(&mut self, _cx: &mut Context<Self>, gone: Disconnect) {
        self.left += gone.connection.state::<u32>().map_or(100, |_| 1);
    }

    #[action]
    pub fn counts(&self) -> (u32, u32) {
        (self.came, self.left)
    }
}

/// Why a door stays shut.
#[derive(Debug, ActionError)]
#[error(prefix = "door")]
pub enum DoorError {
    /// Not you.
    #[error(status = 403, message = "not you")]
    Barred,
    /// Come back later.
    #[error(status = 503, retryable, message = "later")]
    Busy,
}

#[durable_object(events(Joined))]
pub struct Door {
    log: Log<String>,
    #[mixin]
    census: Census,
}

#[durable_object]
impl Door {
    #[event(connect)]
    async fn joined(
        &mut self,
        cx: &mut Context<Self>,
        mut connection: Connection,
    ) -> Result<(), DoorError> {
        let name = connection.subject().to_owned();
        self.log
            .push(format!("+{name} of {}", cx.connections().len()));
        // Also across an await nobody else sees it.
        cx.sleep(seconds(0)).await;
        connection.set_state(cx, &name);
        cx.broadcast(Joined { name: name.clone() })
            .except(connection.id());
        match name.as_str() {
            "mallory" => Err(DoorError::Barred),
            "eager" => Err(DoorError::Busy),
            "bomb" => panic!("as asked"),
            _ => Ok(()),
        }
    }

    #[event(message)]
    fn received(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result<()> {
        let from: String = message.connection.state().unwrap_or_default();
        match &message.frame {
            Frame::Text(text) if text == "fail" => {
                self.log.push("never".to_owned());
                message.connection.send(cx, "never");
                return Err(stayput::Error::msg("as asked"));
            }
            Frame::Text(text) if text == "leave" => message.connection.close(cx, 4001, "left"),
            Frame::Text(text) => {
                self.log.push(format!("{from}: {text}"));
                for other in cx.connections() {
                    other.send(cx, format!("{from}: {text}"));
                }
            }
            Frame::Binary(bytes) => message.connection.send(cx, bytes.clone()),
        }
        Ok(())
    }

    #[event(disconnect)]
    fn left(&mut self, cx: &mut Context<Self>, gone: Disconnect) {
        let name: String = gone.connection.state().unwrap_or_default();
        self.log.push(format!(
            "-{name} {} {:?} {} of {}",
            gone.code,
            gone.reason,
            gone.clean,
            cx.connections().len()
        ));
    }

    #[action]
    fn log(&self) -> Vec<String> {
        self.log.last(100)
    }

    /// Waits for `seconds`.
    #[action]
    async fn block(&mut self, cx: &mut Context<Self>, seconds: u64) {
        cx.sleep(stayput::prelude::seconds(seconds)).await;
    }
}

stayput::app!(Door);

#[test]
fn connect_lets_in_and_disconnect_sees_off() {
    run(app(), async |t| {
        let door = Door::named(t, "d");
        let ann = t.as_user("ann").connect(&door).await.unwrap();
        ann.subscribe(&["joined"]).await.unwrap();
        let bob = t.as_user("bob").connect(&door).await.unwrap();
        t.settle().await;
        assert_eq!(
            ann.next::<Joined>().map(|joined| joined.name).as_deref(),
            Some("bob")
        );
        bob.close(4002, "done");
        t.settle().await;
        drop(ann);
        t.settle().await;
        assert_eq!(
            door.log().await.unwrap(),
            [
                "+ann of 1",
                "+bob of 2",
                "-bob 4002 \"done\" true of 1",
                "-ann 1006 \"\" false of 0"
            ]
        );
        assert_eq!(door.census().counts().await.unwrap(), (2, 2));
    });
}

#[test]
fn whom_connect_refuses_leaves_no_trace() {
    run(app(), async |t| {
        let door = Door::named(t, "d");
        let ann = t.as_user("ann").connect(&door).await.unwrap();
        ann.subscribe(&["joined"]).await.unwrap();
        for (who, refusal, retryable) in [
            ("mallory", "door.barred", false),
            ("eager", "door.busy", true),
            ("bomb", "internal", false),
        ] {
            let refused = t.as_user(who).connect(&door).await.unwrap_err();
            assert_eq!((refused.code(), refused.retryable()), (refusal, retryable));
        }
        t.fail_next(Fault::Io);
        let refused = t.as_user("bob").connect(&door).await.unwrap_err();
        assert_eq!(refused.code(), "storage");
        t.settle().await;
        // A failed commit resets the object, and who was connected is to come again.
        assert_eq!(ann.closed().map(|(code, _)| code), Some(1012));
        assert_eq!(ann.received(), []);
        assert_eq!(door.log().await.unwrap(), ["+ann of 1"]);
        assert_eq!(door.census().counts().await.unwrap(), (1, 0));
    });
}

#[test]
fn a_refused_connection_to_an_unborn_object_writes_nothing() {
    run(app(), async |t| {
        let door = Door::named(t, "d");
        assert!(t.as_user("mallory").connect(&door).await.is_err());
        t.settle().await;
        assert_eq!(stored(t.data()), Vec::<String>::new());
    });
}

#[test]
fn nobody_sees_a_connection_that_is_not_in_yet() {
    run(app(), async |t| {
        let door = Door::named(t, "d");
        let blocking = t.spawn(door.block(2));
        let (user, of) = (t.as_user("ann"), door.clone());
        let joining = t.spawn(async move { user.connect(&of).await.map(|socket| socket.id()) });
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert!(!joining.is_finished());
        t.advance(seconds(3)).await;
        blocking.await.unwrap();
        joining.await.unwrap();
        t.settle().await;
        // It was dropped at once: seen off after it was let in.
        assert_eq!(
            door.log().await.unwrap(),
            ["+ann of 1", "-ann 1006 \"\" false of 0"]
        );
    });
}

#[test]
fn frames_reach_the_handler_in_order_and_wake_the_object() {
    run(app(), async |t| {
        let door = Door::named(t, "d");
        let ann = t.as_user("ann").connect(&door).await.unwrap();
        let bob = t.as_user("bob").connect(&door).await.unwrap();
        for number in 0..20 {
            ann.send(number.to_string());
        }
        t.settle().await;
        let expected: Vec<_> = (0..20)
            .map(|number| Received::Frame(format!("ann: {number}").into()))
            .collect();
        assert_eq!(ann.received(), expected);
        assert_eq!(bob.received(), expected);
        t.evict().await;
        bob.send("up");
        bob.send(vec![0, 255]);
        t.settle().await;
        assert_eq!(ann.received(), [Received::Frame("bob: up".into())]);
        assert_eq!(
            bob.received(),
            [
                Received::Frame("bob: up".into()),
                Received::Frame(vec![0, 255].into())
            ]
        );
        // A handler that fails keeps nothing and leaves the connection as it is.
        bob.send("fail");
        bob.send("again");
        t.settle().await;
        assert_eq!(bob.received(), [Received::Frame("bob: again".into())]);
        assert!(!door.log().await.unwrap().contains(&"never".to_owned()));
        bob.send("leave");
        t.settle().await;
        assert_eq!(bob.closed(), Some((4001, "left".to_owned())));
    });
}

#[test]
fn who_sends_faster_than_the_object_works_is_told_so() {
    run(app(), async |t| {
        let door = Door::named(t, "d");
        let ann = t.as_user("ann").connect(&door).await.unwrap();
        let blocking = t.spawn(door.block(1));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        for _ in 0..1_200 {
            ann.send("flood");
        }
        for _ in 0..200 {
            tokio::task::yield_now().await;
            std::thread::sleep(std::time::Duration::from_millis(1));
            if ann.closed().is_some() {
                break;
            }
        }
        assert_eq!(ann.closed().map(|(code, _)| code), Some(1013));
        t.advance(seconds(2)).await;
        blocking.await.unwrap();
        assert_eq!(code(door.log().await), "ok");
    });
}

#[test]
fn handlers_are_listed_in_the_manifest() {
    let manifest = app().manifest();
    let door = &manifest.classes["door"];
    assert_eq!(door.handles, ["connect", "disconnect", "message"]);
    assert!(door.events.contains_key("joined"));
}
