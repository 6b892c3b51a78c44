//! Bodies of requests that are read as they come.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use crate::error::{Code, Rejection};
use crate::rpc::WireError;
use crate::stream::{Piece, Reader};

/// The body of a request that is read as it comes: `Request<Incoming>` is what a `fetch` handler takes.
///
/// ```
/// use stayput::front::{Incoming, Request, Result, StatusCode};
/// use stayput::prelude::*;
///
/// # #[durable_object]
/// # struct Import { lines: Log<String> }
/// #[durable_object]
/// impl Import {
///     #[event(fetch, public)]
///     async fn fetch(this: Handle<Self>, mut request: Request<Incoming>) -> Result<StatusCode> {
///         while let Some(bytes) = request.body.next().await? {
///             let text = String::from_utf8_lossy(&bytes).into_owned();
///             this.atomic(move |import, _| Ok::<_, stayput::Error>(import.lines.push(text))).await?;
///         }
///         Ok(StatusCode::CREATED)
///     }
/// }
/// # stayput::app!(Import);
/// # fn main() {}
/// ```
///
/// The caller has been judged before the handler gets anything of it; the server reads 64 KiB ahead. There is no limit but the handler's own, and its deadline of 15
/// minutes; the server waits 30 s for each piece. At most 64 KiB, or one piece, wait to be read: a client that is faster is held
/// up. What is left when it is dropped is not read.
#[derive(Debug)]
pub struct Incoming {
    /// What came with the head.
    first: Option<Bytes>,
    rest: Option<Reader>,
}

/// The body of a request, with whom reads it: left among the extensions of its head.
#[derive(Debug, Clone)]
pub struct Upload(pub Reader);

impl Incoming {
    pub(super) fn new(first: Bytes, rest: Option<Reader>) -> Self {
        Self {
            first: Some(first).filter(|first| !first.is_empty()),
            rest,
        }
    }

    /// What has come since, at least a byte; `None` at the end.
    ///
    /// # Errors
    ///
    /// `malformed_request` when it broke off before its end, `request_timeout` when the client sent nothing for 30 s.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Rejection> {
        poll_fn(|cx| self.poll_bytes(cx)).await.transpose()
    }

    /// All that is left of it.
    ///
    /// # Errors
    ///
    /// `too_large` when it is more than `limit` bytes, and those of [`next`](Self::next).
    pub async fn whole(mut self, limit: usize) -> Result<Bytes, Rejection> {
        let mut all = BytesMut::new();
        while let Some(bytes) = self.next().await? {
            if all.len() + bytes.len() > limit {
                let message = format!("the body is longer than {limit} bytes");
                return Err(rejection(WireError::framework(Code::TooLarge, message)));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }

    fn poll_bytes(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Bytes, Rejection>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(rest) = &self.rest else {
            return Poll::Ready(None);
        };
        rest.poll_next(cx).map(|piece| match piece {
            Piece::More(bytes) => Some(Ok(bytes)),
            Piece::End => None,
            Piece::Broken => Some(Err(match rest.fault() {
                Some(fault) => Rejection::new(fault),
                None => rejection(broken_off()),
            })),
        })
    }
}

/// A body that ended before its end.
pub(crate) fn broken_off() -> WireError {
    WireError::framework(Code::MalformedRequest, "the body ended before its end")
}

fn rejection(error: WireError) -> Rejection {
    Rejection::new(Box::new(error))
}

impl Stream for Incoming {
    type Item = Result<Bytes, Rejection>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_bytes(cx)
    }
}
