//! Which rows a query means: a tree of tests on columns, the same type for all tables inside.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, Not};

use super::cell::SOME;
use super::column::Index;
use super::entity::Cells;
use super::like;
use crate::state::Key;

/// Which rows of a table of `T` a query means; made by the methods of its columns.
///
/// ```
/// # use stayput::prelude::*;
/// # #[data] #[derive(Entity)] struct User { #[key] id: u64, age: u32, city: String }
/// let adults_elsewhere = User::AGE.gte(18).and(!User::CITY.eq("Rome"));
/// ```
#[must_use = "a filter does nothing until a query takes it"]
pub struct Filter<T> {
    pub(crate) node: Node,
    of: PhantomData<fn(T)>,
}

/// One node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// The column's text passes the test.
    Is {
        /// The number of the column.
        column: usize,
        test: Test,
    },
    /// All of them; so none at all means every row.
    All(Vec<Self>),
    /// One of them at least.
    Any(Vec<Self>),
    Not(Box<Self>),
    /// The row is in the partial index of this number.
    Within(usize),
}

/// What a column's text has to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// One of these, in order, each once.
    In(Vec<String>),
    /// Between these.
    Range(Bound<String>, Bound<String>),
    /// Text like a pattern.
    Like { pattern: String, optional: bool },
}

impl<T> Filter<T> {
    pub(crate) fn new(node: Node) -> Self {
        Self {
            node,
            of: PhantomData,
        }
    }

    pub(super) fn is(column: usize, test: Test) -> Self {
        Self::new(Node::Is { column, test })
    }

    /// Every row.
    pub fn all() -> Self {
        Self::new(Node::All(Vec::new()))
    }

    /// The rows in an index with a condition; see [`Query::within`](super::Query::within).
    pub fn within(index: Index<T>) -> Self {
        Self::new(Node::Within(index.index))
    }

    /// The rows that both mean.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.node.and(other.node))
    }

    /// The rows that one of them means, or both.
    pub fn or(self, other: Self) -> Self {
        Self::new(match self.node {
            Node::Any(mut nodes) => {
                nodes.push(other.node);
                Node::Any(nodes)
            }
            node => Node::Any(vec![node, other.node]),
        })
    }
}

/// All other rows.
impl<T> Not for Filter<T> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(match self.node {
            Node::Not(node) => *node,
            node => Node::Not(Box::new(node)),
        })
    }
}

impl<T> Clone for Filter<T> {
    fn clone(&self) -> Self {
        Self::new(self.node.clone())
    }
}

impl<T> fmt::Debug for Filter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filter").field(&self.node).finish()
    }
}

impl Node {
    pub(crate) fn and(self, other: Self) -> Self {
        let mut nodes = match self {
            Self::All(nodes) => nodes,
            node => vec![node],
        };
        match other {
            Self::All(others) => nodes.extend(others),
            node => nodes.push(node),
        }
        Self::All(nodes)
    }

    /// Whether a row passes.
    pub(super) fn matches(&self, cells: &dyn Cells) -> bool {
        match self {
            Self::Is { column, test } => {
                let mut text = String::new();
                cells.cell(*column, &mut text);
                test.passes(&text)
            }
            Self::All(nodes) => nodes.iter().all(|node| node.matches(cells)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(cells)),
            Self::Not(node) => !node.matches(cells),
            Self::Within(index) => cells.belongs(*index),
        }
    }

    /// Notes the columns it looks at. `false`: it asks for an index other than `index`.
    pub(super) fn looks_at(&self, columns: &mut Vec<usize>, index: Option<usize>) -> bool {
        match self {
            Self::Is { column, .. } => {
                columns.push(*column);
                true
            }
            Self::All(nodes) | Self::Any(nodes) => {
                nodes.iter().all(|node| node.looks_at(columns, index))
            }
            Self::Not(node) => node.looks_at(columns, index),
            Self::Within(within) => Some(*within) == index,
        }
    }
}

impl Test {
    fn passes(&self, text: &str) -> bool {
        match self {
            Self::In(texts) => texts.iter().any(|one| one == text),
            Self::Range(from, to) => {
                let from = match from {
                    Bound::Included(from) => text >= from.as_str(),
                    Bound::Excluded(from) => text > from.as_str(),
                    Bound::Unbounded => true,
                };
                from && match to {
                    Bound::Included(to) => text <= to.as_str(),
                    Bound::Excluded(to) => text < to.as_str(),
                    Bound::Unbounded => true,
                }
            }
            Self::Like { pattern, optional } => {
                let mut text = text;
                if *optional {
                    let Some(some) = text.strip_prefix(SOME) else {
                        return false;
                    };
                    text = some;
                }
                String::read_key(&mut text).is_some_and(|text| like::matches(pattern, &text))
            }
        }
    }
}
