//! Whole objects as text: how they move from one data folder, or backend, to another. The format is that of
//! `docs/backup.md`; the commands of native programs read and write it in files, `app!(..; transfer)` over HTTP.

mod cell;
mod document;
mod export;
mod import;
mod rows;

use std::fmt;

use bytes::Bytes;

use crate::backend::{Commit, ObjectStore, SqlStore};
use crate::object::Target;
use crate::rpc::{Reply, WireError};

pub(crate) use cell::Cell;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub(crate) use cell::Other;
pub(crate) use document::DocumentError;
pub(crate) use document::{DocumentReader, DocumentWriter, Header, Line, Schema, TableLine};

/// The longest text that moves in one request or response. It is in memory as a whole, on Workers in more than one copy.
pub(crate) const MAX_TEXT: usize = 16 << 20;

/// What a whole object is asked for by; the last segment of its path. It is the action of no class.
pub(crate) const EXPORT: &str = "~export";

/// What brings a whole object.
pub(crate) const IMPORT: &str = "~import";

/// The scope that both take.
pub(crate) const SCOPE: &str = "stayput:admin";

/// An object, as far as it is to be written or read.
pub(crate) struct Hold<'a> {
    /// Who it is.
    pub(crate) target: Target,
    /// The app, `name@version`.
    pub(crate) app: &'a str,
    /// Its records.
    pub(crate) store: &'a dyn ObjectStore,
    /// Its tables, if its class has some.
    pub(crate) tables: Option<&'a dyn SqlStore>,
}

/// What writes and reads whole objects. A trait, so that an app that does not say `transfer` links nothing of it.
pub(crate) trait Carry: fmt::Debug + Send + Sync {
    /// The text of an object.
    fn export(&self, from: &Hold<'_>) -> Reply;
    /// Fills the tables of an object that does not exist yet; the commit that bears it, and what to answer.
    fn import(&self, text: &[u8], into: &Hold<'_>) -> Result<(Commit, Bytes), Box<WireError>>;
}

/// That an app lets whole objects out and in.
#[derive(Debug, Clone, Copy)]
pub struct Transfer(&'static dyn Carry);

/// It.
pub(crate) const TRANSFER: Transfer = Transfer(&Text);

impl Transfer {
    pub(crate) fn export(self, from: &Hold<'_>) -> Reply {
        self.0.export(from)
    }

    pub(crate) fn import(
        self,
        text: &[u8],
        into: &Hold<'_>,
    ) -> Result<(Commit, Bytes), Box<WireError>> {
        self.0.import(text, into)
    }
}

/// By the text.
#[derive(Debug)]
struct Text;

impl Carry for Text {
    fn export(&self, from: &Hold<'_>) -> Reply {
        export::export(from)
    }

    fn import(&self, text: &[u8], into: &Hold<'_>) -> Result<(Commit, Bytes), Box<WireError>> {
        import::import(text, into)
    }
}
