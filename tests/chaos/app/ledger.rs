//! A ledger: one operation writes three records, which must all be there or none.

use stayput::prelude::*;

/// One line of a ledger.
#[data]
pub(crate) struct Entry {
    /// The operation's id, chosen by the client.
    pub(crate) op: String,
    /// What was added.
    pub(crate) n: i64,
}

/// A line with its number.
#[data]
pub(crate) struct Line {
    /// Its number in the log.
    pub(crate) id: u64,
    /// The line.
    pub(crate) entry: Entry,
    /// What the index says of the same operation.
    pub(crate) indexed: Option<i64>,
}

/// What the ledger says about itself.
#[data]
pub(crate) struct Totals {
    /// The running total.
    pub(crate) total: i64,
    /// The sum over all entries.
    pub(crate) sum: i64,
    /// How many entries there are.
    pub(crate) entries: u64,
    /// How many operations the index holds.
    pub(crate) indexed: u64,
}

/// Entries, their running total and an index over them.
#[durable_object]
pub(crate) struct Ledger {
    entries: Log<Entry>,
    total: i64,
    by_op: Map<String, i64>,
}

#[durable_object]
impl Ledger {
    /// Adds `n` under the id `op`; answers the new total.
    #[action]
    fn add(&mut self, op: String, n: i64) -> i64 {
        self.entries.push(Entry { op: op.clone(), n });
        self.total += n;
        self.by_op.insert(op, n);
        self.total
    }

    /// Wakes the ledger in so many milliseconds, to add 1,000 under the id `alarm`.
    #[action]
    fn wake(&mut self, cx: &mut Context<Self>, ms: u64) {
        cx.set_alarm(cx.now() + std::time::Duration::from_millis(ms));
    }

    #[event(alarm)]
    fn woken(&mut self) {
        self.add("alarm".to_owned(), 1_000);
    }

    /// The running total.
    #[action]
    fn total(&self) -> i64 {
        self.total
    }

    /// The lines from number `from` on, oldest first, at most 500.
    #[action]
    fn lines(&self, from: u64) -> Vec<Line> {
        let page = self.entries.range(from.., 500);
        page.into_iter()
            .map(|(id, entry)| Line {
                id,
                indexed: self.by_op.get(&entry.op),
                entry,
            })
            .collect()
    }

    /// Adds everything up anew.
    #[action]
    fn totals(&self) -> Totals {
        let mut totals = Totals {
            total: self.total,
            sum: 0,
            entries: 0,
            indexed: 0,
        };
        for (_, entry) in &self.entries {
            totals.sum += entry.n;
            totals.entries += 1;
        }
        totals.indexed = self.by_op.len();
        totals
    }
}
