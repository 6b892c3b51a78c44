//! An object out of a text: all of it or nothing, and only where there is none.

use bytes::Bytes;

use super::rows::Fill;
use super::{DocumentError, DocumentReader, Hold, Line};
use crate::backend::{AlarmChange, Commit, Record, SqlStore};
use crate::error::Code;
use crate::object::Timestamp;
use crate::order::sort_by;
use crate::rpc::WireError;
use crate::state::{MAX_KEY_BYTES, MAX_VALUE_BYTES, META_KEY, Meta};

/// Reads a text to its end before anything of it counts: one that was cut or changed brings nothing.
pub(crate) fn import(text: &[u8], into: &Hold<'_>) -> Result<(Commit, Bytes), Box<WireError>> {
    let (mut reader, header) = DocumentReader::new(text).map_err(unread)?;
    let was = &into.class.was;
    if *header.class != *into.target.class && !was.contains(&&*header.class) {
        return Err(conflict(format!(
            "the text is an object of class `{}`: import it at `/{0}/{{name}}`",
            header.class
        )));
    }
    if header.sql && into.tables.is_none() {
        return Err(conflict(format!(
            "the object has tables, and the class `{}` none: say `sql` on it",
            header.class
        )));
    }
    let mut taken = Taken {
        name: into.target.name.as_deref(),
        tables: into.tables.filter(|_| header.sql),
        fill: Fill::default(),
        born: false,
        commit: Commit::default(),
    };
    loop {
        let at = reader.line + 1;
        let Some(line) = reader.next().map_err(unread)? else {
            break;
        };
        (taken.take(line)).map_err(|reason| unread(DocumentError::Line { line: at, reason }))?;
    }
    if !taken.born {
        let reason = "there is no record `!meta`, which every object has";
        return Err(unread(reader.wrong(reason)));
    }
    let mut commit = taken.commit;
    sort_by(&mut commit.puts, |one, other| one.key.cmp(&other.key));
    if commit.puts.is_sorted_by(|one, other| one.key < other.key) {
        let (records, rows) = (reader.records, reader.rows);
        let answer = format!("{{\"records\":{records},\"rows\":{rows}}}");
        return Ok((commit, answer.into()));
    }
    Err(unread(reader.wrong("a record is there twice")))
}

/// What has been read.
struct Taken<'a> {
    name: Option<&'a str>,
    tables: Option<&'a dyn SqlStore>,
    fill: Fill,
    born: bool,
    commit: Commit,
}

impl Taken<'_> {
    fn take(&mut self, line: Line<'_>) -> Result<(), String> {
        match line {
            Line::Alarm(at) => {
                self.commit.alarm = Some(AlarmChange::Set(Timestamp::from_millis(at)));
                Ok(())
            }
            Line::Record(record) => {
                let (key, value) = record.read().ok_or("a record without a value")?;
                let record = self.check(key, value)?;
                self.commit.puts.push(record);
                Ok(())
            }
            line => match self.tables {
                Some(tables) => self.fill.take(tables, line),
                None => Err("it is about tables, which this object has none of".to_owned()),
            },
        }
    }

    /// A record that can be one of this object.
    fn check(&mut self, key: String, value: Vec<u8>) -> Result<Record, String> {
        if key.len() > MAX_KEY_BYTES || value.len() > MAX_VALUE_BYTES {
            let (key, value) = (key.len(), value.len());
            return Err(format!("a record of {key} and {value} bytes is too large"));
        }
        if key != META_KEY {
            return Ok(Record { key, value });
        }
        self.born = true;
        let value = Meta::check(&value, &|_| None).and_then(|()| Meta::renamed(&value, self.name));
        let value = value.map_err(|fault| fault.to_string())?;
        Ok(Record { key, value })
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what errors are mapped by"
)]
fn unread(error: DocumentError) -> Box<WireError> {
    let code = match error {
        DocumentError::Newer(_) => Code::Conflict,
        DocumentError::Io(_) | DocumentError::Line { .. } => Code::ParseError,
    };
    Box::new(WireError::framework(code, error.to_string()))
}

fn conflict(message: String) -> Box<WireError> {
    Box::new(WireError::framework(Code::Conflict, message))
}
