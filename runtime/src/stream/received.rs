//! Items that a stub reads one by one.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::lines::Lines;
use super::{Piece, Pipe, Reader};
use crate::backend::LocalFuture;
use crate::error::{ActionError, CallError};
use crate::object::{Call, ItemByItem, Origin, current, read_reply};
use crate::rpc::{Reply, WireError};

/// The items of a call, as they come: made by [`Call::stream`].
///
/// The action goes on no faster than they are read: 64 KiB wait for whoever reads. Dropped before its end, it ends the action
/// where that waits next.
#[must_use = "ends the action when dropped"]
pub struct ItemStream<T, E> {
    pipe: Arc<Pipe>,
    reader: Reader,
    lines: Lines,
    /// The next item, and how it goes on.
    next: Option<Bytes>,
    /// The call, until it is answered.
    call: Option<LocalFuture<'static, Reply>>,
    /// Why it ended, when the items before have been read.
    failed: Option<Box<WireError>>,
    /// On whose behalf stubs in items call.
    origin: Option<Origin>,
    typed: PhantomData<fn() -> (T, E)>,
}

impl<T: DeserializeOwned, E: ActionError> Call<Vec<T>, E, ItemByItem> {
    /// Makes the call, and waits until the first item comes, or the end. Awaited as it is, the call gathers all items.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object] struct Room { said: Log<String> }
    /// # #[durable_object] impl Room {
    /// #     #[action] fn countdown(this: Handle<Self>, from: u32) -> Streaming<u32> {
    /// #         Streaming::new(async move |items| { for n in (0..=from).rev() { items.send(n).await?; } Ok(()) })
    /// #     }
    /// # }
    /// # stayput::app!(Room);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let mut numbers = Room::named(t, "lobby").countdown(1_000_000_u32).stream().await.unwrap();
    ///     while let Some(n) = numbers.next().await.unwrap() {
    ///         if n == 999_990 {
    ///             break; // `numbers` is dropped, and the countdown with it
    ///         }
    ///     }
    /// });
    /// # }
    /// ```
    ///
    /// Where items cannot come one by one, from another app and over a [client](crate::client), they are gathered first.
    ///
    /// # Errors
    ///
    /// Those of the call, if it ends by one before its first item.
    pub async fn stream(self) -> Result<ItemStream<T, E>, CallError<E>> {
        let pipe = Pipe::for_stub();
        // Made before anything is waited for: if whoever asked goes away meanwhile, it closes the pipe.
        let reader = pipe.reader();
        let (call, origin) = self.pour(pipe.clone());
        let mut stream = ItemStream {
            pipe,
            reader,
            lines: Lines::default(),
            next: None,
            call: Some(call),
            failed: None,
            origin,
            typed: PhantomData,
        };
        stream.next = poll_fn(|cx| stream.poll_text(cx)).await;
        let refused = stream.failed.take_if(|_| stream.next.is_none());
        match refused.and_then(|error| stream.read::<T>(Err(error)).err()) {
            Some(error) => Err(error),
            None => Ok(stream),
        }
    }
}

impl<T: DeserializeOwned, E: ActionError> ItemStream<T, E> {
    /// The next item; `None` at the end.
    ///
    /// # Errors
    ///
    /// What the action ended by, behind its items; what [`Call`]s fail with; an item that is no `T`. Nothing comes after it.
    pub async fn next(&mut self) -> Result<Option<T>, CallError<E>> {
        poll_fn(|cx| self.poll_item(cx)).await.transpose()
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, CallError<E>>>> {
        let text = match self.next.take() {
            Some(text) => Some(text),
            None => match self.poll_text(cx) {
                Poll::Ready(text) => text,
                Poll::Pending => return Poll::Pending,
            },
        };
        let reply = match (text, self.failed.take()) {
            // The error waits for its turn.
            (Some(text), failed) => {
                self.failed = failed;
                Ok(text)
            }
            (None, Some(error)) => Err(error),
            (None, None) => return Poll::Ready(None),
        };
        let item = self.read(reply);
        if item.is_err() {
            self.end();
        }
        Poll::Ready(Some(item))
    }

    /// The text of the next item, when there is one; `None` at the end.
    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(line) = self.lines.next() {
                return Poll::Ready(Some(line));
            }
            if let Some(call) = &mut self.call
                && let Poll::Ready(reply) = call.as_mut().poll(cx)
            {
                self.call = None;
                // How it failed is told by itself, behind the items.
                let told = reply.map_err(|error| self.failed = Some(error));
                self.pipe.end(Ok(told.unwrap_or_default()));
            }
            match self.reader.poll_next(cx) {
                Poll::Ready(Piece::More(text)) => self.lines.add(&text),
                Poll::Ready(Piece::End | Piece::Broken) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn read<R: DeserializeOwned>(&self, reply: Reply) -> Result<R, CallError<E>> {
        match &self.origin {
            Some(origin) => current::scope(origin.clone(), || read_reply(reply)),
            None => read_reply(reply),
        }
    }

    /// Nothing comes any more.
    fn end(&mut self) {
        self.call = None;
        self.lines = Lines::default();
        self.pipe.end(Ok(Bytes::new()));
        self.pipe.close();
    }
}

impl<T: DeserializeOwned, E: ActionError> Stream for ItemStream<T, E> {
    type Item = Result<T, CallError<E>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(cx)
    }
}

impl<T, E> fmt::Debug for ItemStream<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ItemStream(..)")
    }
}
