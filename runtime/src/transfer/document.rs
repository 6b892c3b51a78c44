//! An exported object: a text of lines, each of them JSON.
//!
//! The first says what it is and of which version, the last how much it must be: a text that was cut, or in which a byte
//! is another, is refused.

use std::fmt;
use std::io::{BufRead, Read as _, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::cell::Cell;
use crate::hex::hex;
use crate::object::ObjectId;

/// The format that this program writes, and the newest it reads.
pub(crate) const FORMAT: u32 = 1;

/// How the last line begins.
const END: &[u8] = b"{\"end\":";

/// Longest line: a row of the longest values there can be.
const MAX_LINE: u64 = 256 << 20;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) stayput: Version,
    /// The app, and its version.
    pub(crate) app: String,
    pub(crate) version: String,
    pub(crate) class: String,
    /// `None` for an object that has an id only.
    pub(crate) name: Option<String>,
    /// Of an object without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Whether tables follow.
    pub(crate) sql: bool,
}

impl Header {
    /// Of an object of records.
    pub(crate) fn new(
        (app, version): (&str, &str),
        class: &str,
        (name, id): (Option<String>, ObjectId),
    ) -> Self {
        Self {
            stayput: Version { export: FORMAT },
            app: app.to_owned(),
            version: version.to_owned(),
            class: class.to_owned(),
            // A name means the same object everywhere; an id is of its backend.
            id: name.is_none().then(|| id.to_string()),
            name,
            sql: false,
        }
    }
}

/// What every later format will keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) export: u32,
}

#[derive(Deserialize)]
struct Any {
    stayput: Version,
}

/// One of the lines between.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Line<'a> {
    #[serde(borrow)]
    Record(RecordLine<'a>),
    /// When it is to be woken, in milliseconds since 1970.
    Alarm(i64),
    /// A table, index, view or trigger.
    Schema(Schema),
    /// The rows that follow are of this table.
    Table(TableLine),
    Row(Vec<Cell>),
    /// The last line.
    End(End),
}

/// A record: its value as it is stored, or in base64 if that is not one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RecordLine<'a> {
    key: String,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// A statement that makes something of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schema {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) sql: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TableLine {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    /// Whether it belongs to a virtual table, which makes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) shadow: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    records: u64,
    rows: u64,
    /// Of all bytes before this line.
    sha256: String,
}

impl RecordLine<'_> {
    /// The key and the value; `None` if there is none.
    pub(crate) fn read(self) -> Option<(String, Vec<u8>)> {
        let value = match (self.value, self.base64) {
            (Some(value), None) => value.get().as_bytes().to_vec(),
            (None, Some(bytes)) => STANDARD.decode(bytes).ok()?,
            _ => return None,
        };
        Some((self.key, value))
    }
}

/// Why a document cannot be written or read.
#[derive(Debug)]
pub(crate) enum DocumentError {
    /// What it is written to, or read from, says no.
    Io(std::io::Error),
    /// It is of this format, which only a newer program knows.
    Newer(u32),
    /// It is not what one is.
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Newer(found) => write!(
                f,
                "the exported object has format {found}, this program knows formats up to {FORMAT}; import it with the \
                 newer program"
            ),
            Self::Line { line, reason } => write!(
                f,
                "line {line} of the exported object: {reason}; nothing was imported, export the object anew"
            ),
        }
    }
}

/// Writes a document, counting.
pub(crate) struct DocumentWriter<W> {
    pub(crate) out: W,
    hash: Sha256,
    pub(crate) records: u64,
    pub(crate) rows: u64,
}

impl<W: Write> DocumentWriter<W> {
    pub(crate) fn new(out: W, header: &Header) -> Result<Self, DocumentError> {
        let mut writer = Self {
            out,
            hash: Sha256::new(),
            records: 0,
            rows: 0,
        };
        writer.write(header)?;
        Ok(writer)
    }

    pub(crate) fn record(&mut self, key: &str, value: &[u8]) -> Result<(), DocumentError> {
        self.records += 1;
        let is_line = !value.contains(&b'\n') && !value.contains(&b'\r');
        let raw = Some(value).filter(|_| is_line);
        let raw: Option<&RawValue> = raw.and_then(|value| serde_json::from_slice(value).ok());
        // White space around a value would be lost.
        let raw = raw.filter(|raw| raw.get().len() == value.len());
        let base64 = raw.is_none().then(|| STANDARD.encode(value));
        self.write(&Line::Record(RecordLine {
            key: key.to_owned(),
            value: raw,
            base64,
        }))
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) -> Result<(), DocumentError> {
        self.rows += 1;
        self.write(&Line::Row(cells))
    }

    pub(crate) fn write(&mut self, line: &impl Serialize) -> Result<(), DocumentError> {
        let mut text = serde_json::to_vec(line).map_err(|error| DocumentError::Io(error.into()))?;
        text.push(b'\n');
        self.hash.update(&text);
        self.out.write_all(&text).map_err(DocumentError::Io)
    }

    /// Writes the last line.
    pub(crate) fn end(&mut self) -> Result<(), DocumentError> {
        let end = End {
            records: self.records,
            rows: self.rows,
            sha256: hex(&self.hash.clone().finalize()),
        };
        self.write(&Line::End(end))?;
        self.out.flush().map_err(DocumentError::Io)
    }
}

/// Reads a document, counting.
pub(crate) struct DocumentReader<R> {
    from: R,
    /// The number of the line that was read last.
    pub(crate) line: u64,
    text: Vec<u8>,
    hash: Sha256,
    pub(crate) records: u64,
    pub(crate) rows: u64,
}

impl<R: BufRead> DocumentReader<R> {
    pub(crate) fn new(from: R) -> Result<(Self, Header), DocumentError> {
        let mut reader = Self {
            from,
            line: 0,
            text: Vec::new(),
            hash: Sha256::new(),
            records: 0,
            rows: 0,
        };
        if !reader.advance()? {
            return Err(reader.wrong("it is empty"));
        }
        let Ok(Any { stayput }) = serde_json::from_slice(&reader.text) else {
            return Err(reader.wrong("this is no exported object"));
        };
        if stayput.export > FORMAT {
            let found = stayput.export;
            return Err(DocumentError::Newer(found));
        }
        let header = serde_json::from_slice(&reader.text);
        let header = header.map_err(|error| reader.wrong(error))?;
        reader.hash.update(&reader.text);
        Ok((reader, header))
    }

    /// The next line; `None` after the last one, if the document is whole.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>, DocumentError> {
        if !self.advance()? {
            return Err(self.wrong("it ends before its last line: it was cut"));
        }
        if self.text.starts_with(END) {
            return self.finish().map(|()| None);
        }
        self.hash.update(&self.text);
        let number = self.line;
        let wrong = |reason: String| DocumentError::Line {
            line: number,
            reason,
        };
        let line = serde_json::from_slice(&self.text).map_err(|error| wrong(error.to_string()))?;
        match line {
            Line::End(_) => return Err(wrong("it is not written as the last line is".to_owned())),
            Line::Record(_) => self.records += 1,
            Line::Row(_) => self.rows += 1,
            _ => {}
        }
        Ok(Some(line))
    }

    /// The last line: whether everything before it is what was written.
    fn finish(&mut self) -> Result<(), DocumentError> {
        let expected = Line::End(End {
            records: self.records,
            rows: self.rows,
            sha256: hex(&self.hash.clone().finalize()),
        });
        let expected = serde_json::to_vec(&expected).map_err(|error| self.wrong(error))?;
        if self.text.trim_ascii_end() != expected {
            return Err(self.wrong("the lines before are not those that were exported"));
        }
        if self.advance()? {
            return Err(self.wrong("it goes on after its last line"));
        }
        Ok(())
    }

    pub(crate) fn wrong(&self, reason: impl fmt::Display) -> DocumentError {
        DocumentError::Line {
            line: self.line.max(1),
            reason: reason.to_string(),
        }
    }

    /// Reads a line; whether there was one.
    fn advance(&mut self) -> Result<bool, DocumentError> {
        self.text.clear();
        let mut limited = (&mut self.from).take(MAX_LINE);
        limited
            .read_until(b'\n', &mut self.text)
            .map_err(DocumentError::Io)?;
        if self.text.is_empty() {
            return Ok(false);
        }
        self.line += 1;
        if self.text.last() != Some(&b'\n') {
            return Err(self.wrong("it ends within this line: it was cut"));
        }
        Ok(true)
    }
}
