//! Bodies of responses: whole, or a stream of events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::outlet::Place;

/// The body of a response.
pub(in crate::backend::native) enum ReplyBody {
    /// All of it.
    Whole(Bytes),
    /// Events, for as long as the connection is open.
    Stream(Place),
}

/// What a stream begins with: how long a client waits before it connects again, in milliseconds.
const PRELUDE: &[u8] = b"retry: 1000\n\n";

impl ReplyBody {
    /// The events of a connection that was let in.
    pub(in crate::backend::native) fn stream(place: Place) -> Self {
        place.outlet.queue.borrow_mut().push(PRELUDE);
        Self::Stream(place)
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(place) => {
                let outlet = &place.outlet;
                outlet.set_waker(cx.waker());
                if outlet.is_dead() {
                    return Poll::Ready(None);
                }
                // What waits goes first.
                if let Some(piece) = outlet.queue.borrow_mut().pop() {
                    return Poll::Ready(Some(Ok(Frame::data(piece))));
                }
                if outlet.is_closing() || place.is_draining() {
                    return Poll::Ready(None);
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
