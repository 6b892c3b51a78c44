//! Bodies of responses: whole, a stream of events, or items.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Interval, interval_at};

use super::outlet::Place;
use crate::http::Response;
use crate::stream::{Piece, Reader};

/// The body of a response.
pub(in crate::backend::native) enum ReplyBody {
    /// All of it.
    Whole(Bytes),
    /// Events, for as long as the connection is open.
    Stream(Place),
    /// Items, or bytes, as they come.
    Items(Reader, Option<Interval>, Held),
}

/// What lives as long as a body does.
pub(in crate::backend::native) type Held = Option<Box<dyn Any>>;

/// A response breaks off: what came of it is not all.
#[derive(Debug)]
pub(in crate::backend::native) struct Broken;

/// How often something is sent while no item is.
const BEAT: Duration = Duration::from_secs(10);

impl ReplyBody {
    /// The events of a connection that was let in.
    pub(in crate::backend::native) fn stream(place: Place) -> Self {
        Self::Stream(place)
    }

    /// The body of a response of the front's.
    pub(in crate::backend::native) fn of(mut response: Response) -> http::Response<Self> {
        match response.extensions_mut().remove() {
            Some(items) => {
                let beats = beats(&items);
                response.map(|_| Self::Items(items, beats, None))
            }
            None => response.map(Self::Whole),
        }
    }

    /// Keeps something until it has been sent.
    pub(in crate::backend::native) fn hold(&mut self, what: impl Any) {
        if let Self::Items(_, _, held) = self {
            *held = Some(Box::new(what));
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Items(items, beats, _) => match items.poll_next(cx) {
                Poll::Ready(Piece::More(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Poll::Ready(Piece::End) => Poll::Ready(None),
                Poll::Ready(Piece::Broken) => Poll::Ready(Some(Err(Broken))),
                Poll::Pending => match beats {
                    None => Poll::Pending,
                    Some(beats) => beats.poll_tick(cx).map(|_| {
                        let beat = items.form().beat().as_bytes();
                        Some(Ok(Frame::data(Bytes::from_static(beat))))
                    }),
                },
            },
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
            Self::Stream(_) | Self::Items(..) => SizeHint::default(),
        }
    }
}

/// From now on, so that the first is not at once.
fn beats(items: &Reader) -> Option<Interval> {
    let beats = !items.form().beat().is_empty();
    beats.then(|| interval_at(Instant::now() + BEAT, BEAT))
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the result broke off")
    }
}

impl std::error::Error for Broken {}
