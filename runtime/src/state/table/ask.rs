//! What is asked for, apart from whom: the part of a query that tables and SQL have in common.

use super::column::Order;
use super::filter::{Filter, Node};

/// How many rows are answered at most, if it is not said.
const DEFAULT_LIMIT: usize = 100;

/// Which rows are meant, in which order and how many.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) filter: Node,
    /// Columns, and whether their highest values come first.
    pub(crate) order: Vec<(usize, bool)>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            filter: Node::All(Vec::new()),
            order: Vec::new(),
            limit: None,
            offset: 0,
        }
    }
}

impl Ask {
    pub(crate) fn filter<T>(mut self, filter: Filter<T>) -> Self {
        self.filter = self.filter.and(filter.node);
        self
    }

    pub(crate) fn order_by<T>(mut self, order: Order<T>) -> Self {
        self.order.push((order.column, order.descending));
        self
    }

    pub(crate) fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(usize::try_from(rows).unwrap_or(usize::MAX));
        self
    }

    pub(crate) fn offset(mut self, rows: u32) -> Self {
        self.offset = usize::try_from(rows).unwrap_or(usize::MAX);
        self
    }

    /// How many rows `all` answers at most.
    pub(crate) fn rows(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }
}
