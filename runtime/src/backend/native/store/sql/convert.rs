//! Values and errors of SQLite as the core knows them.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Error, ErrorCode, ToSql};

use crate::backend::StorageFault;
use crate::sql::{MAX_SAFE, SqlError, SqlValue};

impl ToSql for SqlValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Integer(integer) => ToSqlOutput::Owned(Value::Integer(*integer)),
            Self::Real(real) => ToSqlOutput::Owned(Value::Real(*real)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// A value as every backend reads it: where numbers are floats there is no whole one that is none, and none beyond 2^53.
pub(super) fn read(value: ValueRef<'_>) -> SqlValue {
    match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(integer) if integer.unsigned_abs() <= MAX_SAFE => {
            SqlValue::Integer(integer)
        }
        #[expect(clippy::cast_precision_loss, reason = "that is what the platform does")]
        ValueRef::Integer(integer) => SqlValue::Real(integer as f64),
        ValueRef::Real(real) => SqlValue::of_number(real),
        ValueRef::Text(text) => SqlValue::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => SqlValue::Blob(bytes.to_vec()),
    }
}

/// A failed statement of the object's.
pub(super) fn error(error: &Error) -> SqlError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageFault::Full.into(),
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::OutOfMemory
            | ErrorCode::ReadOnly,
        ) => StorageFault::Io(error.to_string()).into(),
        _ => SqlError::of_message(&text(error)),
    }
}

fn text(error: &Error) -> String {
    match error {
        Error::SqliteFailure(_, Some(text)) => text.clone(),
        Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}
