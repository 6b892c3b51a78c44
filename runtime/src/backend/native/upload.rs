//! Bodies of requests that are brought to their handler as they come.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::error::Code;
use crate::http::{Upload, broken_off};
use crate::rpc::WireError;
use crate::stream::Pipe;

/// How long each piece may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// So much of what its handler did not read is read nevertheless: a connection that is closed with something unread may take
/// the answer with it.
const LEFT: usize = 1 << 20;
/// And for so long.
const LEFT_PATIENCE: Duration = Duration::from_secs(5);

/// Begins to read a body.
pub(super) fn begin(body: Incoming) -> Upload {
    let pipe = Pipe::body();
    let upload = Upload(pipe.reader());
    tokio::task::spawn_local(read(body, pipe));
    upload
}

async fn read(mut body: Incoming, pipe: Arc<Pipe>) {
    loop {
        if poll_fn(|cx| pipe.poll_room(cx)).await.is_err() {
            break;
        }
        let next = tokio::select! {
            () = poll_fn(|cx| pipe.poll_closed(cx)) => break,
            next = tokio::time::timeout(PATIENCE, body.frame()) => next,
        };
        match next {
            Ok(None) => return pipe.end(Ok(Bytes::new())),
            Ok(Some(Ok(frame))) => {
                if let Ok(bytes) = frame.into_data() {
                    pipe.push_bytes(bytes);
                }
            }
            Ok(Some(Err(_))) => return pipe.break_off(broken_off()),
            Err(_) => {
                let message = "nothing of the body arrived for 30 seconds";
                return pipe.break_off(WireError::framework(Code::RequestTimeout, message));
            }
        }
    }
    let _ = tokio::time::timeout(LEFT_PATIENCE, leave(body)).await;
}

/// Nobody reads it any more.
async fn leave(mut body: Incoming) {
    let mut left = LEFT;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}
