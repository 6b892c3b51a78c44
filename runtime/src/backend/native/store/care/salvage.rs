//! What can be read of a damaged data folder, in a new one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::path::Path;

use rusqlite::Connection;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::super::folder::Folder;
use super::super::schema::{self, Durability};
use super::super::sql::{ANNOUNCED, DESTROYED, ELSEWHERE};
use super::CareError;
use super::copy::{Draft, copy_database};
use super::records::OwnRecords;
use super::verify::Fault;
use super::view::{Row, View};
use crate::app::App;
use crate::backend::StorageFault;
use crate::object::ObjectId;
use crate::state::{META_KEY, Meta};

/// What was saved and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Salvaged {
    /// Objects in the new folder, each of them whole.
    pub objects: u64,
    /// What could not be read.
    pub lost: Vec<Fault>,
}

/// Copies every object that can be read whole into a new data folder. The damaged one stays as it is; no server may have
/// it meanwhile.
///
/// # Errors
///
/// A server has the folder, there is something where the new one is to be, or the new one cannot be written.
pub fn salvage(folder: &Path, app: &App, target: &Path) -> Result<Salvaged, CareError> {
    let view = View::open(folder, app.name())?;
    let held = Folder::take(folder, app.name(), view.meta.files)?;
    let draft = Draft::begin(target)?;
    let mut salvage = Salvage {
        view: &view,
        to: View::of(&draft.path, view.meta.clone()),
        app,
        own: HashMap::new(),
        destroyed: HashSet::new(),
        done: Salvaged::default(),
    };
    for number in 0..view.meta.files {
        salvage.shared(number)?;
    }
    for (id, path) in view.sql.list().map_err(CareError::io(folder))? {
        salvage.own(id, &path)?;
    }
    let missing = std::mem::take(&mut salvage.own);
    for (id, row) in missing {
        let path = view.sql.path_of(id);
        salvage.lose(&path, Some(who(&row, id)), "it is missing");
    }
    let mut done = salvage.done;
    done.lost
        .sort_by(|a, b| (&a.file, &a.object).cmp(&(&b.file, &b.object)));
    draft.finish(&view)?;
    drop(held);
    Ok(done)
}

struct Salvage<'a> {
    view: &'a View,
    to: View,
    app: &'a App,
    /// The rows of objects whose files have not been met yet.
    own: HashMap<ObjectId, Row>,
    /// Those whose files may not be gone yet.
    destroyed: HashSet<ObjectId>,
    done: Salvaged,
}

/// The records of an object.
type Records = Vec<(String, Vec<u8>)>;

impl Salvage<'_> {
    fn lose(&mut self, file: &Path, object: Option<String>, reason: impl Into<String>) {
        self.done.lost.push(Fault {
            file: self.view.short(file),
            object,
            reason: reason.into(),
        });
    }

    /// Makes the file anew with what can be read of it.
    fn shared(&mut self, number: usize) -> Result<(), CareError> {
        let (path, target) = (self.view.database(number), self.to.database(number));
        let failed = || CareError::database(&target);
        let mut to =
            schema::open_writer(&target, number, &self.view.meta, Durability::Process, true)?;
        match self.view.shared(number) {
            Err(error) => self.lose(
                &path,
                None,
                format!("all of its objects: {}", super::verify::reason(&error)),
            ),
            Ok(from) => {
                let transaction = to.transaction().map_err(failed())?;
                for (id, row) in self.registry(&from, &path) {
                    match row.seq {
                        ANNOUNCED => {}
                        DESTROYED => {
                            self.destroyed.insert(id);
                        }
                        ELSEWHERE => drop(self.own.insert(id, row)),
                        _ => match records(&from, row.number) {
                            Ok(records) => {
                                write(&transaction, id, &row, &records).map_err(failed())?;
                                self.done.objects += 1;
                            }
                            Err(reason) => self.lose(&path, Some(who(&row, id)), reason),
                        },
                    }
                }
                transaction.commit().map_err(failed())?;
            }
        }
        close(to, &target)
    }

    /// The rows of the registry that can be read: from its start and from its end to where it is damaged. Those in
    /// between are lost; the index of ids may still say who they were.
    fn registry(&mut self, from: &Connection, path: &Path) -> BTreeMap<ObjectId, Row> {
        let mut found = BTreeMap::new();
        let mut damage = None;
        for order in ["ASC", "DESC"] {
            let read = (|| {
                let text = format!(
                    "SELECT row, class, name, seq, epoch, alarm, id FROM object ORDER BY row {order}"
                );
                let mut statement = from.prepare(&text)?;
                let mut rows = statement.query(())?;
                while let Some(row) = rows.next()? {
                    let known = Row {
                        number: row.get(0)?,
                        class: row.get(1)?,
                        name: row.get(2)?,
                        seq: row.get(3)?,
                        epoch: row.get(4)?,
                        alarm: row.get(5)?,
                    };
                    found.insert(ObjectId::from_bytes(row.get(6)?), known);
                }
                Ok(())
            })();
            match read {
                Ok(()) => return found,
                Err(error) => damage = Some::<rusqlite::Error>(error),
            }
        }
        let reason = damage.map(|error| error.to_string()).unwrap_or_default();
        self.lose(
            path,
            None,
            format!("a part of the registry, and who is in it: {reason}"),
        );
        let named = (|| {
            let mut statement =
                from.prepare("SELECT id FROM object INDEXED BY sqlite_autoindex_object_1")?;
            let rows = statement.query_map((), |row| row.get(0).map(ObjectId::from_bytes))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })();
        for id in named.unwrap_or_default() {
            if !found.contains_key(&id) {
                let class = self.class_of(id).unwrap_or("?");
                self.lose(
                    path,
                    Some(format!("{class}/~{id}")),
                    "its row cannot be read",
                );
            }
        }
        found
    }

    /// The class that an id is of: it says so itself.
    fn class_of(&self, id: ObjectId) -> Option<&'static str> {
        let classes = self.app.classes().iter();
        let mut of_id = classes.filter(|class| class.ids.check(id).is_ok());
        of_id.next().map(|class| class.path)
    }

    /// Takes an object's own file over, if it is whole.
    fn own(&mut self, id: ObjectId, path: &Path) -> Result<(), CareError> {
        if self.destroyed.contains(&id) {
            return Ok(());
        }
        let known = self.own.remove(&id);
        let target = self.to.sql.path_of(id);
        let mut found = Err(StorageFault::Fenced);
        let copied = self
            .view
            .sql
            .open_reader(path)
            .map_err(CareError::from)
            .and_then(|from| {
                copy_database(&from, &target, |copy| {
                    found = look(copy);
                    Ok(())
                })
            });
        let row = match (copied, found) {
            (Ok(()), Ok((name, alarm))) => {
                let class = known.as_ref().map(|row| row.class.clone());
                let class = class.or_else(|| self.class_of(id).map(str::to_owned));
                class.map(|class| Row {
                    number: 0,
                    class,
                    name: known.as_ref().and_then(|row| row.name.clone()).or(name),
                    seq: ELSEWHERE,
                    epoch: i64::from(self.view.meta.boots) << 16,
                    alarm,
                })
            }
            (copied, found) => {
                let reason = match copied {
                    Err(CareError::Database { reason, .. }) => reason,
                    Err(other) => other.to_string(),
                    Ok(()) => found
                        .err()
                        .map(|fault| fault.to_string())
                        .unwrap_or_default(),
                };
                let object = known.map(|row| who(&row, id));
                let object = object.or_else(|| Some(format!("{}/~{id}", self.class_of(id)?)));
                self.lose(path, object, reason);
                return remove(&target);
            }
        };
        let Some(row) = row else {
            self.lose(path, None, "the app has no class that its id could be of");
            return remove(&target);
        };
        let shared = self.to.database(self.view.file_of(id));
        let to = Connection::open(&shared).map_err(CareError::database(&shared))?;
        register(&to, id, &row, None).map_err(CareError::database(&shared))?;
        self.done.objects += 1;
        close(to, &shared)
    }
}

fn who(row: &Row, id: ObjectId) -> String {
    match &row.name {
        Some(name) => format!("{}/{name}", row.class),
        None => format!("{}/~{id}", row.class),
    }
}

/// All records of an object, if it has all that it must have.
fn records(from: &Connection, row: i64) -> Result<Records, String> {
    let read = || {
        let mut statement =
            from.prepare_cached("SELECT key, value FROM record WHERE object = ?1 ORDER BY key")?;
        let rows = statement.query_map((row,), |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Records>>()
    };
    let records = read().map_err(|error| error.to_string())?;
    for (key, value) in &records {
        if serde_json::from_slice::<IgnoredAny>(value).is_err() {
            return Err(format!("record `{key}` is no JSON"));
        }
    }
    match records.binary_search_by(|(key, _)| key.as_str().cmp(META_KEY)) {
        Ok(_) => Ok(records),
        Err(_) => Err("it has no record `!meta`, which every object has".to_owned()),
    }
}

fn register(to: &Connection, id: ObjectId, row: &Row, number: Option<i64>) -> rusqlite::Result<()> {
    let insert = "INSERT INTO object(row, id, class, name, seq, epoch, alarm) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = (
        number,
        id.as_bytes(),
        &row.class,
        &row.name,
        row.seq,
        row.epoch,
        row.alarm,
    );
    to.prepare_cached(insert)?.execute(values).map(drop)
}

fn write(to: &Connection, id: ObjectId, row: &Row, records: &Records) -> rusqlite::Result<()> {
    register(to, id, row, Some(row.number))?;
    let mut put = to.prepare_cached("INSERT INTO record(object, key, value) VALUES(?1, ?2, ?3)")?;
    for (key, value) in records {
        put.execute((row.number, key, value))?;
    }
    Ok(())
}

/// The name and the alarm of an object, out of its own file.
fn look(copy: &Connection) -> Result<(Option<String>, Option<i64>), StorageFault> {
    use crate::backend::ObjectStore as _;
    let records = OwnRecords(copy);
    let meta = records.get(META_KEY)?;
    let missing =
        || StorageFault::Io("it has no record `!meta`, which every object has".to_owned());
    Ok((Meta::name(&meta.ok_or_else(missing)?)?, records.alarm()?))
}

fn close(connection: Connection, path: &Path) -> Result<(), CareError> {
    connection
        .close()
        .map_err(|(_, error)| CareError::database(path)(error))?;
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(CareError::io(path))
}

fn remove(path: &Path) -> Result<(), CareError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(CareError::io(path)(error))
        }
        _ => Ok(()),
    }
}
