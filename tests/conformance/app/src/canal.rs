//! Bodies that come and go piece by piece.

use std::sync::atomic::{AtomicU32, Ordering};

use stayput::front::{
    Body, Bytes, Chunks, FrontError, Incoming, Method, Request, Response, Result,
};
use stayput::prelude::*;

/// Takes and sends bytes.
#[durable_object]
#[derive(Debug)]
pub struct Canal {
    taken: u64,
    open: bool,
}

/// What it refuses.
#[derive(Debug, ActionError)]
#[error(prefix = "canal")]
pub enum CanalError {
    /// It takes no more.
    #[error(status = 409, message = "it is full")]
    Full,
}

/// Bodies that are sent, and pieces that were: of this program, or of this object's instance.
static RUNNING: AtomicU32 = AtomicU32::new(0);
static SENT: AtomicU32 = AtomicU32::new(0);

struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

#[durable_object]
impl Canal {
    /// Bodies that are sent, pieces that were, bytes that were taken.
    #[action(public)]
    fn look(&self) -> (u32, u32, u64) {
        let look = |count: &AtomicU32| count.load(Ordering::SeqCst);
        (look(&RUNNING), look(&SENT), self.taken)
    }

    /// Lets go on what waits.
    #[action(public)]
    fn unlock(&mut self, open: bool) {
        self.open = open;
    }

    /// Everything else, by the first word of the path, and a number behind it.
    #[event(fetch, public)]
    async fn serve(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>> {
        let Request { head, body, .. } = request;
        let path = head.uri.path();
        let (word, number) = path[1..].split_once('/').unwrap_or((&path[1..], "0"));
        let number: u32 = number.parse().unwrap_or(0);
        let answer = match (&head.method, word) {
            (&Method::POST, "echo") => Body::from_stream(body),
            (&Method::POST, "take") => return take(&this, body).await,
            (&Method::POST, "whole") => body.whole(10).await?.into(),
            (&Method::POST, "first") => {
                let mut body = body;
                let first = body.next().await?.unwrap_or_default();
                format!("{} at first", first.len()).into()
            }
            (&Method::POST, "wait") => {
                while !this.read(|canal| canal.open).await? {
                    cx.sleep(std::time::Duration::from_millis(20)).await;
                }
                drop(body);
                "at last".into()
            }
            (&Method::POST, "full") => return Err(CanalError::Full.into()),
            (&Method::POST, "panic") => panic!("CANARY"),
            (&Method::GET, "whole") => "all of it".into(),
            (&Method::GET, "long") => vec![b'x'; 17 << 20].into(),
            (&Method::GET, "flood") => {
                Body::stream(async move |chunks| flood(&chunks, number).await)
            }
            (&Method::GET, "drip") => Body::stream(async move |chunks| {
                for _ in 0..number {
                    let taken = this.atomic(|canal, _| -> stayput::Result<u64> {
                        canal.taken += 1;
                        Ok(canal.taken)
                    });
                    chunks.send(format!("{}\n", taken.await?)).await?;
                }
                Ok(())
            }),
            (&Method::GET, "lock") => Body::stream(async move |chunks| {
                let _running = Running::begin();
                chunks.send("closed\n").await?;
                while !this.read(|canal| canal.open).await? {
                    cx.sleep(std::time::Duration::from_millis(20)).await;
                }
                chunks.send("open\n").await?;
                Ok(())
            }),
            (&Method::GET, "fail") => Body::stream(async move |chunks| {
                for n in 0..number {
                    chunks.send(format!("{n}\n")).await?;
                }
                Err(CanalError::Full.into())
            }),
            (&Method::GET, "burst") => Body::stream(async move |chunks| {
                for n in 0..number {
                    chunks.send(format!("{n}\n")).await?;
                }
                panic!("CANARY")
            }),
            _ => return Err(FrontError::msg("no such word")),
        };
        let mut response = Response::new(answer);
        if let Ok(status) = head.uri.query().unwrap_or_default().parse() {
            *response.status_mut() = status;
        }
        if let Some(media) = head.headers.get("content-type") {
            response.headers_mut().insert("content-type", media.clone());
        }
        Ok(response)
    }
}

/// Counts what comes, each piece in a commit of its own.
async fn take(this: &Handle<Canal>, mut body: Incoming) -> Result<Response<Body>> {
    let mut sum = 0_u64;
    let mut taken = 0;
    while let Some(bytes) = body.next().await? {
        sum = bytes.iter().fold(sum, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
        });
        let count = bytes.len() as u64;
        taken += count;
        this.atomic(move |canal, _| {
            canal.taken += count;
            Ok::<_, CanalError>(())
        })
        .await?;
    }
    Ok(Response::new(format!("{taken} {sum}").into()))
}

/// So many pieces; without an end if none are asked for.
async fn flood(chunks: &Chunks, pieces: u32) -> stayput::Result<()> {
    let _running = Running::begin();
    let piece = Bytes::from(vec![b'x'; 10_000]);
    SENT.store(0, Ordering::SeqCst);
    let mut sent = 0;
    while pieces == 0 || sent < pieces {
        chunks.send(piece.clone()).await?;
        sent += 1;
        SENT.store(sent, Ordering::SeqCst);
    }
    Ok(())
}
