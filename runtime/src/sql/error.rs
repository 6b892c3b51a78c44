//! Why a statement failed: the same on all backends.

use std::fmt;

use crate::backend::StorageFault;
use crate::error::{ActionError, Code, ErrorDescriber, ErrorInfo, Rejection};
use crate::object::storage_error;
use crate::rpc::WireError;

/// Why a statement failed. It has changed nothing then, and the action may go on.
///
/// By `?` callers see broken constraints under their codes (`sql.unique` and so on), a storage fault as such, and everything
/// else, which is a mistake of the program, as `internal`.
pub struct SqlError(Box<Inner>);

struct Inner {
    fault: SqlFault,
    /// What callers get, unless it is `internal`.
    rejection: Option<Rejection>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SqlFault {
    /// A row with these values is there: `sql.unique`, 409.
    Unique {
        /// As SQLite names them: `users.name`; or the index, as `index 'name'`.
        columns: Vec<String>,
    },
    /// The column needs a value: `sql.not_null`, 422.
    NotNull {
        /// `users.name`.
        column: String,
    },
    /// A `CHECK` is not met: `sql.check`, 422.
    Check {
        /// Its name, or what it says.
        constraint: String,
    },
    /// The row it refers to is missing, or rows refer to it: `sql.foreign_key`, 409.
    ForeignKey,
    /// The statement cannot be run, in the words of SQLite: `sql.invalid`.
    Invalid(String),
    /// The statement is none that objects may run: `sql.refused`.
    Refused(String),
    /// A limit is passed: `sql.too_large`.
    TooLarge(String),
    /// A query would write: `sql.read_only`.
    ReadOnly,
    /// As many parameters as the statement has were to be given: `sql.parameters`.
    Parameters {
        /// How many it has.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// `one` found no row: `sql.no_row`.
    NoRow,
    /// `one` or `optional` found more than one row: `sql.many_rows`.
    ManyRows,
    /// A row does not fit the type that reads it: `sql.unreadable`.
    Unreadable {
        /// The column, if it is one's.
        column: String,
        /// What does not fit.
        reason: String,
    },
    /// The disk or the platform failed; nothing of the action is kept.
    Storage(StorageFault),
}

impl SqlError {
    /// What is wrong.
    pub fn fault(&self) -> &SqlFault {
        &self.0.fault
    }

    /// The code: what callers see of a constraint, and what tells the others apart in logs.
    pub fn code(&self) -> &'static str {
        self.0.fault.code()
    }

    /// What callers get, unless it is `internal`.
    pub(crate) fn rejection(&self) -> Option<&Rejection> {
        self.0.rejection.as_ref()
    }

    /// What SQLite says of a failed statement: the same sentences everywhere, whatever the backend adds to them.
    pub(crate) fn of_message(message: &str) -> Self {
        SqlFault::of_message(message).into()
    }
}

impl SqlFault {
    /// What tells it from others.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unique { .. } => "sql.unique",
            Self::NotNull { .. } => "sql.not_null",
            Self::Check { .. } => "sql.check",
            Self::ForeignKey => "sql.foreign_key",
            Self::Invalid(_) => "sql.invalid",
            Self::Refused(_) => "sql.refused",
            Self::TooLarge(_) => "sql.too_large",
            Self::ReadOnly => "sql.read_only",
            Self::Parameters { .. } => "sql.parameters",
            Self::NoRow => "sql.no_row",
            Self::ManyRows => "sql.many_rows",
            Self::Unreadable { .. } => "sql.unreadable",
            Self::Storage(fault) => Code::of_storage(fault).as_str(),
        }
    }

    fn of_message(message: &str) -> Self {
        let after = |start: &str| message.strip_prefix(start).map(without_code);
        if let Some(columns) = after("UNIQUE constraint failed: ") {
            let columns = columns.split(", ").map(str::to_owned).collect();
            return Self::Unique { columns };
        }
        if let Some(column) = after("NOT NULL constraint failed: ") {
            return Self::NotNull {
                column: column.to_owned(),
            };
        }
        if let Some(constraint) = after("CHECK constraint failed: ") {
            return Self::Check {
                constraint: constraint.to_owned(),
            };
        }
        if message.starts_with("FOREIGN KEY constraint failed") {
            return Self::ForeignKey;
        }
        let text = without_code(message);
        let any = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
        if any(&[
            "not authorized",
            "prohibited",
            "SQLITE_AUTH",
            "cannot VACUUM",
            "no such module",
            "no such table: _cf_",
            "no such function: load_extension",
        ]) {
            return Self::Refused(text.to_owned());
        }
        if any(&[
            "too big",
            "too long",
            "too many",
            "too large",
            "too complex",
            "too much",
        ]) {
            return Self::TooLarge(text.to_owned());
        }
        Self::Invalid(text.to_owned())
    }

    /// The error that callers get; `None` for mistakes of the program.
    fn wire(&self) -> Option<WireError> {
        let info = match self {
            Self::Unique { .. } => &UNIQUE,
            Self::NotNull { .. } => &NOT_NULL,
            Self::Check { .. } => &CHECK,
            Self::ForeignKey => &FOREIGN_KEY,
            Self::Storage(fault) => return Some(*storage_error(fault)),
            _ => return None,
        };
        let error =
            WireError::declared(info.code, info.status, info.retryable, info.docs.to_owned());
        Some(match self {
            Self::Unique { columns } => error.details(&serde_json::json!({ "columns": columns })),
            Self::NotNull { column } => error.details(&serde_json::json!({ "column": column })),
            Self::Check { constraint } => {
                error.details(&serde_json::json!({ "constraint": constraint }))
            }
            _ => error,
        })
    }
}

/// The message without what workerd puts behind it: ` at offset 73`, `: SQLITE_CONSTRAINT (extended: ..)`.
fn without_code(message: &str) -> &str {
    let message = message
        .split_once(": SQLITE_")
        .map_or(message, |(text, _)| text);
    match message.rsplit_once(" at offset ") {
        Some((text, offset)) if offset.bytes().all(|byte| byte.is_ascii_digit()) => text,
        _ => message,
    }
}

const fn constraint(code: &'static str, status: u16, docs: &'static str) -> ErrorInfo {
    ErrorInfo {
        code,
        status,
        retryable: false,
        docs,
        details: |_: &mut ErrorDescriber<'_>| {},
    }
}

const UNIQUE: ErrorInfo = constraint("sql.unique", 409, "a row with these values is there");
const NOT_NULL: ErrorInfo = constraint("sql.not_null", 422, "a column needs a value");
const CHECK: ErrorInfo = constraint("sql.check", 422, "a value is not one that its table takes");
const FOREIGN_KEY: ErrorInfo = constraint(
    "sql.foreign_key",
    409,
    "the row it refers to is missing, or rows refer to it",
);

impl ActionError for SqlError {
    const ERRORS: &'static [ErrorInfo] = &[UNIQUE, NOT_NULL, CHECK, FOREIGN_KEY];

    fn to_wire(&self) -> WireError {
        let wire = self.0.fault.wire();
        wire.unwrap_or_else(|| WireError::framework(Code::Internal, self.to_string()))
    }

    fn from_wire(wire: &WireError) -> Option<Self> {
        let member = |name: &str| {
            let details: serde_json::Value = crate::error::details(wire)?;
            Some(details.get(name)?.clone())
        };
        let text = |name| {
            let value = member(name);
            value.and_then(|value| Some(value.as_str()?.to_owned()))
        };
        let fault = match wire.code() {
            "sql.unique" => SqlFault::Unique {
                columns: serde_json::from_value(member("columns")?).ok()?,
            },
            "sql.not_null" => SqlFault::NotNull {
                column: text("column")?,
            },
            "sql.check" => SqlFault::Check {
                constraint: text("constraint")?,
            },
            "sql.foreign_key" => SqlFault::ForeignKey,
            _ => return None,
        };
        Some(fault.into())
    }
}

impl From<SqlFault> for SqlError {
    fn from(fault: SqlFault) -> Self {
        let rejection = fault.wire().map(|wire| Rejection::new(Box::new(wire)));
        Self(Box::new(Inner { fault, rejection }))
    }
}

impl From<StorageFault> for SqlError {
    fn from(fault: StorageFault) -> Self {
        SqlFault::Storage(fault).into()
    }
}

impl fmt::Display for SqlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unique { columns } => {
                write!(f, "a row with this {} is there", columns.join(", "))
            }
            Self::NotNull { column } => write!(f, "`{column}` needs a value"),
            Self::Check { constraint } => write!(f, "the check `{constraint}` is not met"),
            Self::ForeignKey => f.write_str(FOREIGN_KEY.docs),
            Self::Invalid(text) | Self::Refused(text) | Self::TooLarge(text) => f.write_str(text),
            Self::ReadOnly => f.write_str(
                "a query may not write: take `&mut self` in the action that does, and `cx.sql()`",
            ),
            Self::Parameters { expected, given } => {
                write!(
                    f,
                    "the statement has {expected} parameters, {given} are given"
                )
            }
            Self::NoRow => f.write_str("there is no such row: `optional` says so by `None`"),
            Self::ManyRows => f.write_str("there is more than one such row: read them by `all`"),
            Self::Unreadable { column, reason } if column.is_empty() => {
                write!(f, "a row cannot be read: {reason}")
            }
            Self::Unreadable { column, reason } => {
                write!(f, "column `{column}` cannot be read: {reason}")
            }
            Self::Storage(fault) => fault.fmt(f),
        }
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.0.fault)
    }
}

impl fmt::Debug for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fault.fmt(f)
    }
}

impl PartialEq for SqlError {
    fn eq(&self, other: &Self) -> bool {
        self.0.fault == other.0.fault
    }
}

impl std::error::Error for SqlError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.rejection.as_ref().map(|rejection| rejection as _)
    }
}
