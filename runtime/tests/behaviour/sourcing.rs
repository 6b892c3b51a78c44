//! Event stores: appends and what they expect, what is read, aggregates, upcasts, projections; and that all of it is undone
//! with the action.

#[path = "sourcing_model.rs"]
mod model;

use std::cell::Cell;

use serde_json::json;
use stayput::prelude::*;
use stayput::sourcing::{Loaded, Upcast, Upcasts};
use stayput::testing::{Received, Test, run};

use crate::support::{code, overwrite, stored};

/// What happens to an order.
#[event(public)]
#[derive(PartialEq)]
pub enum Ordered {
    Placed { cents: i64, by: String },
    Paid(i64),
    Shipped,
}

/// An order, as its events make it.
#[data]
#[derive(Default, PartialEq)]
pub struct Order {
    cents: i64,
    paid: i64,
    shipped: bool,
    /// How many events are in it.
    events: u64,
}

impl Aggregate for Order {
    type Event = Ordered;
    const SNAPSHOT_EVERY: u64 = 4;

    fn apply(&mut self, event: &Ordered) {
        self.events += 1;
        match event {
            Ordered::Placed { cents, .. } => self.cents += cents,
            Ordered::Paid(cents) => self.paid += cents,
            Ordered::Shipped => self.shipped = true,
        }
    }
}

/// How much each has ordered.
#[projection]
pub struct Buyers {
    cents: Map<String, i64>,
    orders: u64,
}

impl Projection for Buyers {
    type Event = Ordered;
    type Data = Vec<(String, i64)>;

    fn apply(&mut self, event: &Recorded<Ordered>) {
        if let Ordered::Placed { cents, by } = &event.event {
            let sum = self.cents.get(by).unwrap_or_default() + cents;
            self.cents.insert(by.clone(), sum);
            self.orders += 1;
        }
    }

    fn data(&self) -> Vec<(String, i64)> {
        self.cents.iter().collect()
    }
}

/// The last three things that happened.
#[projection(name = "latest")]
pub struct Activity {
    entries: Log<String>,
}

impl Projection for Activity {
    type Event = Ordered;
    type Data = Vec<String>;

    fn apply(&mut self, event: &Recorded<Ordered>) {
        let Recorded {
            position,
            stream,
            version,
            kind,
            ..
        } = event;
        self.entries
            .push(format!("{position} {stream}/{version} {kind}"));
    }

    fn tidy(&mut self) {
        self.entries.keep_last(3);
    }

    fn data(&self) -> Vec<String> {
        self.entries.last(3)
    }
}

/// Why nothing happens to an order.
#[derive(Debug, ActionError)]
#[error(prefix = "order")]
pub enum OrderError {
    /// It is not as it has to be.
    #[error(status = 409, message = "the order is not as it has to be")]
    Unfit,
    /// It was changed meanwhile.
    #[error(status = 409, message = "it is at version {actual}")]
    Changed {
        /// The version it is at.
        actual: u64,
    },
}

impl From<ConcurrencyError> for OrderError {
    fn from(conflict: ConcurrencyError) -> Self {
        Self::Changed {
            actual: conflict.actual(),
        }
    }
}

#[durable_object(events(Ordered))]
pub struct Shop {
    orders: EventStore<Ordered, (Buyers, Activity)>,
    #[transient]
    asked: Cell<u32>,
}

fn placed(cents: i64) -> Ordered {
    Ordered::Placed {
        cents,
        by: "ada".to_owned(),
    }
}

#[durable_object]
impl Shop {
    #[action]
    fn append(
        &mut self,
        cx: &mut Context<Self>,
        order: String,
        events: Vec<Ordered>,
        expected: Expected,
    ) -> Result<Vec<Recorded<Ordered>>, ConcurrencyError> {
        let appended = self.orders.stream_mut(order).append(cx, expected, events)?;
        Ok(appended.events)
    }

    /// The version may be left out.
    #[action]
    fn append_at(
        &mut self,
        cx: &mut Context<Self>,
        order: String,
        event: Ordered,
        version: Option<u64>,
    ) -> Result<u64> {
        let mut stream = self.orders.stream_mut(order);
        Ok(stream.append(cx, version, [event])?.version)
    }

    #[action]
    fn announce(
        &mut self,
        cx: &mut Context<Self>,
        order: String,
        events: Vec<Ordered>,
        expected: Expected,
        fail: bool,
    ) -> Result<usize> {
        let mut stream = self.orders.stream_mut(order);
        let (_, receivers) = stream.append_and_broadcast(cx, expected, events)?;
        if fail {
            return Err(stayput::Error::msg("as asked"));
        }
        Ok(receivers)
    }

    #[action]
    fn follow(&mut self, cx: &mut Context<Self>) -> (Recorded<Ordered>, Recorded<Ordered>) {
        let mut orders = self.orders.stream_mut("cause").correlation("the whole");
        let cause = orders.append(cx, Expected::Any, [placed(1)]);
        let cause = cause.unwrap().events.remove(0);
        let mut orders = self.orders.stream_mut("effect").caused_by(&cause);
        let effect = orders.append(cx, Expected::Any, [Ordered::Shipped]);
        (cause, effect.unwrap().events.remove(0))
    }

    #[action]
    fn fail_after(&mut self, cx: &mut Context<Self>, order: String, how: String) -> Result<()> {
        let mut stream = self.orders.stream_mut(order);
        stream.append(cx, Expected::Any, [placed(1_000), Ordered::Paid(1)])?;
        match how.as_str() {
            "err" => Err(stayput::Error::msg("as asked")),
            "panic" => panic!("as asked"),
            _ => Ok(()),
        }
    }

    #[action]
    fn pay(
        &mut self,
        cx: &mut Context<Self>,
        order: String,
        cents: i64,
    ) -> Result<(Order, u64), OrderError> {
        let mut stream = self.orders.stream_mut(order);
        let paid: Loaded<Order> = stream.decide(cx, |order: &Order| {
            if order.shipped {
                return Err(OrderError::Unfit);
            }
            let mut events = vec![Ordered::Paid(cents)];
            if order.paid + cents >= order.cents {
                events.push(Ordered::Shipped);
            }
            Ok(events)
        })?;
        Ok((paid.state, paid.version))
    }

    /// Decides over an await; what others append meanwhile must be in what it decides by at last.
    #[action]
    async fn pay_rest(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        order: String,
        retries: u32,
    ) -> Result<(Order, u32), OrderError> {
        let orders = this.events(|shop| &shop.orders).stream(order);
        let times = Cell::new(0);
        let decide = async |order: &Order| {
            times.set(times.get() + 1);
            cx.sleep(seconds(1)).await;
            if order.paid >= order.cents {
                return Err(OrderError::Unfit);
            }
            Ok(vec![Ordered::Paid(order.cents - order.paid)])
        };
        match orders.update(retries, decide).await {
            Ok(order) => Ok((order.state, times.get())),
            Err(CallError::Failed(error)) => Err(error),
            Err(CallError::Rejected(_)) => Err(OrderError::Unfit),
        }
    }

    /// Appends in vain, as a part that is taken back, and then in earnest.
    #[action]
    fn attempt(
        &mut self,
        cx: &mut Context<Self>,
        order: String,
        undone: Vec<Ordered>,
        kept: Vec<Ordered>,
    ) -> Result<()> {
        let tried: Result<()> = cx.attempt(self, |shop, cx| {
            let mut stream = shop.orders.stream_mut(order.as_str());
            stream.append(cx, Expected::Any, undone)?;
            Err(stayput::Error::msg("in vain"))
        });
        assert!(tried.is_err());
        self.orders
            .stream_mut(order)
            .append(cx, Expected::Any, kept)?;
        Ok(())
    }

    #[action]
    fn order(&self, order: String) -> (Order, u64) {
        let order = self.orders.stream(order).load::<Order>();
        (order.state, order.version)
    }

    #[action]
    fn read(
        &self,
        order: Option<String>,
        from: u64,
        to: Option<u64>,
        kinds: Vec<String>,
        newest_first: bool,
        limit: Option<u32>,
    ) -> Vec<(u64, String)> {
        let mut events = match &order {
            Some(order) => self.orders.stream(order).events(),
            None => self.orders.events(),
        };
        events = events.from(from);
        if let Some(to) = to {
            events = events.to(to);
        }
        for kind in kinds {
            events = events.of_type(kind);
        }
        if newest_first {
            events = events.newest_first();
        }
        if let Some(limit) = limit {
            events = events.limit(limit as usize);
        }
        let numbered = events.into_iter().map(|event| {
            let number = order.as_ref().map_or(event.position, |_| event.version);
            (number, event.kind)
        });
        numbered.collect()
    }

    #[action]
    fn page(
        &self,
        order: Option<String>,
        newest_first: bool,
        kind: Option<String>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Page<u64> {
        let mut events = match &order {
            Some(order) => self.orders.stream(order).events(),
            None => self.orders.events(),
        };
        if newest_first {
            events = events.newest_first();
        }
        if let Some(kind) = kind {
            events = events.of_type(kind);
        }
        events.page(after, limit).map(|event| event.position)
    }

    #[action]
    fn streams(&self, after: Option<Cursor>, limit: u32) -> Page<String> {
        self.orders.streams(after, limit)
    }

    #[action]
    fn recorded(&self) -> Vec<Recorded<Ordered>> {
        self.orders.events().into_iter().collect()
    }

    #[action]
    fn snapshot(&self, name: String) -> Result<Snapshot, UnknownProjection> {
        self.orders.snapshot(&name)
    }

    #[action]
    fn buyers(&self) -> (u64, Vec<(String, i64)>, u64) {
        let buyers = self.orders.projection::<Buyers>();
        (buyers.orders, buyers.data(), buyers.position)
    }

    #[action]
    fn progress(&self) -> Vec<Progress> {
        self.orders.progress()
    }

    #[action]
    fn rebuild_step(&mut self, name: String, events: u64) -> Result<Progress, UnknownProjection> {
        self.orders.rebuild_step(&name, events)
    }

    #[action]
    async fn rebuild(this: Handle<Self>, name: String) -> Result<Progress> {
        this.events(|shop| &shop.orders).rebuild(&name).await
    }

    /// A query may not write, whatever it has at hand.
    #[action]
    fn meddle(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.orders.projection::<Activity>().entries.is_empty()
    }
}

stayput::app!(Shop);

/// The same object under a later program.
mod later {
    use super::*;

    /// What happens to an order: it is called `Settled` now, and says in which currency.
    #[data]
    #[derive(PartialEq)]
    pub enum Ordered {
        Placed { euros: i64, buyer: String },
        Settled { cents: i64, currency: String },
        Shipped,
    }

    pub struct Steps;

    impl Upcasts<Ordered> for Steps {
        const STEPS: &'static [Upcast] = &[
            Upcast::new("Settled", 1, |cents| Ok(json!({ "cents": cents }))),
            Upcast::new("Settled", 2, |mut settled| {
                settled["currency"] = json!("EUR");
                Ok(settled)
            }),
            Upcast::renamed("Paid", 1, "Settled"),
            Upcast::new("Placed", 1, |placed| {
                let cents = placed["cents"].as_i64().ok_or("no cents")?;
                Ok(json!({ "euros": cents / 100, "buyer": placed["by"] }))
            }),
        ];
    }

    /// How much each has ordered, by another count.
    #[projection(version = 2)]
    pub struct Buyers {
        euros: Map<String, i64>,
    }

    impl Projection for Buyers {
        type Event = Ordered;
        type Data = Vec<(String, i64)>;

        fn apply(&mut self, event: &Recorded<Ordered>) {
            if let Ordered::Placed { euros, buyer } = &event.event {
                let sum = self.euros.get(buyer).unwrap_or_default() + euros;
                self.euros.insert(buyer.clone(), sum);
            }
        }

        fn data(&self) -> Vec<(String, i64)> {
            self.euros.iter().collect()
        }
    }

    /// New to the store.
    #[projection]
    pub struct Count {
        events: u64,
    }

    impl Projection for Count {
        type Event = Ordered;
        type Data = u64;

        fn apply(&mut self, _: &Recorded<Ordered>) {
            self.events += 1;
        }

        fn data(&self) -> u64 {
            self.events
        }
    }

    #[durable_object]
    pub struct Shop {
        orders: EventStore<Ordered, (Buyers, Count), Steps>,
    }

    #[durable_object]
    impl Shop {
        #[action]
        fn events(&self, kind: Option<String>) -> Vec<(String, Ordered)> {
            let mut events = self.orders.events();
            if let Some(kind) = kind {
                events = events.of_type(kind);
            }
            let events = events.into_iter();
            events.map(|event| (event.kind, event.event)).collect()
        }

        #[action]
        fn append(&mut self, cx: &mut Context<Self>, order: String, event: Ordered) -> Result<u64> {
            let mut stream = self.orders.stream_mut(order);
            Ok(stream.append(cx, Expected::Any, [event])?.position)
        }

        #[action]
        fn snapshot(&self, name: String) -> Result<Snapshot, UnknownProjection> {
            self.orders.snapshot(&name)
        }

        #[action]
        fn catch_up(&mut self, events: u64) -> bool {
            self.orders.catch_up(events)
        }

        #[action]
        async fn catch_up_all(this: Handle<Self>) -> Result<()> {
            this.events(|shop| &shop.orders).catch_up().await
        }

        #[action]
        fn progress(&self) -> Vec<Progress> {
            self.orders.progress()
        }
    }

    stayput::app!(Shop);
}

#[test]
fn appends_are_numbered_and_say_who_when_and_why() {
    run(app(), async |t| {
        let shop = Shop::named(&t.as_user("ada"), "corner");
        let first = shop
            .append("a", vec![placed(100), Ordered::Shipped], Expected::None)
            .await
            .unwrap();
        shop.append("b", vec![Ordered::Paid(1)], Expected::Any)
            .await
            .unwrap();
        let last = shop
            .append("a", vec![Ordered::Paid(2)], Expected::Exact(2))
            .await
            .unwrap();
        let numbers =
            |event: &Recorded<Ordered>| (event.position, event.version, event.kind.clone());
        let numbers: Vec<_> = first.iter().chain(&last).map(numbers).collect();
        let all = [(1, 1, "Placed"), (2, 2, "Shipped"), (4, 3, "Paid")];
        assert_eq!(
            numbers,
            all.map(|(position, version, kind)| (position, version, kind.to_owned()))
        );
        let event = &last[0];
        assert_eq!(event.event, Ordered::Paid(2));
        assert_eq!(event.stream, "a");
        assert_eq!(event.caller, "ada");
        assert_eq!(event.time, t.now());
        assert_eq!(event.causation, None);
        assert!(!event.correlation.is_empty());
        assert_ne!(event.correlation, first[0].correlation);
        assert_eq!(first[0].correlation, first[1].correlation);

        // What is read is what was said, ids and all, also after a restart.
        t.restart().await;
        let recorded = shop.recorded().await.unwrap();
        assert_eq!(recorded[0], first[0]);
        assert_eq!(recorded[3], last[0]);
        let mut ids: Vec<_> = recorded.iter().map(|event| event.id.clone()).collect();
        assert!(
            ids.iter()
                .all(|id| id.len() == 36 && id.as_bytes()[14] == b'8')
        );
        ids.dedup();
        assert_eq!(ids.len(), 4);

        let (cause, effect) = shop.follow().await.unwrap();
        assert_eq!(cause.correlation, "the whole");
        assert_eq!(effect.correlation, "the whole");
        assert_eq!(effect.causation, Some(cause.id));
    });
}

#[test]
fn an_append_is_refused_when_the_stream_is_not_as_expected() {
    run(app(), async |t| {
        let shop = Shop::named(t, "corner");
        let append = |expected| shop.append("a", vec![Ordered::Shipped], expected);
        for wrong in [Expected::Exact(1), Expected::Exists] {
            assert_eq!(code(append(wrong).await), "stream.conflict");
        }
        append(Expected::None).await.unwrap();
        let wrong = [
            Expected::None,
            Expected::Exact(0),
            Expected::Exact(2),
            Expected::Exact(u64::MAX),
        ];
        for wrong in wrong {
            let refused = append(wrong).await.unwrap_err();
            let CallError::Failed(conflict) = refused else {
                panic!("it is a conflict");
            };
            assert_eq!(conflict.stream(), "a");
            assert_eq!(conflict.expected(), wrong);
            assert_eq!(conflict.actual(), 1);
        }
        append(Expected::Exact(1)).await.unwrap();
        append(Expected::Exists).await.unwrap();
        append(Expected::Any).await.unwrap();
        // Nothing is appended, and what is expected is asked for all the same.
        assert_eq!(
            code(shop.append("a", vec![], Expected::Exact(3)).await),
            "stream.conflict"
        );
        shop.append("a", vec![], Expected::Exact(4)).await.unwrap();
        // The same in an action that declares nothing, and a version that may be left out.
        assert_eq!(
            code(shop.append_at("a", Ordered::Shipped, 3).await),
            "stream.conflict"
        );
        assert_eq!(shop.append_at("a", Ordered::Shipped, 4).await.unwrap(), 5);
        assert_eq!(
            shop.append_at("a", Ordered::Shipped, None).await.unwrap(),
            6
        );
        let answer = t
            .post(
                "/shop/corner/append",
                json!({"order": "a", "events": ["Shipped"], "expected": {"exact": 1}}).to_string(),
            )
            .await;
        assert_eq!(answer.status(), 409);
        let details: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(
            details["error"]["data"]["details"],
            json!({"stream": "a", "expected": {"exact": 1}, "actual": 6})
        );
    });
}

#[test]
fn of_sixteen_writers_with_one_expected_version_one_wins() {
    Test::new(app()).threads(2).run(async |t| {
        let shop = Shop::named(t, "corner");
        for round in 0..20_u64 {
            let writers: Vec<_> = (0..16)
                .map(|_| {
                    let append = shop.append(
                        "a",
                        vec![Ordered::Paid(1), Ordered::Paid(2)],
                        Expected::Exact(round * 2),
                    );
                    t.spawn(append.into_future())
                })
                .collect();
            let mut won = 0;
            for writer in writers {
                match writer.await {
                    Ok(_) => won += 1,
                    Err(CallError::Failed(conflict)) => {
                        assert_eq!(conflict.actual(), round * 2 + 2);
                    }
                    Err(CallError::Rejected(rejection)) => panic!("{rejection}"),
                }
            }
            assert_eq!(won, 1);
        }
        let versions = shop.recorded().await.unwrap();
        let versions = versions.iter().map(|event| (event.position, event.version));
        assert!(versions.eq((1..=40).map(|number| (number, number))));
    });
}

#[test]
fn events_are_read_forward_backward_by_type_by_range_and_by_pages() {
    run(app(), async |t| {
        let shop = Shop::named(t, "corner");
        for number in 0..300_i64 {
            let events = vec![placed(number), Ordered::Paid(number)];
            let order = if number % 3 == 0 {
                "a"
            } else {
                "b\u{0}\u{1}ü"
            };
            shop.append(order, events, Expected::Any).await.unwrap();
        }
        t.evict().await;
        let all = shop.read(None, 0, None, vec![], false, None).await.unwrap();
        assert!(all.iter().map(|(position, _)| *position).eq(1..=600));
        let a = Some("a".to_owned());
        let of_a = shop
            .read(a.clone(), 0, None, vec![], true, None)
            .await
            .unwrap();
        assert!(of_a.iter().map(|(version, _)| *version).eq((1..=200).rev()));
        let paid = vec!["Paid".to_owned()];
        let some = shop
            .read(a.clone(), 10, 20, paid.clone(), false, 3)
            .await
            .unwrap();
        assert_eq!(
            some,
            [10, 12, 14].map(|version| (version, "Paid".to_owned()))
        );
        let some = shop.read(None, 0, 9, paid, true, None).await.unwrap();
        assert!(some.iter().map(|(position, _)| *position).eq([8, 6, 4, 2]));
        assert!(
            shop.read(None, 5, 4, vec![], false, None)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            shop.read(Some("c".to_owned()), 0, None, vec![], false, None)
                .await
                .unwrap()
                .is_empty()
        );

        for (order, newest_first, kind) in [
            (None, false, None),
            (None, true, None),
            (a.clone(), false, None),
            (a, true, Some("Placed".to_owned())),
        ] {
            let (mut after, mut seen, mut pages) = (None, Vec::new(), 0);
            loop {
                let page = shop
                    .page(order.clone(), newest_first, kind.clone(), after, 37)
                    .await
                    .unwrap();
                pages += 1;
                seen.extend(page.items);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let of_order =
                |position: &u64| order.is_none() || ((position - 1) / 2).is_multiple_of(3);
            let of_kind = |position: &u64| kind.is_none() || position % 2 == 1;
            let mut all: Vec<_> = (1..=600).filter(of_order).filter(of_kind).collect();
            if newest_first {
                all.reverse();
            }
            assert_eq!(pages, all.len().div_ceil(37));
            assert_eq!(seen, all);
        }
        let bad = shop
            .page(None, false, None, Some("PDw8".parse().unwrap()), 1)
            .await;
        assert_eq!(code(bad), "invalid_params");

        let first = shop.streams(None, 1).await.unwrap();
        assert_eq!(first.items, ["a"]);
        let second = shop.streams(first.next, 1).await.unwrap();
        assert_eq!(
            (second.items, second.next),
            (vec!["b\u{0}\u{1}ü".to_owned()], None)
        );
    });
}

#[test]
fn an_aggregate_decides_and_is_read_from_its_snapshot_and_the_tail() {
    run(app(), async |t| {
        let shop = Shop::named(t, "corner");
        shop.append("a", vec![placed(1_000)], Expected::None)
            .await
            .unwrap();
        let mut order = Order {
            cents: 1_000,
            events: 1,
            ..Order::default()
        };
        for paid in 1..=8 {
            let (now, version) = shop.pay("a", 100).await.unwrap();
            order.paid += 100;
            order.events += 1;
            assert_eq!((&now, version), (&order, paid + 1));
            assert_eq!(shop.order("a").await.unwrap(), (now, version));
        }
        // Of what is before the snapshot nothing is read: here it could not be.
        let snapshot = stored(t.data())
            .into_iter()
            .find(|line| line.contains("/na\0"));
        assert!(snapshot.unwrap().contains("[1,8,"));
        let broken = overwrite(t.data(), "c/orders/e0000000000000002", "{}");
        assert_eq!(broken, 1);
        t.restart().await;
        assert_eq!(shop.order("a").await.unwrap(), (order.clone(), 9));
        let (now, _) = shop.pay("a", 200).await.unwrap();
        assert!(now.shipped && now.events == 11);
        assert_eq!(code(shop.pay("a", 1).await), "order.unfit");
        assert_eq!(shop.order("a").await.unwrap().1, 11);
        // One of another version is none, though it could be read: then all events are needed.
        let snapshot = stored(t.data()).into_iter();
        let snapshot = snapshot.filter_map(|line| Some(line.split_once("/na\0")?.1.to_owned()));
        let snapshot: String = snapshot.collect();
        let state = &snapshot[snapshot.find("[1,").unwrap() + 3..];
        let other = overwrite(t.data(), "c/orders/na\0\0", &format!("[2,{state}"));
        assert_eq!(other, 1);
        t.restart().await;
        assert_eq!(code(shop.order("a").await), "state.unreadable");
    });
}

#[test]
fn a_decision_that_waits_is_made_again_by_the_state_as_it_is() {
    run(app(), async |t| {
        let shop = Shop::named(t, "corner");
        shop.append("a", vec![placed(1_000)], Expected::None)
            .await
            .unwrap();
        let paying = t.spawn(shop.pay_rest("a", 1).into_future());
        t.settle().await;
        shop.append("a", vec![Ordered::Paid(300)], Expected::Any)
            .await
            .unwrap();
        t.advance(seconds(2)).await;
        let (order, times) = paying.await.unwrap();
        assert_eq!(times, 2);
        assert_eq!(
            order,
            Order {
                cents: 1_000,
                paid: 1_000,
                shipped: false,
                events: 3
            }
        );
        assert_eq!(shop.order("a").await.unwrap(), (order, 3));

        // It gives up after as many retries as it may.
        shop.append("b", vec![placed(10)], Expected::None)
            .await
            .unwrap();
        let paying = t.spawn(shop.pay_rest("b", 0).into_future());
        t.settle().await;
        shop.append("b", vec![Ordered::Paid(1)], Expected::Any)
            .await
            .unwrap();
        t.advance(seconds(2)).await;
        assert_eq!(code(paying.await), "order.changed");
        assert_eq!(shop.order("b").await.unwrap().1, 2);
    });
}

#[test]
fn what_an_action_appended_goes_with_it() {
    run(app(), async |t| {
        let shop = Shop::named(t, "corner");
        shop.append("a", vec![placed(5)], Expected::None)
            .await
            .unwrap();
        let before = stored(t.data());
        for how in ["err", "panic"] {
            shop.fail_after("a", how).await.unwrap_err();
            assert_eq!(shop.order("a").await.unwrap().1, 1);
            assert_eq!(
                shop.buyers().await.unwrap(),
                (1, vec![("ada".to_owned(), 5)], 1)
            );
        }
        t.settle().await;
        let changed: Vec<_> = stored(t.data())
            .into_iter()
            .filter(|line| !before.contains(line))
            .collect();
        assert!(changed.is_empty(), "{changed:?}");
        shop.fail_after("a", "not").await.unwrap();
        assert_eq!(
            shop.buyers().await.unwrap(),
            (2, vec![("ada".to_owned(), 1_005)], 3)
        );
    });
}

#[test]
fn events_are_told_when_they_are_on_disk_and_not_if_they_are_not() {
    run(app(), async |t| {
        let shop = Shop::named(t, "corner");
        let ann = t.as_user("ann").connect(&shop).await.unwrap();
        ann.subscribe(&["ordered"]).await.unwrap();
        let events = || vec![placed(1), Ordered::Shipped];
        assert_eq!(
            shop.announce("a", events(), Expected::None, false)
                .await
                .unwrap(),
            1
        );
        shop.announce("a", events(), Expected::None, false)
            .await
            .unwrap_err();
        shop.announce("b", events(), Expected::None, true)
            .await
            .unwrap_err();
        t.settle().await;
        let told: Vec<_> = ann
            .received()
            .into_iter()
            .filter(|it| matches!(it, Received::Event { .. }))
            .collect();
        assert_eq!(told.len(), 2, "{told:?}");
    });
}

#[test]
fn projections_are_in_the_commit_of_the_append() {
    run(app(), async |t| {
        let shop = Shop::named(t, "corner");
        for number in 0..5 {
            shop.append("a", vec![placed(number)], Expected::Any)
                .await
                .unwrap();
        }
        t.crash().await;
        assert_eq!(
            shop.buyers().await.unwrap(),
            (5, vec![("ada".to_owned(), 10)], 5)
        );
        let latest = shop.snapshot("latest").await.unwrap();
        assert_eq!(
            latest.data,
            json!(["3 a/3 Placed", "4 a/4 Placed", "5 a/5 Placed"])
        );
        assert_eq!((latest.position, latest.updated_at), (5, Some(t.now())));
        assert_eq!(code(shop.snapshot("nobody").await), "projection.unknown");
        assert_eq!(code(shop.rebuild("nobody").await), "projection.unknown");
        let answer = t.post("/shop/corner/snapshot", r#"{"name": "x"}"#).await;
        assert_eq!(answer.status(), 404);
        let empty = Shop::named(t, "empty").snapshot("latest").await.unwrap();
        assert_eq!(
            (empty.data, empty.position, empty.updated_at),
            (json!([]), 0, None)
        );
        assert!(!shop.meddle().await.unwrap());
    });
}

#[test]
fn a_rebuild_goes_on_after_a_restart_and_is_seen_when_it_is_complete() {
    run(app(), async |t| {
        let shop = Shop::named(t, "corner");
        for number in 0..50 {
            shop.append("a", vec![placed(number)], Expected::Any)
                .await
                .unwrap();
        }
        // Somebody has spoilt it.
        assert_eq!(overwrite(t.data(), "c/orders.buyers@0.cents/ada\0", "7"), 1);
        assert_eq!(overwrite(t.data(), "f/orders.buyers@0.orders", "7"), 1);
        t.restart().await;
        assert_eq!(
            shop.buyers().await.unwrap(),
            (7, vec![("ada".to_owned(), 7)], 50)
        );
        let step = shop.rebuild_step("buyers", 20).await.unwrap();
        assert_eq!(
            (step.position, step.last, step.rebuilding),
            (50, 50, Some(20))
        );
        t.restart().await;
        // Appends meanwhile are in what is seen, and will be in what is made.
        shop.append("a", vec![placed(1)], Expected::Any)
            .await
            .unwrap();
        assert_eq!(
            shop.buyers().await.unwrap(),
            (8, vec![("ada".to_owned(), 8)], 51)
        );
        let step = shop.rebuild_step("buyers", 20).await.unwrap();
        assert_eq!(step.rebuilding, Some(40));
        let done = shop.rebuild("buyers").await.unwrap();
        assert!(done.is_done());
        let sum = (0..50).sum::<i64>() + 1;
        assert_eq!(
            shop.buyers().await.unwrap(),
            (51, vec![("ada".to_owned(), sum)], 51)
        );
        shop.append("a", vec![placed(1)], Expected::Any)
            .await
            .unwrap();
        assert_eq!(
            shop.buyers().await.unwrap(),
            (52, vec![("ada".to_owned(), sum + 1)], 52)
        );
        // Nothing is left of the one before.
        t.settle().await;
        let left = stored(t.data())
            .into_iter()
            .filter(|line| line.contains("buyers@0"));
        assert_eq!(left.count(), 0);
        // The other one has not been touched.
        let latest = shop.progress().await.unwrap().remove(1);
        assert_eq!(
            (
                latest.projection.as_str(),
                latest.position,
                latest.rebuilding
            ),
            ("latest", 52, None)
        );
    });
}

#[test]
fn stored_events_are_brought_up_to_date_and_projections_catch_up() {
    let folder = tempfile::tempdir().unwrap();
    let setup = |app| Test::new(app).data(folder.path());
    setup(app()).run(async |t| {
        let shop = Shop::named(t, "corner");
        shop.append(
            "a",
            vec![placed(500), Ordered::Paid(500), Ordered::Shipped],
            Expected::None,
        )
        .await
        .unwrap();
    });
    let euros = |cents| later::Ordered::Settled {
        cents,
        currency: "EUR".to_owned(),
    };
    setup(later::app()).run(async |t| {
        let shop = later::Shop::named(t, "corner");
        let placed = later::Ordered::Placed {
            euros: 5,
            buyer: "ada".to_owned(),
        };
        let all = [
            ("Placed".to_owned(), placed.clone()),
            ("Settled".to_owned(), euros(500)),
            ("Shipped".to_owned(), later::Ordered::Shipped),
        ];
        assert_eq!(shop.events(None).await.unwrap(), all);
        // By the name that the program knows, not by the one that is stored.
        assert_eq!(shop.events("Settled".to_owned()).await.unwrap(), all[1..2]);
        assert!(shop.events("Paid".to_owned()).await.unwrap().is_empty());

        // One is of a new version, the other is new: both begin anew, and an append must not leave a gap.
        let reached = async || {
            let progress = shop.progress().await.unwrap();
            progress.iter().map(|it| it.position).collect::<Vec<_>>()
        };
        assert_eq!(shop.snapshot("buyers").await.unwrap().data, json!([]));
        assert_eq!(shop.append("a", placed.clone()).await.unwrap(), 4);
        assert_eq!(reached().await, [0, 0]);
        assert!(!shop.catch_up(3).await.unwrap());
        assert_eq!(reached().await, [3, 3]);
        assert_eq!(
            shop.snapshot("buyers").await.unwrap().data,
            json!([["ada", 5]])
        );
        t.crash().await;
        shop.catch_up_all().await.unwrap();
        assert_eq!(reached().await, [4, 4]);
        shop.append("a", euros(3)).await.unwrap();
        assert_eq!(reached().await, [5, 5]);
        assert_eq!(
            shop.snapshot("buyers").await.unwrap().data,
            json!([["ada", 10]])
        );
        assert_eq!(shop.snapshot("count").await.unwrap().data, json!(5));
        t.settle().await;
        let left = stored(t.data())
            .into_iter()
            .filter(|line| line.contains("buyers@0"));
        assert_eq!(left.count(), 0);
    });
    // The earlier program refuses what it does not know, by name.
    setup(app()).run(async |t| {
        let shop = Shop::named(t, "corner");
        let read = shop.read(None, 4, 4, vec![], false, None).await;
        assert_eq!(code(read), "state.newer_than_code");
        let read = shop.read(None, 1, 3, vec![], false, None).await.unwrap();
        assert_eq!(read.len(), 3);
    });
}
