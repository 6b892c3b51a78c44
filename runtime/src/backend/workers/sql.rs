//! Tables in the platform's SQL storage, the same database as the records.

use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::externs::{Bridge, SqlRows, text_of};
use super::store::fault;
use crate::backend::{Counts, RowSink, SqlStore, Statement, StorageFault};
use crate::sql::{SqlError, SqlValue, exact_integers};

/// What makes the tables of an object, for the classes that have some.
pub(crate) type OpenSql = fn(&Bridge) -> Rc<dyn SqlStore>;

/// It.
pub(crate) const OPEN_SQL: OpenSql = |bridge| {
    Rc::new(WorkersSql {
        bridge: bridge.clone(),
    })
};

/// The tables of the object whose wasm instance this is.
#[derive(Debug)]
struct WorkersSql {
    bridge: Bridge,
}

impl SqlStore for WorkersSql {
    fn transact(&self, turn: &mut dyn FnMut() -> bool) -> Result<(), StorageFault> {
        match self.bridge.transact(&mut || turn()) {
            None => Ok(()),
            Some(thrown) => Err(fault(&JsValue::from_str(&thrown))),
        }
    }

    fn run(&self, statement: &Statement<'_>, rows: &mut dyn RowSink) -> Result<Counts, SqlError> {
        let told = |thrown: JsValue| error(&thrown);
        let is_integer = |at: usize| matches!(statement.params.get(at), Some(SqlValue::Integer(_)));
        let text;
        let text = if (0..statement.params.len()).any(is_integer) {
            text = exact_integers(statement.text, is_integer);
            &text
        } else {
            statement.text
        };
        let params: Array = statement.params.iter().map(bound).collect();
        let found = self.bridge.sql(text, &params).map_err(told)?;
        let names = found.columns().map_err(told)?;
        rows.columns(names.iter().filter_map(|name| name.as_string()).collect());
        while let Some(row) = found.next().map_err(told)? {
            if !rows.row(row.iter().map(read).collect()) {
                break;
            }
        }
        counts(&found, statement.changes_rows).map_err(told)
    }
}

fn counts(found: &SqlRows, changes_rows: bool) -> Result<Counts, JsValue> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole numbers that count rows"
    )]
    let whole = |number: f64| number as u64;
    Ok(Counts {
        changed: whole(found.changed(changes_rows)?),
        read: whole(found.read()?),
        written: whole(found.written()?),
    })
}

/// Integers as texts: the text has a cast for each, because numbers are bound as floats.
fn bound(value: &SqlValue) -> JsValue {
    match value {
        SqlValue::Null => JsValue::NULL,
        SqlValue::Integer(integer) => JsValue::from_str(&integer.to_string()),
        SqlValue::Real(real) => JsValue::from_f64(*real),
        SqlValue::Text(text) => JsValue::from_str(text),
        SqlValue::Blob(bytes) => Uint8Array::from(bytes.as_slice()).buffer().into(),
    }
}

fn read(value: JsValue) -> SqlValue {
    if let Some(number) = value.as_f64() {
        return SqlValue::of_number(number);
    }
    if let Some(text) = value.as_string() {
        return SqlValue::Text(text);
    }
    match value.dyn_into::<ArrayBuffer>() {
        Ok(bytes) => SqlValue::Blob(Uint8Array::new(&bytes).to_vec()),
        Err(_) => SqlValue::Null,
    }
}

/// A statement that failed, or the storage itself.
fn error(thrown: &JsValue) -> SqlError {
    const STORAGE: &[&str] = &["FULL", "IOERR", "NOMEM", "CORRUPT", "INTERRUPT", "CANTOPEN"];
    let text = text_of(thrown);
    let is = |code: &&str| text.contains(&format!("SQLITE_{code}"));
    if text == "the object was reset" || STORAGE.iter().any(is) {
        return fault(thrown).into();
    }
    SqlError::of_message(&text)
}
