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
use super::form::Form;
use crate::rpc::{Reply, WireError, from_utf8};

/// So many bytes may wait before who sends has to.
const MAX_WAITING: usize = 64 << 10;

/// Items on their way.
pub struct Pipe {
    form: Form,
    request_id: Arc<str>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    pieces: VecDeque<Bytes>,
    waiting: usize,
    items: u64,
    end: Option<End>,
    /// Nobody reads any more.
    closed: bool,
    reader: Option<Waker>,
    /// Who waits for room.
    senders: Vec<Waker>,
    /// Who waits for the reader to go.
    watcher: Option<Waker>,
}

/// How it ended.
enum End {
    /// As it should, or by an error that could be told behind the items.
    Told,
    /// Before the first item.
    Refused(Box<WireError>),
    /// By an error that cannot be told.
    Broken,
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
        Arc::new(Self {
            form,
            request_id,
            inner: Mutex::default(),
        })
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
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<Result<(), Gone>> {
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
    pub(super) fn poll_closed(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.closed {
            return Poll::Ready(());
        }
        inner.watcher = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Adds the JSON text of an item.
    pub(super) fn push(&self, text: &[u8]) {
        let mut inner = self.lock();
        if inner.closed || inner.end.is_some() {
            return;
        }
        inner.item(self.form, text);
        inner.wake_reader();
    }

    /// The call has been answered. An array are items that did not come one by one: those of an answer that was kept, or
    /// of middleware.
    pub fn end(&self, reply: Reply) {
        let mut inner = self.lock();
        if inner.end.is_some() {
            return;
        }
        match reply {
            Ok(result) => {
                if let Ok(items) = from_utf8::<Vec<Box<RawValue>>>(&result) {
                    for item in items {
                        inner.item(self.form, item.get().as_bytes());
                    }
                }
                let end = self.form.end(inner.items);
                inner.add(end);
                inner.end = Some(End::Told);
            }
            Err(error) if inner.items == 0 => inner.end = Some(End::Refused(error)),
            Err(error) => {
                inner.end = Some(match self.form.error(&error, &self.request_id) {
                    Some(text) => {
                        inner.add(text);
                        End::Told
                    }
                    None => End::Broken,
                })
            }
        }
        inner.wake_reader();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn item(&mut self, form: Form, text: &[u8]) {
        let piece = form.item(self.items, text);
        self.items += 1;
        self.add(piece);
    }

    fn add(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.waiting += piece.len();
            self.pieces.push_back(piece);
        }
    }

    fn wake_reader(&mut self) {
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
            None if inner.items > 0 => Poll::Ready(Ok(())),
            None => {
                inner.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
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
        let mut inner = self.0.lock();
        inner.closed = true;
        inner.pieces = VecDeque::new();
        let wakers = std::mem::take(&mut inner.senders);
        let watcher = inner.watcher.take();
        drop(inner);
        for waker in wakers.into_iter().chain(watcher) {
            waker.wake();
        }
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe")
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}
