//! The seam between the core and what it runs on.
//!
//! The core knows these traits only. A backend lends each live object an [`ObjectStore`] and, shared by all objects of
//! a thread or isolate, an [`Environment`]. Nothing here is `Send`: an object lives on one thread.

#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub mod native;
#[cfg(any(target_arch = "wasm32", test))]
pub mod workers;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use crate::object::{Envelope, IdKey, ObjectId, Timestamp};
#[cfg(not(target_arch = "wasm32"))]
use crate::outgoing::Script;
use crate::rpc::Reply;
use crate::socket::{Attachment, Audience, ConnectionId, Packet};
use crate::sql::{SqlError, SqlValue};
use crate::transfer::Transfer;

/// A future that stays on its thread.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The number of an object's commit: 1 for its first. 0 means "never committed".
pub type Seq = u64;

/// What the core asks of the place it runs in.
pub trait Environment {
    /// The wall clock.
    fn now(&self) -> Timestamp;
    /// Fills `bytes` with randomness fit for identifiers.
    fn random(&self, bytes: &mut [u8]);
    /// Runs a future to its end on this thread.
    fn spawn(&self, task: LocalFuture<'static, ()>);
    /// Ready at `at` or soon after; at once if that is past.
    fn sleep_until(&self, at: Timestamp) -> LocalFuture<'static, ()>;
    /// What derives the ids of a class; `None` if the app has no class of this path.
    fn id_key(&self, class: &str) -> Option<IdKey>;
    /// Delivers a call to another object and brings its reply. The caller's output gate has been passed already.
    fn call(&self, envelope: Envelope) -> LocalFuture<'static, Reply>;
    /// The open connections of an object that lives here; `None` if it has none.
    fn connections(&self, id: ObjectId) -> Option<Rc<dyn Connections>>;
    /// A variable of the process environment, or a binding's text.
    fn variable(&self, name: &str) -> Option<String>;
    /// What answers requests to other servers in place of the network: in tests.
    #[cfg(not(target_arch = "wasm32"))]
    fn script(&self) -> Option<&Script> {
        None
    }
    /// Where what is called so has to wait before it goes on: in tests that try orders.
    #[cfg(not(target_arch = "wasm32"))]
    fn detain(&self, _what: &dyn Fn() -> String) -> Option<LocalFuture<'static, ()>> {
        None
    }
    /// What writes and reads whole objects, if the app lets them out and in.
    fn transfer(&self) -> Option<Transfer> {
        None
    }
    /// Reports a fault that no caller is told in full.
    fn report(&self, message: &str);
}

/// One object's records, as the backend keeps them. Every method is synchronous: what is committed is visible to the
/// next read at once, and durable later.
pub trait ObjectStore {
    /// The value under `key`.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageFault>;
    /// Records in byte order of their keys (or its reverse), as [`Scan`] says.
    fn scan(&self, scan: &Scan<'_>) -> Result<Vec<Record>, StorageFault>;
    /// Accepts a commit: all of it or nothing. Its number is the previous one plus one.
    fn commit(&self, commit: Commit) -> Result<Seq, StorageFault>;
    /// Calls `release` once everything up to and including `seq` is durable, at once if it is already, or with the
    /// fault that prevented it. Calls of one object are released in the order they were handed over.
    fn gate(&self, seq: Seq, release: Box<dyn FnOnce(Result<(), StorageFault>)>);
}

/// The tables of one object, beside its records, where its class has SQL. Synchronous like [`ObjectStore`], which is the
/// same database.
pub trait SqlStore {
    /// Runs `turn` in a transaction of tables, records and the alarm, nested in the one that is open if there is one. What
    /// it did is kept if it says so, else undone. A commit inside of it is durable, and its gate opens, when the outermost
    /// transaction is.
    fn transact(&self, turn: &mut dyn FnMut() -> bool) -> Result<(), StorageFault>;
    /// Runs statements, of which the last may have parameters, and hands the rows of that one over.
    fn run(&self, statement: &Statement<'_>, rows: &mut dyn RowSink) -> Result<Counts, SqlError>;
}

/// A text of SQL that is known to have no statement that no object may run.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// The text.
    pub text: &'a str,
    /// As many values as it has parameters.
    pub params: &'a [SqlValue],
    /// Whether it is one statement.
    pub single: bool,
    /// Whether the last one changes rows, so that they are to be counted.
    pub changes_rows: bool,
    /// Whether it is refused if it writes. Then it is one.
    pub read_only: bool,
}

/// Where the rows of a statement go.
pub trait RowSink {
    /// The names of the columns, before the first row.
    fn columns(&mut self, names: Vec<String>);
    /// One row. Answers whether more are wanted.
    fn row(&mut self, values: Vec<SqlValue>) -> bool;
}

/// What a statement cost and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows inserted, updated or deleted.
    pub changed: u64,
    /// Rows read, as far as the backend knows.
    pub read: u64,
    /// Rows written, likewise.
    pub written: u64,
}

/// The open connections of one object. They belong to the backend and outlive the live object.
pub trait Connections {
    /// Shows each connection that was let in, in the order they came.
    fn each(&self, look: &mut dyn FnMut(&Rc<Attachment>));
    /// One of them, also before it is let in.
    fn get(&self, id: ConnectionId) -> Option<Rc<Attachment>>;
    /// Keeps a changed connection. One that is gone stays gone.
    fn set(&self, attachment: Rc<Attachment>);
    /// Lets a connection in: its `connect` handlers run now.
    fn admit(&self, id: ConnectionId);
    /// Sends to the connections that are meant. The caller's output gate has been passed already.
    fn send(&self, to: Audience<'_>, packet: &Packet);
    /// Has a connection listen to events, or not to any more; answers it as it is then. `None` if it is gone, or cannot be
    /// kept so: then nothing has changed.
    fn subscribe(&self, id: ConnectionId, events: &[Arc<str>], on: bool) -> Option<Rc<Attachment>>;
    /// Ends a connection after everything sent to it before.
    fn close(&self, id: ConnectionId, code: u16, reason: &str);
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The key: UTF-8, at most 2,048 bytes, ordered by its bytes.
    pub key: String,
    /// The value: JSON text, at most 2,000,000 bytes.
    pub value: Vec<u8>,
}

/// A range of keys.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    /// The first key of the range, included.
    pub start: &'a str,
    /// The end of the range, not included. `None`: to the last key.
    pub end: Option<&'a str>,
    /// From the last key to the first.
    pub reverse: bool,
    /// At most so many records.
    pub limit: usize,
}

/// Everything one action changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// Records to write, in key order.
    pub puts: Vec<Record>,
    /// Keys to remove, in order. None of them is in `puts`.
    pub deletes: Vec<String>,
    /// When the object wants to be woken next, if this commit changes that.
    pub alarm: Option<AlarmChange>,
    /// The object ceases to exist, with its records, its tables and its alarm; nothing else is in such a commit. The one
    /// after it, if any, bears another object of the same name.
    pub destroy: bool,
}

impl Commit {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.deletes.is_empty() && self.alarm.is_none() && !self.destroy
    }

    /// The end of an object.
    pub fn destruction() -> Self {
        Self {
            alarm: Some(AlarmChange::Clear),
            destroy: true,
            ..Self::default()
        }
    }
}

/// A change of the one platform alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmChange {
    /// Wake the object at this time; replaces an earlier setting.
    Set(Timestamp),
    /// Do not wake it.
    Clear,
}

/// Why the store could not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageFault {
    /// The disk or the platform failed; nothing of the commit is kept.
    Io(String),
    /// The disk is full; nothing of the commit is kept.
    Full,
    /// The object was taken over or reset; this instance may not write any more.
    Fenced,
    /// The file is damaged and is not touched any more; what is wrong with it.
    Quarantined(String),
    /// A stored value does not fit the type that reads it.
    Decode {
        /// The record's key.
        key: String,
        /// What does not fit.
        reason: String,
    },
    /// A value cannot be stored.
    Encode {
        /// The field or collection.
        path: String,
        /// Why, and what to use instead.
        reason: String,
    },
    /// A cursor that came with the call is no place in the collection it is for.
    Cursor {
        /// The collection.
        path: String,
        /// The cursor.
        cursor: String,
    },
    /// A change of the object's tables cannot be made, or is not the one that was made.
    Migration {
        /// Its name.
        name: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The stored object is newer than this program.
    Newer {
        /// The mount whose state is newer; empty for the object itself.
        mount: String,
        /// Its stored version.
        stored: u32,
        /// The version this program knows.
        known: u32,
    },
}

impl std::fmt::Display for StorageFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(text) => write!(f, "storage failed: {text}"),
            Self::Full => f.write_str("storage is full"),
            Self::Fenced => f.write_str("the object was reset"),
            Self::Quarantined(reason) => write!(
                f,
                "{reason}; stop the server, then `restore` a backup, or copy what can be read by `verify --salvage DIR`"
            ),
            Self::Decode { key, reason } => write!(f, "record `{key}` cannot be read: {reason}"),
            Self::Encode { path, reason } => write!(f, "`{path}` cannot be stored: {reason}"),
            Self::Cursor { path, .. } => write!(
                f,
                "the cursor is none of `{path}`: send the `next` of an earlier page of the same list, \
                 or none to begin anew"
            ),
            Self::Migration { name, reason } => write!(f, "migration `{name}`: {reason}"),
            Self::Newer {
                mount,
                stored,
                known,
            } => {
                write!(
                    f,
                    "state of `{mount}` has version {stored}, this program knows {known}"
                )
            }
        }
    }
}

impl std::error::Error for StorageFault {}

/// An environment shared by all objects of a thread.
pub type SharedEnvironment = Rc<dyn Environment>;
