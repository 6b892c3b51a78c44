//! Event sourcing in one object: appends, a wake from a snapshot, a rebuild of projections.
//! `cargo bench -p stayput --bench sourcing`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a bench prints its figures, and what goes wrong in it ends it"
)]

use std::time::{Duration, Instant};

use stayput::Error;
use stayput::prelude::*;

const EVENTS: u64 = 100_000;
const AT_ONCE: u64 = 1_000;

#[data]
enum Moved {
    Opened {
        owner: String,
    },
    Paid {
        cents: i64,
        by: String,
        note: String,
    },
    Closed,
}

/// What an account holds.
#[data]
#[derive(Default)]
struct Account {
    cents: i64,
    count: u64,
}

impl Aggregate for Account {
    type Event = Moved;

    fn apply(&mut self, event: &Moved) {
        if let Moved::Paid { cents, .. } = event {
            self.cents += cents;
        }
        self.count += 1;
    }
}

/// Sums in plain fields.
#[projection]
struct Sums {
    cents: i64,
    count: u64,
}

impl Projection for Sums {
    type Event = Moved;
    type Data = (i64, u64);

    fn apply(&mut self, event: &Recorded<Moved>) {
        if let Moved::Paid { cents, .. } = &event.event {
            self.cents += cents;
        }
        self.count += 1;
    }

    fn data(&self) -> (i64, u64) {
        (self.cents, self.count)
    }
}

/// A row for each payer.
#[projection]
struct Payers {
    cents: Map<String, i64>,
}

impl Projection for Payers {
    type Event = Moved;
    type Data = u64;

    fn apply(&mut self, event: &Recorded<Moved>) {
        if let Moved::Paid { cents, by, .. } = &event.event {
            let sum = self.cents.get(by).unwrap_or_default() + cents;
            self.cents.insert(by.clone(), sum);
        }
    }

    fn data(&self) -> u64 {
        self.cents.len()
    }
}

/// The last thousand.
#[projection]
struct Latest {
    entries: Log<String>,
}

impl Projection for Latest {
    type Event = Moved;
    type Data = Vec<String>;

    fn apply(&mut self, event: &Recorded<Moved>) {
        self.entries.push(format!("{} {}", event.kind, event.id));
    }

    fn tidy(&mut self) {
        self.entries.keep_last(1_000);
    }

    fn data(&self) -> Vec<String> {
        self.entries.last(1_000)
    }
}

#[durable_object]
struct Bank {
    moves: EventStore<Moved, (Sums, Payers, Latest)>,
}

#[durable_object]
impl Bank {
    #[action]
    fn pay(&mut self, cx: &mut Context<Self>, account: String, count: u64) -> u64 {
        let events = (0..count).map(|number| Moved::Paid {
            cents: 100,
            by: format!("payer {}", number % 300),
            note: "for the coffee".to_owned(),
        });
        let events = events.collect();
        let mut stream = self.moves.stream_mut(account);
        let paid = stream.decide::<Account, Error>(cx, |_| Ok(events));
        paid.map_or(0, |account| account.count)
    }

    #[action]
    fn account(&self, account: String) -> Account {
        self.moves.stream(account).load::<Account>().state
    }

    #[action]
    fn all(&self) -> u64 {
        self.moves.events().into_iter().count() as u64
    }

    #[action]
    async fn rebuild(this: Handle<Self>, name: String) -> Result<Progress> {
        this.events(|bank| &bank.moves).rebuild(&name).await
    }
}

stayput::app!(Bank);

fn rate(what: &str, count: u64, took: Duration) {
    println!(
        "{what}: {count} in {} ms, {:.0} a second",
        took.as_millis(),
        count as f64 / took.as_secs_f64()
    );
}

fn main() {
    stayput::testing::run(app(), async |t| {
        let bank = Bank::named(t, "central");
        let began = Instant::now();
        for _ in 0..EVENTS / AT_ONCE {
            bank.pay("ada", AT_ONCE).await.unwrap();
        }
        rate("appended, three projections", EVENTS, began.elapsed());
        let began = Instant::now();
        for _ in 0..1_000 {
            bank.pay("bob", 1).await.unwrap();
        }
        rate("appended one by one", 1_000, began.elapsed());

        t.evict().await;
        let began = Instant::now();
        let account = bank.account("ada").await.unwrap();
        let took = began.elapsed();
        assert_eq!(account.count, EVENTS);
        println!("wake and load from a snapshot: {} us", took.as_micros());

        let began = Instant::now();
        let all = bank.all().await.unwrap();
        rate("read", all, began.elapsed());

        for name in ["sums", "payers", "latest"] {
            let began = Instant::now();
            let progress = bank.rebuild(name).await.unwrap();
            rate(&format!("rebuilt `{name}`"), progress.last, began.elapsed());
        }
    });
}
