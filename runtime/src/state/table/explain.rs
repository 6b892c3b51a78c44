//! How a query is answered, for people and tests.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a query is answered: what [`explain`](super::Query::explain) tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub struct Explain {
    /// The index whose entries are read; `None`: the rows are, in the order of their keys.
    pub index: Option<String>,
    /// How many of its leading columns are looked up, each by one value or a few.
    pub equal: u32,
    /// Whether the column after those is looked up by a range of values. With `equal` 0 and without it, all of the index, or of
    /// the table, is read until there are enough rows.
    pub range: bool,
    /// Whether the entries of the index hold all that is asked for, so that no row is read.
    pub covering: bool,
    /// Whether there are conditions left to test row by row.
    pub filters: bool,
    /// Whether all rows that are meant are gathered and sorted in memory before the first can be answered.
    pub sorts: bool,
    /// Whether a unique index or the key says that there is one row at most.
    pub at_most_one: bool,
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.equal == 0 && !self.range;
        f.write_str(if whole { "all of " } else { "a part of " })?;
        match &self.index {
            Some(index) => write!(f, "the index `{index}`")?,
            None => f.write_str("the table")?,
        }
        let more = [
            (self.equal > 0, "by equality"),
            (self.range, "by a range"),
            (self.at_most_one, "one row at most"),
            (self.covering, "without reading rows"),
            (self.filters, "testing row by row"),
            (self.sorts, "sorting in memory"),
        ];
        for (_, what) in more.iter().filter(|(is, _)| *is) {
            write!(f, ", {what}")?;
        }
        Ok(())
    }
}
