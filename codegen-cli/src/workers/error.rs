//! Why a Worker could not be built.

use std::path::{Path, PathBuf};

use thiserror::Error as ThisError;

/// Why a Worker could not be built.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum BuildError {
    /// A program could not be started.
    #[error("cannot run `{program}`: {source}")]
    Spawn {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// A program failed; it has said why on standard error.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
    },
    /// A program answered something that is not its format.
    #[error("cannot read what `{command}` answered: {message}")]
    Answer {
        /// The command.
        command: String,
        /// What is wrong.
        message: String,
    },
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The Rust target is not installed.
    #[error("the Rust target wasm32-unknown-unknown is not installed")]
    NoTarget,
    /// There is no such package, or it is not clear which.
    #[error("{message}")]
    Package {
        /// What is missing.
        message: String,
    },
    /// The package has no library, and a Worker is made of one.
    #[error("package `{package}` has no library (src/lib.rs)")]
    NoLibrary {
        /// The package.
        package: String,
    },
    /// The package does not use stayput.
    #[error("package `{package}` does not depend on `stayput`")]
    NoRuntime {
        /// The package.
        package: String,
    },
    /// The app's `wasm-bindgen` is not the one this command is made for.
    #[error("the app uses wasm-bindgen {found}, this command generates for {expected}")]
    WasmBindgen {
        /// The version in the app's dependencies.
        found: String,
        /// The version of this command.
        expected: &'static str,
    },
    /// The wasm could not be given its JavaScript side.
    #[error("cannot generate the JavaScript of the wasm: {message}")]
    Glue {
        /// Why.
        message: String,
    },
    /// The manifest names classes that no Worker can export.
    #[error("{message}")]
    Classes {
        /// What is wrong.
        message: String,
    },
}

impl BuildError {
    pub(super) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn write(path: &Path, source: std::io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }

    /// What to do about it, in one line.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Spawn { .. } => "is it installed and on the PATH?".to_owned(),
            Self::Failed { .. } => return None,
            Self::Answer { .. } | Self::Glue { .. } => {
                "use the stayput-cli of the version of the app's stayput".to_owned()
            }
            Self::Read { .. } => "is the stayput package complete? `cargo fetch` brings it anew".to_owned(),
            Self::Write { .. } => "choose a folder that can be written with `--out`".to_owned(),
            Self::NoTarget => "run `rustup target add wasm32-unknown-unknown`".to_owned(),
            Self::Package { .. } => "run the command in the package's folder, or name the package".to_owned(),
            Self::NoLibrary { .. } => "put the classes and `stayput::app!(..)` into src/lib.rs".to_owned(),
            Self::NoRuntime { .. } => "add it with `cargo add stayput`".to_owned(),
            Self::WasmBindgen { .. } => {
                "install the stayput-cli of the version of the app's stayput, and let no other dependency move \
                 wasm-bindgen"
                    .to_owned()
            }
            Self::Classes { .. } => "give the class another path with `#[durable_object(class = \"..\")]`".to_owned(),
        })
    }

    /// The exit code: 1 for a failed build, 2 if it could not begin.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed { .. } | Self::Glue { .. } => 1,
            _ => 2,
        }
    }
}
