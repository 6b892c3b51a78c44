//! Why a repository did not do what it was asked for.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backend::StorageFault;
use crate::error::{ActionError, Code, ErrorInfo, Rejection, details};
use crate::object::storage_error;
use crate::rpc::WireError;
use crate::sql::{SqlError, SqlFault};
use crate::state::{TableError, TableErrorKind};

/// Why a repository did not do what it was asked for; it has changed nothing then.
///
/// It is an error of actions: `?` works in one that fails with it, where it is declared, and in one of
/// [`stayput::Result`](crate::Result), where callers see its code all the same.
pub struct RepositoryError(Box<Inner>);

struct Inner {
    fault: RepositoryFault,
    /// What callers get, unless it is `internal`.
    rejection: Option<Rejection>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RepositoryFault {
    /// There is none of this key: `repository.not_found`, 404.
    NotFound {
        /// The table.
        table: String,
        /// The key, for people.
        key: String,
    },
    /// It was changed since it was read: `repository.conflict`, 409.
    Conflict {
        /// The table.
        table: String,
        /// The key, for people.
        key: String,
        /// The version that was read.
        expected: u64,
        /// The version that is there.
        actual: u64,
    },
    /// There is one with the same values: `sql.unique` or `table.unique`, `table.exists`, 409.
    Unique {
        /// The columns, by their names alone.
        columns: Vec<String>,
    },
    /// A statement failed for another reason.
    Sql(SqlFault),
    /// The storage of records failed.
    Storage(StorageFault),
}

/// The details of `repository.not_found`.
#[derive(Serialize, Deserialize, JsonSchema)]
struct RowNotFound {
    /// The table.
    table: String,
    /// The key.
    key: String,
}

/// The details of `repository.conflict`.
#[derive(Serialize, Deserialize, JsonSchema)]
struct RowConflict {
    /// The table.
    table: String,
    /// The key.
    key: String,
    /// The version that was read.
    expected: u64,
    /// The version that is there.
    actual: u64,
}

const NOT_FOUND: ErrorInfo = ErrorInfo {
    code: "repository.not_found",
    status: 404,
    retryable: false,
    docs: "There is none of this key.",
    details: |describer| describer.details_of::<RowNotFound>(),
};

const CONFLICT: ErrorInfo = ErrorInfo {
    code: "repository.conflict",
    status: 409,
    retryable: false,
    docs: "It was changed since it was read: read it again and decide anew.",
    details: |describer| describer.details_of::<RowConflict>(),
};

impl RepositoryError {
    fn declared(info: &ErrorInfo, fault: RepositoryFault, details: &impl Serialize) -> Self {
        let message = fault.to_string();
        let wire = WireError::declared(info.code, info.status, info.retryable, message);
        Self(Box::new(Inner {
            fault,
            rejection: Some(Rejection::new(Box::new(wire.details(details)))),
        }))
    }

    pub(crate) fn not_found(table: &str, key: &str) -> Self {
        let (table, key) = (table.to_owned(), key.to_owned());
        let fault = RepositoryFault::NotFound {
            table: table.clone(),
            key: key.clone(),
        };
        Self::declared(&NOT_FOUND, fault, &RowNotFound { table, key })
    }

    pub(crate) fn conflict(table: &str, key: &str, expected: u64, actual: u64) -> Self {
        let (table, key) = (table.to_owned(), key.to_owned());
        let fault = RepositoryFault::Conflict {
            table: table.clone(),
            key: key.clone(),
            expected,
            actual,
        };
        let details = RowConflict {
            table,
            key,
            expected,
            actual,
        };
        Self::declared(&CONFLICT, fault, &details)
    }

    /// What is wrong.
    pub fn fault(&self) -> &RepositoryFault {
        &self.0.fault
    }

    /// The code on the wire; of mistakes of the program, which callers see as `internal`, what tells them apart in logs.
    pub fn code(&self) -> &str {
        match (&self.0.rejection, &self.0.fault) {
            (Some(rejection), _) => rejection.code(),
            (None, RepositoryFault::Sql(fault)) => fault.code(),
            (None, _) => Code::Internal.as_str(),
        }
    }
}

impl From<SqlError> for RepositoryError {
    fn from(error: SqlError) -> Self {
        let fault = match error.fault() {
            SqlFault::Unique { columns } => {
                let bare = |column: &String| match column.rsplit_once('.') {
                    Some((_, column)) => column.to_owned(),
                    None => column.clone(),
                };
                RepositoryFault::Unique {
                    columns: columns.iter().map(bare).collect(),
                }
            }
            fault => RepositoryFault::Sql(fault.clone()),
        };
        let rejection = error.rejection().cloned();
        Self(Box::new(Inner { fault, rejection }))
    }
}

impl From<TableError> for RepositoryError {
    fn from(error: TableError) -> Self {
        let fault = match (error.kind(), error.fault()) {
            (_, Some(fault)) => RepositoryFault::Storage(fault.clone()),
            (TableErrorKind::Unique, _) => RepositoryFault::Unique {
                columns: error.columns(),
            },
            (TableErrorKind::Exists | TableErrorKind::Storage, _) => RepositoryFault::Unique {
                columns: Vec::new(),
            },
        };
        let rejection = Some(error.into_rejection());
        Self(Box::new(Inner { fault, rejection }))
    }
}

impl From<StorageFault> for RepositoryError {
    fn from(fault: StorageFault) -> Self {
        let rejection = Some(Rejection::new(storage_error(&fault)));
        let fault = RepositoryFault::Storage(fault);
        Self(Box::new(Inner { fault, rejection }))
    }
}

impl ActionError for RepositoryError {
    const ERRORS: &'static [ErrorInfo] = &[
        NOT_FOUND,
        CONFLICT,
        TableError::ERRORS[0],
        TableError::ERRORS[1],
        SqlError::ERRORS[0],
        SqlError::ERRORS[1],
        SqlError::ERRORS[2],
        SqlError::ERRORS[3],
    ];

    fn to_wire(&self) -> WireError {
        match &self.0.rejection {
            Some(rejection) => *rejection.clone().into_wire(),
            None => WireError::framework(Code::Internal, self.to_string()),
        }
    }

    fn from_wire(wire: &WireError) -> Option<Self> {
        if wire.code() == NOT_FOUND.code {
            let RowNotFound { table, key } = details(wire)?;
            return Some(Self::not_found(&table, &key));
        }
        if wire.code() == CONFLICT.code {
            let told: RowConflict = details(wire)?;
            return Some(Self::conflict(
                &told.table,
                &told.key,
                told.expected,
                told.actual,
            ));
        }
        let table = || TableError::from_wire(wire).map(Self::from);
        SqlError::from_wire(wire).map(Self::from).or_else(table)
    }
}

impl fmt::Display for RepositoryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { table, key } => write!(f, "`{table}` has no `{key}`"),
            Self::Conflict {
                table,
                key,
                expected,
                actual,
            } => write!(
                f,
                "`{key}` of `{table}` was changed since it was read: version {expected} was read, {actual} is there"
            ),
            Self::Unique { columns } if columns.is_empty() => {
                f.write_str("there is one of this key already")
            }
            Self::Unique { columns } => {
                write!(f, "there is one with the same {}", columns.join(", "))
            }
            Self::Sql(fault) => fault.fmt(f),
            Self::Storage(fault) => fault.fmt(f),
        }
    }
}

impl fmt::Display for RepositoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.0.fault)
    }
}

impl fmt::Debug for RepositoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fault.fmt(f)
    }
}

impl PartialEq for RepositoryError {
    fn eq(&self, other: &Self) -> bool {
        self.0.fault == other.0.fault
    }
}

impl std::error::Error for RepositoryError {
    /// The same as callers get it: by this `?` into [`stayput::Error`](crate::Error) keeps the code.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.rejection.as_ref().map(|rejection| rejection as _)
    }
}
