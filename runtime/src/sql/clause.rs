//! Filters and orders of a table's rows as text of SQL; every value is bound.

use std::ops::Bound;

use super::entity::{RowColumn, RowDefinition};
use super::{SqlError, SqlFault, SqlValue};
use crate::state::{NONE, Node, SOME, Test};

/// Most values that are bound one by one; more travel as one JSON text.
const MAX_VALUES: usize = 24;

/// Text of SQL and its parameters.
#[derive(Debug, Default)]
pub(super) struct Clause {
    pub(super) text: String,
    pub(super) params: Vec<SqlValue>,
}

/// A name in SQL. Not in double quotes: SQLite takes those around a name that it does not know for a text.
pub(super) fn push_name(text: &mut String, name: &str) {
    text.push('`');
    text.push_str(&name.replace('`', "``"));
    text.push('`');
}

impl Clause {
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        push_name(&mut self.text, name);
        self
    }

    pub(super) fn bind(&mut self, value: SqlValue) -> &mut Self {
        self.text.push('?');
        self.params.push(value);
        self
    }

    /// The condition, which is true for the rows that the node means, and false or `NULL` for all others.
    pub(super) fn condition(
        &mut self,
        definition: &RowDefinition,
        node: &Node,
    ) -> Result<(), SqlError> {
        match node {
            Node::Is { column, test } => {
                let column = definition.column(*column)?;
                return self.test(column, test);
            }
            Node::All(nodes) => self.joined(definition, nodes, " AND ", "1")?,
            Node::Any(nodes) => self.joined(definition, nodes, " OR ", "0")?,
            Node::Not(node) => {
                self.push("(");
                self.condition(definition, node)?;
                // Not `NOT`: what is `NULL` is not so, and all that is not so is meant.
                self.push(") IS NOT TRUE");
            }
            Node::Within(_) => {
                let reason = "rows in SQL have no indexes to be `within`";
                return Err(SqlFault::Invalid(reason.to_owned()).into());
            }
        }
        Ok(())
    }

    fn joined(
        &mut self,
        definition: &RowDefinition,
        nodes: &[Node],
        by: &str,
        none: &str,
    ) -> Result<(), SqlError> {
        if nodes.is_empty() {
            self.push(none);
        }
        for (at, node) in nodes.iter().enumerate() {
            self.push(if at == 0 { "(" } else { by });
            self.condition(definition, node)?;
        }
        if !nodes.is_empty() {
            self.push(")");
        }
        Ok(())
    }

    fn test(&mut self, column: &RowColumn, test: &Test) -> Result<(), SqlError> {
        match test {
            Test::In(texts) => self.one_of(column, texts),
            Test::Range(from, to) => self.range(column, from, to),
            Test::Like { pattern, .. } => {
                // `LIKE` of SQLite takes upper and lower case for the same.
                self.name(column.name).push(" GLOB ");
                self.bind(SqlValue::Text(glob(pattern)));
                Ok(())
            }
        }
    }

    fn one_of(&mut self, column: &RowColumn, texts: &[String]) -> Result<(), SqlError> {
        let optional = (column.optional)();
        let is_none = |text: &&String| optional && *text == NONE;
        let mut values = Vec::new();
        for text in texts.iter().filter(|text| !is_none(text)) {
            values.push(column.value(text)?);
        }
        let null = texts.iter().any(|text| is_none(&text));
        if null && !values.is_empty() {
            self.push("(");
        }
        if null {
            self.name(column.name).push(" IS NULL");
        }
        if null && !values.is_empty() {
            self.push(" OR ");
        }
        self.values(column, values, null)?;
        Ok(())
    }

    fn values(
        &mut self,
        column: &RowColumn,
        mut values: Vec<SqlValue>,
        null: bool,
    ) -> Result<(), SqlError> {
        match (values.len(), values.pop()) {
            (0, _) | (_, None) => {
                if !null {
                    self.push("0");
                }
                return Ok(());
            }
            (1, Some(value)) => {
                self.name(column.name).push(" = ").bind(value);
            }
            (count, Some(value)) => {
                values.push(value);
                self.name(column.name).push(" IN (");
                if count > MAX_VALUES {
                    self.push("SELECT value FROM json_each(");
                    self.bind(list(&values)?).push(")");
                } else {
                    for (at, value) in values.into_iter().enumerate() {
                        self.push(if at == 0 { "" } else { ", " }).bind(value);
                    }
                }
                self.push(")");
            }
        }
        if null {
            self.push(")");
        }
        Ok(())
    }

    /// Between two texts of the column, whose order is that of the values, `NULL` first.
    fn range(
        &mut self,
        column: &RowColumn,
        from: &Bound<String>,
        to: &Bound<String>,
    ) -> Result<(), SqlError> {
        let optional = (column.optional)();
        let is_none = |text: &String| optional && text == NONE;
        let is_some = |text: &String| optional && text == SOME;
        if let Bound::Included(start) = from
            && !is_some(start)
            && let Some(prefix) = column.prefix(start)
        {
            self.prefix(column, &prefix?);
            return Ok(());
        }
        // Whether `NULL` is meant, and where values begin.
        let (null, low) = match from {
            Bound::Unbounded => (optional, None),
            Bound::Included(text) if is_none(text) => (true, None),
            Bound::Excluded(text) if is_none(text) => (false, None),
            Bound::Included(text) if is_some(text) => (false, None),
            Bound::Included(text) => (false, Some((" >= ", text))),
            Bound::Excluded(text) => (false, Some((" > ", text))),
        };
        let high = match to {
            Bound::Unbounded => None,
            Bound::Included(text) if is_none(text) => {
                if null {
                    self.name(column.name).push(" IS NULL");
                } else {
                    self.push("0");
                }
                return Ok(());
            }
            Bound::Excluded(text) if is_none(text) => {
                self.push("0");
                return Ok(());
            }
            // Behind all values.
            Bound::Excluded(text) if optional && !text.starts_with(SOME) => None,
            Bound::Included(text) => Some((" <= ", text)),
            Bound::Excluded(text) => Some((" < ", text)),
        };
        let mut bounds = low.into_iter().chain(high).peekable();
        if bounds.peek().is_none() {
            if null || !optional {
                self.push("1");
            } else {
                self.name(column.name).push(" IS NOT NULL");
            }
            return Ok(());
        }
        self.push("(");
        let mut first = true;
        for (operator, text) in bounds {
            self.push(if first { "" } else { " AND " });
            first = false;
            self.name(column.name).push(operator);
            self.bind(column.value(text)?);
        }
        if null {
            self.push(" OR ").name(column.name).push(" IS NULL");
        }
        self.push(")");
        Ok(())
    }

    /// Text that begins so: everything from the prefix to the first text that is greater than all those.
    fn prefix(&mut self, column: &RowColumn, prefix: &str) {
        self.push("(").name(column.name).push(" >= ");
        self.bind(prefix.into());
        if let Some(end) = successor(prefix) {
            self.push(" AND ").name(column.name).push(" < ");
            self.bind(SqlValue::Text(end));
        }
        self.push(")");
    }
}

impl RowDefinition {
    pub(super) fn column(&self, number: usize) -> Result<&RowColumn, SqlError> {
        self.columns.get(number).ok_or_else(|| {
            let reason = format!("`{}` has no column {number}", self.table);
            SqlFault::Invalid(reason).into()
        })
    }

    pub(super) fn key_column(&self) -> Result<&RowColumn, SqlError> {
        self.column(self.key)
    }
}

impl RowColumn {
    /// The value that this text of the column stands for.
    pub(super) fn value(&self, text: &str) -> Result<SqlValue, SqlError> {
        let value = (self.bind)(text);
        value.unwrap_or_else(|| {
            let reason = format!("the column `{}` cannot be compared", self.name);
            Err(SqlFault::Invalid(reason).into())
        })
    }

    /// What a text without its end begins with; `None` of a whole text.
    fn prefix(&self, text: &str) -> Option<Result<String, SqlError>> {
        if (self.bind)(text).is_some() {
            return None;
        }
        // As a text of the column ends.
        match (self.bind)(&[text, "\0"].concat())? {
            Ok(SqlValue::Text(prefix)) => Some(Ok(prefix)),
            Ok(_) => None,
            Err(fault) => Some(Err(fault)),
        }
    }
}

/// Values as JSON.
fn list(values: &[SqlValue]) -> Result<SqlValue, SqlError> {
    let mut list = Vec::with_capacity(values.len());
    for value in values {
        list.push(match value {
            SqlValue::Integer(integer) => serde_json::Value::from(*integer),
            SqlValue::Real(real) => serde_json::Value::from(*real),
            SqlValue::Text(text) => serde_json::Value::from(text.as_str()),
            SqlValue::Null | SqlValue::Blob(_) => {
                let reason = format!("of blobs at most {MAX_VALUES} can be compared at once");
                return Err(SqlFault::TooLarge(reason).into());
            }
        });
    }
    SqlValue::json(&list)
}

/// The first text that is greater than all that begin with this one; `None`: there is none.
fn successor(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            char => char::from_u32(u32::from(char) + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

/// A pattern with `%`, `_` and `\` as one of `GLOB`.
fn glob(pattern: &str) -> String {
    let mut glob = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        let plain = match char {
            '%' => {
                glob.push('*');
                continue;
            }
            '_' => {
                glob.push('?');
                continue;
            }
            '\\' => chars.next().unwrap_or('\\'),
            char => char,
        };
        if matches!(plain, '*' | '?' | '[') {
            glob.extend(['[', plain, ']']);
        } else {
            glob.push(plain);
        }
    }
    glob
}
