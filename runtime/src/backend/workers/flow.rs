//! Items on their way out of an object, as fast as they are read.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::externs::Flow;
use crate::backend::LocalFuture;
use crate::rpc::Reply;
use crate::stream::{Piece, Reader};

/// Pours all items into `flow`. `done` is told when that has ended; an error if not even the first came.
pub(super) fn pour(
    reader: Reader,
    flow: Flow,
    done: impl FnOnce(Reply) + 'static,
) -> LocalFuture<'static, ()> {
    Box::pin(async move {
        let begun = poll_fn(|cx| reader.poll_begun(cx)).await;
        if begun.is_ok() {
            // When nobody reads any more, the other side is gone, too.
            let _ = all(&reader, &flow).await;
        }
        // Who still sends is told.
        drop(reader);
        done(begun.map(|()| Bytes::new()));
    })
}

async fn all(reader: &Reader, flow: &Flow) -> Result<(), JsValue> {
    flow.begin(reader.form().beat())?;
    let mut gone = pin!(JsFuture::from(flow.gone()?));
    loop {
        let piece = poll_fn(|cx| match gone.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => reader.poll_next(cx).map(Some),
        });
        match piece.await {
            Some(Piece::More(bytes)) => {
                if let Some(room) = flow.write(&Uint8Array::from(bytes.as_ref()))? {
                    JsFuture::from(room).await?;
                }
            }
            Some(Piece::End) => return flow.end(true),
            Some(Piece::Broken) => return flow.end(false),
            None => return Ok(()),
        }
    }
}
