//! Alarms: set, moved, deleted, retried, never lost.

use stayput::prelude::*;
use stayput::testing;

use crate::support::stored;

/// A mixin with an alarm of its own.
#[mixin]
pub struct Timer {
    rings: u64,
}

#[mixin]
impl Timer {
    #[action]
    fn set(&mut self, cx: &mut Context<Self>, after: u64) {
        cx.set_alarm(cx.now() + seconds(after));
    }

    #[action]
    fn rings(&self) -> u64 {
        self.rings
    }

    #[event(alarm)]
    fn on_alarm(&mut self) {
        self.rings += 1;
    }
}

#[data]
#[derive(PartialEq)]
pub struct Ring {
    pub at: u64,
    pub scheduled: u64,
    pub attempt: u32,
    pub seen: Option<Timestamp>,
}

#[durable_object]
pub struct Clock {
    origin: Timestamp,
    rings: Log<Ring>,
    fail: u32,
    again: u64,
    #[mixin]
    tea: Timer,
    #[mixin]
    egg: Timer,
    #[transient]
    tries: Vec<Timestamp>,
}

#[durable_object]
impl Clock {
    #[action]
    fn set(&mut self, cx: &mut Context<Self>, after: i64) {
        self.origin = cx.now();
        cx.set_alarm(Timestamp::from_millis(cx.now().as_millis() + after * 1000));
    }

    #[action]
    fn delete(&mut self, cx: &mut Context<Self>) {
        cx.delete_alarm();
    }

    #[action]
    fn get(&self, cx: &Context<Self>) -> Option<Timestamp> {
        cx.alarm()
    }

    #[action]
    fn rings(&self) -> Vec<Ring> {
        self.rings.last(100)
    }

    #[action]
    fn tries(&self) -> Vec<Timestamp> {
        self.tries.clone()
    }

    #[action]
    fn plan(&mut self, fail: u32, again: u64) {
        self.fail = fail;
        self.again = again;
    }

    #[event(alarm)]
    fn on_alarm(&mut self, cx: &mut Context<Self>, alarm: Alarm) -> Result<()> {
        self.tries.push(cx.now());
        let since = |at: Timestamp| at.since(self.origin).as_secs();
        let ring = Ring {
            at: since(cx.now()),
            scheduled: since(alarm.scheduled),
            attempt: alarm.attempt,
            seen: cx.alarm(),
        };
        self.rings.push(ring);
        if alarm.attempt < self.fail {
            return Err(stayput::Error::msg("deliberate"));
        }
        if self.again > 0 {
            self.again -= 1;
            cx.set_alarm(cx.now() + seconds(10));
        }
        Ok(())
    }
}

stayput::app!(Clock);

#[test]
fn an_alarm_rings_at_its_time_and_once() {
    testing::run(app(), async |t| {
        let clock = Clock::named(t, "once");
        clock.set(60).await.unwrap();
        assert_eq!(clock.get().await.unwrap(), Some(t.now() + seconds(60)));
        t.advance(seconds(59)).await;
        assert_eq!(clock.rings().await.unwrap(), []);
        t.advance(seconds(1)).await;
        let ring = Ring {
            at: 60,
            scheduled: 60,
            attempt: 0,
            seen: None,
        };
        assert_eq!(clock.rings().await.unwrap(), [ring]);
        assert_eq!(clock.get().await.unwrap(), None);
        t.advance(hours(1)).await;
        assert_eq!(clock.rings().await.unwrap().len(), 1);
    });
}

#[test]
fn an_alarm_can_be_moved_deleted_and_set_in_the_past() {
    testing::run(app(), async |t| {
        let clock = Clock::named(t, "moved");
        clock.set(10).await.unwrap();
        clock.set(30).await.unwrap();
        t.advance(seconds(20)).await;
        assert_eq!(clock.rings().await.unwrap(), []);
        clock.set(5).await.unwrap();
        t.advance(seconds(5)).await;
        assert_eq!(clock.rings().await.unwrap().len(), 1);
        clock.set(5).await.unwrap();
        clock.delete().await.unwrap();
        assert_eq!(clock.get().await.unwrap(), None);
        t.advance(hours(1)).await;
        assert_eq!(clock.rings().await.unwrap().len(), 1);
        clock.set(-100).await.unwrap();
        t.settle().await;
        assert_eq!(
            clock.rings().await.unwrap().len(),
            2,
            "at once if that is past"
        );
    });
}

#[test]
fn a_handler_may_set_the_alarm_again() {
    testing::run(app(), async |t| {
        let clock = Clock::named(t, "again");
        clock.plan(0, 3).await.unwrap();
        clock.set(1).await.unwrap();
        t.advance(minutes(10)).await;
        let at: Vec<u64> = clock
            .rings()
            .await
            .unwrap()
            .iter()
            .map(|ring| ring.at)
            .collect();
        assert_eq!(at, [1, 11, 21, 31]);
    });
}

#[test]
fn a_failing_alarm_is_tried_six_times_more_then_kept_as_dead() {
    testing::run(app(), async |t| {
        let clock = Clock::named(t, "failing");
        clock.plan(100, 0).await.unwrap();
        clock.set(10).await.unwrap();
        t.advance(hours(2)).await;
        let tries = clock.tries().await.unwrap();
        assert_eq!(tries.len(), 7, "the first and six more: {tries:?}");
        let mut jitters = 0;
        for (pair, doubled) in tries.windows(2).zip([2, 4, 8, 16, 32, 64]) {
            let pause = pair[1].since(pair[0]).as_millis();
            let least = doubled * 1000;
            assert!(
                (least..=least + least / 4).contains(&pause),
                "{pause} ms for {doubled} s"
            );
            jitters += u32::from(pause != least);
        }
        assert!(
            jitters > 0,
            "pauses differ, so that objects do not come back together"
        );
        assert_eq!(clock.rings().await.unwrap(), [], "what failed is undone");
        assert_eq!(clock.get().await.unwrap(), None);
        let stored = stored(t.data());
        assert!(
            stored.iter().any(|line| line.contains("!dead/alarm/")),
            "{stored:?}"
        );
        assert!(
            !stored.iter().any(|line| line.contains("!alarm/")),
            "{stored:?}"
        );
        // It may be set anew.
        clock.plan(0, 0).await.unwrap();
        clock.set(1).await.unwrap();
        t.advance(seconds(1)).await;
        assert_eq!(clock.rings().await.unwrap().len(), 1);
    });
}

#[test]
fn a_retry_knows_what_was_scheduled() {
    testing::run(app(), async |t| {
        let clock = Clock::named(t, "retry");
        clock.plan(2, 0).await.unwrap();
        clock.set(10).await.unwrap();
        t.advance(minutes(1)).await;
        let rings = clock.rings().await.unwrap();
        assert_eq!(rings.len(), 1);
        assert_eq!((rings[0].scheduled, rings[0].attempt), (10, 2));
        assert!((16..=18).contains(&rings[0].at), "{rings:?}");
    });
}

#[test]
fn alarms_survive_eviction_restart_and_crash() {
    testing::run(app(), async |t| {
        let clock = Clock::named(t, "survives");
        clock.set(100).await.unwrap();
        t.evict().await;
        t.advance(seconds(30)).await;
        t.restart().await;
        t.advance(seconds(30)).await;
        t.crash().await;
        t.advance(seconds(39)).await;
        assert_eq!(clock.rings().await.unwrap(), []);
        t.advance(seconds(1)).await;
        assert_eq!(clock.rings().await.unwrap()[0].at, 100);
    });
}

#[test]
fn retries_go_on_after_a_restart() {
    testing::run(app(), async |t| {
        let clock = Clock::named(t, "goes on");
        clock.plan(3, 0).await.unwrap();
        clock.set(1).await.unwrap();
        t.advance(seconds(2)).await;
        t.restart().await;
        t.advance(minutes(1)).await;
        assert_eq!(clock.rings().await.unwrap()[0].attempt, 3);
    });
}

#[test]
fn each_mixin_has_an_alarm_of_its_own() {
    testing::run(app(), async |t| {
        let clock = Clock::named(t, "mixins");
        clock.tea().set(180).await.unwrap();
        clock.egg().set(300).await.unwrap();
        clock.set(400).await.unwrap();
        t.advance(seconds(200)).await;
        assert_eq!(
            (
                clock.tea().rings().await.unwrap(),
                clock.egg().rings().await.unwrap()
            ),
            (1, 0)
        );
        t.restart().await;
        t.advance(seconds(100)).await;
        assert_eq!(
            (
                clock.tea().rings().await.unwrap(),
                clock.egg().rings().await.unwrap()
            ),
            (1, 1)
        );
        assert_eq!(clock.rings().await.unwrap(), []);
        t.advance(seconds(100)).await;
        assert_eq!(clock.rings().await.unwrap().len(), 1);
    });
}

#[test]
fn many_objects_ring_in_order_of_their_times() {
    testing::Test::new(app()).threads(4).run(async |t| {
        for after in 1..=40 {
            Clock::named(t, &after.to_string())
                .set(after)
                .await
                .unwrap();
        }
        t.evict().await;
        t.advance(seconds(20)).await;
        for after in 1..=40_i64 {
            let rings = Clock::named(t, &after.to_string()).rings().await.unwrap();
            assert_eq!(rings.len(), usize::from(after <= 20), "{after}");
        }
    });
}
