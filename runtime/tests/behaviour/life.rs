//! Time, chance, settings, and how many objects stay in memory.

use std::sync::atomic::{AtomicI64, Ordering};

use stayput::prelude::*;
use stayput::testing::{self, Test};

use crate::support::{Signal, code};

static LIVE: AtomicI64 = AtomicI64::new(0);

/// Counts the instances in memory.
#[derive(Debug)]
pub struct Counted;

impl Default for Counted {
    fn default() -> Self {
        LIVE.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

#[durable_object]
pub struct Resident {
    calls: u64,
    #[transient]
    _counted: Counted,
}

#[durable_object]
impl Resident {
    #[action]
    fn call(&mut self) -> u64 {
        self.calls += 1;
        self.calls
    }
}

#[derive(Debug, Config)]
pub struct Settings {
    pub region: String,
    pub limit: Option<u16>,
    #[config(default = 3)]
    pub retries: u8,
}

#[durable_object]
pub struct Probe {
    seen: u64,
}

static CROWDED: Signal = Signal::new();

#[durable_object]
impl Probe {
    #[action]
    async fn times(&mut self, cx: &mut Context<Self>) -> (Timestamp, Timestamp) {
        let before = cx.now();
        cx.sleep(seconds(5)).await;
        (before, cx.now())
    }

    #[action]
    fn chance(&mut self, cx: &mut Context<Self>) -> (u64, String) {
        (cx.random(), cx.uuid())
    }

    #[action]
    fn env(&self, cx: &Context<Self>, name: String) -> Option<String> {
        cx.env(&name)
    }

    #[action]
    fn settings(&self, cx: &Context<Self>) -> Result<(String, Option<u16>, u8)> {
        let Settings {
            region,
            limit,
            retries,
        } = cx.config()?;
        Ok((region, limit, retries))
    }

    #[action]
    fn faults(&self, cx: &Context<Self>) -> Vec<String> {
        match cx.config::<Settings>() {
            Ok(_) => Vec::new(),
            Err(error) => error.faults().to_vec(),
        }
    }

    #[action]
    async fn crowd(&mut self, cx: &mut Context<Self>) {
        CROWDED.give();
        cx.sleep(seconds(1)).await;
    }

    #[action]
    fn see(&mut self) -> u64 {
        self.seen += 1;
        self.seen
    }
}

stayput::app!(Resident, Probe);

#[test]
fn now_is_one_value_for_all_that_is_committed_together() {
    testing::run(app(), async |t| {
        let probe = Probe::named(t, "time");
        let call = t.spawn(probe.times());
        let began = t.now();
        t.advance(seconds(5)).await;
        assert_eq!(call.await.unwrap(), (began, began));
        assert_eq!(t.now(), began + seconds(5));
    });
}

#[test]
fn chance_repeats_with_its_seed() {
    let draw = |seed| {
        Test::new(app()).seed(seed).run(async |t| {
            let probe = Probe::named(t, "chance");
            let (first, second) = (probe.chance().await.unwrap(), probe.chance().await.unwrap());
            t.restart().await;
            [first, second, probe.chance().await.unwrap()]
        })
    };
    let (one, again, other) = (draw(1), draw(1), draw(2));
    assert_eq!(one, again);
    assert!(one.iter().all(|drawn| !other.contains(drawn)));
    assert!(one[0] != one[1] && one[0] != one[2] && one[1] != one[2]);
    let uuid = &one[0].1;
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
}

#[test]
fn settings_come_from_the_test_alone() {
    Test::new(app())
        .env("REGION", "eu")
        .env("LIMIT", "7")
        .run(async |t| {
            let probe = Probe::named(t, "env");
            assert_eq!(probe.env("REGION").await.unwrap().as_deref(), Some("eu"));
            assert_eq!(probe.env("PATH").await.unwrap(), None);
            assert_eq!(
                probe.settings().await.unwrap(),
                ("eu".to_owned(), Some(7), 3)
            );
        });
    Test::new(app())
        .env("LIMIT", "secret")
        .env("RETRIES", "300")
        .run(async |t| {
            let probe = Probe::named(t, "env");
            assert_eq!(code(probe.settings().await), "internal");
            let faults = probe.faults().await.unwrap();
            assert_eq!(faults.len(), 3, "all at once: {faults:?}");
            for (fault, name) in faults.iter().zip(["REGION", "LIMIT", "RETRIES"]) {
                assert!(fault.contains(name) && !fault.contains("secret"), "{fault}");
            }
        });
}

#[test]
fn objects_in_memory_are_bounded_and_eviction_returns_them() {
    Test::new(app()).residents(16).run(async |t| {
        for round in 1..=2 {
            for name in 0..200 {
                let resident = Resident::named(t, &name.to_string());
                assert_eq!(
                    resident.call().await.unwrap(),
                    round,
                    "what leaves memory is not lost"
                );
                assert!(
                    LIVE.load(Ordering::SeqCst) <= 16,
                    "{}",
                    LIVE.load(Ordering::SeqCst)
                );
            }
        }
        assert!(LIVE.load(Ordering::SeqCst) >= 8, "but those used last stay");
        t.evict().await;
        assert_eq!(LIVE.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_crowd_is_refused_beyond_a_thousand() {
    testing::run(app(), async |t| {
        let probe = Probe::named(t, "crowd");
        let holder = t.spawn(probe.crowd());
        CROWDED.given().await;
        let calls: Vec<_> = (0..1_005).map(|_| t.spawn(probe.see())).collect();
        t.settle().await;
        t.advance(seconds(1)).await;
        let mut codes = std::collections::BTreeMap::<String, u64>::new();
        for call in calls {
            *codes.entry(code(call.await)).or_default() += 1;
        }
        assert_eq!(codes["ok"], 1_000);
        assert_eq!(codes["overloaded"], 5);
        holder.await.unwrap();
        assert_eq!(
            probe.see().await.unwrap(),
            1_001,
            "what was refused was not run"
        );
    });
}
