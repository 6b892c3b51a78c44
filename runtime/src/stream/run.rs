//! Running the body of a streaming action, within the process that it belongs to.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;

use super::{Body, Gone, Pipe, StreamOf};
use crate::backend::{LocalFuture, Seq};
use crate::error::{ActionError, Code};
use crate::object::{ProcessContext, Turn};
use crate::rpc::{Reply, WireError};
use crate::state::Stateful;

/// Items that are not read one by one are gathered up to so many bytes.
const MAX_GATHERED: usize = 16 << 20;

/// After so many items that nothing had to wait for, others have their turn. On Workers what was sent has to be out of the
/// instance before it may end by a panic.
const TURN: u32 = if cfg!(target_arch = "wasm32") { 1 } else { 32 };

/// Where the items of a call go.
#[doc(hidden)]
pub struct Outflow(Rc<Turn>);

/// The body of a streaming action.
#[doc(hidden)]
pub struct BodyOf(pub(super) Body);

/// Takes the items of one call.
pub(super) struct Sink {
    turn: Rc<Turn>,
    /// Who reads them one by one, if anybody does.
    pipe: Option<Arc<Pipe>>,
    gathered: RefCell<Vec<u8>>,
    /// What ended it besides its body.
    fault: RefCell<Option<Box<WireError>>>,
    /// Everything up to this commit is on disk.
    durable: Cell<Seq>,
    sent: Cell<u32>,
}

/// The reply of an action that returns items.
pub fn reply_stream<S: StreamOf>(outflow: Outflow, stream: S) -> LocalFuture<'static, Reply> {
    outflow.run(stream.into_body())
}

/// The reply of an action that may refuse to.
pub fn reply_try_stream<S: StreamOf, E: ActionError>(
    outflow: Outflow,
    result: Result<S, E>,
) -> LocalFuture<'static, Reply> {
    match result {
        Ok(stream) => outflow.run(stream.into_body()),
        Err(error) => Box::pin(std::future::ready(Err(Box::new(error.to_wire())))),
    }
}

impl Outflow {
    /// That of the call whose context this is.
    pub fn of<S: Stateful>(cx: &ProcessContext<S>) -> Self {
        Self(cx.turn().clone())
    }

    fn run(self, body: BodyOf) -> LocalFuture<'static, Reply> {
        let sink = Rc::new(Sink {
            pipe: self.0.stream.clone(),
            turn: self.0,
            gathered: RefCell::default(),
            fault: RefCell::default(),
            durable: Cell::new(0),
            sent: Cell::new(0),
        });
        let mut body = (body.0)(sink.clone());
        Box::pin(async move {
            let ended = poll_fn(|cx| {
                let ended = body.as_mut().poll(cx);
                // Whatever it makes of that nobody reads: the error that `?` made of it is no fault of its.
                if let Some(pipe) = &sink.pipe
                    && pipe.poll_closed(cx).is_ready()
                {
                    return Poll::Ready(Err(cancelled()));
                }
                ended
            })
            .await;
            drop(body);
            sink.reply(ended)
        })
    }
}

/// Whoever asked reads no longer.
pub(crate) fn cancelled() -> Box<WireError> {
    let message = "whoever asked for the items reads them no longer";
    Box::new(WireError::framework(Code::Cancelled, message).maybe_executed())
}

impl Sink {
    pub(super) async fn send(&self, text: Reply) -> Result<(), Gone> {
        if self.fault.borrow().is_some() {
            return Err(Gone);
        }
        let text = text.map_err(|error| self.fail(error))?;
        let Some(pipe) = &self.pipe else {
            return self.gather(&text);
        };
        poll_fn(|cx| pipe.poll_room(cx)).await?;
        self.durable().await?;
        pipe.push(&text);
        self.pause().await;
        Ok(())
    }

    /// Nothing leaves before everything it could have seen is durable.
    async fn durable(&self) -> Result<(), Gone> {
        let core = &self.turn.core;
        let seq = core.seq();
        if self.durable.get() < seq {
            core.durable().await.map_err(|error| self.fail(error))?;
            self.durable.set(seq);
        }
        Ok(())
    }

    /// A body that never has to wait would keep the thread to itself.
    async fn pause(&self) {
        let sent = self.sent.get().wrapping_add(1);
        self.sent.set(sent);
        if !sent.is_multiple_of(TURN) {
            return;
        }
        let mut waited = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn gather(&self, text: &[u8]) -> Result<(), Gone> {
        let mut gathered = self.gathered.borrow_mut();
        let text = if text.is_empty() { b"null" } else { text };
        if gathered.len() + text.len() + 2 > MAX_GATHERED {
            let limit = MAX_GATHERED >> 20;
            let message = format!(
                "all items together are longer than {limit} MiB: have them sent one by one, by `Accept: application/x-ndjson`"
            );
            drop(gathered);
            return Err(self.fail(Box::new(
                WireError::framework(Code::TooLarge, message).maybe_executed(),
            )));
        }
        let before = if gathered.is_empty() { b'[' } else { b',' };
        gathered.push(before);
        gathered.extend_from_slice(text);
        Ok(())
    }

    fn fail(&self, error: Box<WireError>) -> Gone {
        self.fault.borrow_mut().get_or_insert(error);
        Gone
    }

    fn reply(&self, ended: Result<(), Box<WireError>>) -> Reply {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        ended?;
        if self.pipe.is_some() {
            return Ok(Bytes::new());
        }
        let mut gathered = self.gathered.take();
        if gathered.is_empty() {
            gathered.push(b'[');
        }
        gathered.push(b']');
        Ok(gathered.into())
    }
}

impl std::fmt::Debug for Outflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outflow(..)")
    }
}

impl std::fmt::Debug for BodyOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BodyOf(..)")
    }
}
