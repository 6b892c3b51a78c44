//! An object that is there, as text: piece by piece, as it is read.

use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use ::http::header::CONTENT_TYPE;
use bytes::Bytes;

use super::rows::dump;
use super::{DocumentError, DocumentWriter, Header, Hold, LINES, Line};
use crate::backend::{Environment, Scan, StorageFault};
use crate::error::Code;
use crate::http::{Response, encode_response};
use crate::object::{Timestamp, earliest_alarm, race, seconds, storage_error};
use crate::rpc::{Reply, WireError};
use crate::state::after;
use crate::stream::{Pipe, Sink, cancelled};

/// What is written goes out when it is so long.
pub(super) const PIECE: usize = 64 << 10;

/// So many bytes of records are read at once, about.
const PAGE: usize = 1 << 20;

/// How many records are read at once, at first and at most.
const RECORDS: (usize, usize) = (8, 256);

/// For so long whoever reads may take nothing. Writers of the object wait meanwhile, and less long than they would.
const PATIENCE: Duration = seconds(20);

/// Writes records, alarm and tables as they are, whatever the class makes of them: an object that cannot be woken, too.
pub(crate) async fn export(
    from: &Hold<'_>,
    environment: &dyn Environment,
    pipe: Arc<Pipe>,
) -> Reply {
    let (app, version) = from
        .class
        .app
        .split_once('@')
        .unwrap_or((from.class.app, ""));
    let name = from.target.name.as_deref().map(str::to_owned);
    let mut header = Header::new((app, version), &from.target.class, (name, from.target.id));
    header.sql = from.tables.is_some();
    let mut out = Outlet {
        writer: DocumentWriter::new(Vec::new(), &header).map_err(unwritten)?,
        sink: Sink::new(None, Some(pipe.clone())),
        pipe,
        begun: false,
        environment,
    };
    records(from, &mut out).await?;
    if let Some(alarm) = earliest_alarm(from.store).map_err(|fault| storage_error(&fault))? {
        let line = Line::Alarm(Timestamp::as_millis(alarm));
        out.writer.write(&line).map_err(unwritten)?;
    }
    if let Some(tables) = from.tables {
        dump(tables, &mut out).await?;
    }
    out.end().await?;
    Ok(Bytes::new())
}

async fn records(from: &Hold<'_>, out: &mut Outlet<'_>) -> Result<(), Box<WireError>> {
    let told = |fault: StorageFault| storage_error(&fault);
    let mut start = String::new();
    let (mut limit, most) = RECORDS;
    loop {
        let page = from.store.scan(&Scan {
            start: &start,
            end: None,
            reverse: false,
            limit,
        });
        let page = page.map_err(told)?;
        let mut length = 0;
        for record in &page {
            length += record.key.len() + record.value.len();
            (out.writer.record(&record.key, &record.value)).map_err(unwritten)?;
        }
        out.send(PIECE).await?;
        match page.last() {
            Some(last) if page.len() == limit => start = after(&last.key),
            _ => return Ok(()),
        }
        // A few large ones are as much as many small ones.
        limit = (PAGE / (length / page.len()).max(1)).clamp(1, most);
    }
}

/// Where the text goes.
pub(super) struct Outlet<'a> {
    pub(super) writer: DocumentWriter<Vec<u8>>,
    sink: Rc<Sink>,
    pipe: Arc<Pipe>,
    /// Whether the head of the response has gone: what goes wrong from then on breaks it off.
    begun: bool,
    environment: &'a dyn Environment,
}

impl Outlet<'_> {
    /// Sends what is written, if it is so long at least.
    pub(super) async fn send(&mut self, least: usize) -> Result<(), Box<WireError>> {
        if self.writer.out.len() < least {
            return Ok(());
        }
        let text = mem::take(&mut self.writer.out);
        self.pass(text).await
    }

    async fn end(&mut self) -> Result<(), Box<WireError>> {
        self.writer.end().map_err(unwritten)?;
        self.send(0).await
    }

    async fn pass(&mut self, text: Vec<u8>) -> Result<(), Box<WireError>> {
        if !mem::replace(&mut self.begun, true) {
            let mut head = Response::new(Bytes::new());
            let lines = HeaderValue::from_static(LINES);
            head.headers_mut().insert(CONTENT_TYPE, lines);
            self.pipe.push_head(encode_response(&head));
        }
        let sent = async {
            let sent = self.sink.send_bytes(text.into()).await;
            sent.map_err(|_| cancelled())
        };
        let late = self.environment.now() + PATIENCE;
        let late = async {
            self.environment.sleep_until(late).await;
            Err(cancelled())
        };
        race(sent, late).await
    }
}

/// Nothing keeps a text from being written into memory.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what errors are mapped by"
)]
pub(super) fn unwritten(error: DocumentError) -> Box<WireError> {
    Box::new(WireError::framework(Code::Internal, error.to_string()))
}
