//! Group commit: many objects' commits in one transaction, so that one sync to disk serves all of them.

use std::collections::HashSet;

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::faults::Point;
use super::message::{Job, Report};
use super::quarantine::is_damage;
use crate::backend::{AlarmChange, StorageFault};
use crate::object::Timestamp;

const BIRTH: &str = "INSERT INTO object(id, class, name, seq, epoch, alarm) VALUES(?1, ?2, ?3, ?4, ?5, ?6) \
                     ON CONFLICT(id) DO NOTHING";
const ROW: &str = "SELECT row FROM object WHERE id = ?1";
const ADVANCE: &str =
    "UPDATE object SET seq = ?1, epoch = ?2 WHERE row = ?3 AND seq = ?4 AND epoch <= ?2";
const ADVANCE_ALARM: &str = "UPDATE object SET seq = ?1, epoch = ?2, alarm = ?5 WHERE row = ?3 AND seq = ?4 AND epoch <= ?2";
const PUT: &str = "INSERT OR REPLACE INTO record(object, key, value) VALUES(?1, ?2, ?3)";
const DELETE: &str = "DELETE FROM record WHERE object = ?1 AND key = ?2";

const DELETE_ALL: &str = "DELETE FROM record WHERE object = ?1";
const FORGET: &str = "DELETE FROM object WHERE row = ?1";

/// What kind of failure an error is, and so who suffers from it.
#[derive(Debug)]
pub(super) enum Verdict {
    /// One commit's own fault.
    Refused(StorageFault),
    /// There was no room or no lock: nothing of the transaction is there, and the file is as sound as before.
    Undone(StorageFault),
    /// Nobody knows what is on disk.
    Broken(StorageFault),
    /// The file is not what was written.
    Damaged(StorageFault),
}

/// Judges an error.
pub(super) fn judge(error: &rusqlite::Error) -> Verdict {
    let fault = StorageFault::Io(error.to_string());
    if is_damage(error) {
        return Verdict::Damaged(fault);
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Verdict::Undone(StorageFault::Full),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Verdict::Undone(fault),
        Some(
            ErrorCode::ConstraintViolation
            | ErrorCode::TooBig
            | ErrorCode::TypeMismatch
            | ErrorCode::OutOfMemory,
        )
        | None => Verdict::Refused(fault),
        Some(_) => Verdict::Broken(fault),
    }
}

/// A hook that may fail at a point.
pub(super) type Probe<'a> = &'a dyn Fn(Point) -> rusqlite::Result<()>;

/// Writes all jobs in one transaction. Jobs whose turn it is not are reported as fenced and write nothing; any error
/// undoes everything.
pub(super) fn write_together(
    connection: &Connection,
    jobs: &[Job],
    epoch: i64,
    probe: Probe<'_>,
) -> rusqlite::Result<Report> {
    transaction(connection, probe, || {
        let mut report = Report::default();
        // Jobs of one object become neighbours, each object's in their order (the sort is stable).
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        order.sort_by_key(|&job| jobs[job].object);
        let in_sequence = |a: &usize, b: &usize| {
            let (a, b) = (&jobs[*a], &jobs[*b]);
            // The end of an object is written by itself.
            let ends = a.commit.destroy || b.commit.destroy;
            a.object == b.object && a.seq.checked_add(1) == Some(b.seq) && !ends
        };
        for run in order.chunk_by(in_sequence) {
            write_run(connection, jobs, run, epoch, probe, &mut report)?;
        }
        report.failed.sort_by_key(|(job, _)| *job);
        report.rows.sort_by_key(|(job, _)| *job);
        Ok(report)
    })
}

/// Writes the jobs in one transaction, but each of them inside its own savepoint: a refused one harms only itself and
/// the later ones of its object.
pub(super) fn write_apart(
    connection: &Connection,
    jobs: &[Job],
    epoch: i64,
    probe: Probe<'_>,
) -> rusqlite::Result<Report> {
    transaction(connection, probe, || {
        let mut report = Report::default();
        for job in 0..jobs.len() {
            connection.prepare_cached("SAVEPOINT job")?.execute(())?;
            let Err(error) = write_run(connection, jobs, &[job], epoch, probe, &mut report) else {
                connection.prepare_cached("RELEASE job")?.execute(())?;
                continue;
            };
            let Verdict::Refused(fault) = judge(&error) else {
                return Err(error);
            };
            connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
            report.rows.retain(|(row_of, _)| *row_of != job);
            report.failed.push((job, fault));
        }
        Ok(report)
    })
}

fn transaction(
    connection: &Connection,
    probe: Probe<'_>,
    work: impl FnOnce() -> rusqlite::Result<Report>,
) -> rusqlite::Result<Report> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
    let written = work().and_then(|report| {
        probe(Point::BeforeCommit)?;
        connection.prepare_cached("COMMIT")?.execute(())?;
        Ok(report)
    });
    // SQLite has ended the transaction itself after some errors. If it cannot be ended here, the next BEGIN fails and
    // the file is opened anew.
    if written.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").ok();
    }
    written
}

/// Writes consecutive commits of one object as if they were one: only its last values can ever be seen.
fn write_run(
    connection: &Connection,
    jobs: &[Job],
    run: &[usize],
    epoch: i64,
    probe: Probe<'_>,
    report: &mut Report,
) -> rusqlite::Result<()> {
    let (Some(first), Some(last)) = (
        run.first().map(|&job| &jobs[job]),
        run.last().map(|&job| &jobs[job]),
    ) else {
        return Ok(());
    };
    probe(Point::Write(first.object))?;
    let alarm = run.iter().rev().find_map(|&job| jobs[job].commit.alarm);
    let Some(row) = advance(connection, first, last, epoch, alarm)? else {
        report
            .failed
            .extend(run.iter().map(|&job| (job, StorageFault::Fenced)));
        return Ok(());
    };
    if first.commit.destroy {
        connection.prepare_cached(DELETE_ALL)?.execute((row,))?;
        connection.prepare_cached(FORGET)?.execute((row,))?;
        return Ok(());
    }
    if first.row.is_none() {
        report.rows.extend(run.first().map(|&job| (job, row)));
    }
    let mut put = connection.prepare_cached(PUT)?;
    let mut delete = connection.prepare_cached(DELETE)?;
    let mut settled = HashSet::new();
    for commit in run.iter().rev().map(|&job| &jobs[job].commit) {
        for record in &commit.puts {
            if run.len() == 1 || settled.insert(record.key.as_str()) {
                put.execute((row, &record.key, &record.value))?;
            }
        }
        for key in &commit.deletes {
            if run.len() == 1 || settled.insert(key.as_str()) {
                delete.execute((row, key))?;
            }
        }
    }
    Ok(())
}

/// Moves the object's registry row from the commit before `first` to `last`. The row's number; `None` if the object is
/// not where these commits think it is, or has had a later owner.
fn advance(
    connection: &Connection,
    first: &Job,
    last: &Job,
    epoch: i64,
    alarm: Option<AlarmChange>,
) -> rusqlite::Result<Option<i64>> {
    let millis = alarm.and_then(|change| match change {
        AlarmChange::Set(at) => Some(Timestamp::as_millis(at)),
        AlarmChange::Clear => None,
    });
    let seq = last.seq.cast_signed();
    if let Some(birth) = &first.birth {
        let row = (
            first.object.as_bytes(),
            &birth.class,
            &birth.name,
            seq,
            epoch,
            millis,
        );
        let born = connection.prepare_cached(BIRTH)?.execute(row)?;
        return Ok((born == 1).then(|| connection.last_insert_rowid()));
    }
    let row = if first.row.is_some() {
        first.row
    } else {
        let mut find = connection.prepare_cached(ROW)?;
        find.query_row((first.object.as_bytes(),), |row| row.get(0))
            .optional()?
    };
    let Some(row) = row else { return Ok(None) };
    let before = first.seq.cast_signed() - 1;
    let moved = if alarm.is_some() {
        connection
            .prepare_cached(ADVANCE_ALARM)?
            .execute((seq, epoch, row, before, millis))?
    } else {
        connection
            .prepare_cached(ADVANCE)?
            .execute((seq, epoch, row, before))?
    };
    Ok((moved == 1).then_some(row))
}
