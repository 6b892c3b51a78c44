//! Repositories: rows of SQL against rows of a table, under random filters and orders; units of work over both at once.

use proptest::option::of as some;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use stayput::prelude::*;
use stayput::sql::{Migration, SqlError, SqlRow, SqlValue};
use stayput::state::{Filter, Order};

const TABLES: &[Migration] = &[Migration::new(
    "things",
    "CREATE TABLE things(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, size INTEGER NOT NULL, ratio REAL, label TEXT,
        code INTEGER, flag INTEGER NOT NULL);
     CREATE TABLE counted(id TEXT PRIMARY KEY, version INTEGER NOT NULL, bytes BLOB NOT NULL, state TEXT NOT NULL);",
)];

/// The same columns twice: what is said of one must be true of the other.
macro_rules! things {
    ($name:ident, #[$derive:meta] $(#[$row:meta])?, #[$key:meta]) => {
        #[data]
        #[$derive]
        $(#[$row])?
        pub struct $name {
            #[$key]
            pub id: i32,
            pub kind: String,
            pub size: i64,
            pub ratio: Option<f64>,
            pub label: Option<String>,
            pub code: Option<u8>,
            pub flag: bool,
        }

        impl $name {
            fn of(thing: &Thing) -> Self {
                let (id, kind, size, ratio, label, code, flag) = thing.clone();
                Self { id, kind, size, ratio, label, code, flag }
            }

            fn filter(cond: &Cond) -> Filter<Self> {
                match cond {
                    Cond::KindIs(kind) => Self::KIND.eq(kind),
                    Cond::KindLike(pattern) => Self::KIND.like(pattern),
                    Cond::KindStarts(prefix) => Self::KIND.starts_with(prefix),
                    Cond::KindIn(kinds) => Self::KIND.is_in(kinds),
                    Cond::KindGt(kind) => Self::KIND.gt(kind),
                    Cond::SizeGt(size) => Self::SIZE.gt(*size),
                    Cond::SizeLte(size) => Self::SIZE.lte(size),
                    Cond::SizeBetween(from, to) => Self::SIZE.between(*from, *to),
                    Cond::SizeNe(size) => Self::SIZE.ne(*size),
                    Cond::RatioLt(ratio) => Self::RATIO.lt(*ratio),
                    Cond::RatioGte(ratio) => Self::RATIO.gte(*ratio),
                    Cond::RatioIn(ratios) => Self::RATIO.is_in(ratios.clone()),
                    Cond::RatioNull => Self::RATIO.is_null(),
                    Cond::LabelIs(label) => Self::LABEL.eq(label.clone()),
                    Cond::LabelGte(label) => Self::LABEL.gte(label.clone()),
                    Cond::LabelLt(label) => Self::LABEL.lt(label.clone()),
                    Cond::LabelLike(pattern) => Self::LABEL.like(pattern),
                    Cond::LabelStarts(prefix) => Self::LABEL.starts_with(prefix),
                    Cond::LabelNotNull => Self::LABEL.is_not_null(),
                    Cond::CodeIs(code) => Self::CODE.eq(*code),
                    Cond::CodeLt(code) => Self::CODE.lt(*code),
                    Cond::Flag(flag) => Self::FLAG.eq(*flag),
                    Cond::IdGt(id) => Self::ID.gt(*id),
                    Cond::IdIn(ids) => Self::ID.is_in(ids),
                    Cond::And(one, other) => Self::filter(one).and(Self::filter(other)),
                    Cond::Or(one, other) => Self::filter(one).or(Self::filter(other)),
                    Cond::Not(cond) => !Self::filter(cond),
                }
            }

            fn order((column, descending): &(u8, bool)) -> Order<Self> {
                macro_rules! order {
                    ($column:expr) => {
                        if *descending { $column.desc() } else { $column.asc() }
                    };
                }
                match column % 7 {
                    0 => order!(Self::ID),
                    1 => order!(Self::KIND),
                    2 => order!(Self::SIZE),
                    3 => order!(Self::RATIO),
                    4 => order!(Self::LABEL),
                    5 => order!(Self::CODE),
                    _ => order!(Self::FLAG),
                }
            }

            fn find(ask: &Ask) -> Find<Self> {
                let filter = ask.cond.as_ref().map(Self::filter);
                let mut find = Find::all().filter_opt(filter).offset(ask.offset);
                for order in &ask.order {
                    find = find.order_by(Self::order(order));
                }
                match ask.limit {
                    Some(limit) => find.limit(limit),
                    None => find,
                }
            }

            /// All that a repository of these has to say.
            fn told(things: &impl ReadRepository<Self, Key = i32>, ask: &Ask) -> Result<Told, RepositoryError> {
                let found = things.find(Self::find(ask))?;
                let mut found: Vec<i32> = found.into_iter().map(|thing| thing.id).collect();
                if ask.order.is_empty() {
                    // As they are found.
                    found.sort_unstable();
                }
                let (mut pages, mut after) = (Vec::new(), None);
                let walk = Ask { limit: Some(2), offset: 0, ..ask.clone() };
                loop {
                    let page = things.page(Self::find(&walk), after)?;
                    let ids: Vec<i32> = page.items.iter().map(|thing| thing.id).collect();
                    pages.push((ids, page.next.as_ref().map(ToString::to_string)));
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                Ok((if ask.is_whole() { found } else { Vec::new() }, things.count(Self::find(ask))?, pages))
            }
        }
    };
}

things!(Stored, #[derive(Entity)], #[key]);
things!(Laid, #[derive(Row)] #[row(table = "things")], #[column(key)]);

type Thing = (
    i32,
    String,
    i64,
    Option<f64>,
    Option<String>,
    Option<u8>,
    bool,
);
type Told = (Vec<i32>, u64, Vec<(Vec<i32>, Option<String>)>);

#[derive(Debug, Clone)]
enum Cond {
    KindIs(String),
    KindLike(String),
    KindStarts(String),
    KindIn(Vec<String>),
    KindGt(String),
    SizeGt(i64),
    SizeLte(i64),
    SizeBetween(i64, i64),
    SizeNe(i64),
    RatioLt(f64),
    RatioGte(f64),
    RatioIn(Vec<Option<f64>>),
    RatioNull,
    LabelIs(Option<String>),
    LabelGte(Option<String>),
    LabelLt(Option<String>),
    LabelLike(String),
    LabelStarts(String),
    LabelNotNull,
    CodeIs(u8),
    CodeLt(u8),
    Flag(bool),
    IdGt(i32),
    IdIn(Vec<i32>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

#[derive(Debug, Clone)]
struct Ask {
    cond: Option<Cond>,
    order: Vec<(u8, bool)>,
    limit: Option<u32>,
    offset: u32,
}

impl Ask {
    /// Whether it is said which rows those are: without an order any may be the first ones.
    fn is_whole(&self) -> bool {
        !self.order.is_empty() || (self.limit.is_none() && self.offset == 0)
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c_%*?\\[\\]é\u{10ffff}]{0,3}",
        Just("\u{d7ff}".to_owned())
    ]
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        -3..3_i64,
        Just(i64::MAX),
        Just(i64::MIN),
        Just(9_007_199_254_740_993)
    ]
}

fn ratio() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(-0.0),
        Just(0.0),
        Just(1.5),
        Just(-1e300),
        Just(0.1),
        Just(2.0)
    ]
}

fn thing() -> impl Strategy<Value = Thing> {
    (
        -4..8_i32,
        text(),
        number(),
        some(ratio()),
        some(text()),
        some(0..3_u8),
        any::<bool>(),
    )
}

fn cond() -> impl Strategy<Value = Cond> {
    let leaf = prop_oneof![
        text().prop_map(Cond::KindIs),
        text().prop_map(Cond::KindLike),
        text().prop_map(Cond::KindStarts),
        proptest::collection::vec(text(), 0..4).prop_map(Cond::KindIn),
        proptest::collection::vec(text(), 25..30).prop_map(Cond::KindIn),
        text().prop_map(Cond::KindGt),
        number().prop_map(Cond::SizeGt),
        number().prop_map(Cond::SizeLte),
        (number(), number()).prop_map(|(from, to)| Cond::SizeBetween(from, to)),
        number().prop_map(Cond::SizeNe),
        ratio().prop_map(Cond::RatioLt),
        ratio().prop_map(Cond::RatioGte),
        proptest::collection::vec(some(ratio()), 0..4).prop_map(Cond::RatioIn),
        Just(Cond::RatioNull),
        some(text()).prop_map(Cond::LabelIs),
        some(text()).prop_map(Cond::LabelGte),
        some(text()).prop_map(Cond::LabelLt),
        text().prop_map(Cond::LabelLike),
        text().prop_map(Cond::LabelStarts),
        Just(Cond::LabelNotNull),
        (0..3_u8).prop_map(Cond::CodeIs),
        (0..3_u8).prop_map(Cond::CodeLt),
        any::<bool>().prop_map(Cond::Flag),
        (-4..8_i32).prop_map(Cond::IdGt),
        proptest::collection::vec(-4..8_i32, 0..4).prop_map(Cond::IdIn),
        proptest::collection::vec(-40..8_i32, 26..30).prop_map(Cond::IdIn),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let two = || (inner.clone(), inner.clone());
        prop_oneof![
            two().prop_map(|(one, other)| Cond::And(Box::new(one), Box::new(other))),
            two().prop_map(|(one, other)| Cond::Or(Box::new(one), Box::new(other))),
            inner.clone().prop_map(|cond| Cond::Not(Box::new(cond))),
        ]
    })
}

fn ask() -> impl Strategy<Value = Ask> {
    let order = proptest::collection::vec((0..7_u8, any::<bool>()), 0..3);
    (some(cond()), order, some(0..5_u32), 0..3_u32).prop_map(|(cond, order, limit, offset)| Ask {
        cond,
        order,
        limit,
        offset,
    })
}

/// A plain enum in a column, as its name.
#[data]
#[derive(PartialEq)]
pub enum State {
    Open,
    Shut,
}

/// A row with a version, bytes and an enum.
#[data]
#[derive(Row, PartialEq)]
#[row(table = "counted")]
pub struct Counted {
    #[column(key)]
    pub id: String,
    #[column(version)]
    pub version: u32,
    pub bytes: Vec<u8>,
    pub state: State,
}

#[durable_object(sql(migrations = TABLES))]
struct Attic {
    stored: Table<Stored>,
}

#[durable_object]
impl Attic {
    /// Rows and questions at random; the first difference.
    #[action(public)]
    fn differ(&mut self, cx: &mut Context<Self>) -> Option<String> {
        let cases = Config {
            cases: 400,
            failure_persistence: None,
            ..Config::default()
        };
        let things = proptest::collection::vec(thing(), 0..10);
        let asks = proptest::collection::vec(ask(), 1..6);
        let sql = cx.sql();
        let mut runner = TestRunner::new(cases);
        let this = std::cell::RefCell::new(self);
        let run = runner.run(&(things, asks), |(things, asks)| {
            let mut this = this.borrow_mut();
            let mut laid = sql.repository::<Laid>();
            this.stored.clear();
            laid.query_mut().delete().unwrap();
            this.stored
                .save_many(things.iter().map(Stored::of))
                .unwrap();
            laid.save_many(things.iter().map(Laid::of)).unwrap();
            for ask in &asks {
                let expected = Stored::told(&this.stored, ask).unwrap();
                let found = Laid::told(&laid, ask);
                // Longer patterns than the platform takes are refused.
                prop_assert_eq!(found.unwrap(), expected, "{:?}", ask);
            }
            Ok(())
        });
        run.err().map(|error| error.to_string())
    }

    /// One unit over SQL and records.
    #[action(public)]
    fn both(&mut self, cx: &mut Context<Self>, ids: (i32, i32), commit: bool) -> usize {
        let of = |id| (id, "kind".to_owned(), 1, None, None, None, true);
        let sql = cx.sql();
        let work = UnitOfWork::new();
        work.join(&mut self.stored).insert(Stored::of(&of(ids.0)));
        work.join(sql.repository::<Laid>())
            .insert(Laid::of(&of(ids.1)));
        let waiting = work.len();
        if commit && work.commit().is_err() {
            // The action goes on, without either.
            return 100 + work.len();
        }
        waiting
    }

    #[action(public)]
    fn counts(&self, cx: &Context<Self>) -> Result<(u64, u64)> {
        let laid = cx.sql_read().repository::<Laid>();
        Ok((self.stored.len(), laid.count(Find::all())?))
    }

    /// Versions, bytes and an enum.
    #[action(public)]
    fn versions(&mut self, cx: &mut Context<Self>) -> Result<Vec<String>> {
        let sql = cx.sql();
        let mut rows = sql.repository::<Counted>();
        let first = Counted {
            id: "a".into(),
            version: 0,
            bytes: vec![0, 255],
            state: State::Open,
        };
        let mut seen = vec![format!("{:?}", rows.save(first.clone())?.version)];
        let second = rows.save(Counted {
            state: State::Shut,
            ..first.clone()
        })?;
        seen.push(format!(
            "{:?} {:?}",
            second.version,
            rows.get("a")? == Some(second.clone())
        ));
        seen.push(rows.save(first.clone()).unwrap_err().to_string());
        seen.push(rows.update(first.clone()).unwrap_err().to_string());
        rows.update(second)?;
        let stored: (String, String) = sql.one("SELECT state, typeof(bytes) FROM counted", ())?;
        seen.push(format!("{stored:?}"));
        let updated = rows.query_mut().update(|row| row.bytes.clear())?;
        seen.push(format!(
            "{updated} {:?}",
            rows.get("a")?.map(|row| (row.version, row.bytes))
        ));
        rows.delete("a")?;
        seen.push(rows.update(first).unwrap_err().to_string());
        Ok(seen)
    }
}

stayput::app!(Attic, Sums);

#[test]
fn sql_answers_as_tables_do() {
    stayput::testing::run(app(), async |t| {
        let attic = Attic::named(t, "random");
        assert_eq!(attic.differ().await.unwrap(), None);
    });
}

#[test]
fn a_unit_is_written_to_sql_and_records_or_to_neither() {
    stayput::testing::run(app(), async |t| {
        let attic = Attic::named(t, "both");
        assert_eq!(attic.both((1, 1), true).await.unwrap(), 2);
        assert_eq!(attic.counts().await.unwrap(), (1, 1));
        // The row of SQL is there already; the record before it is taken back.
        assert_eq!(attic.both((2, 1), true).await.unwrap(), 102);
        // And the other way round.
        assert_eq!(attic.both((1, 2), true).await.unwrap(), 102);
        // What is dropped was never written.
        assert_eq!(attic.both((3, 3), false).await.unwrap(), 2);
        assert_eq!(attic.counts().await.unwrap(), (1, 1));
    });
}

#[test]
fn a_version_that_is_old_changes_nothing() {
    stayput::testing::run(app(), async |t| {
        let seen = Attic::named(t, "versions").versions().await.unwrap();
        let expected = [
            "0",
            "1 true",
            "repository.conflict: `a` of `counted` was changed since it was read: version 0 was read, 1 is there",
            "repository.conflict: `a` of `counted` was changed since it was read: version 0 was read, 1 is there",
            "(\"Shut\", \"blob\")",
            "1 Some((3, []))",
            "repository.not_found: `counted` has no `a`",
        ];
        assert_eq!(seen, expected);
    });
}

/// A row that is read by hand.
struct Total {
    kind: String,
    size: i64,
}

impl stayput::sql::FromRow for Total {
    fn from_row(row: &mut SqlRow<'_>) -> Result<Self, SqlError> {
        let size = row.with("total", |value| match value {
            SqlValue::Integer(size) => Ok(size),
            other => Err(format!("{other:?} is no size")),
        })?;
        Ok(Self {
            size,
            kind: row.get("kind")?,
        })
    }
}

#[durable_object(sql(migrations = TABLES))]
struct Sums {}

#[durable_object]
impl Sums {
    #[action(public)]
    fn totals(&mut self, cx: &mut Context<Self>) -> Result<Vec<(String, i64)>> {
        let sql = cx.sql();
        let of = |id: i32, kind: &str| {
            Laid::of(&(id, kind.to_owned(), id.into(), None, None, None, true))
        };
        sql.repository::<Laid>()
            .save_many([of(1, "a"), of(2, "b"), of(4, "a")])?;
        let query = sql.query(
            "SELECT kind, sum(size) AS total FROM things GROUP BY kind ORDER BY kind",
            (),
        );
        let totals: Vec<Total> = query.all()?;
        Ok(totals
            .into_iter()
            .map(|total| (total.kind, total.size))
            .collect())
    }
}

#[test]
fn rows_are_read_by_hand() {
    stayput::testing::run(app(), async |t| {
        let totals = Sums::named(t, "one").totals().await.unwrap();
        assert_eq!(totals, [("a".to_owned(), 5), ("b".to_owned(), 2)]);
    });
}
