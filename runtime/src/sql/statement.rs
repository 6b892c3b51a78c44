//! The statements that queries and repositories run, as text.

use std::ops::Bound;

use super::clause::Clause;
use super::entity::RowDefinition;
use super::{SqlError, SqlValue};
use crate::state::{Ask, Node, Test};

/// What is read of the rows that are meant.
pub(super) enum Select<'s> {
    /// Columns of so many rows, in order.
    Rows { columns: &'s [usize], limit: usize },
    /// How many there are.
    Count,
    /// The sum of a column, as text if it has to be exact, and how many values it is of.
    Sum { column: usize, exact: bool },
}

impl<'s> Select<'s> {
    pub(super) fn rows(columns: &'s [usize], limit: usize) -> Self {
        Self::Rows { columns, limit }
    }

    pub(super) fn render(&self, definition: &RowDefinition, ask: &Ask) -> Result<Clause, SqlError> {
        let mut clause = Clause::default();
        match self {
            Self::Rows { columns, limit } => {
                clause.push("SELECT ");
                clause.columns(definition, columns)?;
                clause.rows(definition, ask)?;
                clause.order(definition, &ask.order)?;
                clause.limit(*limit, ask.offset);
            }
            Self::Count => {
                clause.push("SELECT count(*) AS n");
                clause.counted(definition, ask, definition.key)?;
            }
            Self::Sum { column, exact } => {
                let name = definition.column(*column)?.name;
                let (start, end) = if *exact {
                    ("CAST(", " AS TEXT)")
                } else {
                    ("", "")
                };
                clause.push("SELECT count(").name(name).push(") AS n, ");
                clause
                    .push(start)
                    .push("sum(")
                    .name(name)
                    .push(")")
                    .push(end);
                clause.push(" AS s");
                clause.counted(definition, ask, *column)?;
            }
        }
        Ok(clause)
    }
}

impl Clause {
    /// Columns as they are read, each under its name.
    fn columns(&mut self, definition: &RowDefinition, columns: &[usize]) -> Result<(), SqlError> {
        for (at, column) in columns.iter().enumerate() {
            if columns[..at].contains(column) {
                continue;
            }
            self.push(if at == 0 { "" } else { ", " });
            let column = definition.column(*column)?;
            if (column.wide)() {
                self.push("CAST(").name(column.name).push(" AS TEXT) AS ");
            }
            self.name(column.name);
        }
        Ok(())
    }

    /// `FROM .. WHERE ..`
    fn rows(&mut self, definition: &RowDefinition, ask: &Ask) -> Result<(), SqlError> {
        self.push(" FROM ").name(definition.table);
        if !matches!(&ask.filter, Node::All(nodes) if nodes.is_empty()) {
            self.push(" WHERE ");
            self.condition(definition, &ask.filter)?;
        }
        Ok(())
    }

    /// The rows that a count or a sum is of: all that are meant, or as many of them as are wanted.
    fn counted(
        &mut self,
        definition: &RowDefinition,
        ask: &Ask,
        column: usize,
    ) -> Result<(), SqlError> {
        if ask.limit.is_none() && ask.offset == 0 {
            return self.rows(definition, ask);
        }
        self.push(" FROM (SELECT ")
            .name(definition.column(column)?.name);
        self.rows(definition, ask)?;
        self.order(definition, &ask.order)?;
        self.limit(ask.limit.unwrap_or(usize::MAX), ask.offset);
        self.push(")");
        Ok(())
    }

    /// Rows that are equal come in the order of their keys, in the direction of the last column. Names have their table, for
    /// else they might be those of what is selected: integers as text.
    fn order(
        &mut self,
        definition: &RowDefinition,
        order: &[(usize, bool)],
    ) -> Result<(), SqlError> {
        if order.is_empty() {
            return Ok(());
        }
        let descends = order.last().is_some_and(|(_, descending)| *descending);
        let all = order.iter().copied().chain([(definition.key, descends)]);
        for (at, (column, descending)) in all.enumerate() {
            self.push(if at == 0 { " ORDER BY " } else { ", " });
            self.name(definition.table).push(".");
            self.name(definition.column(column)?.name);
            self.push(if descending { " DESC" } else { "" });
        }
        Ok(())
    }

    fn limit(&mut self, limit: usize, offset: usize) {
        let whole = |count| SqlValue::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        if limit < usize::MAX || offset > 0 {
            self.push(" LIMIT ").bind(whole(limit));
        }
        if offset > 0 {
            self.push(" OFFSET ").bind(whole(offset));
        }
    }

    /// ` WHERE "key" = ?`, and the version, if one is expected.
    fn of_key(
        &mut self,
        definition: &RowDefinition,
        key: SqlValue,
        version: Option<u64>,
    ) -> Result<(), SqlError> {
        self.push(" WHERE ").name(definition.key_column()?.name);
        self.push(" = ").bind(key);
        if let (Some(column), Some(version)) = (definition.version, version) {
            self.push(" AND ").name(definition.column(column)?.name);
            self.push(" = ").bind(number(version));
        }
        Ok(())
    }
}

/// A version as a value.
pub(super) fn number(number: u64) -> SqlValue {
    SqlValue::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Which rows come behind a place: the texts of their columns `at`, one after the other. `None`: it is no such place.
pub(super) fn behind(
    definition: &RowDefinition,
    order: &[(usize, bool)],
    at: &[usize],
    place: &str,
) -> Option<Node> {
    let mut rest = place;
    let mut texts = Vec::with_capacity(at.len());
    for column in at {
        let before = rest;
        let column = definition.columns.get(*column)?;
        if !(column.skip)(&mut rest) {
            return None;
        }
        texts.push(&before[..before.len() - rest.len()]);
    }
    if !rest.is_empty() {
        return None;
    }
    let descends = order.last().is_some_and(|(_, descending)| *descending);
    let directions = order.iter().map(|(_, descending)| *descending);
    let directions = directions.chain([descends]);
    let mut any = Vec::new();
    let mut equal = Vec::new();
    for ((column, text), descending) in at.iter().copied().zip(texts).zip(directions) {
        let mut all = equal.clone();
        all.push(beyond(column, text, descending));
        any.push(Node::All(all));
        equal.push(Node::Is {
            column,
            test: Test::In(vec![text.to_owned()]),
        });
    }
    Some(Node::Any(any))
}

/// Whose value comes after this one.
fn beyond(column: usize, text: &str, descending: bool) -> Node {
    let bound = Bound::Excluded(text.to_owned());
    let (from, to) = if descending {
        (Bound::Unbounded, bound)
    } else {
        (bound, Bound::Unbounded)
    };
    Node::Is {
        column,
        test: Test::Range(from, to),
    }
}

/// `INSERT INTO .. VALUES(..)`; without the key, if the table gives it.
fn push_insert(
    clause: &mut Clause,
    definition: &RowDefinition,
    values: Vec<SqlValue>,
    given: bool,
) {
    let is_there = |at: usize| !(given && at == definition.key);
    let columns = definition.columns.iter().enumerate();
    let names = columns.filter(|(at, _)| is_there(*at));
    clause.push("INSERT INTO ").name(definition.table);
    for (at, (_, column)) in names.enumerate() {
        clause
            .push(if at == 0 { "(" } else { ", " })
            .name(column.name);
    }
    let values = values.into_iter().enumerate();
    let values = values.filter(|(at, _)| is_there(*at));
    let mut any = false;
    for (at, (_, value)) in values.enumerate() {
        clause
            .push(if at == 0 { ") VALUES(" } else { ", " })
            .bind(value);
        any = true;
    }
    clause.push(if any { ")" } else { " DEFAULT VALUES" });
}

pub(super) fn insert(
    definition: &RowDefinition,
    values: Vec<SqlValue>,
    given: bool,
) -> Result<Clause, SqlError> {
    let mut clause = Clause::default();
    push_insert(&mut clause, definition, values, given);
    if given {
        clause.push(" RETURNING ");
        clause.columns(definition, &[definition.key])?;
    }
    Ok(clause)
}

/// Inserts a row, or changes the one of its key. With a version: only one that has it, and the new one is returned.
pub(super) fn save(definition: &RowDefinition, values: Vec<SqlValue>) -> Result<Clause, SqlError> {
    let mut clause = Clause::default();
    push_insert(&mut clause, definition, values, false);
    clause
        .push(" ON CONFLICT(")
        .name(definition.key_column()?.name);
    clause.push(") DO ");
    let others = definition.columns.iter().enumerate();
    let others = others.filter(|(at, _)| *at != definition.key);
    let mut any = false;
    for (at, column) in others {
        clause.push(if any { ", " } else { "UPDATE SET " });
        any = true;
        clause
            .name(column.name)
            .push(" = excluded.")
            .name(column.name);
        if definition.version == Some(at) {
            clause.push(" + 1");
        }
    }
    if !any {
        clause.push("NOTHING");
    }
    if let Some(version) = definition.version {
        let name = definition.column(version)?.name;
        clause
            .push(" WHERE ")
            .name(definition.table)
            .push(".")
            .name(name);
        clause.push(" = excluded.").name(name);
        clause.push(" RETURNING ").name(name);
    }
    Ok(clause)
}

/// Changes the row of a key, which may get another one.
pub(super) fn update(
    definition: &RowDefinition,
    values: Vec<SqlValue>,
    key: SqlValue,
    version: Option<u64>,
) -> Result<Clause, SqlError> {
    let mut clause = Clause::default();
    clause.push("UPDATE ").name(definition.table).push(" SET ");
    for (at, (column, value)) in definition.columns.iter().zip(values).enumerate() {
        clause.push(if at == 0 { "" } else { ", " });
        clause.name(column.name).push(" = ").bind(value);
    }
    clause.of_key(definition, key, version)?;
    Ok(clause)
}

/// The version of the row of a key; 0 where there are none.
pub(super) fn version(definition: &RowDefinition, key: SqlValue) -> Result<Clause, SqlError> {
    let mut clause = Clause::default();
    clause.push("SELECT ");
    match definition.version {
        Some(column) => clause.name(definition.column(column)?.name),
        None => clause.push("0"),
    };
    clause.push(" AS v FROM ").name(definition.table);
    clause.of_key(definition, key, None)?;
    Ok(clause)
}

pub(super) fn delete(definition: &RowDefinition, ask: &Ask) -> Result<Clause, SqlError> {
    let mut clause = Clause::default();
    clause.push("DELETE");
    if ask.limit.is_none() && ask.offset == 0 {
        clause.rows(definition, ask)?;
        return Ok(clause);
    }
    let key = definition.key_column()?.name;
    clause.push(" FROM ").name(definition.table);
    clause
        .push(" WHERE ")
        .name(key)
        .push(" IN (SELECT ")
        .name(key);
    clause.rows(definition, ask)?;
    clause.order(definition, &ask.order)?;
    clause.limit(ask.limit.unwrap_or(usize::MAX), ask.offset);
    clause.push(")");
    Ok(clause)
}

impl RowDefinition {
    /// The numbers of all columns.
    pub(super) fn all(&self) -> Vec<usize> {
        (0..self.columns.len()).collect()
    }

    /// The node that means the rows with these keys.
    pub(super) fn with_keys(&self, mut keys: Vec<String>) -> Node {
        keys.sort_unstable();
        keys.dedup();
        Node::Is {
            column: self.key,
            test: Test::In(keys),
        }
    }
}
