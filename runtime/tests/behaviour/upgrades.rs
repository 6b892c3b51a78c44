//! State of earlier versions: brought up to date at the next wake, as a whole or not at all.

use std::path::Path;

use stayput::App;
use stayput::prelude::*;
use stayput::testing::{self, Fault, Harness, Test};

use crate::support::{code, stored};

/// As it was at first: prices in whole units, stock by name as it was typed.
mod first {
    use stayput::prelude::*;

    #[data]
    pub struct Line {
        pub what: String,
        pub price: f64,
    }

    #[data]
    #[derive(Entity)]
    pub struct Customer {
        #[key]
        pub id: u64,
        #[index(unique)]
        pub name: String,
    }

    #[mixin]
    pub struct Tally {
        pub count: u64,
    }

    #[mixin]
    impl Tally {}

    #[durable_object(class = "shop")]
    pub struct Shop {
        total: f64,
        owner: String,
        lines: Log<Line>,
        stock: Map<String, u32>,
        customers: Table<Customer>,
        notes: Lazy<String>,
        #[mixin]
        tally: Tally,
    }

    #[durable_object]
    impl Shop {
        #[action]
        fn sell(&mut self, what: String, price: f64) {
            self.total += price;
            "ann".clone_into(&mut self.owner);
            self.stock.insert(what.clone(), 3);
            self.notes.set(&what);
            self.tally.count += 1;
            let name = format!("c{}", self.lines.len());
            self.customers
                .insert(Customer {
                    id: self.tally.count,
                    name,
                })
                .ok();
            self.lines.push(Line { what, price });
        }

        #[action]
        fn total(&self) -> f64 {
            self.total
        }
    }

    stayput::app!(Shop);
}

/// Prices in cents; names of the stock in small letters.
mod second {
    use stayput::prelude::*;
    use stayput::state::Upgrade;

    #[data]
    pub struct Line {
        pub what: String,
        pub cents: u64,
    }

    #[data]
    #[derive(Entity)]
    pub struct Customer {
        #[key]
        pub id: u64,
        #[index(unique)]
        pub name: String,
    }

    #[mixin]
    pub struct Tally {
        pub count: u64,
    }

    #[mixin]
    impl Tally {}

    #[durable_object(class = "shop", version = 2, upgrades(to_cents))]
    pub struct Shop {
        total_cents: u64,
        owner: String,
        lines: Log<Line>,
        stock: Map<String, u32>,
        customers: Table<Customer>,
        notes: Lazy<String>,
        #[mixin]
        tally: Tally,
    }

    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    pub struct OldShop {
        total: f64,
    }

    #[derive(serde::Serialize)]
    pub struct NewShop {
        total_cents: u64,
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small prices"
    )]
    pub fn cents(price: f64) -> u64 {
        (price * 100.0).round() as u64
    }

    pub fn to_cents(old: &mut Upgrade<'_>) -> Result<()> {
        old.fields(|old: OldShop| NewShop {
            total_cents: cents(old.total),
        })?;
        old.items("lines", |line: super::first::Line| Line {
            what: line.what,
            cents: cents(line.price),
        })?;
        old.entries("stock", |name: String, count: u32| {
            Some((name.to_lowercase(), count))
        })?;
        Ok(())
    }

    #[durable_object]
    impl Shop {
        #[action]
        fn sell(&mut self, what: String, cents: u64) {
            self.total_cents += cents;
            self.lines.push(Line { what, cents });
        }

        #[action]
        fn total(&self) -> u64 {
            self.total_cents
        }
    }

    stayput::app!(Shop);
}

/// Customers are found by their first letter; the tally counts in dozens; notes are a list.
mod third {
    use std::sync::atomic::{AtomicU32, Ordering};

    use stayput::prelude::*;
    use stayput::state::Upgrade;

    use super::second::{Line, to_cents};

    /// What the second step is to do besides: 0 nothing, 1 fail, 2 panic.
    pub static TROUBLE: AtomicU32 = AtomicU32::new(0);

    #[data]
    #[derive(Entity)]
    pub struct Customer {
        #[key]
        pub id: u64,
        #[index(unique)]
        pub name: String,
        #[index]
        pub letter: String,
    }

    #[mixin(version = 2, upgrades(to_dozens))]
    pub struct Tally {
        pub dozens: f64,
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Count {
        #[serde(default)]
        count: u64,
    }

    #[derive(serde::Serialize)]
    struct Dozens {
        dozens: f64,
    }

    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    fn to_dozens(old: &mut Upgrade<'_>) -> Result<()> {
        old.fields(|old: Count| Dozens {
            dozens: old.count as f64 / 12.0,
        })?;
        Ok(())
    }

    #[mixin]
    impl Tally {}

    /// One that was not there before.
    #[mixin(version = 2, upgrades(never))]
    pub struct Late {
        pub at: u64,
    }

    fn never(_: &mut Upgrade<'_>) -> Result<()> {
        Err(stayput::Error::msg("there is nothing to change"))
    }

    #[mixin]
    impl Late {}

    #[durable_object(class = "shop", version = 3, upgrades(to_cents, to_letters))]
    pub struct Shop {
        total_cents: u64,
        owner: String,
        lines: Log<Line>,
        stock: Map<String, u32>,
        customers: Table<Customer>,
        notes: Lazy<Vec<String>>,
        #[mixin]
        tally: Tally,
        #[mixin]
        late: Late,
    }

    fn to_letters(old: &mut Upgrade<'_>) -> Result<()> {
        old.items("customers", |customer: super::first::Customer| Customer {
            id: customer.id,
            letter: customer.name.chars().take(1).collect(),
            name: customer.name,
        })?;
        old.value("notes", |note: String| vec![note])?;
        match TROUBLE.load(Ordering::SeqCst) {
            1 => Err(stayput::Error::msg("as asked")),
            2 => panic!("as asked"),
            _ => Ok(()),
        }
    }

    /// What the shop has.
    #[data]
    #[derive(PartialEq, Default)]
    pub struct Books {
        pub total_cents: u64,
        pub owner: String,
        pub lines: Vec<(String, u64)>,
        pub stock: Vec<(String, u32)>,
        pub by_letter: Vec<u64>,
        pub by_name: Option<u64>,
        pub notes: Vec<String>,
        pub dozens: f64,
    }

    #[durable_object]
    impl Shop {
        #[action]
        fn books(&self) -> Books {
            let lines = self.lines.last(100_000).into_iter();
            let letters = self
                .customers
                .query()
                .filter(Customer::LETTER.eq("c".to_owned()))
                .limit(100);
            Books {
                total_cents: self.total_cents,
                owner: self.owner.clone(),
                lines: lines.map(|line| (line.what, line.cents)).collect(),
                stock: self.stock.iter().collect(),
                by_letter: letters.all().into_iter().map(|found| found.id).collect(),
                by_name: self
                    .customers
                    .find_by_name("c0".to_owned())
                    .map(|found| found.id),
                notes: self.notes.get().unwrap_or_default(),
                dozens: self.tally.dozens,
            }
        }

        #[action]
        fn touch(&mut self) {
            self.owner.push('!');
            self.late.at += 1;
        }
    }

    stayput::app!(Shop);
}

fn on<R>(folder: &Path, app: App, test: impl AsyncFnOnce(&Harness) -> R) -> R {
    Test::new(app).data(folder).run(test)
}

/// A folder with a shop of the first version.
fn opened(sales: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    on(folder.path(), first::app(), async |t| {
        let shop = first::Shop::named(t, "corner");
        for sale in 0..sales {
            let what = if sale % 2 == 0 { "Tea" } else { "MILK" };
            shop.sell(what, 1.25).await.unwrap();
        }
    });
    folder
}

fn expected(sales: u32) -> third::Books {
    let line = |sale| {
        let what = if sale % 2 == 0 { "Tea" } else { "MILK" };
        (what.to_owned(), 125)
    };
    third::Books {
        total_cents: u64::from(sales) * 125,
        owner: "ann".to_owned(),
        lines: (0..sales).map(line).collect(),
        stock: vec![("milk".to_owned(), 3), ("tea".to_owned(), 3)],
        by_letter: (1..=u64::from(sales)).take(100).collect(),
        by_name: Some(1),
        notes: vec![line(sales - 1).0],
        dozens: f64::from(sales) / 12.0,
    }
}

fn versions(folder: &Path) -> String {
    let lines = stored(folder);
    let meta = lines
        .iter()
        .find(|line| line.contains(" !meta = "))
        .unwrap();
    let from = meta.find("\"state\":").unwrap();
    meta[from..].trim_end_matches('}').to_owned()
}

#[test]
fn state_of_any_version_is_brought_up_to_date_at_the_next_wake() {
    let folder = opened(4);
    let path = folder.path();
    assert_eq!(versions(path), r#""state":{"":1"#);
    on(path, third::app(), async |t| {
        let shop = third::Shop::named(t, "corner");
        assert_eq!(shop.books().await.unwrap(), expected(4));
        t.settle().await;
        // A query is enough: what it saw is stored.
        assert_eq!(versions(t.data()), r#""state":{"":3,"late":2,"tally":2"#);
        let old = |line: &String| line.contains("f/total ") || line.contains("f/tally.count");
        assert!(!stored(t.data()).iter().any(old));
        t.crash().await;
        assert_eq!(shop.books().await.unwrap(), expected(4));
        shop.touch().await.unwrap();
        // A new object is born with the versions of the program.
        third::Shop::named(t, "new").touch().await.unwrap();
    });
    on(path, third::app(), async |t| {
        let shop = third::Shop::named(t, "corner");
        assert_eq!(shop.books().await.unwrap().owner, "ann!");
        assert_eq!(
            third::Shop::named(t, "new").books().await.unwrap().owner,
            "!"
        );
    });
}

#[test]
fn steps_follow_each_other_over_releases() {
    let folder = opened(2);
    on(folder.path(), second::app(), async |t| {
        let shop = second::Shop::named(t, "corner");
        assert_eq!(shop.total().await.unwrap(), 250);
        shop.sell("Jam", 100u64).await.unwrap();
    });
    on(folder.path(), third::app(), async |t| {
        let books = third::Shop::named(t, "corner").books().await.unwrap();
        assert_eq!(books.total_cents, 350);
        assert_eq!(books.lines.last(), Some(&("Jam".to_owned(), 100)));
        assert_eq!(books.by_letter, [1, 2]);
    });
}

#[test]
fn an_older_program_refuses_by_name_and_touches_nothing() {
    let folder = opened(1);
    on(folder.path(), third::app(), async |t| {
        third::Shop::named(t, "corner").books().await.unwrap();
    });
    let before = stored(folder.path());
    on(folder.path(), first::app(), async |t| {
        let shop = first::Shop::named(t, "corner");
        let error = shop.total().await.unwrap_err();
        let rejection = error.rejection().unwrap();
        assert_eq!(rejection.code(), "state.newer_than_code");
        assert!(rejection.message().contains("version 3"), "{rejection:?}");
        assert_eq!(code(shop.sell("Jam", 1.0).await), "state.newer_than_code");
        // Others are served.
        assert_eq!(first::Shop::named(t, "other").total().await.unwrap(), 0.0);
    });
    assert_eq!(stored(folder.path()), before);
}

#[test]
fn a_step_that_fails_changes_nothing_and_is_tried_again() {
    use std::sync::atomic::Ordering;
    let folder = opened(3);
    let before = stored(folder.path());
    on(folder.path(), third::app(), async |t| {
        let shop = third::Shop::named(t, "corner");
        for trouble in [1, 2] {
            third::TROUBLE.store(trouble, Ordering::SeqCst);
            let error = shop.books().await.unwrap_err();
            let rejection = error.rejection().unwrap();
            assert_eq!(rejection.code(), "state.migration");
            assert!(
                rejection.message().contains("from version 2 to 3"),
                "{rejection:?}"
            );
            t.settle().await;
            assert_eq!(stored(t.data()), before);
        }
        third::TROUBLE.store(0, Ordering::SeqCst);
        for fault in [Fault::Io, Fault::Full, Fault::Refused] {
            t.fail_next(fault);
            assert_ne!(code(shop.books().await), "ok", "{fault:?}");
            assert_eq!(stored(t.data()), before, "{fault:?}");
        }
        assert_eq!(shop.books().await.unwrap(), expected(3));
    });
}

#[test]
fn a_crash_at_any_point_leaves_one_version_or_the_other() {
    let folder = opened(500);
    let path = folder.path();
    for round in 0..50 {
        let done = on(path, third::app(), async |t| {
            let shop = third::Shop::named(t, "corner");
            let held = (round < 10).then(|| t.hold_commits());
            let reading = t.spawn(shop.books());
            // As far as it gets in so many steps.
            for _ in 0..round * 4 {
                tokio::task::yield_now().await;
                std::thread::sleep(std::time::Duration::from_micros(50));
            }
            drop(held);
            t.crash().await;
            let seen = reading.await.is_ok();
            let version = versions(t.data());
            let whole = [r#""state":{"":1"#, r#""state":{"":3,"late":2,"tally":2"#];
            assert!(whole.contains(&version.as_str()), "{version}");
            if seen {
                assert_eq!(version, whole[1], "what was seen is stored");
            }
            version == whole[1]
        });
        if done {
            break;
        }
    }
    on(path, third::app(), async |t| {
        let books = third::Shop::named(t, "corner").books().await.unwrap();
        assert_eq!(books, expected(500));
    });
}

/// What the example `counter` stored, and what may become of its class.
mod frozen {
    use std::path::PathBuf;

    /// As it is.
    pub mod same {
        use stayput::prelude::*;

        #[durable_object(class = "counter")]
        pub struct Counter {
            pub value: i64,
        }

        #[durable_object]
        impl Counter {}

        stayput::app!(Counter);
    }

    /// Another type, and no step.
    pub mod careless {
        use stayput::prelude::*;

        #[durable_object(class = "counter")]
        pub struct Counter {
            pub value: String,
        }

        #[durable_object]
        impl Counter {}

        stayput::app!(Counter);
    }

    pub fn folder() -> PathBuf {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/behaviour/frozen").into()
    }
}

#[test]
fn what_is_frozen_is_opened() {
    assert_eq!(
        testing::open_frozen(frozen::same::app(), frozen::folder()),
        1
    );
}

#[test]
#[should_panic(expected = "counter-home-v1-0.1.0.jsonl: state.unreadable")]
fn what_is_frozen_tells_of_a_forgotten_step() {
    testing::open_frozen(frozen::careless::app(), frozen::folder());
}

#[test]
#[should_panic(expected = "stayput freeze")]
fn an_empty_folder_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    testing::open_frozen(frozen::same::app(), folder.path());
}
