//! Bodies of requests and responses piece by piece.

use bytes::Bytes;
use stayput::front::{Answer, Body, Incoming, IntoResponse, Method, Request, Response, Result};
use stayput::prelude::*;
use stayput::testing::{self, Client};

#[durable_object]
pub struct Pond {
    drops: u64,
}

#[durable_object]
impl Pond {
    #[event(fetch, public)]
    async fn fetch(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>> {
        let Request { head, mut body, .. } = request;
        if head.method == Method::POST {
            let mut pieces = 0;
            let mut all = Vec::new();
            while let Some(bytes) = body.next().await? {
                pieces += 1;
                all.extend_from_slice(&bytes);
            }
            return Ok(Response::new(format!("{pieces} {}", all.len()).into()));
        }
        let drop = async |this: &Handle<Self>| {
            this.atomic(|pond, _| {
                pond.drops += 1;
                Ok::<_, stayput::Error>(pond.drops)
            })
            .await
        };
        if head.uri.path() == "/before" {
            drop(&this).await?;
        }
        Ok(Response::new(Body::stream(async move |chunks| {
            if head.uri.path() == "/stall" {
                chunks.send("1\n").await?;
                cx.sleep(std::time::Duration::from_hours(1)).await;
            }
            for _ in 0..2 {
                chunks.send(format!("{}\n", drop(&this).await?)).await?;
            }
            Ok(())
        })))
    }
}

/// An answer of one's own that forgets to say that it streams.
pub struct Silent;

impl IntoResponse for Silent {
    fn into_answer(self) -> Answer {
        Body::stream(async |_| Ok(())).into_answer()
    }
}

#[durable_object]
pub struct Mute {}

#[durable_object]
impl Mute {
    #[event(fetch, public)]
    async fn fetch(this: Handle<Self>, _: Request) -> Silent {
        drop(this);
        Silent
    }
}

#[durable_object]
pub struct Plain {}

#[durable_object]
impl Plain {
    #[event(fetch, public)]
    async fn fetch(this: Handle<Self>, request: Request) -> String {
        drop(this);
        format!("{} bytes", request.body.len())
    }
}

stayput::app!(Mute, Plain, Pond);

fn get(path: &str) -> ::http::Result<::http::Request<Bytes>> {
    ::http::Request::get(path).body(Bytes::new())
}

/// Polls what must not be ready yet, for a while.
async fn stays_pending<T: std::fmt::Debug>(future: &mut (impl Future<Output = T> + Unpin)) {
    for _ in 0..2_000 {
        tokio::select! {
            biased;
            early = &mut *future => panic!("{early:?} came before its commit was on disk"),
            () = tokio::task::yield_now() => {}
        }
    }
}

#[test]
fn a_body_that_is_there_is_read_as_one_piece() {
    testing::run(app(), async |t| {
        let t = t.anonymous();
        for (body, answer) in [("", "0 0"), ("abc", "1 3")] {
            let request = ::http::Request::post("/pond/a/x").body(Bytes::from(body));
            assert_eq!(t.http(request).await.body(), answer);
        }
        assert_eq!(t.get("/pond/a/x").await.body(), "1\n2\n");
        let request = ::http::Request::post("/plain/a/x").body(Bytes::from("abc"));
        assert_eq!(t.http(request).await.body(), "3 bytes");
    });
}

#[test]
fn pieces_and_the_head_wait_for_the_disk() {
    testing::run(app(), async |t| {
        let client = t.anonymous();
        let held = t.hold_commits();
        let first = async {
            let mut response = client.stream(get("/pond/a/x")).await;
            response.next().await
        };
        let mut first = std::pin::pin!(first);
        stays_pending(&mut first).await;
        drop(held);
        // What has come meanwhile comes with it.
        assert!(first.await.unwrap().starts_with(b"1\n"));
        let held = t.hold_commits();
        let mut response = std::pin::pin!(client.stream(get("/pond/b/before")));
        stays_pending(&mut response).await;
        drop(held);
        assert_eq!(response.await.text().await, "2\n3\n");
    });
}

/// A client's answer to `GET`, with what came and whether it broke off.
async fn text(client: &Client, path: &str) -> (u16, String, bool) {
    let mut response = client.stream(get(path)).await;
    let status = response.head().status().as_u16();
    let text = response.text().await;
    (status, text, response.is_broken())
}

#[test]
fn the_deadline_of_a_process_is_that_of_the_whole_body() {
    testing::run(app(), async |t| {
        let mut stall = t.anonymous().stream(get("/pond/a/stall")).await;
        assert_eq!(stall.next().await.unwrap(), "1\n");
        t.advance(std::time::Duration::from_mins(16)).await;
        assert_eq!(stall.text().await, "");
        assert!(stall.is_broken(), "nobody may take it for whole");
    });
}

#[test]
fn an_answer_that_does_not_say_so_cannot_stream() {
    testing::run(app(), async |t| {
        let (status, body, _) = text(&t.anonymous(), "/mute/a/x").await;
        assert!(status == 500 && body.contains("-32603"), "{status} {body}");
    });
}
