//! One object out of a text: all of it, or nothing.

use std::fs;
use std::io::BufRead;
use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::super::folder::{Folder, create_durably, sync_folder};
use super::super::object::{MAX_KEY, MAX_VALUE};
use super::super::schema::{self, Durability};
use super::super::sql::{ANNOUNCED, DESTROYED, ELSEWHERE, with_suffix};
use super::super::{Store, StoreOptions};
use super::CareError;
use super::address::{Address, Which};
use super::tables::Tables;
use super::view::{Row, View, find};
use crate::app::App;
use crate::object::Target;
use crate::state::{META_KEY, Meta};
use crate::transfer::{DocumentReader, Header, Line};

/// Where an object goes.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// The data folder, which no server may have meanwhile; it is made if it is missing.
    pub folder: &'a Path,
    /// Another class or name than it had.
    pub rename: Option<&'a Address>,
    /// Whether an object that is there is given up for it.
    pub replace: bool,
}

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Who it is.
    pub object: Address,
    /// Records.
    pub records: u64,
    /// Rows of tables.
    pub rows: u64,
    /// Whether another object was given up for it.
    pub replaced: bool,
}

impl Import<'_> {
    /// Takes in an exported object.
    ///
    /// # Errors
    ///
    /// The text is cut, changed, of a later format or of an object that the app has no class for; there is such an object
    /// and nobody said to replace it; or a server has the folder. Nothing is changed then.
    pub fn run(&self, app: &App, from: impl BufRead) -> Result<Imported, CareError> {
        let (mut reader, header) = DocumentReader::new(from)?;
        let object = self.object(&header)?;
        let (class, target) = object.find(app)?;
        if header.sql && class.sql.is_none() {
            return Err(CareError::refused(format!(
                "the object has tables, and the class `{}` none: say `sql` on it",
                class.path
            )));
        }
        let folder = take(self.folder, app)?;
        let view = View::of(self.folder, folder.meta().clone());
        let number = view.file_of(target.id);
        let shared = view.database(number);
        let failed = || CareError::database(&shared);
        let mut connection =
            schema::open_writer(&shared, number, folder.meta(), Durability::Full, false)?;
        let behavior = TransactionBehavior::Immediate;
        let transaction = connection
            .transaction_with_behavior(behavior)
            .map_err(failed())?;
        let known = find(&transaction, target.id).map_err(failed())?;
        let path = view.sql.path_of(target.id);
        // One that is destroyed, or only announced, is not there, whatever file it has.
        let is_there = match known.as_ref().map(|row| row.seq) {
            Some(DESTROYED) => false,
            Some(seq) if seq >= ELSEWHERE => true,
            _ => path.exists(),
        };
        if is_there && !self.replace {
            return Err(CareError::refused(format!(
                "there is an object {object} already: say --replace to give it up, or --as CLASS/NAME"
            )));
        }
        let epoch = i64::from(folder.meta().boots) << 16;
        let born = Born {
            target: &target,
            known: known.as_ref(),
            epoch,
        };
        let take = Take {
            header: &header,
            target: &target,
        };
        if class.sql.is_none() {
            let row = born.register(&transaction, 1, None).map_err(failed())?;
            let put = "INSERT INTO record(object, key, value) VALUES(?1, ?2, ?3)";
            let alarm = take.records(&mut reader, |key, value| {
                let mut put = transaction.prepare_cached(put).map_err(failed())?;
                put.execute((row, key, value)).map(drop).map_err(failed())
            })?;
            born.set_alarm(&transaction, alarm).map_err(failed())?;
            transaction.commit().map_err(failed())?;
        } else {
            let draft = with_suffix(&path, ".new");
            let parent = path.parent().unwrap_or(self.folder);
            create_durably(parent)?;
            let mut tables = Tables::new(&view.sql, &draft)?;
            let alarm = take.all(&mut reader, &mut tables)?;
            tables.finish()?;
            move_aside(&view, &path)?;
            // First the registry, as at every birth: until the file has its name it is not there.
            born.register(&transaction, ANNOUNCED, alarm)
                .map_err(failed())?;
            transaction.commit().map_err(failed())?;
            fs::rename(&draft, &path).map_err(CareError::io(&path))?;
            sync_folder(parent)?;
            let there = "UPDATE object SET seq = ?2 WHERE id = ?1";
            let row = (target.id.as_bytes(), ELSEWHERE);
            connection.execute(there, row).map_err(failed())?;
        }
        let imported = Imported {
            object,
            records: reader.records,
            rows: reader.rows,
            replaced: is_there,
        };
        close(connection).map_err(failed())?;
        drop(folder);
        Ok(imported)
    }

    fn object(&self, header: &Header) -> Result<Address, CareError> {
        if let Some(address) = self.rename {
            return Ok(address.clone());
        }
        let which = if let Some(name) = &header.name {
            Which::Named(name.clone())
        } else {
            let id = header.id.as_deref().unwrap_or_default().parse();
            Which::Id(id.map_err(|_| CareError::refused("the exported object's id is none"))?)
        };
        Ok(Address {
            class: header.class.clone(),
            which,
        })
    }
}

/// Takes the folder; makes one if there is none.
fn take(path: &Path, app: &App) -> Result<Folder, CareError> {
    let options = StoreOptions::new(app.name());
    let folder = Folder::take(path, app.name(), options.files)?;
    if folder.meta().boots > 0 {
        return Ok(folder);
    }
    drop(folder);
    Store::open(path, &options)?.close();
    Ok(Folder::take(path, app.name(), options.files)?)
}

/// Carries the log over, so that nothing but the file is left.
fn close(connection: Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)
}

/// An object's file is given up for another: a sound one is done with its log, a damaged one is kept under another name.
fn move_aside(view: &View, path: &Path) -> Result<(), CareError> {
    if !path.exists() {
        return Ok(());
    }
    let closed = view.sql.open(path).ok().flatten();
    if let Some(database) = closed
        && database.own(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))
        }) == Ok(0)
        && database.connection.close().is_ok()
    {
        return Ok(());
    }
    for suffix in ["-wal", "-shm", ""] {
        let (from, to) = (
            with_suffix(path, suffix),
            with_suffix(path, &format!(".damaged{suffix}")),
        );
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(CareError::io(from)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The object's row in the registry.
struct Born<'a> {
    target: &'a Target,
    known: Option<&'a Row>,
    epoch: i64,
}

impl Born<'_> {
    /// Writes the row anew, and removes the records that it had here.
    fn register(
        &self,
        connection: &Transaction<'_>,
        seq: i64,
        alarm: Option<i64>,
    ) -> rusqlite::Result<i64> {
        if let Some(known) = self.known {
            connection.execute("DELETE FROM record WHERE object = ?1", (known.number,))?;
            connection.execute("DELETE FROM object WHERE row = ?1", (known.number,))?;
        }
        let epoch = self
            .known
            .map_or(self.epoch, |known| known.epoch.max(self.epoch));
        let insert =
            "INSERT INTO object(id, class, name, seq, epoch, alarm) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
        let Target { class, id, name } = self.target;
        connection.execute(insert, (id.as_bytes(), class, name, seq, epoch, alarm))?;
        Ok(connection.last_insert_rowid())
    }

    fn set_alarm(&self, connection: &Transaction<'_>, alarm: Option<i64>) -> rusqlite::Result<()> {
        let set = "UPDATE object SET alarm = ?2 WHERE id = ?1";
        connection
            .execute(set, (self.target.id.as_bytes(), alarm))
            .map(drop)
    }
}

/// What is read from the text.
struct Take<'a> {
    header: &'a Header,
    target: &'a Target,
}

impl Take<'_> {
    /// Records only; the alarm.
    fn records<R: BufRead>(
        &self,
        reader: &mut DocumentReader<R>,
        mut put: impl FnMut(&str, &[u8]) -> Result<(), CareError>,
    ) -> Result<Option<i64>, CareError> {
        self.each(reader, |part| match part {
            Part::Record(key, value) => put(&key, &value).map(Ok),
            Part::Tables(_) => Ok(Err(
                "it is about tables, which this object has none of".to_owned()
            )),
        })
    }

    /// Records and tables; the alarm.
    fn all<R: BufRead>(
        &self,
        reader: &mut DocumentReader<R>,
        tables: &mut Tables<'_>,
    ) -> Result<Option<i64>, CareError> {
        self.each(reader, |part| match part {
            Part::Record(key, value) => tables.record(&key, &value).map(Ok),
            Part::Tables(_) if !self.header.sql => Ok(Err(
                "it is about tables, which this object has none of".to_owned(),
            )),
            Part::Tables(line) => Ok(tables.take(line)),
        })
    }

    fn each<R: BufRead>(
        &self,
        reader: &mut DocumentReader<R>,
        mut put: impl FnMut(Part<'_>) -> Result<Result<(), String>, CareError>,
    ) -> Result<Option<i64>, CareError> {
        let (mut alarm, mut born) = (None, false);
        loop {
            let line = reader.line + 1;
            let wrong = |reason: String| CareError::Document { line, reason };
            let Some(next) = reader.next()? else { break };
            let part = match next {
                Line::Alarm(at) => {
                    alarm = Some(at);
                    continue;
                }
                Line::Record(record) => {
                    let record = record
                        .read()
                        .ok_or_else(|| wrong("a record without a value".to_owned()))?;
                    let (key, value) = self.check(record).map_err(wrong)?;
                    born |= key == META_KEY;
                    Part::Record(key, value)
                }
                other => Part::Tables(other),
            };
            put(part)?.map_err(wrong)?;
        }
        if born {
            Ok(alarm)
        } else {
            Err(reader
                .wrong("there is no record `!meta`, which every object has")
                .into())
        }
    }

    /// A record that can be one of this object.
    fn check(&self, (key, value): (String, Vec<u8>)) -> Result<(String, Vec<u8>), String> {
        if key.len() > MAX_KEY || value.len() > MAX_VALUE {
            return Err(format!(
                "a record of {} and {} bytes is too large",
                key.len(),
                value.len()
            ));
        }
        if key != META_KEY {
            return Ok((key, value));
        }
        let meta = Meta::check(&value, &|_| None)
            .and_then(|()| Meta::renamed(&value, self.target.name.as_deref()));
        Ok((key, meta.map_err(|fault| fault.to_string())?))
    }
}

enum Part<'a> {
    Record(String, Vec<u8>),
    Tables(Line<'a>),
}
