//! Results that come item by item: what an action returns, and how it travels to whoever reads it.

mod ahead;
mod exchange;
mod form;
mod lines;
mod pipe;
mod readers;
mod received;
mod run;
mod table;

pub use exchange::Begun;
pub use form::Form;
#[cfg(target_arch = "wasm32")]
pub(crate) use lines::Lines;
pub use pipe::{Piece, Pipe, Reader};
pub use readers::{Readers, Steer};
pub use received::ItemStream;
pub use run::{Outflow, reply_stream, reply_try_stream};
pub(crate) use run::{Sink, cancelled, pour};
pub use table::Streams;

use std::fmt;
use std::marker::PhantomData;
use std::pin::pin;
use std::rc::Rc;

use futures_core::Stream;
use serde::Serialize;

use crate::action::{ActionOutput, ErrOf, OkOf, encode};
use crate::backend::LocalFuture;
use crate::error::{ActionError, CallError, Error, Rejection};
use crate::object::{Call, ItemByItem};
use crate::rpc::WireError;

pub(crate) type Ended = Result<(), Box<WireError>>;
/// What sends a result piece by piece.
pub(crate) type Body = Box<dyn FnOnce(Rc<Sink>) -> LocalFuture<'static, Ended>>;

/// A result that comes item by item. A process returns it: the body goes on while the items are read, and holds nothing.
///
/// ```
/// use stayput::prelude::*;
///
/// # #[durable_object]
/// # struct Room { said: u64 }
/// #[durable_object]
/// impl Room {
///     /// Counts down.
///     #[action(public)]
///     fn countdown(this: Handle<Self>, from: u32) -> Streaming<u32> {
///         Streaming::new(async move |items| {
///             for n in (0..=from).rev() {
///                 items.send(n).await?; // waits while the reader is slow; an error when it is gone
///             }
///             Ok(())
///         })
///     }
/// }
/// # stayput::app!(Room);
/// # fn main() {
/// # stayput::testing::run(app(), async |t| {
/// assert_eq!(Room::named(t, "lobby").countdown(3_u32).await.unwrap(), [3, 2, 1, 0]);
/// # });
/// # }
/// ```
///
/// An error ends it: the items before it have been sent. The body of a `Streaming<T>` ends by any error, which callers see
/// as `internal` or as the rejection that it is; that of a `Streaming<T, E>` by a declared one
/// ([`with_error`](Self::with_error)). What is wrong before the first item is better said by returning
/// `Result<Streaming<T>, E>`.
pub struct Streaming<T, E = Error> {
    body: Body,
    typed: PhantomData<fn() -> (T, E)>,
}

/// The way to whoever reads a [`Streaming`].
pub struct Items<T> {
    sink: Rc<Sink>,
    typed: PhantomData<fn(T)>,
}

/// Nobody reads any more: whatever else is sent is lost, and the body is dropped where it waits next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// Why the body of a [`Streaming`] with errors of its own ends early.
#[derive(Debug)]
pub enum Stop<E> {
    /// Its own error.
    Failed(E),
    /// An answer of the framework's, as a call or a handle gave it.
    Rejected(Rejection),
    /// Nobody reads any more.
    Gone,
}

impl<T: ActionOutput + 'static> Streaming<T> {
    /// A result whose items the body sends. It may end by any error.
    pub fn new(body: impl AsyncFnOnce(Items<T>) -> Result<(), Error> + 'static) -> Self {
        Self::of(move |items| {
            Box::pin(async move {
                let ended = body(items).await;
                ended.map_err(|error| Box::new(error.to_wire()))
            })
        })
    }

    /// The items of a stream.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # fn all(stream: impl futures_core::Stream<Item = u32> + 'static) -> Streaming<u32> {
    /// Streaming::from_stream(stream)
    /// # }
    /// # fn main() {}
    /// ```
    pub fn from_stream(stream: impl Stream<Item = T> + 'static) -> Self {
        Self::new(async move |items| {
            let mut stream = pin!(stream);
            while let Some(item) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                items.send(item).await?;
            }
            Ok(())
        })
    }
}

impl<T: ActionOutput + 'static, E: ActionError> Streaming<T, E> {
    /// A result whose items the body sends, and which may end by a declared error: `?` takes one, what
    /// [`Items::send`] answers, and what calls and handles do.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// use stayput::stream::{Stop, Streaming};
    ///
    /// #[derive(Debug, ActionError)]
    /// #[error(prefix = "mine")]
    /// enum MineError {
    ///     /// Nothing is left.
    ///     #[error(message = "nothing is left")]
    ///     Empty,
    /// }
    ///
    /// fn dig(left: u32) -> Streaming<u32, MineError> {
    ///     Streaming::with_error(async move |items| {
    ///         for piece in 0..left {
    ///             items.send(piece).await?;
    ///         }
    ///         Err(MineError::Empty.into())
    ///     })
    /// }
    /// # fn main() {}
    /// ```
    pub fn with_error(body: impl AsyncFnOnce(Items<T>) -> Result<(), Stop<E>> + 'static) -> Self {
        Self::of(move |items| {
            Box::pin(async move {
                match body(items).await {
                    Ok(()) | Err(Stop::Gone) => Ok(()),
                    Err(Stop::Failed(error)) => Err(Box::new(error.to_wire())),
                    Err(Stop::Rejected(rejection)) => Err(rejection.into_wire()),
                }
            })
        })
    }
}

impl<T, E> Streaming<T, E> {
    fn of(body: impl FnOnce(Items<T>) -> LocalFuture<'static, Ended> + 'static) -> Self {
        let body = move |sink| {
            body(Items {
                sink,
                typed: PhantomData,
            })
        };
        Self {
            body: Box::new(body),
            typed: PhantomData,
        }
    }
}

impl<T: Serialize> Items<T> {
    /// Sends an item, when whoever reads has room for it and everything that it could tell of is on disk.
    ///
    /// # Errors
    ///
    /// [`Gone`] when nobody reads any more, or the item cannot be written as JSON, which ends the result.
    pub async fn send(&self, item: T) -> Result<(), Gone> {
        let text = encode(&item);
        drop(item);
        self.sink.send(text).await
    }
}

/// Item and error of a [`Streaming`], reached by projection.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `stayput::stream::Streaming`",
    note = "a type of that name is what an action returns whose items come one by one"
)]
pub trait StreamOf {
    /// What it sends.
    type Item: ActionOutput;
    /// How it may end.
    type Error: ActionError;
    #[doc(hidden)]
    fn into_body(self) -> run::BodyOf;
}

impl<T: ActionOutput, E: ActionError> StreamOf for Streaming<T, E> {
    type Item = T;
    type Error = E;

    fn into_body(self) -> run::BodyOf {
        run::BodyOf(self.body)
    }
}

/// The call of an action that returns the `Streaming` `S`: awaited, it gathers all items; by [`Call::stream`] they are read one
/// by one.
pub type StreamCall<S> = Call<Vec<<S as StreamOf>::Item>, <S as StreamOf>::Error, ItemByItem>;

/// The same where it returns a `Result` of one.
pub type StreamCallOf<R> = Call<Vec<<OkOf<R> as StreamOf>::Item>, ErrOf<R>, ItemByItem>;

impl<E: ActionError> From<E> for Stop<E> {
    fn from(error: E) -> Self {
        Self::Failed(error)
    }
}

impl<E> From<Gone> for Stop<E> {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl<E> From<Rejection> for Stop<E> {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl<E> From<CallError<E>> for Stop<E> {
    fn from(error: CallError<E>) -> Self {
        match error {
            CallError::Failed(error) => Self::Failed(error),
            CallError::Rejected(rejection) => Self::Rejected(rejection),
        }
    }
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the items any more")
    }
}

impl std::error::Error for Gone {}

impl<T, E> fmt::Debug for Streaming<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streaming(..)")
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items(..)")
    }
}
