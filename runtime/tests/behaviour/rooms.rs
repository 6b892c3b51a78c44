//! Rooms of connections, and messages by type.

use serde_json::{Value, json};
use stayput::prelude::*;
use stayput::socket::Frame;
use stayput::testing::{self, Received, Socket};

/// Someone said something.
#[event(public)]
struct Told {
    text: String,
}

/// What clients may send.
#[derive(serde::Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Join { room: String },
    Leave { room: String },
    Say { room: String, text: String },
    Rooms,
    Fail,
}

#[derive(Debug, ActionError)]
#[error(prefix = "lounge")]
enum LoungeError {
    /// It is asked for.
    #[error(status = 409, message = "failed {times} times")]
    Failed { times: u32 },
}

#[durable_object(events(Told))]
struct Lounge {
    said: u32,
    #[mixin]
    annex: Annex,
}

#[durable_object]
impl Lounge {
    #[event(message)]
    fn message(&mut self, cx: &mut Context<Self>, message: Message) -> Result<Value, LoungeError> {
        let Some(mut connection) = cx.connection() else {
            return Ok(Value::Null);
        };
        Ok(match message {
            Message::Join { room } => {
                connection.join(cx, &room);
                json!({ "there": cx.connections().in_room(&room).len() })
            }
            Message::Leave { room } => {
                connection.leave(cx, &room);
                Value::Null
            }
            Message::Say { room, text } => {
                self.said += 1;
                let broadcast = cx.broadcast(Told { text }).to(&room);
                broadcast.except(connection.id()).count().into()
            }
            Message::Rooms => json!(connection.rooms()),
            Message::Fail => {
                self.said += 100;
                return Err(LoungeError::Failed { times: self.said });
            }
        })
    }

    #[action(public)]
    fn said(&self) -> u32 {
        self.said
    }

    #[action(public)]
    fn tell(&mut self, cx: &mut Context<Self>, rooms: Vec<String>, text: String) -> usize {
        let mut broadcast = cx.broadcast(Told { text });
        for room in &rooms {
            broadcast = broadcast.to(room);
        }
        broadcast.count()
    }

    #[action(public)]
    fn count(&self, cx: &Context<Self>, room: String, of: Option<String>) -> usize {
        let there = cx.connections().in_room(&room);
        of.map_or(there.len(), |of| there.clone().of(&of).len())
    }

    /// Joins so many rooms at once.
    #[action(public)]
    fn join_many(&mut self, cx: &mut Context<Self>, count: usize, length: usize) -> bool {
        let Some(mut connection) = cx.connection() else {
            return false;
        };
        for number in 0..count {
            connection.join(cx, &format!("{number:0length$}"));
        }
        true
    }

    /// Comes in and is thrown out again by what fails.
    #[action(public)]
    fn stumble(&mut self, cx: &mut Context<Self>, room: String) -> Result<(), LoungeError> {
        if let Some(mut connection) = cx.connection() {
            connection.join(cx, &room);
        }
        Err(LoungeError::Failed { times: 1 })
    }
}

/// A mixin with rooms of its own.
#[mixin(events(Told))]
struct Annex {}

#[mixin]
impl Annex {
    #[action(public)]
    fn join(&mut self, cx: &mut Context<Self>, room: String) -> Vec<String> {
        let Some(mut connection) = cx.connection() else {
            return Vec::new();
        };
        connection.join(cx, &room);
        connection.rooms().into_iter().map(str::to_owned).collect()
    }

    #[action(public)]
    fn tell(&mut self, cx: &mut Context<Self>, room: String, text: String) -> usize {
        cx.broadcast(Told { text }).to(&room).count()
    }
}

stayput::app!(Lounge);

/// The texts that were heard, and the frames that came.
fn heard(socket: &Socket) -> (Vec<String>, Vec<Value>) {
    let (mut texts, mut frames) = (Vec::new(), Vec::new());
    for received in socket.received() {
        match received {
            Received::Event(_, data) => texts.push(data["text"].as_str().unwrap().to_owned()),
            Received::Frame(frame) => {
                frames.push(serde_json::from_str(frame.as_text().unwrap()).unwrap());
            }
        }
    }
    (texts, frames)
}

#[test]
fn a_room_hears_what_is_said_in_it() {
    testing::run(app(), async |t| {
        let lounge = Lounge::named(t, "l");
        let mut sockets = Vec::new();
        for who in ["ann", "ann", "ben", "cleo"] {
            let socket = t.as_user(who).connect(&lounge).await.unwrap();
            socket.subscribe(&["told", "annex.told"]).await.unwrap();
            sockets.push(socket);
        }
        for (index, room) in [
            (0, "red"),
            (1, "blue"),
            (2, "red"),
            (2, "blue"),
            (3, "green"),
        ] {
            sockets[index].send(json!({"type": "join", "room": room}).to_string());
        }
        t.settle().await;
        for (room, of, count) in [
            ("red", None, 2),
            ("blue", Some("ann"), 1),
            ("blue", Some("cleo"), 0),
            ("gone", None, 0),
        ] {
            assert_eq!(
                lounge.count(room, of.map(str::to_owned)).await.unwrap(),
                count,
                "{room} {of:?}"
            );
        }
        assert_eq!(
            lounge.tell(vec!["red".to_owned()], "to red").await.unwrap(),
            2
        );
        // Whoever is in both rooms hears it once.
        assert_eq!(
            lounge
                .tell(vec!["red".to_owned(), "blue".to_owned()], "to two")
                .await
                .unwrap(),
            3
        );
        assert_eq!(lounge.tell(Vec::new(), "to all").await.unwrap(), 4);
        // A room lasts as long as the connections in it: it outlives the object, and nobody stays who has left.
        t.evict().await;
        drop(sockets.remove(2));
        t.settle().await;
        assert_eq!(
            lounge.tell(vec!["red".to_owned()], "after").await.unwrap(),
            1
        );
        t.settle().await;
        let texts: Vec<Vec<String>> = sockets.iter().map(|socket| heard(socket).0).collect();
        assert_eq!(texts[0], ["to red", "to two", "to all", "after"]);
        assert_eq!(texts[1], ["to two", "to all"]);
        assert_eq!(texts[2], ["to all"]);
        let stumbled = Lounge::named(&sockets[2], "l").stumble("red").await;
        stumbled.unwrap_err();
        assert_eq!(lounge.count("red", None).await.unwrap(), 1);
        // The rooms of a mixin are others.
        let annex = Lounge::named(&sockets[2], "l").annex();
        assert_eq!(annex.join("red").await.unwrap(), ["red"]);
        assert_eq!(lounge.annex().tell("red", "in the annex").await.unwrap(), 1);
        assert_eq!(lounge.count("red", None).await.unwrap(), 1);
        assert_eq!(lounge.count("annex.red", None).await.unwrap(), 1);
    });
}

#[test]
fn so_many_rooms_and_no_more() {
    testing::run(app(), async |t| {
        let lounge = Lounge::named(t, "l");
        let socket = t.as_user("ann").connect(&lounge).await.unwrap();
        let over = Lounge::named(&socket, "l");
        assert!(over.join_many(64, 128).await.unwrap());
        let error = over.join_many(65, 128).await.unwrap_err();
        assert!(error.to_string().contains("at most 64 rooms"), "{error}");
        let error = over.join_many(1, 129).await.unwrap_err();
        assert!(error.to_string().contains("at most 128"), "{error}");
        // One that it is in already is no further one.
        assert!(over.join_many(64, 128).await.unwrap());
        assert_eq!(lounge.count(format!("{:0128}", 63), None).await.unwrap(), 1);
    });
}

#[test]
fn messages_are_answered_by_type_and_id() {
    testing::run(app(), async |t| {
        let lounge = Lounge::named(t, "l");
        let ann = t.as_user("ann").connect(&lounge).await.unwrap();
        let ask = async |text: &str| {
            ann.send(text.to_owned());
            t.settle().await;
            heard(&ann).1
        };
        assert_eq!(
            ask(r#"{"type":"join","room":"red","correlationId":"a\"1"}"#).await,
            [json!({"type": "join:response", "payload": {"there": 1}, "correlationId": "a\"1"})]
        );
        // Who names no id is answered if there is something to say.
        assert_eq!(
            ask(r#"{"type":"rooms"}"#).await,
            [json!({"type": "rooms:response", "payload": ["red"]})]
        );
        assert_eq!(ask(r#"{"type":"leave","room":"red"}"#).await, [0u8; 0]);
        assert_eq!(
            ask(r#"{"type":"leave","room":"red","correlationId":7}"#).await,
            [json!({"type": "leave:response", "payload": null, "correlationId": 7})]
        );
        // What fails keeps nothing but the connection.
        assert_eq!(
            ask(r#"{"type":"fail","correlationId":[8]}"#).await,
            [json!({
                "type": "error",
                "payload": {"code": "lounge.failed", "message": "failed 100 times", "details": {"times": 100}},
                "correlationId": [8]
            })]
        );
        assert_eq!(lounge.said().await.unwrap(), 0);
        let unknown = ask(r#"{"type":"dance","correlationId":"9"}"#).await;
        assert_eq!(unknown[0]["correlationId"], "9");
        assert_eq!(unknown[0]["payload"]["code"], "invalid_params");
        assert!(
            unknown[0]["payload"]["message"]
                .as_str()
                .unwrap()
                .contains("`join`"),
            "{unknown:?}"
        );
        assert_eq!(ask("{").await[0]["payload"]["code"], "parse_error");
        assert_eq!(ask("[1]").await[0]["payload"]["code"], "invalid_params");
        ann.send(Frame::from(vec![1, 2]));
        t.settle().await;
        assert_eq!(heard(&ann).1[0]["payload"]["code"], "parse_error");
        assert_eq!(
            ask(r#"{"type":"say","room":"red","text":"hi","correlationId":1}"#).await[0]["payload"],
            0
        );
        assert_eq!(lounge.said().await.unwrap(), 1);
    });
}

mod greeted {
    //! What is said in the URL that a client connects by.

    use serde_json::json;
    use stayput::prelude::*;
    use stayput::testing;

    #[data]
    struct Guest {
        name: String,
        tables: u32,
    }

    #[durable_object]
    struct Inn {
        #[mixin]
        bar: Bar,
    }

    #[durable_object]
    impl Inn {
        #[event(connect)]
        fn joined(
            &mut self,
            cx: &mut Context<Self>,
            mut connection: Connection,
            /// Who comes.
            #[param(min_length = 1)]
            name: String,
            #[param(default = 1, max = 9)] tables: u32,
            room: Option<String>,
        ) {
            if let Some(room) = room {
                connection.join(cx, &room);
            }
            connection.set_state(cx, &Guest { name, tables });
        }

        #[action(public)]
        fn guests(&self, cx: &Context<Self>) -> Vec<Option<Guest>> {
            cx.connections().iter().map(Connection::state).collect()
        }

        #[action(public)]
        fn there(&self, cx: &Context<Self>, room: String) -> usize {
            cx.connections().in_room(&room).len()
        }
    }

    #[mixin]
    struct Bar {
        last: Option<bool>,
    }

    #[mixin]
    impl Bar {
        #[event(connect)]
        fn joined(&mut self, _connection: Connection, thirsty: Option<bool>) {
            self.last = thirsty;
        }

        #[action(public)]
        fn thirst(&self) -> Option<bool> {
            self.last
        }
    }

    stayput::app!(Inn);

    #[test]
    fn connections_come_with_typed_parameters() {
        testing::run(app(), async |t| {
            let inn = Inn::named(t, "i");
            let user = t.as_user("ann");
            let _ann = user
                .connect_with(&inn, "name=ann%20b&room=blue&thirsty=true")
                .await
                .unwrap();
            // A name that looks like a number is a name.
            let _number = user.connect_with(&inn, "name=7&tables=3").await.unwrap();
            let guests = serde_json::to_value(inn.guests().await.unwrap()).unwrap();
            assert_eq!(
                guests,
                json!([{"name": "ann b", "tables": 1}, {"name": "7", "tables": 3}])
            );
            assert_eq!(inn.there("blue").await.unwrap(), 1);
            assert_eq!(inn.bar().thirst().await.unwrap(), None);
            for (query, path) in [
                ("", "/name"),
                ("name=", "/name"),
                ("name=ann&tables=10", "/tables"),
                ("name=ann&tables=many", "/tables"),
                ("name=ann&thirsty=very", "/thirsty"),
                ("name=ann&nmae=ben", "/nmae"),
            ] {
                let error = user.connect_with(&inn, query).await.unwrap_err();
                assert_eq!(error.code(), "invalid_params", "{query}");
                assert!(
                    error.details().unwrap().contains(path),
                    "{query}: {error:?}"
                );
            }
            assert_eq!(inn.guests().await.unwrap().len(), 2);
        });
    }

    #[test]
    fn the_manifest_says_what_a_connection_says() {
        let manifest = serde_json::to_value(app().manifest()).unwrap();
        let text = |more: serde_json::Value| {
            let mut text = json!({"type": "string"});
            text.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            text
        };
        let tables = json!({"type": "integer", "format": "uint32", "minimum": 0, "maximum": 9, "default": 1});
        assert_eq!(
            manifest["classes"]["inn"]["connect"],
            json!([
                {"name": "name", "required": true, "schema": text(json!({"description": "Who comes.", "minLength": 1}))},
                {"name": "tables", "required": false, "schema": tables},
                {"name": "room", "required": false, "schema": {"type": ["string", "null"]}},
                {"name": "thirsty", "required": false, "schema": {"type": ["boolean", "null"]}, "mixin": "bar"},
            ])
        );
    }
}
