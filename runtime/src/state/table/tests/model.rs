//! A table against a `BTreeMap`, under random changes, nested attempts, failures, commits and wake-ups; random queries
//! against a filter and a sort over all rows.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Live, Row};
use crate::backend::Scan;
use crate::state::table::entity::Entity;
use crate::state::table::error::TableErrorKind;
use crate::state::table::index;
use crate::state::{Cursor, Filter, Order, Query};

type Model = BTreeMap<i32, Row>;

/// What a query can be asked to test.
#[derive(Debug, Clone)]
enum Cond {
    KindIs(String),
    KindLike(String),
    KindStarts(String),
    KindIn(Vec<String>),
    SizeGt(i64),
    SizeLte(i64),
    SizeBetween(i64, i64),
    SizeNe(i64),
    RatioLt(f64),
    RatioGte(f64),
    RatioNull,
    LabelIs(Option<String>),
    LabelStarts(String),
    LabelNotNull,
    CodeIs(u8),
    CodeLt(u8),
    Flag(bool),
    IdGt(i32),
    IdIn(Vec<i32>),
    Big,
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

impl Cond {
    fn filter(&self) -> Filter<Row> {
        match self {
            Self::KindIs(kind) => Row::KIND.eq(kind),
            Self::KindLike(pattern) => Row::KIND.like(pattern),
            Self::KindStarts(prefix) => Row::KIND.starts_with(prefix),
            Self::KindIn(kinds) => Row::KIND.is_in(kinds),
            Self::SizeGt(size) => Row::SIZE.gt(*size),
            Self::SizeLte(size) => Row::SIZE.lte(size),
            Self::SizeBetween(from, to) => Row::SIZE.between(*from, *to),
            Self::SizeNe(size) => Row::SIZE.ne(*size),
            Self::RatioLt(ratio) => Row::RATIO.lt(*ratio),
            Self::RatioGte(ratio) => Row::RATIO.gte(*ratio),
            Self::RatioNull => Row::RATIO.is_null(),
            Self::LabelIs(label) => Row::LABEL.eq(label.clone()),
            Self::LabelStarts(prefix) => Row::LABEL.starts_with(prefix),
            Self::LabelNotNull => Row::LABEL.is_not_null(),
            Self::CodeIs(code) => Row::CODE.eq(*code),
            Self::CodeLt(code) => Row::CODE.lt(*code),
            Self::Flag(flag) => Row::FLAG.eq(*flag),
            Self::IdGt(id) => Row::ID.gt(*id),
            Self::IdIn(ids) => Row::ID.is_in(ids),
            Self::Big => Filter::within(Row::BIG),
            Self::And(one, other) => one.filter().and(other.filter()),
            Self::Or(one, other) => one.filter().or(other.filter()),
            Self::Not(cond) => !cond.filter(),
        }
    }

    fn means(&self, row: &Row) -> bool {
        match self {
            Self::KindIs(kind) => row.kind == *kind,
            Self::KindLike(pattern) => like(pattern, &row.kind),
            Self::KindStarts(prefix) => row.kind.starts_with(prefix),
            Self::KindIn(kinds) => kinds.contains(&row.kind),
            Self::SizeGt(size) => row.size > *size,
            Self::SizeLte(size) => row.size <= *size,
            Self::SizeBetween(from, to) => (*from..=*to).contains(&row.size),
            Self::SizeNe(size) => row.size != *size,
            Self::RatioLt(ratio) => row.ratio.is_some_and(|have| have < *ratio),
            Self::RatioGte(ratio) => row.ratio.is_some_and(|have| have >= *ratio),
            Self::RatioNull => row.ratio.is_none(),
            Self::LabelIs(label) => row.label == *label,
            Self::LabelStarts(prefix) => row
                .label
                .as_ref()
                .is_some_and(|label| label.starts_with(prefix)),
            Self::LabelNotNull => row.label.is_some(),
            Self::CodeIs(code) => row.code == Some(*code),
            Self::CodeLt(code) => row.code.is_some_and(|have| have < *code),
            Self::Flag(flag) => row.flag == *flag,
            Self::IdGt(id) => row.id > *id,
            Self::IdIn(ids) => ids.contains(&row.id),
            Self::Big => row.size > 1,
            Self::And(one, other) => one.means(row) && other.means(row),
            Self::Or(one, other) => one.means(row) || other.means(row),
            Self::Not(cond) => !cond.means(row),
        }
    }
}

/// The slow, plain reading of a pattern.
fn like(pattern: &str, text: &str) -> bool {
    let mut chars = pattern.chars();
    match chars.next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = chars.as_str();
            text.char_indices().any(|(at, _)| like(rest, &text[at..])) || like(rest, "")
        }
        Some(char) => text.chars().next().is_some_and(|first| {
            (char == '_' || char == first) && like(chars.as_str(), &text[first.len_utf8()..])
        }),
    }
}

/// By what a query orders.
#[derive(Debug, Clone, Copy)]
enum By {
    Id,
    Kind,
    Size,
    Ratio,
    Label,
    Code,
    Flag,
}

impl By {
    fn order(self, descending: bool) -> Order<Row> {
        macro_rules! order {
            ($column:expr) => {
                if descending {
                    $column.desc()
                } else {
                    $column.asc()
                }
            };
        }
        match self {
            Self::Id => order!(Row::ID),
            Self::Kind => order!(Row::KIND),
            Self::Size => order!(Row::SIZE),
            Self::Ratio => order!(Row::RATIO),
            Self::Label => order!(Row::LABEL),
            Self::Code => order!(Row::CODE),
            Self::Flag => order!(Row::FLAG),
        }
    }

    fn compare(self, one: &Row, other: &Row) -> Ordering {
        match self {
            Self::Id => one.id.cmp(&other.id),
            Self::Kind => one.kind.cmp(&other.kind),
            Self::Size => one.size.cmp(&other.size),
            Self::Ratio => one.ratio.partial_cmp(&other.ratio).unwrap(),
            Self::Label => one.label.cmp(&other.label),
            Self::Code => one.code.cmp(&other.code),
            Self::Flag => one.flag.cmp(&other.flag),
        }
    }
}

#[derive(Debug, Clone)]
struct Asked {
    conds: Vec<Cond>,
    order: Vec<(By, bool)>,
    limit: Option<u32>,
    offset: u32,
}

#[derive(Debug, Clone)]
enum Step {
    Insert(Row),
    Put(Row),
    Update(i32, Row),
    Remove(i32),
    Retain(Cond),
    Delete(Asked),
    Clear,
    Begin,
    Keep,
    Undo,
    Commit,
    Fail,
    Wake,
    Ask(Asked),
}

fn word() -> impl Strategy<Value = String> {
    let words = vec![
        "",
        "a",
        "b",
        "ab",
        "aé",
        "\0",
        "\u{1}",
        "a\0",
        "/",
        "\u{10ffff}",
        "a\u{10ffff}",
    ];
    prop::sample::select(words).prop_map(str::to_owned)
}

fn ratio() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![-1e300, -1.5, -0.0, 0.0, 0.25, 7.0, f64::MAX])
}

fn pattern() -> impl Strategy<Value = String> {
    let patterns = vec!["", "%", "a%", "_", "%b", "a_", "%é%", "__%", "a%\u{10ffff}"];
    prop::sample::select(patterns).prop_map(str::to_owned)
}

fn any_row() -> impl Strategy<Value = Row> {
    let label = prop::option::of(word());
    let code = prop::option::weighted(0.4, 0_u8..12);
    (
        0..8_i32,
        word(),
        -2..4_i64,
        prop::option::of(ratio()),
        label,
        code,
        any::<bool>(),
    )
        .prop_map(|(id, kind, size, ratio, label, code, flag)| Row {
            id: id - 3,
            kind,
            size,
            ratio,
            label,
            code,
            flag,
            more: Vec::new(),
        })
}

fn cond() -> impl Strategy<Value = Cond> {
    let leaf = prop_oneof![
        3 => word().prop_map(Cond::KindIs),
        1 => pattern().prop_map(Cond::KindLike),
        1 => word().prop_map(Cond::KindStarts),
        2 => prop::collection::vec(word(), 0..4).prop_map(Cond::KindIn),
        2 => (-2..4_i64).prop_map(Cond::SizeGt),
        2 => (-2..4_i64).prop_map(Cond::SizeLte),
        1 => (-2..4_i64, -2..4_i64).prop_map(|(from, to)| Cond::SizeBetween(from, to)),
        1 => (-2..4_i64).prop_map(Cond::SizeNe),
        1 => ratio().prop_map(Cond::RatioLt),
        1 => ratio().prop_map(Cond::RatioGte),
        1 => Just(Cond::RatioNull),
        2 => prop::option::of(word()).prop_map(Cond::LabelIs),
        1 => word().prop_map(Cond::LabelStarts),
        1 => Just(Cond::LabelNotNull),
        1 => (0..12_u8).prop_map(Cond::CodeIs),
        1 => (0..12_u8).prop_map(Cond::CodeLt),
        1 => any::<bool>().prop_map(Cond::Flag),
        1 => (-3..5).prop_map(Cond::IdGt),
        1 => prop::collection::vec(-3..5, 0..4).prop_map(Cond::IdIn),
        2 => Just(Cond::Big),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            2 => pair.clone().prop_map(|(one, other)| Cond::And(one.into(), other.into())),
            1 => pair.prop_map(|(one, other)| Cond::Or(one.into(), other.into())),
            1 => inner.prop_map(|cond| Cond::Not(cond.into())),
        ]
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let by = prop::sample::select(vec![
        By::Id,
        By::Kind,
        By::Kind,
        By::Size,
        By::Size,
        By::Ratio,
        By::Label,
        By::Label,
        By::Code,
        By::Flag,
    ]);
    let order = prop::collection::vec((by, any::<bool>()), 0..3);
    let limit = prop::option::of(0..5_u32);
    (prop::collection::vec(cond(), 0..3), order, limit, 0..3_u32).prop_map(
        |(conds, order, limit, offset)| Asked {
            conds,
            order,
            limit,
            offset,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => any_row().prop_map(Step::Insert),
        4 => any_row().prop_map(Step::Put),
        4 => (-3..5, any_row()).prop_map(|(id, row)| Step::Update(id, row)),
        3 => (-3..5).prop_map(Step::Remove),
        1 => cond().prop_map(Step::Retain),
        1 => asked().prop_map(Step::Delete),
        1 => Just(Step::Clear),
        3 => Just(Step::Begin),
        2 => Just(Step::Keep),
        2 => Just(Step::Undo),
        3 => Just(Step::Commit),
        1 => Just(Step::Fail),
        1 => Just(Step::Wake),
        12 => asked().prop_map(Step::Ask),
    ]
}

/// The index that a row violates, as SQL has it: `None` equals nothing.
fn stands_against(model: &Model, row: &Row, besides: Option<i32>) -> Option<&'static str> {
    let others = || model.values().filter(|other| Some(other.id) != besides);
    // In the order of their declaration: those on fields come first.
    if row.code.is_some() && others().any(|other| other.code == row.code) {
        return Some("code");
    }
    let pair = |other: &&Row| other.kind == row.kind && other.label == row.label;
    (row.label.is_some() && others().any(|other| pair(&other))).then_some("pair")
}

/// A table and its model, and where both go back to.
struct Pair {
    live: Live<Row>,
    model: Model,
    committed: Model,
    attempts: Vec<Model>,
}

impl Pair {
    #[expect(clippy::too_many_lines, reason = "one arm a step")]
    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let (table, model) = (&mut self.live.table, &mut self.model);
        match step {
            Step::Insert(row) => {
                let result = table.insert(row.clone());
                if model.contains_key(&row.id) {
                    prop_assert_eq!(result.unwrap_err().kind(), TableErrorKind::Exists);
                } else if let Some(index) = stands_against(model, &row, None) {
                    prop_assert_eq!(result.unwrap_err().index(), Some(index.to_owned()));
                } else {
                    prop_assert_eq!(result.unwrap(), row.id);
                    model.insert(row.id, row);
                }
            }
            Step::Put(row) => {
                let result = table.put(row.clone());
                if let Some(index) = stands_against(model, &row, Some(row.id)) {
                    prop_assert_eq!(result.unwrap_err().index(), Some(index.to_owned()));
                } else {
                    prop_assert_eq!(result.unwrap(), model.insert(row.id, row));
                }
            }
            Step::Update(id, row) => {
                let result = table.update(&id, |old| std::mem::replace(old, row.clone()));
                if !model.contains_key(&id) {
                    prop_assert_eq!(result.unwrap(), None);
                } else if row.id != id && model.contains_key(&row.id) {
                    prop_assert_eq!(result.unwrap_err().kind(), TableErrorKind::Exists);
                } else if let Some(index) = stands_against(model, &row, Some(id)) {
                    prop_assert_eq!(result.unwrap_err().index(), Some(index.to_owned()));
                } else {
                    prop_assert_eq!(result.unwrap(), model.remove(&id));
                    model.insert(row.id, row);
                }
            }
            Step::Remove(id) => prop_assert_eq!(table.remove(&id), model.remove(&id)),
            Step::Retain(cond) => {
                let before = model.len();
                model.retain(|_, row| cond.means(row));
                let gone = (before - model.len()) as u64;
                prop_assert_eq!(table.retain(|row| cond.means(row)), gone);
            }
            Step::Delete(asked) => {
                let naive = naive(model, &asked);
                let mut query = table.query_mut().offset(asked.offset);
                for cond in &asked.conds {
                    query = query.filter(cond.filter());
                }
                // Without an order it is open which rows a limit leaves.
                let ordered = !asked.order.is_empty();
                for (by, descending) in &asked.order {
                    query = query.order_by(by.order(*descending));
                }
                if let Some(limit) = asked.limit {
                    query = query.limit(limit);
                }
                if ordered || (asked.limit.is_none() && asked.offset == 0) {
                    prop_assert_eq!(query.delete(), naive.len() as u64);
                    for row in naive {
                        model.remove(&row.id);
                    }
                }
            }
            Step::Clear => {
                table.clear();
                model.clear();
            }
            Step::Begin => {
                self.attempts.push(self.model.clone());
                self.live.records.begin();
            }
            Step::Keep => {
                self.live.records.keep();
                self.attempts.pop();
            }
            Step::Undo => {
                self.live.records.undo();
                self.model = self
                    .attempts
                    .pop()
                    .unwrap_or_else(|| self.committed.clone());
                self.live.reload();
            }
            Step::Commit => {
                self.live.commit();
                self.attempts.clear();
                self.committed = self.model.clone();
            }
            Step::Fail => {
                while self.live.records.depth() > 0 {
                    self.live.records.undo();
                }
                self.live.records.undo();
                self.attempts.clear();
                self.model = self.committed.clone();
                self.live.reload();
            }
            Step::Wake => {
                self.live = Live::wake(&self.live.store);
                // Everything is built already.
                prop_assert!(!self.live.records.is_changed());
                self.attempts.clear();
                self.model = self.committed.clone();
            }
            Step::Ask(asked) => self.ask(&asked)?,
        }
        Ok(())
    }

    fn query(&self, asked: &Asked) -> Query<'_, Row> {
        let mut query = self.live.table.query().offset(asked.offset);
        for cond in &asked.conds {
            query = query.filter(cond.filter());
        }
        for (by, descending) in &asked.order {
            query = query.order_by(by.order(*descending));
        }
        match asked.limit {
            Some(limit) => query.limit(limit),
            None => query,
        }
    }

    fn ask(&self, asked: &Asked) -> Result<(), TestCaseError> {
        let expected = naive(&self.model, asked);
        let query = self.query(asked);
        let note = format!("{asked:?} by {:?}", query.explain());
        let found = query.all();
        let columns = (Row::KIND, Row::LABEL, Row::SIZE, Row::ID);
        let selected = self.query(asked).select(columns).all();
        let picked = |row: &Row| (row.kind.clone(), row.label.clone(), row.size, row.id);
        prop_assert_eq!(found.len(), expected.len(), "{}", &note);
        prop_assert_eq!(query.count(), expected.len() as u64, "{}", &note);
        if !asked.order.is_empty() {
            prop_assert_eq!(&found, &expected, "{}", &note);
            let expected: Vec<_> = expected.iter().map(picked).collect();
            prop_assert_eq!(selected, expected, "{}", &note);
        }
        let all = Asked {
            limit: None,
            offset: 0,
            ..asked.clone()
        };
        let expected = naive(&self.model, &all);
        let ids = |rows: &[Row]| rows.iter().map(|row| row.id).collect::<BTreeSet<_>>();
        let query = self.query(&all);
        prop_assert_eq!(ids(&query.all()), ids(&expected), "{}", &note);
        prop_assert_eq!(query.exists(), !expected.is_empty(), "{}", &note);
        let sum: i64 = expected.iter().map(|row| row.size).sum();
        prop_assert_eq!(query.sum(Row::SIZE), i128::from(sum), "{}", &note);
        let codes = || expected.iter().filter_map(|row| row.code);
        let values: Vec<f64> = codes().map(f64::from).collect();
        #[expect(clippy::cast_precision_loss, reason = "few")]
        let average = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let average = (!values.is_empty()).then_some(average);
        prop_assert_eq!(query.avg(Row::CODE), average, "{}", &note);
        prop_assert_eq!(query.min(Row::CODE).flatten(), codes().min(), "{}", &note);
        prop_assert_eq!(query.max(Row::CODE).flatten(), codes().max(), "{}", &note);

        let (mut walked, mut after): (Vec<Row>, Option<Cursor>) = (Vec::new(), None);
        loop {
            let page = self.query(&all).limit(2).page(after);
            prop_assert!(page.items.len() <= 2);
            walked.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        prop_assert_eq!(&walked, &expected, "{}", &note);
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let (table, model) = (&self.live.table, &self.model);
        let rows: Vec<Row> = model.values().cloned().collect();
        prop_assert_eq!(table.iter().collect::<Vec<_>>(), rows.clone());
        prop_assert_eq!(table.len(), rows.len() as u64);
        prop_assert_eq!(table.first(), rows.first().cloned());
        prop_assert_eq!(table.last(), rows.last().cloned());
        prop_assert_eq!(table.get(&1), model.get(&1).cloned());
        let within: Vec<_> = model.range(0..3).map(|(_, row)| row.clone()).collect();
        prop_assert_eq!(table.range(0..3).collect::<Vec<_>>(), within);
        prop_assert_eq!(self.live.records.fault(), None);

        // The entries are those of the rows, and no others.
        let place = table.rows().site.place().unwrap();
        let mut expected = BTreeSet::new();
        for row in &rows {
            for entry in index::entries(place, Row::DEFINITION, row, |_| true).unwrap() {
                expected.insert(entry.record());
            }
        }
        let stored = self.live.records.scan(&Scan {
            start: "i/",
            end: Some("i0"),
            reverse: false,
            limit: usize::MAX,
        });
        let stored = stored.into_iter().map(|record| (record.key, record.value));
        prop_assert_eq!(stored.collect::<BTreeSet<_>>(), expected);
        Ok(())
    }
}

/// What a query means, with all the time in the world. Without an order: by the key, as pages come.
fn naive(model: &Model, asked: &Asked) -> Vec<Row> {
    let meant = model
        .values()
        .filter(|row| asked.conds.iter().all(|cond| cond.means(row)));
    let mut rows: Vec<Row> = meant.cloned().collect();
    let last = asked
        .order
        .last()
        .is_some_and(|(_, descending)| *descending);
    rows.sort_by(|one, other| {
        let by_key = [(By::Id, last)];
        let order = asked.order.iter().chain(&by_key);
        order.fold(Ordering::Equal, |so_far, (by, descending)| {
            let this = by.compare(one, other);
            so_far.then(if *descending { this.reverse() } else { this })
        })
    });
    let limit = asked.limit.unwrap_or(100) as usize;
    rows.into_iter()
        .skip(asked.offset as usize)
        .take(limit)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn a_table_behaves_like_its_model(steps in prop::collection::vec(step(), 1..80)) {
        let live = Live::new();
        let mut pair = Pair { live, model: Model::new(), committed: Model::new(), attempts: Vec::new() };
        for step in steps {
            pair.take(step)?;
            pair.check()?;
        }
    }
}
