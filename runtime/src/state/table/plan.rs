//! How a query is answered: from which index, over which of its entries, and what is left to do.
//!
//! The one planner of all tables. It looks at the tests that every row must pass. Of the primary key and the declared
//! indexes it takes the one with the longest run of leading columns that are tested for equality; among those one whose next
//! column is tested for a range, or whose condition the query names; then one whose entries come in the wanted order; then
//! one whose entries hold all that is asked for; then the primary key; then the one with fewest columns, the first declared.

use std::cmp::Reverse;
use std::ops::Bound;

use super::entity::{Definition, IndexInfo};
use super::explain::Explain;
use super::filter::{Node, Test};
use super::index::{Covered, end_of, push_turned};
use crate::state::collection::Place;
use crate::state::merge::after;

/// So many values of `is_in` are looked up one by one, over all columns together; more are tested row by row.
const MAX_RANGES: usize = 64;

/// What is asked of a table.
pub(super) struct Question<'q> {
    pub(super) definition: &'static Definition,
    pub(super) filter: &'q Node,
    /// Columns, and whether their highest values come first.
    pub(super) order: &'q [(usize, bool)],
    /// The columns that the answer is made of; `None` for whole rows.
    pub(super) needs: Option<Vec<usize>>,
}

/// How it is answered.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub(super) struct Plan<'q> {
    /// The index, or `None` for the rows by their key.
    pub(super) index: Option<usize>,
    /// Keys of records, first and end, in order and apart.
    pub(super) ranges: Vec<(String, String)>,
    pub(super) reverse: bool,
    /// Whether the rows have to be sorted.
    pub(super) sorts: bool,
    /// Whether the entries hold all that is asked for.
    pub(super) covering: bool,
    /// What is still to be tested.
    pub(super) rest: Vec<&'q Node>,
    /// The columns tested for one value, with its text, that begin the index.
    pub(super) fixed: Vec<(usize, String)>,
    equalities: usize,
    range: bool,
    at_most_one: bool,
}

/// The columns that records are ordered by, key included.
struct Candidate {
    index: Option<usize>,
    columns: Vec<(usize, bool)>,
    prefix: String,
}

impl Question<'_> {
    fn candidates(&self, place: &Place) -> Vec<Candidate> {
        let key = self.definition.key;
        let mut all = vec![Candidate {
            index: None,
            columns: vec![(key, false)],
            prefix: place.key_of_text(""),
        }];
        for (number, index) in self.definition.indexes.iter().enumerate() {
            let mut columns = index.columns.to_vec();
            columns.push((key, index.descends()));
            all.push(Candidate {
                index: Some(number),
                columns,
                prefix: place.index_prefix(index.name),
            });
        }
        all
    }

    /// The tests that every row must pass.
    fn conjuncts(&self) -> Vec<&Node> {
        let mut found = Vec::new();
        let mut open = vec![self.filter];
        while let Some(node) = open.pop() {
            match node {
                Node::All(nodes) => open.extend(nodes.iter().rev()),
                node => found.push(node),
            }
        }
        found
    }
}

/// The best way to answer. The order of the key decides among rows that are equal otherwise, in the direction of the last
/// column of the order.
pub(super) fn plan<'q>(place: &Place, question: &'q Question<'_>) -> Plan<'q> {
    let conjuncts = question.conjuncts();
    let plans = question.candidates(place).into_iter();
    let plans = plans.filter_map(|candidate| consider(question, &conjuncts, candidate));
    let mut best: Option<(Score, Plan<'q>)> = None;
    for (score, plan) in plans {
        if best.as_ref().is_none_or(|(other, _)| score > *other) {
            best = Some((score, plan));
        }
    }
    // The rows by their key always answer.
    best.map_or_else(Plan::nothing, |(_, plan)| plan)
}

type Score = (bool, usize, bool, bool, bool, bool, Reverse<usize>);

fn consider<'q>(
    question: &'q Question<'_>,
    conjuncts: &[&'q Node],
    candidate: Candidate,
) -> Option<(Score, Plan<'q>)> {
    let definition = question.definition;
    let mut rest = conjuncts.to_vec();
    let index = candidate.index.map(|number| &definition.indexes[number]);
    let partial = index.is_some_and(|index| !index.condition.is_empty());
    if partial {
        let here = |node: &&Node| matches!(node, Node::Within(at) if Some(*at) == candidate.index);
        let before = rest.len();
        rest.retain(|node| !here(node));
        if rest.len() == before {
            // Rows that the query means may be missing in it.
            return None;
        }
    }
    let mut narrowed = Narrowed::new(candidate.prefix);
    for (column, descending) in &candidate.columns {
        if !narrowed.take(&mut rest, *column, *descending) {
            break;
        }
    }
    let direction = direction(question.order, &candidate.columns, &narrowed.fixed);
    let covering = covers(question, index, candidate.index, &rest);
    let own = index.map_or(1, |index| index.columns.len());
    let unique = index.is_none_or(|index| {
        index.unique
            && index.columns.iter().all(|(column, _)| {
                let fixed = narrowed.fixed.iter().find(|(fixed, _)| fixed == column);
                fixed.is_some_and(|(_, text)| !definition.columns[*column].is_none(text))
            })
    });
    let at_most_one = unique && narrowed.fixed.len() >= own;
    let sorts = direction.is_none() && !at_most_one;
    let plan = Plan {
        index: candidate.index,
        reverse: direction.unwrap_or(false),
        sorts,
        covering,
        rest,
        equalities: narrowed.equalities,
        range: narrowed.range,
        at_most_one,
        fixed: narrowed.fixed,
        ranges: narrowed.ranges,
    };
    let score = (
        at_most_one,
        plan.equalities,
        plan.range || partial,
        !sorts,
        covering,
        index.is_none(),
        Reverse(candidate.columns.len()),
    );
    Some((score, plan))
}

/// What the tests on the leading columns leave of an index.
struct Narrowed {
    ranges: Vec<(String, String)>,
    /// What the keys begin with, while all columns so far are tested for equality.
    prefixes: Vec<String>,
    fixed: Vec<(usize, String)>,
    equalities: usize,
    range: bool,
}

impl Narrowed {
    fn new(prefix: String) -> Self {
        Self {
            ranges: vec![(prefix.clone(), end_of(&prefix))],
            prefixes: vec![prefix],
            fixed: Vec::new(),
            equalities: 0,
            range: false,
        }
    }

    /// Takes the tests of the next column out of `rest`. `false`: nothing behind it can narrow further.
    fn take(&mut self, rest: &mut Vec<&Node>, column: usize, descending: bool) -> bool {
        let most = MAX_RANGES / self.prefixes.len().max(1);
        let fits = |texts: &[String]| texts.len() <= most.max(1);
        let equal = rest.iter().position(|node| {
            matches!(node, Node::Is { column: at, test: Test::In(texts) } if *at == column && fits(texts))
        });
        if let Some(at) = equal
            && let Node::Is {
                test: Test::In(texts),
                ..
            } = rest.remove(at)
        {
            self.equal(column, descending, texts);
            return true;
        }
        let mut ranges = Vec::new();
        rest.retain(|node| match node {
            Node::Is {
                column: at,
                test: Test::Range(from, to),
            } if *at == column => {
                ranges.push((from, to));
                false
            }
            _ => true,
        });
        if !ranges.is_empty() {
            self.range = true;
            self.between(descending, &ranges);
        }
        false
    }

    fn equal(&mut self, column: usize, descending: bool, texts: &[String]) {
        if let [text] = texts {
            self.fixed.push((column, text.clone()));
        }
        let turned = |prefix: &String, text: &String| {
            let mut key = prefix.clone();
            push_turned(&mut key, text, descending);
            key
        };
        let prefixes = self.prefixes.iter();
        let mut keys: Vec<String> = prefixes
            .flat_map(|prefix| texts.iter().map(move |text| turned(prefix, text)))
            .collect();
        keys.sort_unstable();
        self.equalities += 1;
        self.ranges = keys.iter().map(|key| (key.clone(), end_of(key))).collect();
        self.prefixes = keys;
    }

    fn between(&mut self, descending: bool, ranges: &[(&Bound<String>, &Bound<String>)]) {
        let mut narrowed = Vec::new();
        for prefix in &self.prefixes {
            let (mut start, mut end) = (prefix.clone(), end_of(prefix));
            let at = |text: &String| {
                let mut key = prefix.clone();
                push_turned(&mut key, text, descending);
                key
            };
            for (from, to) in ranges {
                let (low, high) = if descending { (to, from) } else { (from, to) };
                start = match low {
                    // Turned round, all that begins like the bound lies before its end.
                    Bound::Included(text) => start.max(at(text)),
                    Bound::Excluded(text) => start.max(end_of(&at(text))),
                    Bound::Unbounded => start,
                };
                end = match high {
                    Bound::Included(text) => end.min(end_of(&at(text))),
                    Bound::Excluded(text) => end.min(at(text)),
                    Bound::Unbounded => end,
                };
            }
            if start < end {
                narrowed.push((start, end));
            }
        }
        self.ranges = narrowed;
    }
}

/// Whether entries come in the wanted order: read forwards (`Some(false)`), backwards, or not.
fn direction(
    order: &[(usize, bool)],
    columns: &[(usize, bool)],
    fixed: &[(usize, String)],
) -> Option<bool> {
    let is_fixed = |column: usize| fixed.iter().any(|(other, _)| *other == column);
    let mut wanted = order.iter().filter(|(column, _)| !is_fixed(*column));
    let mut reverse = None;
    let last = columns.len() - 1;
    for (at, (column, descending)) in columns.iter().enumerate() {
        if is_fixed(*column) {
            if at == last {
                // The key itself: there is one row.
                return Some(reverse.unwrap_or(false));
            }
            continue;
        }
        let (next, backwards) = match wanted.next() {
            Some((next, wanted)) => (*next, wanted != descending),
            // Nothing more is asked for: the key decides, in the direction of the order's last column.
            None if order.is_empty() => return Some(false),
            None => {
                let backwards = order.last().is_some_and(|(_, wanted)| wanted != descending);
                let key = columns[last].0;
                (key, backwards)
            }
        };
        if next != *column || reverse.is_some_and(|reverse| reverse != backwards) {
            return None;
        }
        reverse = Some(backwards);
        if at == last {
            break;
        }
    }
    Some(reverse.unwrap_or(false))
}

/// Whether what is asked for, and still to be tested, is in the entries of an index. The rows themselves are never left
/// unread for that: they are where an index is not.
fn covers(
    question: &Question<'_>,
    index: Option<&IndexInfo>,
    number: Option<usize>,
    rest: &[&Node],
) -> bool {
    let (Some(index), Some(needs)) = (index, &question.needs) else {
        return false;
    };
    let mut wanted = needs.clone();
    wanted.extend(question.order.iter().map(|(column, _)| *column));
    let held = Covered::columns(question.definition, index);
    rest.iter().all(|node| node.looks_at(&mut wanted, number))
        && wanted.iter().all(|column| held.contains(column))
}

impl Plan<'_> {
    pub(super) fn nothing() -> Self {
        Self {
            index: None,
            ranges: Vec::new(),
            reverse: false,
            sorts: false,
            covering: false,
            rest: Vec::new(),
            fixed: Vec::new(),
            equalities: 0,
            range: false,
            at_most_one: false,
        }
    }

    /// Leaves out what comes up to the key of a record, in the direction of the plan.
    pub(super) fn go_on_after(&mut self, key: &str) {
        let reverse = self.reverse;
        self.ranges.retain_mut(|(start, end)| {
            if reverse {
                if key < end.as_str() {
                    end.clear();
                    end.push_str(key);
                }
            } else if key >= start.as_str() {
                *start = after(key);
            }
            start < end
        });
    }

    /// The plan as users see it.
    pub(super) fn explain(&self, definition: &Definition) -> Explain {
        Explain {
            index: self
                .index
                .map(|number| definition.indexes[number].name.to_owned()),
            equal: u32::try_from(self.equalities).unwrap_or(u32::MAX),
            range: self.range,
            covering: self.covering,
            filters: !self.rest.is_empty(),
            sorts: self.sorts,
            at_most_one: self.at_most_one,
        }
    }
}
