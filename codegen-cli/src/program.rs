//! Commands that the app's own program has: built and run, with the words that are meant for it.

use std::process::Command;

use crate::args::ProgramArgs;
use crate::error::Error;
use crate::load::{cargo, check_package_name};

/// Runs `name` of the package's program. What it reads and writes is the terminal's.
pub(crate) fn run(name: &str, args: &ProgramArgs) -> Result<(), Error> {
    if let Some(package) = &args.package {
        check_package_name(package)?;
    }
    let package = args.package.iter().flat_map(|package| ["-p", package]);
    let mut command = Command::new(cargo());
    command.args(["run", "--quiet"]);
    if args.release {
        command.arg("--release");
    }
    command.args(package).args(["--", name]).args(&args.words);
    let status = command.status().map_err(|source| Error::Spawn {
        program: "cargo".into(),
        source,
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        command: format!("cargo run -- {name} {}", args.words.join(" ")),
        status: status.to_string(),
    })
}
