//! Which objects of a class a data folder holds.

use std::path::Path;

use rusqlite::Connection;

use super::CareError;
use super::view::View;
use crate::object::ObjectId;

/// The ids of all objects of a class, in their order.
pub(crate) fn ids_of(folder: &Path, app: &str, class: &str) -> Result<Vec<ObjectId>, CareError> {
    let mut ids = Vec::new();
    let view = View::open(folder, app)?;
    for connection in view.all_shared() {
        ids.extend(read(&connection?, class).map_err(CareError::database(folder))?);
    }
    ids.sort_unstable();
    Ok(ids)
}

fn read(connection: &Connection, class: &str) -> rusqlite::Result<Vec<ObjectId>> {
    let mut statement = connection.prepare("SELECT id FROM object WHERE class = ?1")?;
    let ids = statement.query_map((class,), |row| row.get::<_, [u8; 32]>(0))?;
    ids.map(|id| id.map(ObjectId::from_bytes)).collect()
}
