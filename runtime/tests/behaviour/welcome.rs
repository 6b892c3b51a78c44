//! Objects that have their connections listen.

use stayput::prelude::*;
use stayput::testing::{self, Socket, Test};

use crate::support::a_while;

/// How high the tide is.
#[event]
struct Tide {
    cm: i64,
}

#[derive(Debug, ActionError)]
#[error(prefix = "gauge")]
enum GaugeError {
    /// It is asked for.
    #[error(status = 409, message = "stuck at {cm}")]
    Stuck { cm: i64 },
}

#[durable_object(events(Tide))]
struct Gauge {
    cm: i64,
    #[mixin]
    buoy: Buoy,
}

#[durable_object]
impl Gauge {
    #[event(connect)]
    fn joined(&mut self, cx: &mut Context<Self>, connection: Connection) {
        connection.tell(cx, &Tide { cm: self.cm });
        cx.subscribe::<Tide>(&connection);
    }

    /// The tide comes in; answers how many hear of it.
    #[action(public)]
    fn rise(&mut self, cx: &mut Context<Self>, cm: i64) -> usize {
        self.cm += cm;
        cx.broadcast(Tide { cm: self.cm }).count()
    }

    /// Has the caller's connection listen or not, and says how many hear what this very method sends before and after.
    #[action]
    fn turn(
        &mut self,
        cx: &mut Context<Self>,
        on: bool,
        fail: bool,
    ) -> Result<Vec<usize>, GaugeError> {
        let Some(connection) = cx.connection() else {
            return Ok(Vec::new());
        };
        let before = cx.broadcast(Tide { cm: -1 }).count();
        if on {
            cx.subscribe::<Tide>(&connection);
        } else {
            cx.unsubscribe::<Tide>(&connection);
        }
        let after = cx.broadcast(Tide { cm: -2 }).count();
        if fail {
            return Err(GaugeError::Stuck { cm: self.cm });
        }
        Ok(vec![before, after])
    }
}

#[mixin(events(Tide))]
#[derive(Default)]
struct Buoy {
    seen: u32,
}

#[mixin]
impl Buoy {
    /// Has the caller's connection hear the buoy.
    #[action]
    fn hear(&mut self, cx: &mut Context<Self>) {
        self.seen += 1;
        if let Some(connection) = cx.connection() {
            cx.subscribe::<Tide>(&connection);
        }
    }

    /// Says something.
    #[action(public)]
    fn bob(&mut self, cx: &mut Context<Self>, cm: i64) -> usize {
        cx.broadcast(Tide { cm }).count()
    }
}

stayput::app!(Gauge);

fn heard(socket: &Socket) -> Vec<i64> {
    std::iter::from_fn(|| socket.next::<Tide>())
        .map(|tide| tide.cm)
        .collect()
}

#[test]
fn what_follows_a_welcome_fits_on_it() {
    testing::run(app(), async |t| {
        let gauge = Gauge::named(t, "g");
        assert_eq!(gauge.rise(10).await.unwrap(), 0);
        let ann = t.as_user("ann").connect(&gauge).await.unwrap();
        assert_eq!(gauge.rise(5).await.unwrap(), 1);
        // It is kept with the connection, not with the object in memory.
        t.evict().await;
        assert_eq!(gauge.rise(5).await.unwrap(), 1);
        t.settle().await;
        assert_eq!(heard(&ann), [10, 15, 20]);
    });
}

#[test]
fn a_method_has_its_connection_listen_from_there_on() {
    testing::run(app(), async |t| {
        let gauge = Gauge::named(t, "g");
        let ann = t.as_user("ann").connect(&gauge).await.unwrap();
        t.settle().await;
        assert_eq!(heard(&ann), [0]);
        let own = Gauge::named(&ann, "g");
        assert_eq!(own.turn(false, false).await.unwrap(), [1, 0]);
        assert_eq!(gauge.rise(1).await.unwrap(), 0);
        // What fails changes nothing.
        own.turn(true, true).await.unwrap_err();
        assert_eq!(gauge.rise(1).await.unwrap(), 0);
        assert_eq!(own.turn(true, false).await.unwrap(), [0, 1]);
        assert_eq!(gauge.rise(1).await.unwrap(), 1);
        t.settle().await;
        assert_eq!(heard(&ann), [-1, -2, 3]);
        // Its client may end it.
        ann.unsubscribe(&["tide"]).await.unwrap();
        assert_eq!(gauge.rise(1).await.unwrap(), 0);
    });
}

#[test]
fn events_of_a_mixin_are_others() {
    testing::run(app(), async |t| {
        let gauge = Gauge::named(t, "g");
        let ann = t.as_user("ann").connect(&gauge).await.unwrap();
        assert_eq!(gauge.buoy().bob(1).await.unwrap(), 0);
        Gauge::named(&ann, "g").buoy().hear().await.unwrap();
        assert_eq!(gauge.buoy().bob(2).await.unwrap(), 1);
        t.settle().await;
        assert_eq!(heard(&ann), [0, 2]);
    });
}

/// What waits for the disk when a connection begins to listen was said before, though it is sent later.
#[test]
fn what_was_said_before_is_not_heard_though_it_waits_for_the_disk() {
    Test::new(app()).threads(2).run(async |t| {
        let gauge = Gauge::named(t, "g");
        let ann = t.as_user("ann").connect(&gauge).await.unwrap();
        let own = Gauge::named(&ann, "g");
        own.turn(false, false).await.unwrap();
        t.settle().await;
        heard(&ann);
        let held = t.hold_commits();
        let before = t.spawn(gauge.rise(5));
        a_while().await;
        let turned = t.spawn(own.turn(true, false));
        a_while().await;
        let after = t.spawn(gauge.rise(5));
        a_while().await;
        assert!(heard(&ann).is_empty());
        drop(held);
        assert_eq!(before.await.unwrap(), 0);
        assert_eq!(turned.await.unwrap(), [0, 1]);
        after.await.unwrap();
        t.settle().await;
        assert_eq!(heard(&ann), [-2, 10]);
    });
}
