//! Backups that share with each other what has not changed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::view::View;
use crate::object::ObjectId;

/// A backup, with how the files looked that it was made of.
pub(super) struct Generation {
    pub(super) view: View,
    /// Of each shared file.
    pub(super) shared: Vec<Option<Print>>,
    pub(super) own: HashMap<ObjectId, Own>,
}

/// An object's own file.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) print: Option<Print>,
    /// When the object wants to be woken.
    pub(super) alarm: Option<i64>,
}

/// How a database looks from outside: another one, after every commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Print {
    database: Stamp,
    log: Option<Stamp>,
    /// The header of the index of the write-ahead log. It has a counter of commits, which no clock is fine enough for.
    /// <https://sqlite.org/walformat.html#the_wal_index_file_format>
    index: Option<[u8; 48]>,
}

type Stamp = (u64, Option<SystemTime>);

impl Own {
    /// Whether the file looks as it did.
    pub(super) fn is_as(&self, print: Option<&Print>) -> bool {
        print.is_some() && self.print.as_ref() == print
    }
}

impl Print {
    /// How it looks now; `None` where that cannot be found out.
    pub(super) fn of(database: &Path) -> Option<Self> {
        let beside = |suffix: &str| {
            let mut path = database.as_os_str().to_owned();
            path.push(suffix);
            path
        };
        Some(Self {
            database: stamp(database)?,
            log: stamp(Path::new(&beside("-wal"))),
            index: header(Path::new(&beside("-shm"))),
        })
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()))
}

fn header(path: &Path) -> Option<[u8; 48]> {
    let mut header = [0; 48];
    File::open(path).ok()?.read_exact(&mut header).ok()?;
    Some(header)
}

impl Generation {
    /// Whether anything of the folder has changed since.
    pub(super) fn is_stale(&self, view: &View) -> bool {
        let Ok(own) = view.sql.list() else {
            return true;
        };
        let known = |(id, path): &(ObjectId, PathBuf)| {
            let own = self.own.get(id);
            own.is_some_and(|own| own.is_as(Print::of(path).as_ref()))
        };
        let same = |number: usize| {
            let print = Print::of(&view.database(number));
            print.is_some() && self.shared[number] == print
        };
        self.view.meta != view.meta
            || own.len() != self.own.len()
            || !own.iter().all(known)
            || !(0..view.meta.files).all(same)
    }
}
