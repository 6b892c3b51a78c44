//! Entries with a time to live: gone at their time for whoever looks, removed soon after, and nobody is woken for nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use stayput::prelude::*;
use stayput::testing::{self, Harness};

use crate::support::stored;

static WAKES: AtomicU64 = AtomicU64::new(0);

#[durable_object]
pub struct Shelf {
    fresh: TtlMap<String, u64>,
    other: TtlMap<u32, bool>,
    stale: u64,
}

#[durable_object]
impl Shelf {
    #[event(start)]
    fn started(&mut self, cx: &mut Context<Self>) {
        // Other tests wake others.
        if cx.name() != Some("one") {
            WAKES.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[action]
    fn put(&mut self, key: String, value: u64, millis: u64, fail: bool) -> Result<Option<u64>> {
        let ttl = std::time::Duration::from_millis(millis);
        let old = self.fresh.insert(key, value, ttl);
        if fail {
            return Err(stayput::Error::msg("as asked"));
        }
        Ok(old)
    }

    #[action]
    fn touch(&mut self, key: String, millis: u64) -> bool {
        self.fresh
            .touch(&key, std::time::Duration::from_millis(millis))
    }

    #[action]
    fn take(&mut self, key: String) -> Option<u64> {
        self.fresh.remove(&key)
    }

    #[action]
    fn clear(&mut self) {
        self.fresh.clear();
    }

    #[action]
    fn get(&self, key: String) -> (Option<u64>, Option<Timestamp>) {
        (self.fresh.get(&key), self.fresh.expires_at(&key))
    }

    #[action]
    fn all(&self) -> Vec<(String, u64)> {
        assert_eq!(self.fresh.len(), self.fresh.iter().count() as u64);
        self.fresh.iter().collect()
    }

    #[action]
    fn fill(&mut self, count: u32, seconds: u64) {
        for number in 0..count {
            self.other
                .insert(number, true, stayput::prelude::seconds(seconds));
        }
    }

    #[action]
    fn set(&mut self) {
        self.stale += 1;
    }
}

stayput::app!(Shelf, Diary);

/// Small and good enough.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

fn records(t: &Harness) -> Vec<String> {
    let ours = |line: &String| {
        ["c/fresh", "i/fresh", "!alarm"]
            .iter()
            .any(|part| line.contains(part))
    };
    stored(t.data()).into_iter().filter(ours).collect()
}

#[test]
fn it_is_a_map_whose_entries_end() {
    for seed in 0..12 {
        testing::run(app(), async |t| {
            let (shelf, mut dice) = (Shelf::named(t, "one"), Dice(seed));
            let mut model: BTreeMap<String, (u64, Timestamp)> = BTreeMap::new();
            shelf.set().await.unwrap();
            for step in 0..120 {
                let key = format!("k{}", dice.throw(6));
                let ttl = 1 + dice.throw(4_000);
                let now = t.now();
                model.retain(|_, (_, until)| *until > now);
                let until = now + std::time::Duration::from_millis(ttl);
                match dice.throw(12) {
                    0..=3 => {
                        let old = shelf.put(key.as_str(), step, ttl, false).await.unwrap();
                        let before = model.insert(key, (step, until));
                        assert_eq!(old, before.map(|(value, _)| value));
                    }
                    4 => assert!(shelf.put(key.as_str(), step, ttl, true).await.is_err()),
                    5 => {
                        let there = model.get_mut(&key).map(|entry| entry.1 = until).is_some();
                        assert_eq!(shelf.touch(key.as_str(), ttl).await.unwrap(), there);
                    }
                    6 => {
                        let gone = model.remove(&key).map(|(value, _)| value);
                        assert_eq!(shelf.take(key.as_str()).await.unwrap(), gone);
                    }
                    7 => t.turn(std::time::Duration::from_millis(dice.throw(900))),
                    8 => {
                        t.advance(std::time::Duration::from_millis(dice.throw(2_500)))
                            .await;
                    }
                    9 if dice.throw(4) == 0 => t.restart().await,
                    10 if dice.throw(6) == 0 => {
                        shelf.clear().await.unwrap();
                        model.clear();
                    }
                    _ => t.evict().await,
                }
                let now = t.now();
                model.retain(|_, (_, until)| *until > now);
                let all: Vec<_> = model
                    .iter()
                    .map(|(key, (value, _))| (key.clone(), *value))
                    .collect();
                assert_eq!(shelf.all().await.unwrap(), all);
                let key = format!("k{}", dice.throw(6));
                let expected = model.get(&key).copied().unzip();
                assert_eq!(shelf.get(key).await.unwrap(), expected);
            }
            t.advance(seconds(10)).await;
            t.settle().await;
            assert_eq!(records(t), Vec::<String>::new(), "all is swept");
        });
    }
}

#[test]
fn an_entry_that_never_was_is_never_there() {
    testing::run(app(), async |t| {
        let shelf = Shelf::named(t, "one");
        assert_eq!(shelf.put("a", 1u64, 0u64, false).await.unwrap(), None);
        assert_eq!(shelf.all().await.unwrap(), []);
        assert_eq!(shelf.put("a", 1u64, u64::MAX, false).await.unwrap(), None);
        assert_eq!(shelf.get("a").await.unwrap().0, Some(1));
        assert_eq!(shelf.put("a", 2u64, 0u64, false).await.unwrap(), Some(1));
        t.settle().await;
        assert_eq!(records(t), Vec::<String>::new());
    });
}

#[test]
fn sweeps_are_bounded_and_wake_only_who_has_something_to_lose() {
    testing::run(app(), async |t| {
        for room in 0..1_000u32 {
            let shelf = Shelf::named(t, &format!("r{room}"));
            if room < 10 {
                // Moved on, its first time is of no interest any more.
                shelf.put("k", 1u64, 1_000u64, false).await.unwrap();
                shelf.touch("k", 12 * 3_600_000u64).await.unwrap();
            } else {
                shelf.set().await.unwrap();
            }
        }
        Shelf::named(t, "full")
            .fill(1_250u32, 3_600u64)
            .await
            .unwrap();
        t.evict().await;
        let before = WAKES.load(Ordering::SeqCst);
        for _ in 0..24 {
            t.advance(hours(1)).await;
            t.settle().await;
            t.evict().await;
        }
        // Ten at their time, and one that takes three passes, perhaps without falling asleep between them.
        let woken = WAKES.load(Ordering::SeqCst) - before;
        assert!((11..=13).contains(&woken), "{woken}");
        let left = stored(t.data());
        let entries = left
            .iter()
            .filter(|line| line.contains(" c/") || line.contains(" i/") || line.contains("!alarm"));
        assert_eq!(entries.count(), 0);
    });
}

#[durable_object]
pub struct Diary {
    lines: Log<u32>,
}

#[durable_object]
impl Diary {
    #[action]
    fn write(&mut self, line: u32) -> u64 {
        self.lines.push(line);
        self.lines.keep_for(hours(16))
    }

    #[action]
    fn keep(&mut self) -> u64 {
        self.lines.keep_for(hours(16))
    }

    #[action]
    fn lines(&self) -> (Option<u32>, u64) {
        (self.lines.last(1_000).first().copied(), self.lines.len())
    }
}

#[test]
fn a_log_is_kept_for_a_time() {
    testing::run(app(), async |t| {
        let diary = Diary::named(t, "mine");
        // One every ten minutes, for three days.
        for line in 0..432u32 {
            diary.write(line).await.unwrap();
            let (oldest, count) = diary.lines().await.unwrap();
            let oldest = oldest.unwrap();
            // None that is too young is gone: 16 hours are 96 of them. None stays for more than a sixteenth longer.
            assert!(oldest <= line.saturating_sub(95), "{oldest} at {line}");
            assert!(oldest + 96 + 7 >= line, "{oldest} at {line}");
            assert_eq!(u64::from(line - oldest) + 1, count);
            t.advance(minutes(10)).await;
            if line % 50 == 0 {
                t.restart().await;
            }
        }
        t.advance(hours(17)).await;
        diary.keep().await.unwrap();
        t.advance(hours(17)).await;
        diary.keep().await.unwrap();
        assert_eq!(diary.lines().await.unwrap(), (None, 0));
        let ages = stored(t.data())
            .into_iter()
            .find(|line| line.contains("c/lines@ = "));
        assert!(ages.unwrap().ends_with("= []"));
    });
}
