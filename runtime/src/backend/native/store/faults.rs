//! A seam for tests: faults at chosen points of the writer.

use crate::object::ObjectId;

/// Decides what goes wrong. Production has none, which costs one branch a point.
pub trait Faults: Send + Sync {
    /// Asked at every point that the writer of file `file` passes; may also block or end the process there.
    fn at(&self, file: usize, point: Point) -> Option<Failure>;
}

/// Where a fault can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// An object's records are about to be written into the open transaction.
    Write(ObjectId),
    /// The transaction is about to be committed.
    BeforeCommit,
    /// The transaction is on disk, its gates are still shut.
    AfterCommit,
    /// The file is about to be opened again after an I/O error.
    Reopen,
}

/// What happens there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The disk fails: what SQLite's `SQLITE_IOERR` stands for.
    Io,
    /// The disk is full.
    Full,
    /// This object's commit is refused, as by a constraint.
    Refused,
}
