//! The writer thread of one database file.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::{Connection, ffi};

use super::faults::{Failure, Faults, Point};
use super::group::{self, Verdict};
use super::message::{Batch, Job, Message, Notice, Owner, Report, What};
use super::quarantine::{self, Quarantine};
use super::schema::{self, Durability};
use super::sql::Index;
use crate::backend::StorageFault;

/// From this many pages (4 MiB) the log is carried over into the file. More makes checkpoints rarer but the log and the
/// recovery after a crash longer.
const CHECKPOINT_PAGES: i64 = 1_000;

/// A log that is not empty is carried over after so long without a commit.
const IDLE: Duration = Duration::from_secs(2);

/// What writers count, for metrics and tests.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) batches: AtomicU64,
    pub(super) transactions: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) resets: AtomicU64,
}

pub(super) struct Writer {
    pub(super) number: usize,
    pub(super) path: PathBuf,
    pub(super) durability: Durability,
    /// `None` after an I/O error, until the file could be opened again.
    pub(super) connection: Option<Connection>,
    pub(super) quarantine: Arc<Quarantine>,
    pub(super) inbox: Receiver<Message>,
    pub(super) faults: Option<Arc<dyn Faults>>,
    pub(super) counters: Arc<Counters>,
    /// How often the file was reset since the program started.
    pub(super) generation: u32,
    /// Who is older may not write.
    pub(super) epoch: i64,
    pub(super) log_pages: i64,
}

impl Writer {
    /// Works until told to close.
    pub(super) fn run(mut self) {
        while let Some(message) = self.next() {
            let mut batches = Vec::new();
            let mut control = None;
            let mut next = Some(message);
            // Everything that waits goes into one transaction; a control message ends the round.
            while let Some(message) = next {
                match message {
                    Message::Write(batch) => batches.push(batch),
                    other => {
                        control = Some(other);
                        break;
                    }
                }
                next = self.inbox.try_recv().ok();
            }
            self.write(batches);
            match control {
                Some(Message::Attach(owner, answer)) => {
                    self.epoch = self.epoch.max(owner.epoch);
                    // Whoever asked and went away does not matter.
                    answer.send(self.generation).ok();
                }
                Some(Message::Index(index)) => self.index(&index),
                Some(Message::Close) => break,
                _ => {}
            }
        }
        self.checkpoint("TRUNCATE");
    }

    fn next(&mut self) -> Option<Message> {
        if self.log_pages == 0 {
            return self.inbox.recv().ok();
        }
        match self.inbox.recv_timeout(IDLE) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                self.checkpoint("PASSIVE");
                self.log_pages = 0;
                self.inbox.recv().ok()
            }
        }
    }

    fn index(&mut self, index: &Index) {
        let written = if index.owner.epoch < self.epoch {
            Err(StorageFault::Fenced)
        } else {
            self.write_index(index)
        };
        if let Some(answer) = &index.answer {
            // Whoever asked and went away does not matter.
            answer.send(written).ok();
        }
    }

    fn write_index(&mut self, index: &Index) -> Result<(), StorageFault> {
        self.sound()?;
        let written = self.reopen().and_then(|()| match &self.connection {
            Some(connection) => index.write(connection),
            None => Ok(()),
        });
        match written.map_err(|error| group::judge(&error)) {
            Ok(()) => {
                self.tend_log();
                Ok(())
            }
            Err(Verdict::Refused(fault) | Verdict::Undone(fault)) => Err(fault),
            Err(Verdict::Damaged(fault)) => {
                let fault = self.give_up(&fault);
                self.reset(&index.owner, fault.clone());
                Err(fault)
            }
            Err(Verdict::Broken(fault)) => {
                self.reset(&index.owner, fault.clone());
                Err(fault)
            }
        }
    }

    fn write(&mut self, batches: Vec<Batch>) {
        self.counters
            .batches
            .fetch_add(batches.len() as u64, Ordering::Relaxed);
        let mut jobs = Vec::new();
        let mut owner = None;
        for mut batch in batches {
            if batch.owner.epoch < self.epoch {
                self.refuse(&batch.owner);
            } else if batch.generation == self.generation {
                jobs.append(&mut batch.jobs);
                owner = Some(batch.owner);
            }
            // Of an earlier generation: the notice of the reset, which voids it, is on its way to the shard.
        }
        let Some(owner) = owner else { return };
        match self.transact(&jobs, owner.epoch) {
            Ok(report) => {
                self.tell(&owner, What::Done(report, jobs.len()));
                self.tend_log();
            }
            Err(fault) => self.reset(&owner, fault),
        }
    }

    /// Writes the jobs. An error says that the state of the file is unknown.
    fn transact(&mut self, jobs: &[Job], epoch: i64) -> Result<Report, StorageFault> {
        if let Err(fault) = self.sound() {
            return Ok(all_failed(jobs, &fault));
        }
        if let Err(error) = self.reopen() {
            let fault = match group::judge(&error) {
                Verdict::Damaged(fault) => self.give_up(&fault),
                Verdict::Refused(fault) | Verdict::Undone(fault) | Verdict::Broken(fault) => fault,
            };
            return Ok(all_failed(jobs, &fault));
        }
        let Some(connection) = &self.connection else {
            return Ok(all_failed(jobs, &StorageFault::Fenced));
        };
        let probe = |point| self.probe(point);
        let written = group::write_together(connection, jobs, epoch, &probe).or_else(|error| {
            match group::judge(&error) {
                Verdict::Refused(_) => group::write_apart(connection, jobs, epoch, &probe),
                Verdict::Undone(_) | Verdict::Broken(_) | Verdict::Damaged(_) => Err(error),
            }
        });
        let written = written.and_then(|report| self.probe(Point::AfterCommit).map(|()| report));
        match written {
            Ok(report) => {
                self.counters.transactions.fetch_add(1, Ordering::Relaxed);
                self.counters
                    .commits
                    .fetch_add((jobs.len() - report.failed.len()) as u64, Ordering::Relaxed);
                Ok(report)
            }
            Err(error) => match group::judge(&error) {
                Verdict::Undone(fault) => {
                    // If it was room that lacked: the log may hold some that the file no longer needs.
                    if fault == StorageFault::Full {
                        self.checkpoint("TRUNCATE");
                    }
                    Ok(all_failed(jobs, &fault))
                }
                Verdict::Refused(fault) => Ok(all_failed(jobs, &fault)),
                Verdict::Broken(fault) => Err(fault),
                Verdict::Damaged(fault) => Err(self.give_up(&fault)),
            },
        }
    }

    /// Whether the file may be used. One that may not is closed as it is.
    fn sound(&mut self) -> Result<(), StorageFault> {
        let sound = self.quarantine.shared(self.number);
        if sound.is_err()
            && let Some(connection) = self.connection.take()
        {
            quarantine::leave(&connection);
        }
        sound
    }

    /// The file is damaged.
    fn give_up(&mut self, found: &StorageFault) -> StorageFault {
        let reason = found.to_string();
        let fault = self.quarantine.close_shared(self.number, &reason);
        // That it may not be used is known already.
        self.sound().ok();
        fault
    }

    fn reopen(&mut self) -> rusqlite::Result<()> {
        if self.connection.is_none() {
            self.probe(Point::Reopen)?;
            self.connection = Some(schema::reopen_writer(&self.path, self.durability)?);
        }
        Ok(())
    }

    /// After a failed write or sync the system may show data that is not on disk. So nothing that came through this
    /// connection is trusted: it is closed, and every object of the file starts again from what the file says.
    fn reset(&mut self, owner: &Owner, fault: StorageFault) {
        tracing::error!(file = self.number, %fault, "resetting a database file after an I/O error");
        self.counters.resets.fetch_add(1, Ordering::Relaxed);
        self.connection = None;
        self.generation += 1;
        self.tell(
            owner,
            What::Lost {
                generation: self.generation,
                fault,
                taken: false,
            },
        );
    }

    fn refuse(&self, owner: &Owner) {
        self.tell(
            owner,
            What::Lost {
                generation: self.generation,
                fault: StorageFault::Fenced,
                taken: true,
            },
        );
    }

    fn tell(&self, owner: &Owner, what: What) {
        (owner.notify)(Notice {
            file: self.number,
            what,
        });
    }

    fn tend_log(&mut self) {
        let Some(connection) = &self.connection else {
            return;
        };
        let pages = connection
            .prepare_cached("PRAGMA wal_checkpoint(NOOP)")
            .and_then(|mut log| log.query_row((), |row| Ok((row.get(1)?, row.get(2)?))));
        let (written, carried): (i64, i64) = pages.unwrap_or((CHECKPOINT_PAGES, 0));
        self.log_pages = written - carried;
        if self.log_pages >= CHECKPOINT_PAGES {
            self.checkpoint("PASSIVE");
        }
    }

    /// Failing to checkpoint loses nothing: the log still has it all, and the next round tries again.
    fn checkpoint(&mut self, mode: &str) {
        if self.sound().is_err() {
            return;
        }
        let Some(connection) = &self.connection else {
            return;
        };
        if let Err(error) =
            connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), (), |_| Ok(()))
        {
            tracing::warn!(file = self.number, %error, "cannot checkpoint");
        }
    }

    fn probe(&self, point: Point) -> rusqlite::Result<()> {
        let Some(failure) = self
            .faults
            .as_ref()
            .and_then(|faults| faults.at(self.number, point))
        else {
            return Ok(());
        };
        let code = match failure {
            Failure::Io => ffi::SQLITE_IOERR,
            Failure::Full => ffi::SQLITE_FULL,
            Failure::Refused => ffi::SQLITE_CONSTRAINT,
        };
        Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }
}

fn all_failed(jobs: &[Job], fault: &StorageFault) -> Report {
    let failed = (0..jobs.len()).map(|job| (job, fault.clone())).collect();
    Report {
        failed,
        ..Report::default()
    }
}
