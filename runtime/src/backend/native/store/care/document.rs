//! An exported object: a text of lines, each of them JSON.
//!
//! The first says what it is and of which version, the last how much it must be: a text that was cut, or in which a byte
//! is another, is refused.

use std::io::{BufRead, Read as _, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::CareError;
use super::cell::Cell;
use crate::hex::hex;

/// The format that this program writes, and the newest it reads.
pub(super) const FORMAT: u32 = 1;

/// How the last line begins.
const END: &[u8] = b"{\"end\":";

/// Longest line: a row of the longest values there can be.
const MAX_LINE: u64 = 256 << 20;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) stayput: Version,
    /// The app, and its version.
    pub(super) app: String,
    pub(super) version: String,
    pub(super) class: String,
    /// `None` for an object that has an id only.
    pub(super) name: Option<String>,
    pub(super) id: String,
    /// Whether tables follow.
    pub(super) sql: bool,
}

/// What every later format will keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) export: u32,
}

#[derive(Deserialize)]
struct Any {
    stayput: Version,
}

/// One of the lines between.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line<'a> {
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
pub(super) struct RecordLine<'a> {
    key: String,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// A statement that makes something of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Schema {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) sql: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableLine {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// Whether it belongs to a virtual table, which makes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) shadow: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    records: u64,
    rows: u64,
    /// Of all bytes before this line.
    sha256: String,
}

impl RecordLine<'_> {
    /// The key and the value; `None` if there is none.
    pub(super) fn read(self) -> Option<(String, Vec<u8>)> {
        let value = match (self.value, self.base64) {
            (Some(value), None) => value.get().as_bytes().to_vec(),
            (None, Some(bytes)) => STANDARD.decode(bytes).ok()?,
            _ => return None,
        };
        Some((self.key, value))
    }
}

/// Writes a document, counting.
pub(super) struct DocumentWriter<'a> {
    out: &'a mut dyn Write,
    hash: Sha256,
    pub(super) records: u64,
    pub(super) rows: u64,
}

impl<'a> DocumentWriter<'a> {
    pub(super) fn new(out: &'a mut dyn Write, header: &Header) -> Result<Self, CareError> {
        let mut writer = Self {
            out,
            hash: Sha256::new(),
            records: 0,
            rows: 0,
        };
        writer.write(header)?;
        Ok(writer)
    }

    pub(super) fn record(&mut self, key: &str, value: &[u8]) -> Result<(), CareError> {
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

    pub(super) fn row(&mut self, cells: Vec<Cell>) -> Result<(), CareError> {
        self.rows += 1;
        self.write(&Line::Row(cells))
    }

    pub(super) fn write(&mut self, line: &impl Serialize) -> Result<(), CareError> {
        let mut text = serde_json::to_vec(line).map_err(|error| unwritable(error.into()))?;
        text.push(b'\n');
        self.hash.update(&text);
        self.out.write_all(&text).map_err(unwritable)
    }

    pub(super) fn end(mut self) -> Result<(), CareError> {
        let end = End {
            records: self.records,
            rows: self.rows,
            sha256: hex(&self.hash.clone().finalize()),
        };
        self.write(&Line::End(end))?;
        self.out.flush().map_err(unwritable)
    }
}

fn unwritable(error: std::io::Error) -> CareError {
    CareError::io("the exported file")(error)
}

/// Reads a document, counting.
pub(super) struct DocumentReader<R> {
    from: R,
    /// The number of the line that was read last.
    pub(super) line: u64,
    text: Vec<u8>,
    hash: Sha256,
    pub(super) records: u64,
    pub(super) rows: u64,
}

impl<R: BufRead> DocumentReader<R> {
    pub(super) fn new(from: R) -> Result<(Self, Header), CareError> {
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
            return Err(CareError::refused(format!(
                "the exported file has format {found}, this program knows formats up to {FORMAT}; import it with the \
                 newer program"
            )));
        }
        let header = serde_json::from_slice(&reader.text);
        let header = header.map_err(|error| reader.wrong(error))?;
        reader.hash.update(&reader.text);
        Ok((reader, header))
    }

    /// The next line; `None` after the last one, if the document is whole.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, CareError> {
        if !self.advance()? {
            return Err(self.wrong("it ends before its last line: it was cut"));
        }
        if self.text.starts_with(END) {
            return self.finish().map(|()| None);
        }
        self.hash.update(&self.text);
        let number = self.line;
        let wrong = |reason: String| CareError::Document {
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
    fn finish(&mut self) -> Result<(), CareError> {
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

    pub(super) fn wrong(&self, reason: impl std::fmt::Display) -> CareError {
        CareError::Document {
            line: self.line.max(1),
            reason: reason.to_string(),
        }
    }

    /// Reads a line; whether there was one.
    fn advance(&mut self) -> Result<bool, CareError> {
        self.text.clear();
        let mut limited = (&mut self.from).take(MAX_LINE);
        limited
            .read_until(b'\n', &mut self.text)
            .map_err(CareError::io("the exported file"))?;
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
