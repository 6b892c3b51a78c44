//! The way of items from the object to whoever reads them, also from thread to thread.
//!
//! At most [`MAX_WAITING`] bytes wait in it, or one item if that is longer: who sends waits until there is room. Whoever
//! waits at one of its ends is woken once, however much happens at the other before it runs.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use serde_json::value::RawValue;

use super::Gone;
use super::ahead::Ahead;
use super::form::Form;
use super::run::cancelled;
use crate::rpc::{Reply, WireError, from_utf8};

/// So many bytes may wait before who sends has to.
const MAX_WAITING: usize = 64 << 10;

/// Items on their way.
pub struct Pipe {
    form: Form,
    request_id: Arc<str>,
    /// JSON text of the id of the request that frames answer.
    id: Box<str>,
    /// How the items of another instance get here: there a call takes bytes along, and no pipe.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fetch: Option<crate::backend::workers::FetchItems>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub(super) struct Inner {
    /// The body of the request that the bytes in here answer, where that is read as it comes.
    pub(super) request: Option<Reader>,
    /// The head of a response whose body follows, or all of one.
    pub(super) head: Option<Head>,
    pieces: VecDeque<Bytes>,
    waiting: usize,
    items: u64,
    pub(super) end: Option<End>,
    /// What frames were sent ahead.
    ahead: Ahead,
    /// Nobody reads any more items.
    pub(super) closed: bool,
    reader: Option<Waker>,
    /// Who waits for room.
    senders: Vec<Waker>,
    /// Who waits for the reader to go.
    watcher: Option<Waker>,
}

/// How it ended.
pub(super) enum End {
    /// As it should, or by an error that could be told behind the items.
    Told,
    /// Before the first item.
    Refused(Box<WireError>),
    /// By an error that cannot be told.
    Broken,
}

/// What comes before bytes.
pub(super) struct Head {
    pub(super) text: Bytes,
    /// Nothing follows it.
    pub(super) is_all: bool,
}

/// What a reader gets.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Some more.
    More(Bytes),
    /// All of it was read.
    End,
    /// It broke off: what was read is not all.
    Broken,
}

/// The reading end; when it is dropped, whoever sends is told. Handed from hand to hand: two readers would share the items.
#[derive(Debug, Clone)]
pub struct Reader(Arc<Reading>);

#[derive(Debug)]
struct Reading(Arc<Pipe>);

impl Pipe {
    /// One for a request.
    pub fn new(form: Form, request_id: Arc<str>) -> Arc<Self> {
        Self::of(form, request_id, "")
    }

    /// One whose items answer the request with this id, in frames.
    pub fn framed(id: &str, request_id: Arc<str>) -> Arc<Self> {
        Self::of(Form::Frames, request_id, id)
    }

    /// One whose items are read where the call is made.
    pub(super) fn for_stub() -> Arc<Self> {
        Arc::new(Self {
            #[cfg(target_arch = "wasm32")]
            fetch: Some(crate::backend::workers::fetch_items),
            ..Self::plain(Form::Lines, "".into(), "")
        })
    }

    fn of(form: Form, request_id: Arc<str>, id: &str) -> Arc<Self> {
        Arc::new(Self::plain(form, request_id, id))
    }

    pub(super) fn plain(form: Form, request_id: Arc<str>, id: &str) -> Self {
        Self {
            form,
            request_id,
            id: id.into(),
            #[cfg(target_arch = "wasm32")]
            fetch: None,
            inner: Mutex::default(),
        }
    }

    /// How items are written.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Its reading end.
    pub fn reader(self: &Arc<Self>) -> Reader {
        Reader(Arc::new(Reading(self.clone())))
    }

    /// Ready when there is room for an item.
    pub(crate) fn poll_room(&self, cx: &Context<'_>) -> Poll<Result<(), Gone>> {
        let mut inner = self.lock();
        if inner.closed || inner.end.is_some() {
            return Poll::Ready(Err(Gone));
        }
        if inner.waiting < MAX_WAITING {
            return Poll::Ready(Ok(()));
        }
        inner.senders.push(cx.waker().clone());
        Poll::Pending
    }

    /// Ready when nobody reads any more.
    pub(crate) fn poll_closed(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.closed {
            return Poll::Ready(());
        }
        inner.watcher = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Adds the JSON text of an item.
    pub(crate) fn push(&self, text: &[u8]) {
        let mut inner = self.lock();
        if inner.closed || inner.end.is_some() {
            return;
        }
        self.add_item(&mut inner, text);
        inner.wake_reader();
    }

    /// The call has been answered. An array are items that did not come one by one: those of an answer that was kept, or
    /// of middleware.
    pub fn end(&self, reply: Reply) {
        let mut inner = self.lock();
        if inner.end.is_some() {
            return;
        }
        let reply = match reply {
            // Some may be lost already.
            Ok(_) if inner.closed => Err(cancelled()),
            reply => reply,
        };
        let end = match reply {
            Ok(whole) if self.form == Form::Bytes => {
                // Nothing is said of one whose head has gone ahead.
                inner.head.get_or_insert(Head {
                    text: whole,
                    is_all: true,
                });
                End::Told
            }
            Ok(result) => {
                if let Ok(items) = from_utf8::<Vec<Box<RawValue>>>(&result) {
                    for item in items {
                        self.add_item(&mut inner, item.get().as_bytes());
                    }
                }
                let end = self.form.end(inner.items, &self.id);
                inner.add(end);
                End::Told
            }
            Err(error) if !inner.has_begun() && self.form != Form::Frames => End::Refused(error),
            Err(error) => match self.form.error(&error, &self.request_id, &self.id) {
                Some(text) => {
                    inner.add(text);
                    End::Told
                }
                None => End::Broken,
            },
        };
        inner.end = Some(end);
        inner.wake_reader();
    }

    /// The frame that answers a request that is not even begun.
    pub fn refusal(&self, error: &WireError) -> Bytes {
        let frame = self.form.error(error, &self.request_id, &self.id);
        frame.unwrap_or_default()
    }

    fn add_item(&self, inner: &mut Inner, text: &[u8]) {
        let piece = self.form.item(inner.items, text, &self.id);
        inner.items += 1;
        inner.add(piece);
    }

    /// Items are not wanted any more.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.waiting = 0;
        inner.pieces = VecDeque::new();
        let senders = std::mem::take(&mut inner.senders);
        let watcher = inner.watcher.take();
        drop(inner);
        for waker in senders.into_iter().chain(watcher) {
            waker.wake();
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn has_begun(&self) -> bool {
        self.items > 0 || self.head.is_some()
    }

    pub(super) fn add(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.waiting += piece.len();
            self.pieces.push_back(piece);
        }
    }

    pub(super) fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// Everything that waits, in one piece.
    fn take(&mut self) -> Option<Bytes> {
        let first = self.pieces.pop_front()?;
        let waiting = std::mem::take(&mut self.waiting);
        if self.pieces.is_empty() {
            return Some(first);
        }
        let mut all = BytesMut::with_capacity(waiting);
        all.extend_from_slice(&first);
        for piece in self.pieces.drain(..) {
            all.extend_from_slice(&piece);
        }
        Some(all.freeze())
    }
}

impl Reader {
    /// How items are written.
    pub fn form(&self) -> Form {
        self.0.0.form
    }

    pub(super) fn pipe(&self) -> &Pipe {
        &self.0.0
    }

    /// Ready when the first item has come, or the end.
    ///
    /// # Errors
    ///
    /// The error of a call that ended before its first item.
    pub fn poll_begun(&self, cx: &Context<'_>) -> Poll<Result<(), Box<WireError>>> {
        let mut inner = self.0.0.lock();
        match &inner.end {
            Some(End::Refused(error)) => Poll::Ready(Err(error.clone())),
            Some(End::Told | End::Broken) => Poll::Ready(Ok(())),
            None if inner.has_begun() => Poll::Ready(Ok(())),
            None => {
                inner.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// JSON text of the id of the request that frames answer.
    pub(super) fn id(&self) -> &str {
        &self.0.0.id
    }

    /// Whoever asked wants no more items: the answer is all that follows.
    pub(super) fn cancel(&self) {
        let mut inner = self.0.0.lock();
        let answer = if inner.end.is_some() {
            inner.pieces.pop_back()
        } else {
            None
        };
        let Some(answer) = answer else {
            drop(inner);
            return self.0.0.close();
        };
        inner.waiting = answer.len();
        inner.pieces = VecDeque::from([answer]);
        inner.wake_reader();
    }

    /// Whoever asked has taken so many items, and takes as many more.
    pub(super) fn more(&self, items: u32) {
        let mut inner = self.0.0.lock();
        inner.ahead.take(items);
        inner.wake_reader();
    }

    /// The next frame, if whoever asked takes it.
    pub fn poll_frame(&self, cx: &Context<'_>) -> Poll<Piece> {
        let mut inner = self.0.0.lock();
        // The answer stands behind all items.
        let is_answer = inner.end.is_some() && inner.pieces.len() == 1;
        if inner.pieces.is_empty() && inner.end.is_some() {
            return Poll::Ready(Piece::End);
        }
        let may_go = is_answer || inner.ahead.has_room();
        let next = if may_go {
            inner.pieces.pop_front()
        } else {
            None
        };
        let Some(piece) = next else {
            inner.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        inner.waiting -= piece.len();
        if !is_answer {
            inner.ahead.add(piece.len());
        }
        let senders = std::mem::take(&mut inner.senders);
        drop(inner);
        for sender in senders {
            sender.wake();
        }
        Poll::Ready(Piece::More(piece))
    }

    /// Reads on.
    pub fn poll_next(&self, cx: &Context<'_>) -> Poll<Piece> {
        let mut inner = self.0.0.lock();
        if let Some(piece) = inner.take() {
            let senders = std::mem::take(&mut inner.senders);
            drop(inner);
            for sender in senders {
                sender.wake();
            }
            return Poll::Ready(Piece::More(piece));
        }
        match inner.end {
            Some(End::Broken | End::Refused(_)) => Poll::Ready(Piece::Broken),
            Some(End::Told) => Poll::Ready(Piece::End),
            None => {
                inner.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe")
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}
