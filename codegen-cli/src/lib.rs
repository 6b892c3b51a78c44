//! The `stayput` command: runs, calls and describes stayput apps, and generates their clients.
//!
//! Everything it knows of an app it reads from the app's *manifest*, one JSON document that `my-app manifest FILE`
//! writes and a running app serves as `/manifest.json`. It never reads Rust source.
//!
//! # Exit codes
//!
//! | Code | Meaning |
//! |---|---|
//! | 0 | Done. |
//! | 1 | The answer is no: the action answered an error, `--check` found a difference, the package does not build, a class would lose its objects, `doctor` found a fault, `check` something that stored objects do not survive. |
//! | 2 | Cannot begin: wrong usage, an unreadable or faulty manifest, params that are no JSON, a folder not writable. |
//! | 3 | No usable answer: the server cannot be reached, took too long, or is no stayput server. |

mod args;
mod call;
mod check;
mod dev;
mod doctor;
mod document;
mod error;
mod formats;
mod freeze;
mod http;
mod ir;
mod lang;
mod layout;
mod load;
mod naming;
mod program;
mod schema;
mod term;
pub mod workers;
pub mod wrangler;
mod write;

use std::process::ExitCode;

pub use args::{Args, Format};
pub use document::Manifest;
pub use error::Error;
pub use lang::typescript::Options as TypeScriptOptions;

use args::{ClientCommand, Command};

/// Runs the command and says how it went: results on standard output, errors and help on standard error.
pub fn main(args: Args) -> ExitCode {
    let outcome = match args.command {
        Command::Client {
            command: ClientCommand::Ts(args),
        } => lang::run_typescript(&args),
        Command::Schema(args) => formats::run(&args),
        Command::Call(args) => call::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Build(args) => workers::run(&args),
        Command::Wrangler(args) => wrangler::run(&args),
        Command::Check(args) => layout::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Backup(args) => program::run("backup", &args),
        Command::Restore(args) => program::run("restore", &args),
        Command::Verify(args) => program::run("verify", &args),
        Command::Export(args) => program::run("export", &args),
        Command::Freeze(args) => freeze::run(&args),
        Command::Import(args) => program::run("import", &args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            term::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Reads a manifest from its text; `origin` is how errors call it.
pub fn read_manifest(text: &str, origin: &str) -> Result<Manifest, Error> {
    document::read(text, origin)
}

/// Generates the TypeScript client: file names and their contents.
pub fn typescript(
    manifest: &Manifest,
    options: TypeScriptOptions,
) -> Result<Vec<(&'static str, String)>, Error> {
    lang::typescript::generate(manifest, options)
}

/// Exports the schemas or the actions in a format, as pretty JSON text.
pub fn export(manifest: &Manifest, format: Format, class: Option<&str>) -> Result<String, Error> {
    formats::export(manifest, format, class)
}
