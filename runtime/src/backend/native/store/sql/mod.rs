//! Objects whose class has SQL: a database file each, holding its tables and its records.
//!
//! The file's one connection lives on the object's shard. A turn is a transaction, and its `COMMIT` is on disk before the
//! next line runs: nothing of such an object is ever on its way. An object that does not exist yet is in memory, and its
//! first commit makes the file; so a look at an unknown name leaves nothing behind.

mod convert;
mod file;
mod functions;
mod index;
mod object;
mod rules;
mod transact;

pub(super) use file::{Database, SqlFiles, with_suffix};
pub(super) use functions::add as functions;
pub(super) use index::{ANNOUNCED, DESTROYED, ELSEWHERE, Index};
pub use object::SqlObject;
