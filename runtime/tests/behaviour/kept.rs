//! Events of which something is kept: the last one of each key, and logs that subscribers resume from.

use serde_json::{Value, json};
use stayput::prelude::*;
use stayput::testing::{self, Received, Socket};

/// Someone wrote something.
#[event(public, durable, keep = 5)]
struct Wrote {
    number: u64,
}

/// Something else happened in between.
#[event(public, durable, keep_hours = 1)]
struct Rang {
    times: u64,
}

/// Where someone points.
#[event(public, latest, key = "who")]
struct Points {
    who: String,
    at: u32,
}

/// Kept by nobody.
#[event(public)]
struct Passed {}

#[durable_object(events(Wrote, Rang, Points, Passed))]
struct Wall {
    wrote: u64,
    rang: u64,
}

#[durable_object]
impl Wall {
    #[action(public)]
    fn write(&mut self, cx: &mut Context<Self>, times: u64) {
        for _ in 0..times {
            self.wrote += 1;
            cx.broadcast(Wrote { number: self.wrote });
        }
    }

    #[action(public)]
    fn ring(&mut self, cx: &mut Context<Self>) {
        self.rang += 1;
        cx.broadcast(Rang { times: self.rang });
        cx.broadcast(Passed {});
    }

    /// Rings, writes, and takes it back.
    #[action(public)]
    fn stumble(&mut self, cx: &mut Context<Self>) -> Result<()> {
        self.ring(cx);
        self.write(cx, 1);
        Err(stayput::Error::msg("stumbled"))
    }

    #[action(public)]
    fn point(&mut self, cx: &mut Context<Self>, who: String, at: u32) {
        cx.broadcast(Points { who, at });
    }

    #[action(public)]
    fn unpoint(&mut self, cx: &mut Context<Self>, who: String) -> bool {
        cx.forget::<Points>(&who)
    }

    #[action(public)]
    fn join(&mut self, cx: &mut Context<Self>, room: String) {
        if let Some(mut connection) = cx.connection() {
            connection.join(cx, &room);
        }
    }

    #[action(public)]
    fn write_to(&mut self, cx: &mut Context<Self>, room: Option<String>, subject: Option<String>) {
        self.wrote += 1;
        let mut broadcast = cx.broadcast(Wrote { number: self.wrote });
        if let Some(room) = room {
            broadcast = broadcast.to(&room);
        }
        if let Some(subject) = subject {
            broadcast.to_subject(&subject);
        }
    }

    #[action(public)]
    fn tear_down(&mut self, cx: &mut Context<Self>) {
        cx.destroy();
    }
}

stayput::app!(Wall);

async fn ask(socket: &Socket, events: &[&str], after: Option<&str>) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "rpc.subscribe", "params": {"events": events, "after": after}});
    let answer = socket.send_text(request.to_string()).await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer
        .get("result")
        .cloned()
        .unwrap_or_else(|| answer["error"].clone())
}

/// The numbers of what came.
fn numbers(socket: &Socket) -> Vec<u64> {
    let events = socket
        .received()
        .into_iter()
        .filter_map(|received| match received {
            Received::Event(_, data) => data.as_object()?.values().next()?.as_u64(),
            Received::Frame(_) => None,
        });
    events.collect()
}

#[test]
fn a_subscriber_goes_on_where_it_was() {
    testing::run(app(), async |t| {
        let wall = Wall::named(t, "w");
        let first = t.as_user("ann").connect(&wall).await.unwrap();
        let begun = ask(&first, &["wrote"], None).await;
        // Nothing was ever kept: what comes from here on is everything.
        assert_eq!(begun, json!({"events": ["wrote"], "cursor": "0-0"}));
        wall.write(2).await.unwrap();
        t.settle().await;
        assert_eq!(numbers(&first), [1, 2]);
        drop(first);

        wall.write(2).await.unwrap();
        wall.stumble().await.unwrap_err();
        let next = t.as_user("ann").connect(&wall).await.unwrap();
        let missed = ask(&next, &["wrote"], Some("0-0")).await;
        assert_eq!(numbers(&next), [1, 2, 3, 4]);
        let cursor = missed["cursor"].as_str().unwrap();
        assert!(
            cursor.ends_with("-4") && missed.get("gap").is_none(),
            "{missed}"
        );
        wall.write(1).await.unwrap();
        t.settle().await;
        assert_eq!(numbers(&next), [5]);
        // From a place in between, over a restart of the object.
        t.evict().await;
        let middle = format!("{}-3", cursor.split('-').next().unwrap());
        let third = t.as_user("ann").connect(&wall).await.unwrap();
        ask(&third, &["wrote"], Some(&middle)).await;
        assert_eq!(numbers(&third), [4, 5]);
        let none = t.as_user("ann").connect(&wall).await.unwrap();
        ask(&none, &["wrote"], None).await;
        assert_eq!(numbers(&none), [0u64; 0]);
    });
}

#[test]
fn what_is_not_kept_any_more_is_told() {
    testing::run(app(), async |t| {
        let wall = Wall::named(t, "w");
        wall.write(5).await.unwrap();
        let ann = t.as_user("ann").connect(&wall).await.unwrap();
        let all = ask(&ann, &["wrote"], Some("oldest")).await;
        assert_eq!((numbers(&ann), all.get("gap")), (vec![1, 2, 3, 4, 5], None));
        let log = all["cursor"]
            .as_str()
            .unwrap()
            .split('-')
            .next()
            .unwrap()
            .to_owned();
        wall.write(2).await.unwrap();
        // The second was the last that was forgotten.
        for (after, gap) in [(0, true), (1, true), (2, false), (6, false), (7, false)] {
            let ben = t.as_user("ben").connect(&wall).await.unwrap();
            let answer = ask(&ben, &["wrote"], Some(&format!("{log}-{after}"))).await;
            assert_eq!(
                answer.get("gap"),
                gap.then(|| json!(["wrote"])).as_ref(),
                "{after}"
            );
            let expected: Vec<u64> = (3..=7).filter(|number| *number > after).collect();
            assert_eq!(numbers(&ben), expected);
        }
        for foreign in ["deadbeef-3".to_owned(), format!("{log}-8")] {
            let ben = t.as_user("ben").connect(&wall).await.unwrap();
            let answer = ask(&ben, &["wrote", "rang"], Some(&foreign)).await;
            assert_eq!(answer["gap"], json!(["rang", "wrote"]), "{foreign}");
            assert_eq!(numbers(&ben), [0u64; 0]);
        }
        let wrong = ask(&ann, &["wrote"], Some("7")).await;
        assert_eq!(
            wrong["data"]["details"]["faults"][0]["path"],
            json!("/after"),
            "{wrong}"
        );
    });
}

#[test]
fn several_events_come_in_the_order_they_happened() {
    testing::run(app(), async |t| {
        let wall = Wall::named(t, "w");
        for _ in 0..2 {
            wall.write(1).await.unwrap();
            wall.ring().await.unwrap();
        }
        let ann = t.as_user("ann").connect(&wall).await.unwrap();
        ask(&ann, &["wrote", "rang", "passed"], Some("oldest")).await;
        let names: Vec<String> = ann
            .received()
            .into_iter()
            .map(|received| match received {
                Received::Event(name, _) => name,
                Received::Frame(_) => String::new(),
            })
            .collect();
        assert_eq!(names, ["wrote", "rang", "wrote", "rang"]);
        // Who is told of one only learns of a gap in that one only: an hour later the others are too old.
        t.advance(hours(1)).await;
        let ben = t.as_user("ben").connect(&wall).await.unwrap();
        let answer = ask(&ben, &["wrote", "rang"], Some("oldest")).await;
        assert_eq!(answer["gap"], json!(["rang"]));
        assert_eq!(numbers(&ben), [1, 2]);
        wall.ring().await.unwrap();
        t.settle().await;
        let cleo = t.as_user("cleo").connect(&wall).await.unwrap();
        ask(&cleo, &["rang"], Some("oldest")).await;
        assert_eq!(numbers(&cleo), [3]);
    });
}

#[test]
fn a_page_is_not_longer_than_a_connection_bears() {
    testing::run(app(), async |t| {
        let wall = Wall::named(t, "w");
        for _ in 0..650 {
            wall.ring().await.unwrap();
        }
        let ann = t.as_user("ann").connect(&wall).await.unwrap();
        let first = ask(&ann, &["rang"], Some("oldest")).await;
        assert_eq!(first["more"], json!(true));
        assert_eq!(first["events"], json!([]));
        assert_eq!(numbers(&ann), (1..=512).collect::<Vec<_>>());
        // What happens meanwhile comes in its turn.
        wall.ring().await.unwrap();
        t.settle().await;
        assert_eq!(numbers(&ann), [0u64; 0]);
        let rest = ask(&ann, &["rang"], first["cursor"].as_str()).await;
        assert_eq!(
            (rest.get("more"), &rest["events"]),
            (None, &json!(["rang"]))
        );
        assert_eq!(numbers(&ann), (513..=651).collect::<Vec<_>>());
    });
}

#[test]
fn only_who_was_meant_is_told_later() {
    testing::run(app(), async |t| {
        let wall = Wall::named(t, "w");
        wall.write_to(Some("red".to_owned()), None).await.unwrap();
        wall.write_to(None, Some("ann".to_owned())).await.unwrap();
        wall.write_to(Some("red".to_owned()), Some("ann".to_owned()))
            .await
            .unwrap();
        for (who, room, expected) in [
            ("ann", "blue", vec![2]),
            ("ann", "red", vec![1, 2, 3]),
            ("ben", "red", vec![1]),
        ] {
            let socket = t.as_user(who).connect(&wall).await.unwrap();
            Wall::named(&socket, "w").join(room).await.unwrap();
            ask(&socket, &["wrote"], Some("oldest")).await;
            assert_eq!(numbers(&socket), expected, "{who} in {room}");
        }
    });
}

#[test]
fn the_last_one_of_each_key_is_kept() {
    testing::run(app(), async |t| {
        let wall = Wall::named(t, "w");
        for (who, at) in [("ann", 1), ("ben", 2), ("ann", 3), ("cleo", 4)] {
            wall.point(who, at).await.unwrap();
        }
        assert!(wall.unpoint("cleo").await.unwrap());
        assert!(!wall.unpoint("cleo").await.unwrap());
        t.evict().await;
        let dan = t.as_user("dan").connect(&wall).await.unwrap();
        ask(&dan, &["points"], None).await;
        let points = |socket: &Socket| -> Vec<(String, u32)> {
            std::iter::from_fn(|| socket.next::<Points>())
                .map(|points| (points.who, points.at))
                .collect()
        };
        assert_eq!(points(&dan), [("ann".to_owned(), 3), ("ben".to_owned(), 2)]);
        wall.point("ben", 5).await.unwrap();
        t.settle().await;
        assert_eq!(points(&dan), [("ben".to_owned(), 5)]);
        // As many as are allowed, and then no more until one is forgotten.
        for number in 2..1_000 {
            wall.point(format!("guest {number}"), 0).await.unwrap();
        }
        let error = wall.point("one more", 0).await.unwrap_err();
        assert!(error.to_string().contains("cx.forget"), "{error}");
        wall.point("guest 7", 1).await.unwrap();
        wall.unpoint("guest 7").await.unwrap();
        wall.point("one more", 0).await.unwrap();
        wall.point("x".repeat(513), 0).await.unwrap_err();
    });
}

#[test]
fn another_life_has_another_log() {
    testing::run(app(), async |t| {
        let wall = Wall::named(t, "w");
        wall.write(1).await.unwrap();
        let ann = t.as_user("ann").connect(&wall).await.unwrap();
        let cursor = ask(&ann, &["wrote"], Some("oldest")).await["cursor"]
            .as_str()
            .unwrap()
            .to_owned();
        wall.tear_down().await.unwrap();
        let ben = t.as_user("ben").connect(&wall).await.unwrap();
        assert_eq!(
            ask(&ben, &["wrote"], Some(&cursor)).await["gap"],
            json!(["wrote"])
        );
        wall.write(1).await.unwrap();
        let cleo = t.as_user("cleo").connect(&wall).await.unwrap();
        let answer = ask(&cleo, &["wrote"], Some(&cursor)).await;
        assert_eq!(answer["gap"], json!(["wrote"]), "{answer}");
    });
}
