//! Objects that earlier releases stored, opened by this one.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::setup::Test;
use crate::app::App;
use crate::backend::native::store::care::{Import, Which};
use crate::object::{AtOnce, HasOrigin as _, Mode, StubCore, WAKE_ACTION};

/// Opens every object that `stayput freeze` has written to a folder, as this app would at its next wake: the steps between
/// versions run, every field is read, and so is `start`. Answers how many there were.
///
/// ```no_run
/// # use stayput::prelude::*;
/// # #[durable_object] struct Room { said: u64 }
/// # #[durable_object] impl Room {}
/// # stayput::app!(Room);
/// #[test]
/// fn every_frozen_object_opens() {
///     stayput::testing::open_frozen(app(), concat!(env!("CARGO_MANIFEST_DIR"), "/frozen"));
/// }
/// # fn main() {}
/// ```
///
/// # Panics
///
/// When there is none, or one cannot be opened: the message names each, and why. Items of collections are read only by who
/// asks for them.
#[expect(clippy::needless_pass_by_value, reason = "it is made for this")]
pub fn open_frozen(app: App, folder: impl AsRef<Path>) -> usize {
    let folder = folder.as_ref();
    let files = files(folder);
    let mut faults = String::new();
    for file in &files {
        if let Err(fault) = open(&app, file) {
            // Writing to a string cannot fail.
            let _ = writeln!(faults, "{}: {fault}", file.display());
        }
    }
    assert!(
        !files.is_empty(),
        "there is no frozen object in {}: write one by `stayput freeze CLASS/NAME`",
        folder.display()
    );
    assert!(
        faults.is_empty(),
        "stored objects cannot be opened any more:\n{faults}"
    );
    files.len()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    files
}

fn open(app: &App, file: &Path) -> Result<(), String> {
    let data = Folder::new().map_err(|error| error.to_string())?;
    let text = File::open(file).map_err(|error| error.to_string())?;
    let import = Import {
        folder: data.path(),
        rename: None,
        replace: false,
    };
    let object = import.run(app, BufReader::new(text));
    let object = object.map_err(|error| error.to_string())?.object;
    let class = app.find(&object.class).ok_or("the app has no such class")?;
    let path = class.path;
    Test::new(app.clone()).data(data.path()).run(async |t| {
        let stub = match &object.which {
            Which::Named(name) => StubCore::named(t.origin(), path, name),
            Which::Id(id) => StubCore::by_id(Some(t.origin()), path, *id),
        };
        let woken = stub
            .call::<(), crate::Error, AtOnce, _>(WAKE_ACTION, Mode::Write, ())
            .await;
        woken.map_err(|error| error.to_string())
    })
}
