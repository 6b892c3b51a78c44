//! Why a row was not written.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entity::Definition;
use crate::backend::StorageFault;
use crate::error::{ActionError, ErrorInfo, Rejection, details};
use crate::object::storage_error;
use crate::rpc::WireError;
use crate::state::collection::Place;

/// Why a row was not written; nothing was.
///
/// It is an error of actions: `?` works in one that fails with it, where it is declared, and in one of
/// [`stayput::Result`](crate::Result), where callers see its code all the same.
#[derive(Clone)]
pub struct TableError {
    kind: TableErrorKind,
    /// As callers get it.
    rejection: Rejection,
    fault: Option<StorageFault>,
}

/// The kinds of [`TableError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableErrorKind {
    /// `table.exists`: there is a row of this key.
    Exists,
    /// `table.unique`: another row has the same values in the columns of a unique index.
    Unique,
    /// The row cannot be stored, or the storage failed.
    Storage,
}

/// The details of `table.exists`.
#[derive(Serialize, Deserialize, JsonSchema)]
struct TableExists {
    /// The table.
    table: String,
}

/// The details of `table.unique`.
#[derive(Serialize, Deserialize, JsonSchema)]
struct TableUnique {
    /// The table.
    table: String,
    /// The index.
    index: String,
    /// Its columns.
    columns: Vec<String>,
}

/// A unique index that does not let a row in.
pub(super) struct Violation {
    /// Its number.
    pub(super) index: usize,
    /// The text of the key of the row that has the values.
    pub(super) holder: String,
}

const EXISTS: &str = "table.exists";
const UNIQUE: &str = "table.unique";

impl TableError {
    fn declared(kind: TableErrorKind, wire: WireError) -> Self {
        Self {
            kind,
            rejection: Rejection::new(Box::new(wire)),
            fault: None,
        }
    }

    pub(super) fn exists(place: &Place) -> Self {
        let table = place.path.as_ref().to_owned();
        let message = format!("`{table}` has a row of this key already");
        let wire = WireError::declared(EXISTS, 409, false, message);
        Self::declared(TableErrorKind::Exists, wire.details(&TableExists { table }))
    }

    pub(super) fn unique(place: &Place, definition: &Definition, violation: &Violation) -> Self {
        let (index, columns) = violation.names(definition);
        let table = place.path.as_ref().to_owned();
        let message = format!(
            "another row of `{table}` has the same {}",
            columns.join(", ")
        );
        let wire = WireError::declared(UNIQUE, 409, false, message);
        let details = TableUnique {
            table,
            index: index.to_owned(),
            columns,
        };
        Self::declared(TableErrorKind::Unique, wire.details(&details))
    }

    /// As callers get it.
    pub(crate) fn into_rejection(self) -> Rejection {
        self.rejection
    }

    /// What kind of error it is.
    pub fn kind(&self) -> TableErrorKind {
        self.kind
    }

    /// The code on the wire: `table.exists`, `table.unique`, or that of the storage's fault.
    pub fn code(&self) -> &str {
        self.rejection.code()
    }

    /// The storage's fault, if it is one.
    pub fn fault(&self) -> Option<&StorageFault> {
        self.fault.as_ref()
    }

    /// The unique index that another row stands against, by name.
    pub fn index(&self) -> Option<String> {
        let wire = self.to_wire();
        details::<TableUnique>(&wire).map(|details| details.index)
    }

    /// The columns of that index.
    pub fn columns(&self) -> Vec<String> {
        let wire = self.to_wire();
        details::<TableUnique>(&wire).map_or_else(Vec::new, |details| details.columns)
    }
}

impl Violation {
    fn names<'d>(&self, definition: &'d Definition) -> (&'d str, Vec<String>) {
        let index = &definition.indexes[self.index];
        let columns = index.columns.iter();
        let names = columns.map(|(column, _)| definition.columns[*column].name.to_owned());
        (index.name, names.collect())
    }

    /// Stored rows that a new unique index does not let in.
    pub(super) fn at_build(
        &self,
        place: &Place,
        definition: &Definition,
        key: &str,
    ) -> StorageFault {
        let (index, columns) = self.names(definition);
        StorageFault::Encode {
            path: place.path.as_ref().to_owned(),
            reason: format!(
                "the index `{index}` is declared unique, but the rows `{}` and `{}` have the same {}; \
                 mend them with the version before, or leave `unique` out",
                place.key_text(key),
                self.holder,
                columns.join(", "),
            ),
        }
    }
}

impl From<StorageFault> for TableError {
    fn from(fault: StorageFault) -> Self {
        Self {
            kind: TableErrorKind::Storage,
            rejection: Rejection::new(storage_error(&fault)),
            fault: Some(fault),
        }
    }
}

impl ActionError for TableError {
    const ERRORS: &'static [ErrorInfo] = &[
        ErrorInfo {
            code: EXISTS,
            status: 409,
            retryable: false,
            docs: "There is a row of this key.",
            details: |describer| describer.details_of::<TableExists>(),
        },
        ErrorInfo {
            code: UNIQUE,
            status: 409,
            retryable: false,
            docs: "Another row has the same values in the columns of a unique index.",
            details: |describer| describer.details_of::<TableUnique>(),
        },
    ];

    fn to_wire(&self) -> WireError {
        *self.rejection.clone().into_wire()
    }

    fn from_wire(wire: &WireError) -> Option<Self> {
        let kind = match wire.code() {
            EXISTS => TableErrorKind::Exists,
            UNIQUE => TableErrorKind::Unique,
            _ => return None,
        };
        Some(Self::declared(kind, wire.clone()))
    }
}

impl fmt::Debug for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableError")
            .field("code", &self.code())
            .field("message", &self.rejection.message())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rejection.message())
    }
}

impl std::error::Error for TableError {
    /// The same as callers get it: by this `?` into [`stayput::Error`](crate::Error) keeps the code.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.rejection)
    }
}
