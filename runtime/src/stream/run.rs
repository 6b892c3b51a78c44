//! Running the body of a streaming action, within the process that it belongs to.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;

use super::{Body, Gone, Pipe, Reader, StreamOf};
use crate::backend::{LocalFuture, Seq};
use crate::error::{ActionError, Code};
use crate::object::{ProcessContext, Turn, all_others};
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
pub(crate) struct Sink {
    /// The process whose commits it waits for; none where no object sends.
    turn: Option<Rc<Turn>>,
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
        let pipe = self.0.stream.clone();
        Box::pin(drive(Sink::new(Some(self.0), pipe), body.0))
    }

    /// The body of the request that is to be answered, where that is read as it comes.
    pub(crate) fn take_request(&self) -> Option<Reader> {
        self.0.stream.as_ref()?.take_request()
    }

    /// Answers by a head and the bytes that the body sends.
    pub(crate) fn respond(self, head: Bytes, body: Body) -> LocalFuture<'static, Reply> {
        Box::pin(async move {
            let Some(pipe) = self.0.stream.clone() else {
                let message = "nobody reads the response piece by piece";
                return Err(Box::new(WireError::framework(Code::Internal, message)));
            };
            let sink = Sink::new(Some(self.0), Some(pipe.clone()));
            if sink.durable().await.is_ok() {
                pipe.push_head(head);
                sink.pause().await;
            }
            drive(sink, body).await
        })
    }
}

/// Has a body send until it ends, or nobody reads any more.
async fn drive(sink: Rc<Sink>, body: Body) -> Reply {
    let mut body = body(sink.clone());
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
}

/// Has a body send what no object does. Answers why it broke off, unless whoever read went away.
pub(crate) async fn pour(pipe: Arc<Pipe>, body: Body) -> Result<(), Box<WireError>> {
    /// A body that panics must not leave whoever reads waiting.
    struct Ends(Arc<Pipe>);
    impl Drop for Ends {
        fn drop(&mut self) {
            let message = "the body of the response ended midway";
            self.0
                .break_off(WireError::framework(Code::Internal, message));
        }
    }
    let ends = Ends(pipe.clone());
    let reply = drive(Sink::new(None, Some(pipe.clone())), body).await;
    pipe.end(reply.clone());
    drop(ends);
    match reply {
        Err(error) if !error.is(Code::Cancelled) => Err(error),
        _ => Ok(()),
    }
}

/// Whoever asked reads no longer.
pub(crate) fn cancelled() -> Box<WireError> {
    let message = "whoever asked for the items reads them no longer";
    Box::new(WireError::framework(Code::Cancelled, message).maybe_executed())
}

impl Sink {
    pub(crate) fn new(turn: Option<Rc<Turn>>, pipe: Option<Arc<Pipe>>) -> Rc<Self> {
        Rc::new(Self {
            turn,
            pipe,
            gathered: RefCell::default(),
            fault: RefCell::default(),
            durable: Cell::new(0),
            sent: Cell::new(0),
        })
    }

    /// Sends bytes, when there is room for them and everything that they could tell of is on disk.
    pub(crate) async fn send_bytes(&self, bytes: Bytes) -> Result<(), Gone> {
        let Some(pipe) = &self.pipe else {
            return Err(Gone);
        };
        if self.fault.borrow().is_some() {
            return Err(Gone);
        }
        poll_fn(|cx| pipe.poll_room(cx)).await?;
        self.durable().await?;
        pipe.push_bytes(bytes);
        self.pause().await;
        Ok(())
    }

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
        let Some(turn) = &self.turn else {
            return Ok(());
        };
        let core = &turn.core;
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
        all_others().await;
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
