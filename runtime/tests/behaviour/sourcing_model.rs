//! An event store against vectors: random appends, refusals, failures that undo, nested attempts, rebuilds, evictions,
//! restarts and crashes. After each of them everything that can be read is what the model says.

use std::collections::BTreeMap;

use super::*;

const STREAMS: [&str; 3] = ["a", "a\0", "b"];

/// A small generator (`SplitMix64`): the same seed plays the same moves.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn stream(&mut self) -> &'static str {
        STREAMS[usize::try_from(self.below(3)).unwrap()]
    }

    fn events(&mut self) -> Vec<Ordered> {
        let count = self.below(5);
        (0..count).map(|_| self.event()).collect()
    }

    fn event(&mut self) -> Ordered {
        let cents = i64::try_from(self.below(100)).unwrap();
        match self.below(3) {
            0 => Ordered::Placed {
                cents,
                by: format!("buyer {}", self.below(3)),
            },
            1 => Ordered::Paid(cents),
            _ => Ordered::Shipped,
        }
    }
}

#[derive(Default)]
struct Model {
    events: Vec<(&'static str, Ordered)>,
    ids: Vec<String>,
}

impl Model {
    fn of(&self, stream: &str) -> Vec<&Ordered> {
        let of = self.events.iter().filter(|(name, _)| *name == stream);
        of.map(|(_, event)| event).collect()
    }

    fn version(&self, stream: &str) -> u64 {
        self.of(stream).len() as u64
    }

    fn add(&mut self, stream: &'static str, events: Vec<Ordered>) {
        self.events
            .extend(events.into_iter().map(|event| (stream, event)));
    }

    fn buyers(&self) -> (u64, Vec<(String, i64)>) {
        let (mut orders, mut sums) = (0, BTreeMap::<String, i64>::new());
        for (_, event) in &self.events {
            if let Ordered::Placed { cents, by } = event {
                orders += 1;
                *sums.entry(by.clone()).or_default() += cents;
            }
        }
        (orders, sums.into_iter().collect())
    }

    async fn check(&mut self, shop: &ShopStub) {
        let recorded = shop.recorded().await.unwrap();
        let mut versions = BTreeMap::<String, u64>::new();
        assert_eq!(recorded.len(), self.events.len());
        for (number, (event, (stream, known))) in recorded.iter().zip(&self.events).enumerate() {
            let version = versions.entry(event.stream.clone()).or_default();
            *version += 1;
            assert_eq!(event.position, number as u64 + 1);
            assert_eq!((&*event.stream, event.version), (*stream, *version));
            assert_eq!(event.event, *known);
            // An id, once given, stays.
            match self.ids.get(number) {
                Some(id) => assert_eq!(event.id, *id),
                None => self.ids.push(event.id.clone()),
            }
        }
        for stream in STREAMS {
            let mut order = Order::default();
            for event in self.of(stream) {
                order.apply(event);
            }
            let known = (order, self.version(stream));
            assert_eq!(shop.order(stream).await.unwrap(), known);
        }
        let (orders, sums) = self.buyers();
        let last = self.events.len() as u64;
        assert_eq!(shop.buyers().await.unwrap(), (orders, sums, last));
        let latest = recorded.iter().rev().take(3).rev();
        let latest: Vec<_> = latest
            .map(|it| format!("{} {}/{} {}", it.position, it.stream, it.version, it.kind))
            .collect();
        assert_eq!(shop.snapshot("latest").await.unwrap().data, json!(latest));
    }
}

async fn play(t: &stayput::testing::Harness, seed: u64) {
    let shop = Shop::named(t, "corner");
    let (mut random, mut model) = (Random(seed), Model::default());
    for _ in 0..60 {
        let stream = random.stream();
        let actual = model.version(stream);
        match random.below(14) {
            0..=5 => {
                let events = random.events();
                let (expected, held) = match random.below(5) {
                    0 => (Expected::Any, true),
                    1 => (Expected::Exact(actual), true),
                    2 => (Expected::Exact(actual + 1 - 2 * actual.min(1)), false),
                    3 => (Expected::None, actual == 0),
                    _ => (Expected::Exists, actual > 0),
                };
                let appended = shop.append(stream, events.clone(), expected).await;
                assert_eq!(appended.is_ok(), held, "{expected:?} of {actual}");
                if held {
                    model.add(stream, events);
                }
            }
            6 => {
                let how = ["err", "panic"][usize::try_from(random.below(2)).unwrap()];
                shop.fail_after(stream, how).await.unwrap_err();
            }
            7 => {
                let (kept, undone) = (random.events(), random.events());
                shop.attempt(stream, undone, kept.clone()).await.unwrap();
                model.add(stream, kept);
            }
            8 => {
                let name = ["buyers", "latest"][usize::try_from(random.below(2)).unwrap()];
                shop.rebuild_step(name, random.below(20)).await.unwrap();
            }
            9 => {
                let name = ["buyers", "latest"][usize::try_from(random.below(2)).unwrap()];
                assert!(shop.rebuild(name).await.unwrap().is_done());
            }
            10 => t.evict().await,
            11 => t.restart().await,
            12 => t.crash().await,
            _ => {
                let cents = i64::try_from(random.below(9)).unwrap();
                let mut order = Order::default();
                for event in model.of(stream) {
                    order.apply(event);
                }
                let paid = shop.pay(stream, cents).await;
                assert_eq!(paid.is_ok(), !order.shipped);
                if paid.is_ok() {
                    let mut events = vec![Ordered::Paid(cents)];
                    if order.paid + cents >= order.cents {
                        events.push(Ordered::Shipped);
                    }
                    model.add(stream, events);
                }
            }
        }
        model.check(&shop).await;
    }
}

#[test]
fn a_store_behaves_like_its_model() {
    for seed in 0..12 {
        let played = std::panic::catch_unwind(|| run(app(), async |t| play(t, seed).await));
        assert!(played.is_ok(), "seed {seed}");
    }
}
