//! Events reach their handlers in order, inside the action that emitted them.

use stayput::prelude::*;
use stayput::testing;

use crate::support::code;

/// Something was said.
#[event]
pub struct Said {
    pub text: String,
}

/// Something was said again.
#[event]
pub struct Echoed {
    pub text: String,
}

/// Hears its host and itself, and tells on.
#[mixin(events(Echoed))]
pub struct Ear {
    heard: Vec<String>,
}

#[mixin]
impl Ear {
    #[action]
    fn heard(&self) -> Vec<String> {
        self.heard.clone()
    }

    #[action]
    fn echo(&mut self, cx: &mut Context<Self>, text: String) {
        cx.emit(Echoed { text });
    }

    #[event(Said)]
    fn on_said(&mut self, cx: &mut Context<Self>, event: Said) {
        self.heard.push(event.text.clone());
        if event.text == "echo" {
            cx.emit(Echoed {
                text: "echoed".to_owned(),
            });
        }
    }

    #[event(Echoed)]
    fn on_echoed(&mut self, event: Echoed) {
        self.heard.push(event.text);
    }
}

#[derive(Debug, ActionError)]
pub enum RoomError {
    /// Too rude.
    Rude,
}

#[durable_object(events(Said, Echoed))]
pub struct Room {
    order: Vec<String>,
    guests: Map<String, u64>,
    #[mixin]
    left: Ear,
    #[mixin]
    right: Ear,
    bad: f64,
}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, cx: &mut Context<Self>, texts: Vec<String>) {
        for text in texts {
            cx.emit(Said { text });
        }
        // Handlers run after the method, not within it.
        self.order.push("said".to_owned());
    }

    #[action]
    fn order(&self) -> Vec<String> {
        self.order.clone()
    }

    #[action]
    fn guests(&self) -> Vec<String> {
        self.guests.iter().map(|(name, _)| name).collect()
    }

    #[event(Said)]
    fn first(&mut self, cx: &mut Context<Self>, event: Said) {
        self.order.push(format!("first {}", event.text));
        if event.text == "chain" {
            cx.emit(Said {
                text: "nested".to_owned(),
            });
        }
    }

    /// Writes everywhere, then refuses.
    #[event(Said)]
    fn second(&mut self, cx: &mut Context<Self>, event: Said) -> Result<(), RoomError> {
        self.order.push(format!("second {}", event.text));
        if event.text == "fail" {
            self.guests.insert("ghost".to_owned(), 1);
            self.left.heard.push("ghost".to_owned());
            cx.emit(Echoed {
                text: "ghost".to_owned(),
            });
            cx.set_alarm(cx.now() + hours(1));
            return Err(RoomError::Rude);
        }
        if event.text == "unstorable" {
            self.bad = f64::NAN;
        }
        self.guests.insert(event.text, 1);
        Ok(())
    }

    #[event(Said, required)]
    fn third(&mut self, event: Said) -> Result<(), RoomError> {
        self.order.push(format!("third {}", event.text));
        match event.text.as_str() {
            "rude" => Err(RoomError::Rude),
            "panic" => panic!("deliberate"),
            _ => Ok(()),
        }
    }

    #[action]
    fn alarm(&self, cx: &Context<Self>) -> Option<Timestamp> {
        cx.alarm()
    }
}

/// Answers itself without end.
#[durable_object(events(Said))]
pub struct Parrot {
    heard: u32,
}

#[durable_object]
impl Parrot {
    #[action]
    fn talk(&mut self, cx: &mut Context<Self>) {
        cx.emit(Said {
            text: "hello".to_owned(),
        });
    }

    #[action]
    fn heard(&self) -> u32 {
        self.heard
    }

    #[event(Said)]
    fn repeat(&mut self, cx: &mut Context<Self>, said: Said) {
        self.heard += 1;
        cx.emit(said);
    }
}

stayput::app!(Room, Parrot);

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn the_host_hears_before_its_mixins_and_each_event_after_the_other() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "order");
        room.say(texts(&["one", "two"])).await.unwrap();
        let expected = [
            "said",
            "first one",
            "second one",
            "third one",
            "first two",
            "second two",
            "third two",
        ];
        assert_eq!(room.order().await.unwrap(), expected);
        assert_eq!(room.left().heard().await.unwrap(), ["one", "two"]);
    });
}

#[test]
fn nested_events_come_after_those_already_emitted() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "nested");
        room.say(texts(&["chain", "last"])).await.unwrap();
        let order = room.order().await.unwrap();
        let firsts: Vec<_> = order
            .iter()
            .filter(|line| line.starts_with("first"))
            .collect();
        assert_eq!(firsts, ["first chain", "first last", "first nested"]);
    });
}

#[test]
fn a_mixin_hears_itself_and_its_host_but_no_sibling() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "mixins");
        room.left().echo("hello").await.unwrap();
        assert_eq!(room.left().heard().await.unwrap(), ["hello"]);
        assert_eq!(room.right().heard().await.unwrap(), texts(&[]));
        room.say(texts(&["echo"])).await.unwrap();
        assert_eq!(room.right().heard().await.unwrap(), ["echo", "echoed"]);
        assert_eq!(
            room.left().heard().await.unwrap(),
            ["hello", "echo", "echoed"]
        );
    });
}

#[test]
fn a_failing_handler_undoes_itself_alone() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "failing");
        for reload in [false, true] {
            room.say(texts(&["fail", "fine"])).await.unwrap();
            if reload {
                t.evict().await;
            }
            let order = room.order().await.unwrap();
            assert!(
                order.contains(&"first fail".to_owned())
                    && order.contains(&"third fail".to_owned())
            );
            assert!(order.contains(&"second fine".to_owned()));
            assert!(!order.contains(&"second fail".to_owned()));
            assert_eq!(room.guests().await.unwrap(), ["fine"]);
            assert!(
                !room
                    .left()
                    .heard()
                    .await
                    .unwrap()
                    .contains(&"ghost".to_owned())
            );
            assert_eq!(room.alarm().await.unwrap(), None);
        }
    });
}

#[test]
fn a_handler_that_leaves_something_unstorable_undoes_itself_alone() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "unstorable");
        room.say(texts(&["unstorable"])).await.unwrap();
        assert_eq!(
            room.order().await.unwrap(),
            ["said", "first unstorable", "third unstorable"]
        );
        assert_eq!(room.guests().await.unwrap(), texts(&[]));
    });
}

#[test]
fn a_required_handler_fails_the_whole_action() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "required");
        assert_eq!(code(room.say(texts(&["fine", "rude"])).await), "rude");
        assert_eq!(room.order().await.unwrap(), texts(&[]));
        assert_eq!(room.guests().await.unwrap(), texts(&[]));
        assert_eq!(code(room.say(texts(&["panic"])).await), "internal");
        assert_eq!(room.order().await.unwrap(), texts(&[]));
        room.say(texts(&["fine"])).await.unwrap();
        assert_eq!(room.order().await.unwrap().len(), 4);
    });
}

#[test]
fn a_handler_that_emits_what_it_handles_is_stopped() {
    testing::run(app(), async |t| {
        let parrot = Parrot::named(t, "polly");
        assert_eq!(code(parrot.talk().await), "internal");
        assert_eq!(parrot.heard().await.unwrap(), 0);
    });
}
