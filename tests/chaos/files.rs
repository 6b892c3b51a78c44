//! Looks into a data folder without the help of the program that wrote it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use support::process::scratch;

/// The value under `key` of every object of a class, by name. Reads a copy, so that the folder itself stays untouched.
pub(crate) fn records(data: &Path, class: &str, key: &str) -> HashMap<String, i64> {
    let copy = scratch();
    let mut found = HashMap::new();
    for entry in fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        // The index of the log is rebuilt from the log; a stale one would only mislead.
        if name.starts_with("objects-") && !name.ends_with("-shm") {
            fs::copy(entry.path(), copy.path().join(&name)).unwrap();
        }
    }
    for entry in fs::read_dir(copy.path()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "sqlite")
        {
            read(&path, class, key, &mut found);
        }
    }
    found
}

fn read(path: &Path, class: &str, key: &str, found: &mut HashMap<String, i64>) {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let intact: String = connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(intact, "ok", "{}", path.display());
    let sql = "SELECT name, value FROM object JOIN record ON object.row = record.object WHERE class = ?1 AND key = ?2";
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query((class, key)).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let value: Vec<u8> = row.get(1).unwrap();
        let value = serde_json::from_slice(&value).unwrap();
        assert_eq!(
            found.insert(row.get(0).unwrap(), value),
            None,
            "an object lies in two files"
        );
    }
}

/// How many files the folder holds.
pub(crate) fn count(data: &Path) -> usize {
    fs::read_dir(data).unwrap().count()
}
