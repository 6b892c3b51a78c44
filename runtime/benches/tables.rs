//! `Map` and `Table` against the same rows in SQLite, written by hand with prepared statements: both in this process, on
//! the same disk, in turns, best round against best round. `cargo bench -p stayput --bench tables`.
//!
//! Lookups run inside one action, over what is committed, each key anew; inserts are actions of 1,000 rows that answer when
//! they are committed, against transactions of 1,000 rows. Neither side syncs: that costs both the same.
//!
//! By hand, rows have columns of their own; "as records" they are what the runtime makes of them: a text key, and JSON.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a bench prints its figures, and what goes wrong in it ends it"
)]

use std::hint::black_box;
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, params};
use stayput::prelude::*;
use stayput::testing::Harness;

const ROWS: u64 = 20_000;
const LOOKUPS: u64 = 10_000;
const BATCH: u64 = 1_000;
const ROUNDS: usize = 7;

#[data]
#[derive(Entity)]
#[index(by_city_and_age(city, age))]
pub struct Person {
    #[key]
    pub id: u64,
    #[index(unique)]
    pub email: String,
    pub city: String,
    pub age: u32,
    pub about: String,
}

#[durable_object]
#[derive(Debug)]
pub struct Town {
    map: Map<u64, Person>,
    people: Table<Person>,
    written: Table<Person>,
    mapped: Map<u64, Person>,
    set: Map<u64, Person>,
}

fn person(id: u64) -> Person {
    Person {
        id,
        email: email(id),
        city: city(id),
        age: age(id),
        about: "a person of whom there is little to say, and that at some length".to_owned(),
    }
}

fn email(id: u64) -> String {
    format!("person-{id}@example.org")
}

fn city(id: u64) -> String {
    format!("city-{}", id % 100)
}

fn age(id: u64) -> u32 {
    u32::try_from(id / 100 % 90).unwrap_or_default()
}

/// The keys that are looked up: all over the place, and always the same.
fn keys() -> impl Iterator<Item = u64> {
    (0..LOOKUPS).map(|number| number.wrapping_mul(7_919) % ROWS)
}

#[durable_object]
impl Town {
    #[action(public)]
    fn fill(&mut self, from: u64) {
        for id in from..from + BATCH {
            self.map.set(&id, &person(id));
            self.people.insert(person(id)).unwrap();
        }
    }

    #[action(public)]
    fn insert_table(&mut self, from: u64) {
        for id in from..from + BATCH {
            self.written.insert(person(id)).unwrap();
        }
    }

    #[action(public)]
    fn insert_map(&mut self, from: u64) {
        for id in from..from + BATCH {
            self.mapped.insert(id, person(id));
        }
    }

    #[action(public)]
    fn set_map(&mut self, from: u64) {
        for id in from..from + BATCH {
            self.set.set(&id, &person(id));
        }
    }

    #[action(public)]
    fn get_map(&self) -> u64 {
        timed(|| keys().filter_map(|id| self.map.get(&id)).count())
    }

    #[action(public)]
    fn get_table(&self) -> u64 {
        timed(|| keys().filter_map(|id| self.people.get(&id)).count())
    }

    #[action(public)]
    fn by_email(&self) -> u64 {
        timed(|| {
            let found = keys().filter_map(|id| self.people.find_by_email(email(id)));
            found.count()
        })
    }

    #[action(public)]
    fn by_range(&self) -> u64 {
        timed(|| {
            let found = keys().step_by(10).map(|id| {
                let query = self.people.query();
                let query = query.filter(Person::CITY.eq(city(id)).and(Person::AGE.gte(age(id))));
                query.order_by(Person::AGE.asc()).limit(20).all().len()
            });
            found.sum()
        })
    }

    #[action(public)]
    fn covered(&self) -> u64 {
        timed(|| {
            let found = keys().step_by(10).map(|id| {
                let query = self.people.query();
                let query = query.filter(Person::CITY.eq(city(id)).and(Person::AGE.gte(age(id))));
                let query = query.order_by(Person::AGE.asc()).limit(20);
                query.select((Person::AGE, Person::ID)).all().len()
            });
            found.sum()
        })
    }
}

stayput::app!(Town);

/// Nanoseconds that a count takes.
fn timed(work: impl FnOnce() -> usize) -> u64 {
    let start = Instant::now();
    black_box(work());
    nanos(start)
}

/// The same by hand.
struct ByHand(Connection);

const COLUMNS: &str = "id INTEGER PRIMARY KEY, email TEXT NOT NULL, city TEXT NOT NULL, age INTEGER NOT NULL, about TEXT NOT NULL";

const RECORDS: &str = "
    CREATE TABLE record(object INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(object, key)) STRICT, WITHOUT ROWID;";

impl ByHand {
    fn new(folder: &std::path::Path) -> Self {
        let db = Connection::open(folder.join("by-hand.sqlite")).unwrap();
        db.pragma_update(None, "journal_mode", "WAL").unwrap();
        db.pragma_update(None, "synchronous", "OFF").unwrap();
        for table in ["people", "written"] {
            let sql = format!(
                "CREATE TABLE {table} ({COLUMNS});
                 CREATE UNIQUE INDEX {table}_email ON {table} (email);
                 CREATE INDEX {table}_city ON {table} (city, age);"
            );
            db.execute_batch(&sql).unwrap();
        }
        db.execute_batch(&format!("CREATE TABLE mapped ({COLUMNS});"))
            .unwrap();
        db.execute_batch(RECORDS).unwrap();
        Self(db)
    }

    /// Records under text keys, as the runtime keeps them; `reads`: what each replaces is read first.
    fn insert_records(&mut self, map: &str, from: u64, reads: bool) {
        let transaction = self.0.transaction().unwrap();
        {
            let mut put = transaction
                .prepare_cached("INSERT OR REPLACE INTO record VALUES (?1, ?2, ?3)")
                .unwrap();
            let mut get = transaction
                .prepare_cached("SELECT value FROM record WHERE object = ?1 AND key = ?2")
                .unwrap();
            for id in from..from + BATCH {
                let key = format!("{map}/{id:020}");
                if reads {
                    let before = get.query_row(params![1, key], |row| row.get::<_, Vec<u8>>(0));
                    assert!(before.optional().unwrap().is_none());
                }
                let value = serde_json::to_vec(&person(id)).unwrap();
                put.execute(params![1, key, value]).unwrap();
            }
        }
        transaction.commit().unwrap();
    }

    fn insert(&mut self, table: &str, from: u64) {
        let transaction = self.0.transaction().unwrap();
        {
            let sql = format!("INSERT INTO {table} VALUES (?1, ?2, ?3, ?4, ?5)");
            let mut statement = transaction.prepare_cached(&sql).unwrap();
            for id in from..from + BATCH {
                let person = person(id);
                let id = i64::try_from(id).unwrap();
                let values = params![id, person.email, person.city, person.age, person.about];
                statement.execute(values).unwrap();
            }
        }
        transaction.commit().unwrap();
    }

    fn one(&self, filter: &str, key: impl Fn(u64) -> rusqlite::types::Value) -> u64 {
        let sql = format!("SELECT id, email, city, age, about FROM people WHERE {filter} = ?1");
        let mut statement = self.0.prepare_cached(&sql).unwrap();
        timed(|| {
            let found = keys().filter_map(|id| statement.query_row([key(id)], read).ok());
            found.count()
        })
    }

    fn range<R>(&self, columns: &str, read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<R>) -> u64 {
        let sql = format!(
            "SELECT {columns} FROM people WHERE city = ?1 AND age >= ?2 ORDER BY age LIMIT 20"
        );
        let mut statement = self.0.prepare_cached(&sql).unwrap();
        timed(|| {
            let found = keys().step_by(10).map(|id| {
                let rows = statement
                    .query_map(params![city(id), age(id)], read)
                    .unwrap();
                rows.collect::<Result<Vec<_>, _>>().unwrap().len()
            });
            found.sum()
        })
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: row.get::<_, i64>(0)?.unsigned_abs(),
        email: row.get(1)?,
        city: row.get(2)?,
        age: row.get(3)?,
        about: row.get(4)?,
    })
}

/// What a pair took, best round of each, for so many operations.
#[derive(Clone, Copy)]
struct Best {
    ours: u64,
    by_hand: u64,
}

const NAMES: [(&str, u64); 9] = [
    ("map get", LOOKUPS),
    ("table get", LOOKUPS),
    ("table find_by_email", LOOKUPS),
    ("table range, 20 rows", LOOKUPS / 10),
    ("the same, covered", LOOKUPS / 10),
    ("map insert", BATCH),
    ("the same, as records", BATCH),
    ("map set, as records", BATCH),
    ("table insert", BATCH),
];

async fn round(t: &Harness, town: &TownStub, by_hand: &mut ByHand, from: u64) -> [Best; 9] {
    let _ = t;
    let best = |ours, by_hand| Best { ours, by_hand };
    let by_id = |hand: &ByHand| hand.one("id", |id| i64::try_from(id).unwrap_or_default().into());
    let reads = [
        best(town.get_map().await.unwrap(), by_id(by_hand)),
        best(town.get_table().await.unwrap(), by_id(by_hand)),
        best(
            town.by_email().await.unwrap(),
            by_hand.one("email", |id| email(id).into()),
        ),
        best(
            town.by_range().await.unwrap(),
            by_hand.range("id, email, city, age, about", read),
        ),
        best(
            town.covered().await.unwrap(),
            by_hand.range("age, id", |row| {
                Ok((row.get::<_, u32>(0)?, row.get::<_, i64>(1)?))
            }),
        ),
    ];
    let start = Instant::now();
    town.insert_map(from).await.unwrap();
    let map = nanos(start);
    let mapped = since(|| by_hand.insert("mapped", from));
    let records = since(|| by_hand.insert_records("mapped", from, true));
    let start = Instant::now();
    town.set_map(from).await.unwrap();
    let set = nanos(start);
    let put = since(|| by_hand.insert_records("set", from, false));
    let start = Instant::now();
    town.insert_table(from).await.unwrap();
    let table = nanos(start);
    let written = since(|| by_hand.insert("written", from));
    let writes = [
        best(map, mapped),
        best(map, records),
        best(set, put),
        best(table, written),
    ];
    let mut all = reads.into_iter().chain(writes);
    std::array::from_fn(|_| all.next().unwrap())
}

fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds that `work` takes.
fn since(work: impl FnOnce()) -> u64 {
    let start = Instant::now();
    work();
    nanos(start)
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    stayput::testing::run(app(), async move |t| {
        let town = Town::named(t, "home");
        let mut by_hand = ByHand::new(&path);
        for from in (0..ROWS).step_by(usize::try_from(BATCH).unwrap()) {
            town.fill(from).await.unwrap();
            by_hand.insert("people", from);
        }
        let mut all: Option<[Best; 9]> = None;
        for number in 0..ROUNDS {
            let from = u64::try_from(number).unwrap() * BATCH;
            let this = round(t, &town, &mut by_hand, from).await;
            let so_far = all.get_or_insert(this);
            for (best, new) in so_far.iter_mut().zip(this) {
                best.ours = best.ours.min(new.ours);
                best.by_hand = best.by_hand.min(new.by_hand);
            }
        }
        println!(
            "{:<24} {:>10} {:>10} {:>7}",
            "microseconds each", "ours", "by hand", "ratio"
        );
        for ((name, operations), best) in NAMES.iter().zip(all.into_iter().flatten()) {
            let each = |nanos: u64| nanos as f64 / 1_000.0 / *operations as f64;
            let (ours, by_hand) = (each(best.ours), each(best.by_hand));
            println!(
                "{name:<24} {ours:>10.2} {by_hand:>10.2} {:>6.2}x",
                ours / by_hand
            );
        }
    });
}
