//! Whole objects as text: how they move from one data folder, or backend, to another. The format is that of
//! `docs/backup.md`; the commands of native programs read and write it in files, `app!(..; transfer)` over HTTP.

mod cell;
mod document;
mod export;
mod import;
mod request;
mod rows;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::backend::{LocalFuture, ObjectStore, SqlStore};
use crate::http::Request;
use crate::object::{Core, Envelope, Target};
use crate::rpc::{Reply, WireError};
use crate::stream::{Pipe, Streams};

pub(crate) use cell::Cell;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub(crate) use cell::Other;
pub(crate) use document::DocumentError;
pub(crate) use document::{DocumentReader, DocumentWriter, Header, Line, Schema, TableLine};
pub(crate) use export::export;
pub(crate) use import::import;
pub(crate) use request::LINES;

/// The longest text that is taken in over HTTP. It is in memory as a whole, on Workers in more than one copy.
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
    /// Its class.
    pub(crate) class: ClassInfo<'a>,
    /// Its records.
    pub(crate) store: &'a dyn ObjectStore,
    /// Its tables, if its class has some.
    pub(crate) tables: Option<&'a dyn SqlStore>,
}

/// What writes and reads whole objects. A trait, so that an app that does not say `transfer` links nothing of it.
pub(crate) trait Carry: fmt::Debug + Send + Sync {
    /// The methods of a path's last segment, if it is about whole objects.
    fn allow(&self, segment: &str) -> Option<&'static str>;
    /// What an object gets of a request, if it is one that may be.
    fn text(&self, request: &Request) -> Result<Bytes, Box<WireError>>;
    /// What brings the text of an object piece by piece.
    fn streams(&self) -> &'static Streams;
    /// Writes the object that this is the core of.
    fn export<'a>(&self, core: &'a Core, app: &'a str, pipe: Arc<Pipe>) -> LocalFuture<'a, Reply>;
    /// Reads it.
    fn import(&self, core: &Core, class: ClassInfo<'_>, call: &Envelope) -> Reply;
}

/// What a class says of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClassInfo<'a> {
    /// The app, `name@version`.
    pub(crate) app: &'a str,
    /// Former paths of the class.
    pub(crate) was: &'a [&'a str],
}

/// That an app lets whole objects out and in.
#[derive(Debug, Clone, Copy)]
pub struct Transfer(&'static dyn Carry);

/// It.
pub(crate) const TRANSFER: Transfer = Transfer(&Text);

impl Transfer {
    pub(crate) fn allow(self, segment: &str) -> Option<&'static str> {
        self.0.allow(segment)
    }

    pub(crate) fn text(self, request: &Request) -> Result<Bytes, Box<WireError>> {
        self.0.text(request)
    }

    pub(crate) fn streams(self) -> &'static Streams {
        self.0.streams()
    }

    pub(crate) fn export<'a>(
        self,
        core: &'a Core,
        app: &'a str,
        pipe: Arc<Pipe>,
    ) -> LocalFuture<'a, Reply> {
        self.0.export(core, app, pipe)
    }

    pub(crate) fn import(self, core: &Core, class: ClassInfo<'_>, call: &Envelope) -> Reply {
        self.0.import(core, class, call)
    }
}

/// By the text.
#[derive(Debug)]
struct Text;

impl Carry for Text {
    fn allow(&self, segment: &str) -> Option<&'static str> {
        request::allow(segment)
    }

    fn text(&self, request: &Request) -> Result<Bytes, Box<WireError>> {
        request::text(request)
    }

    fn streams(&self) -> &'static Streams {
        &Streams::RESPONSES
    }

    fn export<'a>(&self, core: &'a Core, app: &'a str, pipe: Arc<Pipe>) -> LocalFuture<'a, Reply> {
        Box::pin(core.export(app, pipe))
    }

    fn import(&self, core: &Core, class: ClassInfo<'_>, call: &Envelope) -> Reply {
        core.import(class, call)
    }
}
