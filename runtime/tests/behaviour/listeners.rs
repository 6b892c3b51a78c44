//! Who hears an event: handlers added while the object runs, handlers that run once, subscribers that may, and what they
//! get to see.

use serde_json::{Value, json};
use stayput::event::{ListenerId, Subscriber};
use stayput::prelude::*;
use stayput::testing::{self, Received, Socket};

#[event]
struct Sold {
    cents: u64,
}

#[event]
struct Due {
    fail: bool,
}

/// For the owner of the shop only, whose name it bears.
#[event(can_subscribe = "is_owner")]
struct Earned {
    cents: u64,
}

fn is_owner(subscriber: &Subscriber<'_>) -> bool {
    subscriber.name == Some(subscriber.caller.subject())
}

/// Everybody hears that there was an offer; who made it, and whoever may see all, hear of how much.
#[event(durable, view = "Offered::seen_by")]
struct Offered {
    by: String,
    cents: Option<u64>,
}

impl Offered {
    fn seen_by(&self, connection: &Connection) -> Option<Self> {
        if connection.subject() == "stranger" {
            return None;
        }
        let may = connection.subject() == self.by || connection.caller().has_scope("offers");
        Some(Self {
            by: self.by.clone(),
            cents: self.cents.filter(|_| may),
        })
    }
}

#[durable_object(events(Sold, Due, Earned, Offered))]
struct Shop {
    notes: Vec<String>,
    welcomes: u64,
    #[transient]
    listener: Option<ListenerId>,
}

#[durable_object]
impl Shop {
    #[event(start)]
    fn start(&mut self, cx: &mut Context<Self>, _first: bool) {
        let listener = cx.on(|shop: &mut Self, cx, sold: Sold| {
            shop.notes.push(format!("on {}", sold.cents));
            cx.broadcast(Earned { cents: sold.cents });
            if sold.cents == 13 {
                return Err(stayput::Error::msg("unlucky"));
            }
            Ok(())
        });
        cx.once(|shop: &mut Self, cx, sold: Sold| {
            shop.notes.push(format!("once {}", sold.cents));
            if sold.cents == 1 {
                return Err(stayput::Error::msg("too little to be the first"));
            }
            // It is not told what it emits itself.
            if sold.cents == 50 {
                cx.emit(Sold { cents: 51 });
            }
            Ok(())
        });
        self.listener = Some(listener);
    }

    #[event(Sold)]
    fn sold(&mut self, sold: Sold) {
        self.notes.push(format!("method {}", sold.cents));
    }

    #[event(Sold, once)]
    fn first(&mut self, sold: Sold) -> Result<()> {
        self.welcomes += 1;
        if sold.cents == 1 {
            return Err(stayput::Error::msg("too little to be the first"));
        }
        Ok(())
    }

    #[action]
    fn sell(&mut self, cx: &mut Context<Self>, cents: u64) {
        cx.emit(Sold { cents });
    }

    /// What is sold is sold only if it can be paid for.
    #[expect(clippy::unnecessary_wraps, reason = "its handlers may fail it")]
    #[action]
    fn sell_dear(&mut self, cx: &mut Context<Self>, cents: u64, fail: bool) -> Result<()> {
        cx.emit(Sold { cents });
        cx.emit(Due { fail });
        Ok(())
    }

    #[event(Due, required)]
    fn due(&mut self, due: Due) -> Result<()> {
        if due.fail {
            return Err(stayput::Error::msg("nobody pays"));
        }
        Ok(())
    }

    #[action]
    fn mute(&mut self, cx: &mut Context<Self>) -> bool {
        self.listener
            .take()
            .is_some_and(|listener| cx.off(listener))
    }

    #[action]
    fn offer(&mut self, cx: &mut Context<Self>, cents: u64) {
        let by = cx.caller().subject().to_owned();
        cx.broadcast(Offered {
            by,
            cents: Some(cents),
        });
    }

    #[action]
    fn notes(&self) -> (Vec<String>, u64) {
        (self.notes.clone(), self.welcomes)
    }
}

stayput::app!(Shop);

#[test]
fn handlers_are_added_and_taken_away() {
    testing::run(app(), async |t| {
        let shop = Shop::named(&t.as_user("ann"), "ann");
        let notes = async || shop.notes().await.unwrap().0;
        shop.sell(5).await.unwrap();
        assert_eq!(notes().await, ["method 5", "on 5", "once 5"]);
        shop.sell(6).await.unwrap();
        // What fails undoes itself alone.
        shop.sell(13).await.unwrap();
        assert_eq!(notes().await[3..], ["method 6", "on 6", "method 13"]);
        assert!(shop.mute().await.unwrap());
        assert!(!shop.mute().await.unwrap());
        shop.sell(7).await.unwrap();
        assert_eq!(notes().await[6..], ["method 7"]);
        // `start` adds them anew.
        t.evict().await;
        shop.sell(8).await.unwrap();
        assert_eq!(notes().await[7..], ["method 8", "on 8", "once 8"]);
    });
}

#[test]
fn once_is_once_in_the_life_of_an_object() {
    testing::run(app(), async |t| {
        let shop = Shop::named(&t.as_user("ann"), "ann");
        // One that failed has not been.
        for (cents, welcomes) in [(1, 0), (2, 1), (3, 1)] {
            shop.sell(cents).await.unwrap();
            assert_eq!(shop.notes().await.unwrap().1, welcomes);
        }
        t.evict().await;
        shop.sell(4).await.unwrap();
        assert_eq!(shop.notes().await.unwrap().1, 1);
    });
}

#[test]
fn a_handler_that_runs_once_has_not_if_its_action_failed() {
    testing::run(app(), async |t| {
        let shop = Shop::named(&t.as_user("ann"), "ann");
        shop.sell_dear(40, true).await.unwrap_err();
        assert_eq!(shop.notes().await.unwrap(), (Vec::new(), 0));
        // Nor if it failed itself.
        shop.sell(1).await.unwrap();
        assert_eq!(
            shop.notes().await.unwrap(),
            (vec!["method 1".to_owned(), "on 1".to_owned()], 0)
        );
        shop.sell_dear(50, false).await.unwrap();
        let (notes, welcomes) = shop.notes().await.unwrap();
        assert_eq!(
            notes[2..],
            ["method 50", "on 50", "once 50", "method 51", "on 51"]
        );
        assert_eq!(welcomes, 1);
        shop.sell_dear(60, false).await.unwrap();
        let (notes, welcomes) = shop.notes().await.unwrap();
        assert_eq!(notes[7..], ["method 60", "on 60"]);
        assert_eq!(welcomes, 1);
    });
}

#[test]
fn who_may_not_hear_an_event_is_told_so() {
    testing::run(app(), async |t| {
        let shop = Shop::named(&t.as_user("ann"), "ann");
        let ann = t.as_user("ann").connect(&shop).await.unwrap();
        let ben = t.as_user("ben").connect(&shop).await.unwrap();
        assert_eq!(ann.subscribe(&["earned"]).await.unwrap(), ["earned"]);
        let error = ben.subscribe(&["earned"]).await.unwrap_err();
        assert_eq!(error.code(), "forbidden");
        shop.sell(5).await.unwrap();
        t.settle().await;
        assert_eq!(ann.next::<Earned>().unwrap().cents, 5);
        assert!(ben.received().is_empty());
        // Who asks for all gets those that are for it.
        let all = ben
            .send_text(r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe"}"#)
            .await
            .unwrap();
        let all: Value = serde_json::from_str(&all).unwrap();
        assert_eq!(all["result"]["events"], json!(["due", "offered", "sold"]));
    });
}

fn offers(socket: &Socket) -> Vec<Value> {
    let received = socket.received().into_iter();
    received
        .map(|received| match received {
            Received::Event(_, data) => data,
            Received::Frame(_) => Value::Null,
        })
        .collect()
}

#[test]
fn everyone_sees_what_is_for_them() {
    testing::run(app(), async |t| {
        let shop = Shop::named(&t.as_user("ann"), "s");
        let all = json!({"by": "ann", "cents": 5});
        let some = json!({"by": "ann", "cents": null});
        let users = || {
            let mut clerk = Caller::user("clerk");
            clerk.scopes.push("offers".to_owned());
            [
                (t.as_user("ann"), Some(&all)),
                (t.as_user("ben"), Some(&some)),
                (t.as_caller(clerk), Some(&all)),
                (t.as_user("stranger"), None),
            ]
        };
        let mut early = Vec::new();
        for (user, seen) in users() {
            let socket = user.connect(&shop).await.unwrap();
            socket.subscribe(&["offered"]).await.unwrap();
            early.push((socket, seen));
        }
        shop.offer(5).await.unwrap();
        t.settle().await;
        for (socket, seen) in early {
            assert_eq!(offers(&socket), Vec::from_iter(seen.cloned()));
        }
        // The same for those who come later.
        for (user, seen) in users() {
            let socket = user.connect(&shop).await.unwrap();
            let request = r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["offered"],"after":"oldest"}}"#;
            socket.send_text(request).await.unwrap();
            assert_eq!(offers(&socket), Vec::from_iter(seen.cloned()));
        }
    });
}
