//! The rows that objects with SQL have in the registry of the shared files: who exists, and when to wake it.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use rusqlite::Connection;

use super::super::message::Owner;
use super::super::reader::Registered;
use crate::backend::StorageFault;
use crate::object::{ObjectId, Timestamp};

const WRITE: &str = "INSERT INTO object(id, class, name, seq, epoch, alarm) VALUES(?1, ?2, ?3, ?6, ?4, ?5) \
                     ON CONFLICT(id) DO UPDATE SET seq = ?6, epoch = ?4, alarm = ?5";
const FORGET: &str = "DELETE FROM object WHERE id = ?1";

/// The commit number of a row of an object with SQL. No commit has it: it says that the object's records are not here.
pub(in super::super) const ELSEWHERE: i64 = 0;
/// That of one which is destroyed, and whose file may not be gone yet.
pub(in super::super) const DESTROYED: i64 = -1;
/// That of one which is about to be born, and whose file may not be there. So a file that is missing later is told from
/// one that never was.
pub(in super::super) const ANNOUNCED: i64 = -2;

/// What the registry is to say of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Row {
    /// It exists, and is to be woken then.
    Alarm(Option<Timestamp>),
    /// It is about to exist, and to be woken then.
    Announced(Option<Timestamp>),
    /// It exists no more, whatever its file says. Due at once, so that what a crash left of it is swept when the program
    /// starts again.
    Destroyed,
    /// Nothing.
    None,
}

/// Whether a row says that its object is destroyed.
pub(in super::super) fn is_destroyed(row: &Registered) -> bool {
    row.seq.cast_signed() == DESTROYED
}

/// Whether a row says that its object is about to be born.
pub(in super::super) fn is_announced(row: &Registered) -> bool {
    row.seq.cast_signed() == ANNOUNCED
}

/// A row to be written.
pub(in super::super) struct Index {
    pub(in super::super) owner: Arc<Owner>,
    pub(in super::super) object: ObjectId,
    pub(in super::super) class: Arc<str>,
    pub(in super::super) name: Option<Arc<str>>,
    pub(in super::super) row: Row,
    /// Who waits for it to be on disk.
    pub(in super::super) answer: Option<SyncSender<Result<(), StorageFault>>>,
}

impl Index {
    /// Writes it, durably.
    pub(in super::super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let (seq, alarm) = match self.row {
            Row::Alarm(alarm) => (ELSEWHERE, alarm.map(Timestamp::as_millis)),
            Row::Announced(alarm) => (ANNOUNCED, alarm.map(Timestamp::as_millis)),
            Row::Destroyed => (DESTROYED, Some(0)),
            Row::None => {
                connection
                    .prepare_cached(FORGET)?
                    .execute((self.object.as_bytes(),))?;
                return Ok(());
            }
        };
        let row = (
            self.object.as_bytes(),
            &self.class,
            &self.name,
            self.owner.epoch,
            alarm,
            seq,
        );
        connection.prepare_cached(WRITE)?.execute(row)?;
        Ok(())
    }
}
