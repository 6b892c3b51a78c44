//! Whether a data folder is sound.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::Connection;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::super::sql::{ANNOUNCED, DESTROYED, ELSEWHERE};
use super::CareError;
use super::view::{View, find};
use crate::app::App;
use crate::backend::StorageFault;
use crate::object::ObjectId;
use crate::state::META_KEY;

/// What was found out about a data folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Database files.
    pub files: u64,
    /// Objects in them.
    pub objects: u64,
    /// Records of these.
    pub records: u64,
    /// What is wrong; nothing if the folder is sound.
    pub faults: Vec<Fault>,
}

/// Something that is wrong in a data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file, from the folder on.
    pub file: String,
    /// The object, if it is about one: its class, and its name or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// Most faults that SQLite is asked for in one file.
const MOST: u32 = 100;

/// Looks at every file of a data folder: whether it is whole, and whether what it holds fits together. A server may run
/// there meanwhile.
///
/// # Errors
///
/// It is no data folder of the app.
pub fn verify(folder: &Path, app: &App) -> Result<Report, CareError> {
    let view = View::open(folder, app.name())?;
    Ok(Check::of(&view, app)?.report)
}

/// A row of the registry, as far as the check needs it.
struct Known {
    row: i64,
    seq: i64,
    who: String,
}

/// A check in progress.
pub(super) struct Check<'a> {
    view: &'a View,
    app: &'a App,
    pub(super) report: Report,
    /// The registry's rows of objects that have files of their own.
    elsewhere: HashMap<ObjectId, String>,
    /// Shared files whose registry cannot be read whole.
    unreadable: Vec<usize>,
}

impl<'a> Check<'a> {
    pub(super) fn of(view: &'a View, app: &'a App) -> Result<Self, CareError> {
        let mut check = Self {
            view,
            app,
            report: Report::default(),
            elsewhere: HashMap::new(),
            unreadable: Vec::new(),
        };
        let own = view.sql.list().map_err(CareError::io(&view.path))?;
        for number in 0..view.meta.files {
            check.report.files += 1;
            if let Err(reason) = check.shared(number) {
                check.unreadable.push(number);
                check.fault(&view.database(number), None, reason);
            }
        }
        for (id, path) in &own {
            check.report.files += 1;
            if let Err(reason) = check.own(*id, path) {
                let who = check.elsewhere.get(id).cloned();
                check.fault(path, who, reason);
            }
            check.elsewhere.remove(id);
        }
        check.missing();
        Ok(check)
    }

    fn fault(&mut self, file: &Path, object: Option<String>, reason: impl Into<String>) {
        self.report.faults.push(Fault {
            file: self.view.short(file),
            object,
            reason: reason.into(),
        });
    }

    /// A shared file. An error says that it cannot be read any further.
    fn shared(&mut self, number: usize) -> Result<(), String> {
        let path = self.view.database(number);
        let connection = self.view.shared(number).map_err(|error| reason(&error))?;
        // One look at everything, whatever a server commits meanwhile.
        let told = |error: rusqlite::Error| error.to_string();
        connection.execute_batch("BEGIN").map_err(told)?;
        let broken = integrity(&connection).map_err(told)?;
        let is_broken = !broken.is_empty();
        for reason in broken {
            self.fault(&path, None, reason);
        }
        let known = self.registry(&connection, number, &path).map_err(told)?;
        self.records(&connection, &known, &path).map_err(told)?;
        if is_broken {
            self.unreadable.push(number);
        }
        Ok(())
    }

    /// The rows of the registry, by number.
    fn registry(
        &mut self,
        connection: &Connection,
        number: usize,
        path: &Path,
    ) -> rusqlite::Result<HashMap<i64, Known>> {
        let mut known = HashMap::new();
        let mut statement = connection.prepare("SELECT row, id, class, name, seq FROM object")?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let (class, name): (String, Option<String>) = (row.get(2)?, row.get(3)?);
            let Ok(id) = row.get::<_, [u8; 32]>(1).map(ObjectId::from_bytes) else {
                self.fault(path, Some(class), "the registry has an id that is none");
                continue;
            };
            let who = match &name {
                Some(name) => format!("{class}/{name}"),
                None => format!("{class}/~{id}"),
            };
            let seq: i64 = row.get(4)?;
            if self.view.file_of(id) != number {
                self.fault(
                    path,
                    Some(who.clone()),
                    "it is in a file where nobody looks for it",
                );
            }
            let derived = self.app.find(&class).zip(name.as_deref());
            if derived.is_some_and(|(class, name)| class.ids.named(name) != id) {
                self.fault(
                    path,
                    Some(who.clone()),
                    format!("its id `{id}` is not that of its name"),
                );
            }
            if seq == ELSEWHERE {
                self.elsewhere.insert(id, who.clone());
            }
            if seq != ANNOUNCED && seq != DESTROYED {
                self.report.objects += 1;
            }
            let row = row.get(0)?;
            known.insert(row, Known { row, seq, who });
        }
        Ok(known)
    }

    /// The records, and whose they are.
    fn records(
        &mut self,
        connection: &Connection,
        known: &HashMap<i64, Known>,
        path: &Path,
    ) -> rusqlite::Result<()> {
        let mut statement =
            connection.prepare("SELECT object, key, value FROM record ORDER BY object")?;
        let mut rows = statement.query(())?;
        let mut with_meta = Vec::new();
        let mut orphan = None;
        while let Some(row) = rows.next()? {
            self.report.records += 1;
            let object: i64 = row.get(0)?;
            let key = row.get_ref(1)?.as_str().unwrap_or_default();
            if key == META_KEY {
                with_meta.push(object);
            }
            let who = known.get(&object).map(|known| known.who.as_str());
            if who.is_none() && orphan.replace(object) != Some(object) {
                self.fault(
                    path,
                    None,
                    format!("records of object {object}, which the registry does not know"),
                );
            }
            let is_json = row.get_ref(2)?.as_blob().is_ok_and(is_json);
            if !is_json {
                self.fault(
                    path,
                    who.map(str::to_owned),
                    format!("record `{key}` is no JSON"),
                );
            }
        }
        let lacking = known
            .values()
            .filter(|known| known.seq > 0 && with_meta.binary_search(&known.row).is_err());
        for known in lacking {
            self.fault(
                path,
                Some(known.who.clone()),
                "it has no record `!meta`, which every object has",
            );
        }
        Ok(())
    }

    /// The file of an object with SQL.
    fn own(&mut self, id: ObjectId, path: &Path) -> Result<(), String> {
        if !self.elsewhere.contains_key(&id) && self.is_stray(id, path) {
            self.fault(path, None, "the registry does not know the object");
        }
        let connection = match self.view.sql.open_reader(path) {
            // It may have been destroyed since the files were listed.
            Err(_) if !path.exists() => return Ok(()),
            opened => opened.map_err(|fault| match fault {
                StorageFault::Quarantined(reason) => reason,
                other => other.to_string(),
            })?,
        };
        let told = |error: rusqlite::Error| error.to_string();
        connection.execute_batch("BEGIN").map_err(told)?;
        let who = self.elsewhere.get(&id).cloned();
        for reason in integrity(&connection).map_err(told)? {
            self.fault(path, who.clone(), reason);
        }
        let mut statement = connection
            .prepare("SELECT key, value FROM _cf_KV")
            .map_err(told)?;
        let mut rows = statement.query(()).map_err(told)?;
        let mut has_meta = false;
        while let Some(row) = rows.next().map_err(told)? {
            self.report.records += 1;
            let key: String = row.get(0).map_err(told)?;
            has_meta |= key == META_KEY;
            if !row.get_ref(1).map_err(told)?.as_blob().is_ok_and(is_json) {
                self.fault(path, who.clone(), format!("record `{key}` is no JSON"));
            }
        }
        if has_meta {
            Ok(())
        } else {
            Err("it has no record `!meta`, which every object has".to_owned())
        }
    }

    /// Whether a file has no row. The row is there before the file, so a file that has one by now had it all along.
    fn is_stray(&self, id: ObjectId, path: &Path) -> bool {
        let number = self.view.file_of(id);
        if self.unreadable.contains(&number) || !path.exists() {
            return false;
        }
        let row = self
            .view
            .shared(number)
            .ok()
            .map(|shared| find(&shared, id));
        !matches!(row, Some(Ok(Some(_))))
    }

    /// Rows of objects whose files were not found.
    fn missing(&mut self) {
        for (id, who) in std::mem::take(&mut self.elsewhere) {
            let path = self.view.sql.path_of(id);
            if path.exists() {
                continue;
            }
            let shared = self.view.shared(self.view.file_of(id));
            let row = shared.ok().map(|shared| find(&shared, id));
            // Destroyed meanwhile.
            if matches!(row, Some(Ok(None))) {
                continue;
            }
            self.fault(
                &path,
                Some(who),
                "it is missing, though the registry knows the object",
            );
        }
        self.report.faults.sort_by(|a, b| a.file.cmp(&b.file));
    }
}

pub(super) fn reason(error: &super::super::OpenError) -> String {
    match error {
        super::super::OpenError::Corrupt { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

fn is_json(value: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(value).is_ok()
}

/// What SQLite finds wrong in a file.
pub(super) fn integrity(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
    let found = statement.query_map((), |row| row.get::<_, String>(0))?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}
