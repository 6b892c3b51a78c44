//! Why a configuration could not be completed.

use std::fmt::Write as _;
use std::path::PathBuf;

use thiserror::Error as ThisError;

use super::refusal::Refusal;

/// Why a configuration could not be completed, or is not complete.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum WranglerError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file's name does not say which format it is in.
    #[error("{path} is no name of a configuration")]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// The file is not in the format that its name says.
    #[error("{path}: line {line}, column {column}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// Why.
        message: String,
    },
    /// The file says something that wrangler does not take.
    #[error("{path}: at {pointer}: {message}")]
    Content {
        /// The file.
        path: PathBuf,
        /// JSON Pointer of the place.
        pointer: String,
        /// What is wrong there.
        message: String,
    },
    /// The file is sound, but a change would touch more of it than it should.
    #[error("{path} cannot be changed without touching the rest of it")]
    Stiff {
        /// The file.
        path: PathBuf,
    },
    /// Something is for the user to decide.
    #[error("{path} is left as it is:{}", lines(.refusals.iter().map(|(line, refusal)| (*line, refusal))))]
    Refused {
        /// The file.
        path: PathBuf,
        /// What, and the line it is about if it is about one.
        refusals: Vec<(Option<usize>, Refusal)>,
    },
    /// `--check` found something.
    #[error("{path} is not what the app needs:{summary}")]
    Differs {
        /// The file.
        path: PathBuf,
        /// A line each, after a line end.
        summary: String,
        /// Whether the command without `--check` puts it right.
        writable: bool,
    },
}

/// A line for each refusal, and one for its fix.
pub(super) fn lines<'r>(refusals: impl Iterator<Item = (Option<usize>, &'r Refusal)>) -> String {
    let mut text = String::new();
    for (line, refusal) in refusals {
        let line = line.map_or_else(String::new, |line| format!("line {line}: "));
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {line}{refusal}\n    fix: {}", refusal.help());
    }
    text
}

impl WranglerError {
    /// What to do about it, in one line.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } => "name the configuration with `--config FILE`".to_owned(),
            Self::Write { .. } => "choose a file that can be written with `--config FILE`".to_owned(),
            Self::Format { .. } => "name a file that ends in .jsonc, .json or .toml".to_owned(),
            Self::Syntax { .. } => "correct the file; nothing was changed".to_owned(),
            Self::Content { .. } => {
                "correct the file; https://developers.cloudflare.com/workers/wrangler/configuration/ lists what is allowed"
                    .to_owned()
            }
            Self::Stiff { .. } => "let all its lines end alike, and each key stand once".to_owned(),
            Self::Differs { writable: true, .. } => "run the same command without `--check`".to_owned(),
            Self::Refused { .. } | Self::Differs { .. } => return None,
        })
    }

    /// The exit code: 1 if the answer is no, 2 if it could not begin.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { refusals, .. } => {
                if refusals.iter().any(|(_, refusal)| refusal.is_usage()) {
                    2
                } else {
                    1
                }
            }
            Self::Differs { .. } => 1,
            _ => 2,
        }
    }
}
