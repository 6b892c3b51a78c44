//! The results that are read over one connection.

use std::cell::RefCell;
use std::task::{Context, Poll};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::pipe::{Piece, Reader};
use crate::error::Code;
use crate::rpc::{Reply, WireError, from_utf8};

/// So many at a time.
const MAX_READERS: usize = 32;

/// What whoever reads says of a result.
#[derive(Debug)]
pub struct Steer {
    /// JSON text of the request's id.
    id: Box<str>,
    what: What,
}

#[derive(Debug)]
enum What {
    Cancel,
    More(u32),
}

/// The parameters of `rpc.cancel` and `rpc.more`.
#[derive(Deserialize)]
struct Form {
    id: Box<RawValue>,
    #[serde(default)]
    items: Option<u32>,
}

/// The results that are read over one connection.
#[derive(Debug, Default)]
pub struct Readers(RefCell<Vec<Reader>>);

impl Steer {
    /// Reads the parameters of `rpc.cancel` or `rpc.more`.
    pub(crate) fn read(method: &str, params: &Bytes) -> Result<Self, Box<WireError>> {
        let cancels = method == "rpc.cancel";
        let form: Option<Form> = from_utf8(params).ok();
        let form = form.filter(|form| form.items.is_some() != cancels);
        let Form { id, items } = form.ok_or_else(|| {
            let example = if cancels {
                r#"{"id": 7}"#
            } else {
                r#"{"id": 7, "items": 32}"#
            };
            let message = format!(
                "`{method}` takes `{example}`, with the id of the request whose items are meant"
            );
            Box::new(WireError::framework(Code::InvalidParams, message))
        })?;
        Ok(Self {
            id: id.get().into(),
            what: items.map_or(What::Cancel, What::More),
        })
    }
}

impl Readers {
    /// Adds one.
    ///
    /// # Errors
    ///
    /// `overloaded` where too many are read at once, `invalid_request` where another has its id.
    pub fn add(&self, reader: Reader) -> Result<(), Box<WireError>> {
        let mut readers = self.0.borrow_mut();
        if readers.len() >= MAX_READERS {
            let message = format!("{MAX_READERS} results are being sent over this connection");
            return Err(Box::new(WireError::framework(Code::Overloaded, message)));
        }
        if readers.iter().any(|other| other.id() == reader.id()) {
            let message = "the result of a request with this id is being sent";
            return Err(Box::new(WireError::framework(
                Code::InvalidRequest,
                message,
            )));
        }
        readers.push(reader);
        Ok(())
    }

    /// Its result was sent.
    pub fn remove(&self, reader: &Reader) {
        self.0
            .borrow_mut()
            .retain(|other| other.id() != reader.id());
    }

    /// Does what whoever reads says. Answers whether there is such a result.
    pub fn steer(&self, steer: &Steer) -> Reply {
        let readers = self.0.borrow();
        let reader = readers.iter().find(|reader| reader.id() == &*steer.id);
        if let Some(reader) = reader {
            match steer.what {
                What::Cancel => reader.cancel(),
                What::More(items) => reader.more(items),
            }
        }
        let known: &[u8] = if reader.is_some() { b"true" } else { b"false" };
        Ok(Bytes::from_static(known))
    }

    /// The next frame of any, in turn; `None` for the end of one.
    pub fn poll_frame(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut readers = self.0.borrow_mut();
        for at in 0..readers.len() {
            match readers[at].poll_frame(cx) {
                Poll::Pending => {}
                Poll::Ready(Piece::More(frame)) => {
                    // The others' turn.
                    readers[at..].rotate_left(1);
                    return Poll::Ready(Some(frame));
                }
                Poll::Ready(Piece::End | Piece::Broken) => {
                    readers.remove(at);
                    return Poll::Ready(None);
                }
            }
        }
        Poll::Pending
    }

    /// Nobody reads any of them any more.
    pub fn close(&self) {
        for reader in self.0.take() {
            reader.cancel();
        }
    }
}
