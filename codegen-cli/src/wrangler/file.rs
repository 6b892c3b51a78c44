//! The configuration's file: where it is, its two formats, and how it is written.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::change::{App, Change};
use super::error::WranglerError;
use super::found::Found;
use super::{jsonc, toml};
use crate::error::Error;
use crate::workers::local::COMPATIBILITY_DATE;
use crate::write;

/// In the order in which they are looked for.
const NAMES: [&str; 3] = ["wrangler.jsonc", "wrangler.json", "wrangler.toml"];

/// A configuration.
pub(super) struct File {
    pub(super) path: PathBuf,
    format: Format,
    /// None if there is no such file yet. Without a byte order mark.
    pub(super) text: Option<String>,
    /// Whether it has one.
    marked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Jsonc,
    Json,
    Toml,
}

/// Why a text is not in its format.
#[derive(Debug)]
pub(super) struct SyntaxFault {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

/// What some editors put before the first letter, and no parser wants.
const MARK: char = '\u{feff}';

/// A text without its byte order mark.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// The configuration in a folder.
pub(super) fn in_folder(folder: &Path) -> Option<PathBuf> {
    let mut paths = NAMES.iter().map(|name| folder.join(name));
    paths.find(|path| path.is_file())
}

impl File {
    /// Opens a configuration, or what will be one.
    pub(super) fn open(path: &Path) -> Result<Self, WranglerError> {
        let format = match path.extension().and_then(OsStr::to_str) {
            Some("jsonc") => Format::Jsonc,
            Some("json") => Format::Json,
            Some("toml") => Format::Toml,
            _ => {
                return Err(WranglerError::Format {
                    path: path.to_owned(),
                });
            }
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(source) => {
                return Err(WranglerError::Read {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        Ok(Self {
            path: path.to_owned(),
            format,
            marked: text.as_ref().is_some_and(|text| text.starts_with(MARK)),
            text: text.map(|text| without_mark(&text).to_owned()),
        })
    }

    /// What a text in this file's format says.
    pub(super) fn read(&self, text: &str) -> Result<Found, WranglerError> {
        let config = self.parse(text).map_err(|fault| WranglerError::Syntax {
            path: self.path.clone(),
            line: fault.line,
            column: fault.column,
            message: fault.message,
        })?;
        Found::read(&config).map_err(|fault| WranglerError::Content {
            path: self.path.clone(),
            pointer: fault.pointer,
            message: fault.message,
        })
    }

    fn parse(&self, text: &str) -> Result<Value, SyntaxFault> {
        match self.format {
            Format::Jsonc | Format::Json => jsonc::read(text),
            Format::Toml => toml::read(text),
        }
    }

    /// The line of a key that stands outermost.
    pub(super) fn line_of(&self, text: &str, key: &str) -> Option<usize> {
        match self.format {
            Format::Jsonc | Format::Json => jsonc::line_of(text, key),
            Format::Toml => toml::line_of(text, key),
        }
    }

    /// A text with the changes.
    pub(super) fn edit(&self, text: &str, changes: &[Change]) -> Result<String, WranglerError> {
        let edited = match self.format {
            Format::Jsonc | Format::Json => jsonc::apply(text, changes),
            Format::Toml => toml::apply(text, changes),
        };
        edited.ok_or_else(|| WranglerError::Stiff {
            path: self.path.clone(),
        })
    }

    /// What a new file begins with; the classes are added as to any other.
    pub(super) fn skeleton(&self, app: &App) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let (name, main) = (quoted(&app.name.to_lowercase()), quoted(&app.main));
        let (date, build) = (quoted(COMPATIBILITY_DATE), quoted(&app.build));
        match self.format {
            Format::Json => "{\n}\n".to_owned(),
            Format::Jsonc => format!(
                "{{\n  \
                 // `stayput wrangler` adds to this file what the app needs; the rest is yours.\n  \
                 \"name\": {name},\n  \
                 \"main\": {main},\n  \
                 // The behaviour that stayput promises is that of this date.\n  \
                 \"compatibility_date\": {date},\n  \
                 \"build\": {{ \"command\": {build} }},\n  \
                 \"durable_objects\": {{\n    \"bindings\": []\n  }},\n  \
                 // Every class that has objects. One that is taken out orphans them: say `stayput wrangler --renamed`\n  \
                 // or `--deleted` instead.\n  \
                 \"exports\": {{}}\n}}\n"
            ),
            Format::Toml => format!(
                "# `stayput wrangler` adds to this file what the app needs; the rest is yours.\n\
                 name = {name}\n\
                 main = {main}\n\
                 # The behaviour that stayput promises is that of this date.\n\
                 compatibility_date = {date}\n\n\
                 [build]\n\
                 command = {build}\n\n\
                 # Every class that has objects. One that is taken out orphans them: say `stayput wrangler --renamed`\n\
                 # or `--deleted` instead.\n\
                 [exports]\n"
            ),
        }
    }

    /// Writes the whole file or nothing.
    pub(super) fn write(&self, text: &str) -> Result<(), WranglerError> {
        // A link stays one.
        let path = self
            .path
            .canonicalize()
            .unwrap_or_else(|_| self.path.clone());
        let mark = if self.marked {
            MARK.to_string()
        } else {
            String::new()
        };
        write::file(&path, &format!("{mark}{text}")).map_err(|error| match error {
            Error::Write { source, .. } | Error::Read { source, .. } => WranglerError::Write {
                path: self.path.clone(),
                source,
            },
            other => WranglerError::Write {
                path: self.path.clone(),
                source: std::io::Error::other(other),
            },
        })
    }
}
