//! What all modules use.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use stayput::error::ActionError;
use stayput::prelude::*;

/// The wire code of a call's error; `ok` if it had none.
pub fn code<T, E: ActionError>(answer: Result<T, CallError<E>>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(CallError::Failed(error)) => error.to_wire().code.into_owned(),
        Err(CallError::Rejected(rejection)) => rejection.code().to_owned(),
    }
}

/// Like [`code`], and whether the call may have been executed.
pub fn fate<T, E: ActionError>(answer: Result<T, CallError<E>>) -> (String, bool) {
    let maybe = match &answer {
        Err(CallError::Rejected(rejection)) => rejection.maybe_executed(),
        _ => false,
    };
    (code(answer), maybe)
}

/// Some real time, in which everything happens that can.
pub async fn a_while() {
    let until = Instant::now() + Duration::from_millis(60);
    while Instant::now() < until {
        tokio::task::yield_now().await;
    }
}

/// All that the files of a data folder hold: a line an object, a line a record.
pub fn stored(data: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for file in files(data) {
        let mut objects = file
            .prepare("SELECT row, class, name, seq, alarm FROM object")
            .unwrap();
        let objects = objects.query_map((), |row| {
            let name: Option<String> = row.get(2)?;
            let object = format!("{}/{}", row.get::<_, String>(1)?, name.unwrap_or_default());
            let alarm: Option<i64> = row.get(4)?;
            let line = format!("{object} seq {} alarm {alarm:?}", row.get::<_, i64>(3)?);
            Ok((row.get::<_, i64>(0)?, object, line))
        });
        for object in objects.unwrap() {
            let (row, object, line) = object.unwrap();
            lines.push(line);
            let mut records = file
                .prepare("SELECT key, value FROM record WHERE object = ?1")
                .unwrap();
            let records = records.query_map([row], |record| {
                let value: Vec<u8> = record.get(1)?;
                let value = String::from_utf8_lossy(&value).into_owned();
                Ok(format!(
                    "{object} {} = {value}",
                    record.get::<_, String>(0)?
                ))
            });
            lines.extend(records.unwrap().map(Result::unwrap));
        }
    }
    lines.sort();
    lines
}

/// Writes over a record behind the program's back; how many records there were.
pub fn overwrite(data: &Path, key: &str, value: &str) -> usize {
    files(data)
        .map(|file| {
            file.busy_timeout(Duration::from_secs(5)).unwrap();
            let sql = "UPDATE record SET value = ?2 WHERE key = ?1";
            file.execute(sql, (key, value.as_bytes())).unwrap()
        })
        .sum()
}

/// Adds a record to the first object of each file behind the program's back; how many records those are.
pub fn plant(data: &Path, key: &str, value: &str) -> usize {
    files(data)
        .map(|file| {
            file.busy_timeout(Duration::from_secs(5)).unwrap();
            let sql = "INSERT INTO record(object, key, value) SELECT min(row), ?1, ?2 FROM object HAVING count(*) > 0";
            file.execute(sql, (key, value.as_bytes())).unwrap()
        })
        .sum()
}

fn files(data: &Path) -> impl Iterator<Item = Connection> {
    let paths = std::fs::read_dir(data)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "sqlite"))
        .map(|path| Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap())
}

/// Something that one side tells the other in the middle of a synchronous action.
pub struct Signal(AtomicBool);

impl Signal {
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    pub fn give(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub fn is_given(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Blocks the thread.
    pub fn wait(&self) {
        let began = Instant::now();
        while !self.is_given() {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "the signal was never given"
            );
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    /// Waits, letting the test's other tasks go on.
    pub async fn given(&self) {
        let began = Instant::now();
        while !self.is_given() {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "the signal was never given"
            );
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_micros(100));
        }
    }
}
