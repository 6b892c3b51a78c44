//! Durable state: records, plain fields, collections.
//!
//! Everything durable about an object is records, text keys to JSON values. [`Records`] keeps what a
//! running action wrote in layers over what is committed. [`Log`], [`Map`], [`Set`], [`Queue`], [`Lazy`] and [`Counter`] are views of
//! records and hold nothing in memory; every other field is one record, encoded whole, and written
//! only when its encoding changed.

mod bare;
mod collection;
mod counter;
mod cursor;
mod describe;
mod encode;
mod field;
mod iter;
mod key;
mod lazy;
mod load;
mod log;
mod map;
mod mark;
mod merge;
mod meta;
mod page;
mod queue;
mod records;
mod save;
mod set;
mod stateful;
mod sweep;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod ttl;
mod upgrade;

pub use bare::{Bare, BareMut, List, Listed};
pub(crate) use collection::{Place, Site, field_by_site};
pub use counter::Counter;
pub(crate) use cursor::EXPECTED as EXPECTED_CURSOR;
pub use cursor::{Cursor, CursorError};
pub use describe::StateDescriber;
pub use encode::{decode, encode};
pub use field::{Field, FieldCache};
pub use iter::{Iter, TryIter};
pub use key::{AsKey, Key, KeyPrefix};
pub use lazy::Lazy;
pub use load::Loader;
pub use log::Log;
pub use map::Map;
pub(crate) use merge::after;
pub(crate) use meta::{META_KEY, Meta};
pub use page::Page;
pub use queue::Queue;
pub use records::Records;
pub use save::Saver;
pub use set::Set;
pub use stateful::{Initial, Stateful, Walk, initial};
pub(crate) use sweep::sweep;
pub(crate) use table::{Ask, NONE, Node, SOME, Test, Whole, key_text};
#[doc(hidden)]
pub use table::{
    AutoKey, CellProbe, ColumnInfo, Columns, Definition, Finders, IndexInfo, NoCellProbe, Probe,
    Rows, Version, equal, holds,
};
pub use table::{
    Cell, Column, Entity, Explain, Filter, Index, Number, Operand, Order, Projection, Query, Read,
    Selected, Table, TableError, TableErrorKind, Text, Write, Writes,
};
pub use ttl::TtlMap;
pub use upgrade::{Upgrade, UpgradeStep};

/// The longest key of a record, in bytes.
pub const MAX_KEY_BYTES: usize = 2_048;
/// The longest value of a record, in bytes of JSON text.
pub const MAX_VALUE_BYTES: usize = 2_000_000;
/// The longest encoding of a plain field, in bytes of JSON text.
pub const MAX_FIELD_BYTES: usize = 64 * 1_024;
