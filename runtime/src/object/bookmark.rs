//! Points in time to which an object can go back, where its platform keeps them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ProcessContext, Timestamp};
use crate::error::Rejection;
use crate::rpc::WireError;
use crate::state::Stateful;

/// A point in time of one object: everything that was stored until then. Bookmarks of an object sort by age.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Bookmark(String);

/// How bookmarks are got.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "nothing keeps any")
)]
pub(crate) enum Ask<'a> {
    Now,
    At(Timestamp),
    BackTo(&'a str),
}

/// Cloudflare keeps the storage of each object as it was at any time of the last 30 days
/// ([point-in-time recovery](https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#pitr-point-in-time-recovery-api)).
/// Natively there is no such thing, and all of these are `storage.unsupported`: `backup` and `restore` are for that. So they are under
/// `wrangler dev`, but for [`bookmark`](Self::bookmark).
///
/// ```
/// use stayput::object::Bookmark;
/// use stayput::prelude::*;
///
/// # #[durable_object]
/// # struct Ledger { lines: Log<String> }
/// #[durable_object]
/// impl Ledger {
///     /// Before something that may go wrong.
///     #[action(scope = "ledger:admin")]
///     async fn bookmark(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<Bookmark> {
///         drop(this);
///         Ok(cx.bookmark().await?)
///     }
///
///     /// After it did. Nobody gets an answer: the call ends by `object_reset`.
///     #[action(scope = "ledger:admin")]
///     async fn rewind(this: Handle<Self>, cx: ProcessContext<Self>, to: Bookmark) -> Result<()> {
///         drop(this);
///         Ok(cx.rewind(&to).await?)
///     }
/// }
/// # stayput::app!(Ledger);
/// # fn main() {
/// # stayput::testing::run(app(), async |t| {
/// let refused = Ledger::named(t, "a").bookmark().await.unwrap_err();
/// assert_eq!(refused.rejection().unwrap().code(), "storage.unsupported");
/// # });
/// # }
/// ```
impl<S: Stateful> ProcessContext<S> {
    /// Now, with everything that was committed until now.
    ///
    /// # Errors
    ///
    /// `storage.unsupported` where there are none.
    pub async fn bookmark(&self) -> Result<Bookmark, Rejection> {
        ask(Ask::Now).await
    }

    /// The time of the last 30 days that is next to this one.
    ///
    /// # Errors
    ///
    /// `storage.unsupported` where there are none, `storage` with the platform's words when it knows none of that time.
    pub async fn bookmark_at(&self, time: Timestamp) -> Result<Bookmark, Rejection> {
        ask(Ask::At(time)).await
    }

    /// Has the object go back: it is reset, and when it wakes everything in it, its alarm included, is as it was. What has
    /// happened since in other objects stays as it is. All calls that are under way end by `object_reset`, this one's
    /// as well, and its sockets may be closed. Make a [`bookmark`](Self::bookmark) first to have a way back.
    ///
    /// # Errors
    ///
    /// `storage.unsupported` where there are none, `storage` with the platform's words when it is none of this object's.
    pub async fn rewind(&self, to: &Bookmark) -> Result<(), Rejection> {
        ask(Ask::BackTo(&to.0)).await.map(drop)
    }
}

#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::unused_async, reason = "only where there are any it waits")
)]
async fn ask(what: Ask<'_>) -> Result<Bookmark, Rejection> {
    let refused = |error: WireError| Rejection::new(Box::new(error));
    #[cfg(target_arch = "wasm32")]
    {
        let bookmark = crate::backend::workers::bookmark(what).await;
        bookmark.map(Bookmark).map_err(refused)
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let _ = what;
        let message =
            "there are no points in time to go back to here; `backup` and `restore` are for that";
        Err(refused(WireError::framework(
            crate::error::Code::StorageUnsupported,
            message,
        )))
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
