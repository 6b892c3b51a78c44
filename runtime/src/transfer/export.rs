//! An object that is there, as text.

use std::io::{self, Write};

use super::rows::dump;
use super::{DocumentError, DocumentWriter, Header, Hold, Line, MAX_TEXT};
use crate::backend::{Scan, StorageFault};
use crate::error::Code;
use crate::object::{Timestamp, earliest_alarm, storage_error};
use crate::rpc::{Reply, WireError};

/// How many records are read at once.
const PAGE: usize = 256;

/// Writes records, alarm and tables as they are, whatever the class makes of them: an object that cannot be woken, too.
pub(crate) fn export(from: &Hold<'_>) -> Reply {
    let mut out = Bounded(Vec::new());
    let mut header = Header::new(
        from.class
            .app
            .split_once('@')
            .unwrap_or((from.class.app, "")),
        &from.target.class,
        (
            from.target.name.as_deref().map(str::to_owned),
            from.target.id,
        ),
    );
    header.sql = from.tables.is_some();
    let mut writer = DocumentWriter::new(&mut out, &header).map_err(unwritten)?;
    records(from, &mut writer)?;
    if let Some(alarm) = earliest_alarm(from.store).map_err(told)? {
        let line = Line::Alarm(Timestamp::as_millis(alarm));
        writer.write(&line).map_err(unwritten)?;
    }
    if let Some(tables) = from.tables {
        dump(tables, &mut writer)?;
    }
    writer.end().map_err(unwritten)?;
    Ok(out.0.into())
}

fn records(from: &Hold<'_>, writer: &mut DocumentWriter<'_>) -> Result<(), Box<WireError>> {
    let mut start = String::new();
    loop {
        let page = from.store.scan(&Scan {
            start: &start,
            end: None,
            reverse: false,
            limit: PAGE,
        });
        let page = page.map_err(told)?;
        for record in &page {
            (writer.record(&record.key, &record.value)).map_err(unwritten)?;
        }
        match page.last() {
            Some(last) if page.len() == PAGE => {
                start.clone_from(&last.key);
                start.push('\0');
            }
            _ => return Ok(()),
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what errors are mapped by"
)]
pub(super) fn told(fault: StorageFault) -> Box<WireError> {
    storage_error(&fault)
}

/// Nothing but its length keeps a text from being written into memory.
pub(super) fn unwritten(_: DocumentError) -> Box<WireError> {
    let message = format!(
        "the object is longer than {MAX_TEXT} bytes as text, which is the most that moves over HTTP; of a native program's \
         objects the command `export` writes all"
    );
    Box::new(WireError::framework(Code::TooLarge, message))
}

/// Bytes, up to as many as may be sent.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_TEXT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
