//! What shard threads and writer threads tell each other.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use super::sql::Index;
use crate::backend::{Commit, Seq, StorageFault};
use crate::object::ObjectId;

/// To a writer.
pub(super) enum Message {
    /// Commits of one shard, in the order it accepted them.
    Write(Batch),
    /// A new owner: from the answer on (the file's generation), nobody older writes.
    Attach(Arc<Owner>, SyncSender<u32>),
    /// The registry row of an object with SQL.
    Index(Index),
    /// No more will come.
    Close,
}

/// The commits that one shard gathered in one poll round.
pub(super) struct Batch {
    pub(super) owner: Arc<Owner>,
    /// The file's generation as the shard knows it. A reset file refuses what was built on the state before.
    pub(super) generation: u32,
    pub(super) jobs: Vec<Job>,
}

/// One commit on its way. The records are shared with the shard, whose reads need them until they are in the file.
pub(super) struct Job {
    pub(super) object: ObjectId,
    /// The registry row, unless the shard has not learned it yet.
    pub(super) row: Option<i64>,
    /// Who it is, with its first commit.
    pub(super) birth: Option<Birth>,
    pub(super) seq: Seq,
    pub(super) commit: Arc<Commit>,
}

/// What the registry keeps of an object for ever.
pub(super) struct Birth {
    pub(super) class: Arc<str>,
    pub(super) name: Option<Arc<str>>,
}

/// One shard thread, as its writers know it.
pub(super) struct Owner {
    /// Grows with every start of the program and every replacement of a shard.
    pub(super) epoch: i64,
    pub(super) notify: Box<dyn Fn(Notice) + Send + Sync>,
}

/// What a writer tells a shard, once per transaction. Hand it to [`ShardStore::on_notice`], in order.
///
/// [`ShardStore::on_notice`]: super::ShardStore::on_notice
pub struct Notice {
    pub(super) file: usize,
    pub(super) what: What,
}

pub(super) enum What {
    /// The next so many commits of the shard are decided.
    Done(Report, usize),
    /// All of the shard's commits on their way to this file are void, and so is every object's memory of it.
    Lost {
        generation: u32,
        fault: StorageFault,
        /// Whether another owner has the file now.
        taken: bool,
    },
}

/// What became of a row of commits. Positions count from the first of them.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Registry rows that the shard did not know.
    pub(super) rows: Vec<(usize, i64)>,
    /// Commits that did not happen.
    pub(super) failed: Vec<(usize, StorageFault)>,
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Notice");
        out.field("file", &self.file);
        match &self.what {
            What::Done(report, count) => out
                .field("done", count)
                .field("failed", &report.failed.len()),
            What::Lost { fault, .. } => out.field("lost", fault),
        };
        out.finish_non_exhaustive()
    }
}
