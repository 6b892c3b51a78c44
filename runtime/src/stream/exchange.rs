//! Bodies of messages in a pipe: the head of a response first, if it is one's, then bytes as they are.

use std::sync::Arc;

use bytes::Bytes;

use super::form::Form;
use super::pipe::{End, Head, Pipe, Reader};
use crate::rpc::WireError;

/// What has come of an answer.
#[derive(Debug)]
pub enum Begun {
    /// It is read here.
    Here(Reader),
    /// The backend adds the rest by itself: this is what it had to say first.
    Elsewhere(Bytes),
}

impl Pipe {
    /// One for the answer to a request whose body may come by another.
    pub fn exchange(request_id: Arc<str>, request: Option<Reader>) -> Arc<Self> {
        let pipe = Self::plain(Form::Bytes, request_id, "");
        pipe.lock().request = request;
        Arc::new(pipe)
    }

    /// One for a body alone.
    pub fn body() -> Arc<Self> {
        Self::exchange("".into(), None)
    }

    /// The body of the request, for whoever answers it: dropped there, nobody reads it any more.
    pub(crate) fn take_request(&self) -> Option<Reader> {
        self.lock().request.take()
    }

    /// The head of a response, whose body follows.
    pub(crate) fn push_head(&self, text: Bytes) {
        let mut inner = self.lock();
        inner.head = Some(Head {
            text,
            is_all: false,
        });
        inner.wake_reader();
    }

    /// Adds bytes.
    pub fn push_bytes(&self, bytes: Bytes) {
        let mut inner = self.lock();
        if inner.end.is_none() && !inner.closed {
            inner.add(bytes);
            inner.wake_reader();
        }
    }

    /// It breaks off; whoever reads is told why.
    pub fn break_off(&self, why: WireError) {
        let mut inner = self.lock();
        if inner.end.is_none() {
            inner.end = Some(End::Refused(Box::new(why)));
            inner.wake_reader();
        }
    }
}

impl Reader {
    /// The head of a response; whether it is all of it.
    pub fn head(&self) -> Option<(Bytes, bool)> {
        let inner = self.pipe().lock();
        let head = inner.head.as_ref()?;
        Some((head.text.clone(), head.is_all))
    }

    /// Why it broke off, where that is known.
    pub(crate) fn fault(&self) -> Option<Box<WireError>> {
        match &self.pipe().lock().end {
            Some(End::Refused(error)) => Some(error.clone()),
            _ => None,
        }
    }
}
