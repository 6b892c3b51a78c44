//! How the conformance app is started on each backend.

use std::path::PathBuf;

use support::process::{Launch, Server, scratch};
use support::workers::{Built, both};
use tempfile::TempDir;

use crate::play::Backend;

/// Builds it.
pub(crate) fn build() -> Built {
    both("conformance-app").with_variables(&VARIABLES)
}

/// What both backends have in their environment.
const VARIABLES: [(&str, &str); 2] = [
    ("CONFORMANCE_TEXT", "\"quoted\", é, \\ and\na line"),
    ("CONFORMANCE_NUMBER", "42"),
];

/// One of the backends, with data of its own.
pub(crate) struct Native<'a> {
    built: &'a Built,
    folder: TempDir,
}

/// The other one.
pub(crate) struct Workerd<'a> {
    built: &'a Built,
    folder: TempDir,
}

impl<'a> Native<'a> {
    pub(crate) fn new(built: &'a Built) -> Self {
        let folder = scratch();
        Self { built, folder }
    }
}

impl<'a> Workerd<'a> {
    pub(crate) fn new(built: &'a Built) -> Self {
        let folder = scratch();
        Self { built, folder }
    }
}

impl Backend for Native<'_> {
    fn start(&self) -> Server {
        let data = data(&self.folder);
        // As soon as the platform lets go of an idle object, or sooner.
        let [text, number] = VARIABLES;
        let variables = [("STAYPUT_IDLE_MS", "5000"), text, number];
        let launch = Launch {
            variables: &variables,
            ..Launch::new(&self.built.program, &data)
        };
        launch.start().0
    }
}

impl Backend for Workerd<'_> {
    fn start(&self) -> Server {
        self.built.worker.start(&data(&self.folder))
    }
}

fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}
