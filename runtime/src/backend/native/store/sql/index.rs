//! The rows that objects with SQL have in the registry of the shared files: who exists, and when to wake it.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use rusqlite::Connection;

use super::super::message::Owner;
use crate::backend::StorageFault;
use crate::object::{ObjectId, Timestamp};

// No commit has this number: it says that the object's records are not here.
const WRITE: &str = "INSERT INTO object(id, class, name, seq, epoch, alarm) VALUES(?1, ?2, ?3, 0, ?4, ?5) \
                     ON CONFLICT(id) DO UPDATE SET seq = 0, epoch = ?4, alarm = ?5";

/// A row to be written.
pub(in super::super) struct Index {
    pub(in super::super) owner: Arc<Owner>,
    pub(in super::super) object: ObjectId,
    pub(in super::super) class: Arc<str>,
    pub(in super::super) name: Option<Arc<str>>,
    pub(in super::super) alarm: Option<Timestamp>,
    /// Who waits for it to be on disk.
    pub(in super::super) answer: Option<SyncSender<Result<(), StorageFault>>>,
}

impl Index {
    /// Writes it, durably.
    pub(in super::super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let row = (
            self.object.as_bytes(),
            &self.class,
            &self.name,
            self.owner.epoch,
            self.alarm.map(Timestamp::as_millis),
        );
        connection.prepare_cached(WRITE)?.execute(row)?;
        Ok(())
    }
}
