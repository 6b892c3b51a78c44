//! `manifest FILE`: what the app is.

use std::process::ExitCode;

use super::Failure;
use super::flags::Flags;
use crate::app::App;

/// Writes the manifest.
pub(super) fn write(app: &App, flags: &mut Flags) -> Result<ExitCode, Failure> {
    let [file] = flags.rest("manifest FILE")?;
    // Written beside and moved, so that a reader never finds half of it.
    let draft = format!("{file}.new");
    let written =
        std::fs::write(&draft, app.manifest_text()).and_then(|()| std::fs::rename(&draft, &file));
    match written {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Failure::Failed(format!("cannot write {file}: {error}"))),
    }
}
