//! `start`, birth, eviction and reload.

use std::sync::atomic::{AtomicU64, Ordering};

use stayput::prelude::*;
use stayput::testing;

use crate::support::{code, stored};

/// Keeps a log of its wakes.
#[durable_object]
pub struct Sleeper {
    wakes: Vec<bool>,
    log: Log<String>,
    #[transient]
    awake: bool,
}

static FAILURES: AtomicU64 = AtomicU64::new(0);
static STARTS: AtomicU64 = AtomicU64::new(0);

#[durable_object]
impl Sleeper {
    #[event(start)]
    async fn start(&mut self, cx: &mut Context<Self>, first: bool) -> Result<()> {
        assert!(!self.awake, "once a wake");
        if cx.name() == Some("slow") {
            cx.sleep(seconds(2)).await;
        }
        self.awake = true;
        self.wakes.push(first);
        self.log.push(format!("first {first}"));
        if first && cx.name() == Some("alarmed") {
            cx.set_alarm(cx.now() + minutes(1));
        }
        if cx.name() == Some("fails") {
            STARTS.fetch_add(1, Ordering::SeqCst);
            let left = FAILURES.load(Ordering::SeqCst);
            if left > 0 {
                FAILURES.store(left - 1, Ordering::SeqCst);
                return Err(stayput::Error::msg("not today"));
            }
        }
        Ok(())
    }

    #[action]
    fn wakes(&self) -> Vec<bool> {
        assert!(self.awake, "start runs before everything else");
        self.wakes.clone()
    }

    #[action]
    fn log(&self) -> Vec<String> {
        self.log.last(10)
    }

    #[action]
    fn write(&mut self) {
        assert!(self.awake, "start runs before everything else");
        self.log.push("written".to_owned());
    }

    #[action]
    fn panic_unborn(&mut self) {
        self.log.push("panicked".to_owned());
        panic!("deliberate");
    }

    #[action]
    async fn work(this: Handle<Self>) -> Result<bool> {
        Ok(this.read(|sleeper| sleeper.awake).await?)
    }

    #[event(alarm)]
    fn on_alarm(&mut self) {
        assert!(self.awake, "start runs before everything else");
        self.log.push("alarm".to_owned());
    }

    #[action]
    fn alarm(&self, cx: &Context<Self>) -> Option<Timestamp> {
        cx.alarm()
    }
}

stayput::app!(Sleeper);

fn objects(lines: &[String]) -> usize {
    lines.iter().filter(|line| line.contains(" seq ")).count()
}

#[test]
fn start_runs_at_every_wake_before_anything_else() {
    testing::run(app(), async |t| {
        let sleeper = Sleeper::named(t, "every");
        sleeper.write().await.unwrap();
        assert_eq!(sleeper.wakes().await.unwrap(), [true]);
        t.evict().await;
        assert_eq!(sleeper.wakes().await.unwrap(), [true, false]);
        t.restart().await;
        sleeper.write().await.unwrap();
        assert_eq!(sleeper.wakes().await.unwrap(), [true, false, false]);
        t.evict().await;
        assert!(
            sleeper.work().await.unwrap(),
            "a process, too, finds it started"
        );
    });
}

#[test]
fn what_start_writes_into_an_unborn_object_waits_for_its_birth() {
    testing::run(app(), async |t| {
        let sleeper = Sleeper::named(t, "unborn");
        for _ in 0..3 {
            assert_eq!(
                sleeper.wakes().await.unwrap(),
                [true],
                "it is seen by queries"
            );
            t.evict().await;
        }
        assert_eq!(
            stored(t.data()),
            Vec::<String>::new(),
            "a query writes nothing"
        );
        sleeper.write().await.unwrap();
        t.settle().await;
        assert_eq!(objects(&stored(t.data())), 1);
        t.crash().await;
        assert_eq!(sleeper.log().await.unwrap()[..2], ["first true", "written"]);
    });
}

#[test]
fn what_start_writes_is_written_once_though_a_panic_came_between() {
    testing::run(app(), async |t| {
        let sleeper = Sleeper::named(t, "twice");
        assert_eq!(code(sleeper.panic_unborn().await), "internal");
        assert_eq!(sleeper.log().await.unwrap(), ["first true"]);
        sleeper.write().await.unwrap();
        assert_eq!(sleeper.log().await.unwrap(), ["first true", "written"]);
        t.evict().await;
        assert_eq!(
            sleeper.log().await.unwrap(),
            ["first true", "written", "first false"]
        );
    });
}

#[test]
fn a_failing_start_answers_the_waiting_calls_and_is_tried_again() {
    testing::run(app(), async |t| {
        FAILURES.store(1, Ordering::SeqCst);
        let sleeper = Sleeper::named(t, "fails");
        let calls: Vec<_> = (0..3).map(|_| t.spawn(sleeper.wakes())).collect();
        t.settle().await;
        let mut codes = Vec::new();
        for call in calls {
            codes.push(code(call.await));
        }
        assert_eq!(codes[0], "internal");
        assert_eq!(
            sleeper.wakes().await.unwrap(),
            [true],
            "nothing of the failed start is kept"
        );
        assert!(STARTS.load(Ordering::SeqCst) >= 2);
        // Of a born one, too.
        sleeper.write().await.unwrap();
        FAILURES.store(1, Ordering::SeqCst);
        t.evict().await;
        assert_eq!(code(sleeper.write().await), "internal");
        assert_eq!(sleeper.wakes().await.unwrap(), [true, false]);
    });
}

#[test]
fn calls_wait_while_start_waits() {
    testing::run(app(), async |t| {
        let sleeper = Sleeper::named(t, "slow");
        let calls = [t.spawn(sleeper.wakes()), t.spawn(sleeper.wakes())];
        t.settle().await;
        assert!(calls.iter().all(|call| !call.is_finished()));
        t.advance(seconds(2)).await;
        for call in calls {
            assert_eq!(call.await.unwrap(), [true]);
        }
    });
}

#[test]
fn an_alarm_that_start_sets_counts_from_birth_and_wakes_the_object() {
    testing::run(app(), async |t| {
        let sleeper = Sleeper::named(t, "alarmed");
        assert_eq!(sleeper.alarm().await.unwrap(), Some(t.now() + minutes(1)));
        t.settle().await;
        assert_eq!(objects(&stored(t.data())), 0);
        sleeper.write().await.unwrap();
        t.evict().await;
        t.advance(minutes(2)).await;
        let log = sleeper.log().await.unwrap();
        assert_eq!(log, ["first true", "written", "first false", "alarm"]);
    });
}
