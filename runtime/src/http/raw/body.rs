//! Bodies of responses that are sent piece by piece.

use std::fmt;
use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use futures_core::Stream;

use crate::error::{ActionError, Error};
use crate::stream::{Body as Send, Gone, Sink};

/// The body of a response that may be sent piece by piece: `http::Response<Body>` is what a handler answers.
///
/// ```
/// use stayput::front::{Body, Request, Result};
/// use stayput::prelude::*;
///
/// # #[durable_object]
/// # struct Report { rows: Log<String> }
/// #[durable_object]
/// impl Report {
///     #[event(fetch, public)]
///     async fn fetch(this: Handle<Self>, _: Request) -> Result<Body> {
///         Ok(Body::stream(async move |chunks| {
///             let mut from = 0;
///             loop {
///                 let rows = this.read(move |report| report.rows.range(from.., 100)).await?;
///                 let Some((last, _)) = rows.last() else { return Ok(()) };
///                 from = last + 1;
///                 for (_, row) in &rows {
///                     chunks.send(format!("{row}\n")).await?; // waits while the reader is slow; an error when it is gone
///                 }
///             }
///         }))
///     }
/// }
/// # stayput::app!(Report);
/// # fn main() {}
/// ```
///
/// Nothing of it leaves before what the handler has committed until then is on disk. At most 64 KiB, or one piece, wait for
/// whoever reads. When its code ends by an error, the response breaks off, so that nobody takes it for whole; the error goes
/// to the log.
#[derive(Default)]
pub struct Body(pub(in crate::http) Kind);

pub(in crate::http) enum Kind {
    Whole(Bytes),
    Pieces(Send),
}

/// The way to whoever reads a [`Body`].
pub struct Chunks(Rc<Sink>);

impl Body {
    /// One whose pieces are sent by `body`.
    pub fn stream(body: impl AsyncFnOnce(Chunks) -> Result<(), Error> + 'static) -> Self {
        Self(Kind::Pieces(Box::new(|sink| {
            Box::pin(async move {
                let ended = body(Chunks(sink)).await;
                ended.map_err(|error| Box::new(error.to_wire()))
            })
        })))
    }

    /// The pieces of a stream, until it ends or fails.
    ///
    /// ```
    /// # use stayput::front::{Body, Incoming, Request};
    /// /// Sends back what comes.
    /// fn echo(request: Request<Incoming>) -> Body {
    ///     Body::from_stream(request.body)
    /// }
    /// # fn main() {}
    /// ```
    pub fn from_stream<B, E>(stream: impl Stream<Item = Result<B, E>> + 'static) -> Self
    where
        B: Into<Bytes>,
        E: Into<Error>,
    {
        Self::stream(async move |chunks| {
            let mut stream = pin!(stream);
            while let Some(piece) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                chunks.send(piece.map_err(Into::into)?).await?;
            }
            Ok(())
        })
    }
}

impl Chunks {
    /// Sends a piece, when whoever reads has room for it and everything that it could tell of is on disk.
    ///
    /// # Errors
    ///
    /// [`Gone`] when nobody reads any more.
    pub async fn send(&self, piece: impl Into<Bytes>) -> Result<(), Gone> {
        self.0.send_bytes(piece.into()).await
    }
}

impl Default for Kind {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl<B: Into<Bytes>> From<B> for Body {
    fn from(whole: B) -> Self {
        Self(Kind::Whole(whole.into()))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Whole(bytes) => f.debug_tuple("Body").field(bytes).finish(),
            Kind::Pieces(_) => f.write_str("Body(..)"),
        }
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chunks(..)")
    }
}
