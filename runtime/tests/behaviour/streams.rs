//! Results that come item by item.

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use stayput::prelude::*;
use stayput::stream::{Gone, Stop};
use stayput::testing::{self, Client};

use crate::support::{code, fate};

#[durable_object]
pub struct Spring {
    drops: u32,
}

#[derive(Debug, PartialEq, ActionError)]
#[error(prefix = "spring")]
pub enum SpringError {
    /// Nothing is left.
    #[error(status = 409, message = "dry after {drops}")]
    Dry { drops: u32 },
}

/// How many bodies are running.
static RUNNING: AtomicU32 = AtomicU32::new(0);

struct Guard;

impl Guard {
    fn new() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

#[durable_object]
impl Spring {
    #[action(public)]
    fn countdown(this: Handle<Self>, from: u32) -> Streaming<u32> {
        drop(this);
        Streaming::new(async move |items| {
            for n in (0..=from).rev() {
                items.send(n).await?;
            }
            Ok(())
        })
    }

    #[action(public)]
    fn none(this: Handle<Self>) -> Streaming<u32> {
        drop(this);
        Streaming::new(async move |_| Ok(()))
    }

    /// Changes the state between items.
    #[action(public)]
    fn drip(this: Handle<Self>, drops: u32) -> Streaming<u32> {
        Streaming::new(async move |items| {
            for _ in 0..drops {
                let sum = this
                    .atomic(|spring, _| -> Result<u32> {
                        spring.drops += 1;
                        Ok(spring.drops)
                    })
                    .await?;
                items.send(sum).await?;
            }
            Ok(())
        })
    }

    #[action(public)]
    fn drops(&self) -> u32 {
        self.drops
    }

    /// Ends by an error in the middle, or is refused.
    #[action(public)]
    async fn dry(
        this: Handle<Self>,
        drops: u32,
    ) -> Result<Streaming<u32, SpringError>, SpringError> {
        let so_far = this.read(|spring| spring.drops).await;
        let so_far = so_far.unwrap_or_default();
        if drops == 0 {
            return Err(SpringError::Dry { drops: so_far });
        }
        Ok(Streaming::with_error(async move |items| {
            for n in 0..drops {
                items.send(n).await?;
            }
            Err(SpringError::Dry { drops }.into())
        }))
    }

    #[action(public)]
    fn burst(this: Handle<Self>, after: u32) -> Streaming<u32> {
        drop(this);
        Streaming::new(async move |items| {
            for n in 0..after {
                items.send(n).await?;
            }
            panic!("CANARY")
        })
    }

    /// Never ends by itself.
    #[action(public)]
    fn flood(this: Handle<Self>, size: u32) -> Streaming<String> {
        drop(this);
        Streaming::new(async move |items| {
            let _guard = Guard::new();
            let text = "x".repeat(usize::try_from(size).unwrap());
            loop {
                items.send(text.clone()).await?;
            }
        })
    }

    /// Sends one item and then waits for what never comes.
    #[action(public)]
    fn stall(this: Handle<Self>) -> Streaming<u32> {
        drop(this);
        Streaming::new(async move |items| {
            let _guard = Guard::new();
            items.send(1).await?;
            std::future::pending::<()>().await;
            Ok(())
        })
    }

    #[action(public)]
    fn unwritable(this: Handle<Self>) -> Streaming<f64> {
        drop(this);
        Streaming::new(async move |items| {
            items.send(1.5).await?;
            assert_eq!(items.send(f64::NAN).await, Err(Gone));
            Ok(())
        })
    }

    /// What another object's stream gives, all at once.
    #[action(public)]
    async fn relay(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<Vec<u32>> {
        drop(this);
        Ok(Self::named(&cx, "other").countdown(2_u32).await?)
    }

    /// What another object sends, passed on as it comes, and twice as large.
    #[action(public)]
    fn channel(this: Handle<Self>, cx: ProcessContext<Self>, from: u32) -> Streaming<u32> {
        drop(this);
        Streaming::new(async move |items| {
            let mut source = Self::named(&cx, "source").countdown(from).stream().await?;
            while let Some(n) = source.next().await? {
                items.send(2 * n).await?;
            }
            Ok(())
        })
    }

    /// A command that reads only the first item of what never ends.
    #[action(public)]
    async fn sip(&mut self, cx: &mut Context<Self>) -> Result<u32> {
        let mut source = Self::named(cx, "source").flood(1_000_u32).stream().await?;
        self.drops += u32::try_from(source.next().await?.unwrap_or_default().len())?;
        Ok(self.drops)
    }
}

stayput::app!(Spring);

async fn ask(t: &Client, action: &str, params: &str, accept: &str) -> testing::Streamed {
    let request = ::http::Request::post(format!("/spring/a/{action}"))
        .header("content-type", "application/json")
        .header("x-request-id", "r1")
        .header("accept", accept);
    t.stream(request.body(Bytes::copy_from_slice(params.as_bytes())))
        .await
}

async fn text(t: &Client, action: &str, params: &str, accept: &str) -> (u16, String, bool) {
    let mut response = ask(t, action, params, accept).await;
    let text = response.text().await;
    (
        response.head().status().as_u16(),
        text,
        response.is_broken(),
    )
}

const LINES: &str = "application/x-ndjson";
const EVENTS: &str = "text/event-stream";
const DRY: &str = r#"{"code":1,"message":"dry after 2","data":{"code":"spring.dry","details":{"drops":2},"retryable":false,"maybe_executed":false,"request_id":"r1"}}"#;

#[test]
fn items_come_in_the_form_that_is_asked_for() {
    testing::run(app(), async |t| {
        let t = t.anonymous();
        let ask = async |action: &str, params: &str, accept: &str| {
            let (status, text, broken) = text(&t, action, params, accept).await;
            assert!(!broken);
            (status, text)
        };
        let three = r#"{"from": 2}"#;
        assert_eq!(
            ask("countdown", three, LINES).await,
            (200, "2\n1\n0\n".to_owned())
        );
        assert_eq!(
            ask("countdown", three, "*/*").await,
            (200, "[2,1,0]".to_owned())
        );
        let events =
            "event: item\ndata: 1\n\nevent: item\ndata: 0\n\nevent: done\ndata: {\"items\":2}\n\n";
        assert_eq!(
            ask("countdown", "[1]", EVENTS).await,
            (200, events.to_owned())
        );
        assert_eq!(ask("none", "", LINES).await, (200, String::new()));
        assert_eq!(ask("none", "", "").await, (200, "[]".to_owned()));
        let done = "event: done\ndata: {\"items\":0}\n\n".to_owned();
        assert_eq!(ask("none", "", EVENTS).await, (200, done));
        let got = t.get("/spring/a/countdown?from=1").await;
        assert_eq!(got.body(), "[1,0]");
    });
}

#[test]
fn whoever_asks_for_no_stream_gets_all_items_at_once() {
    testing::run(app(), async |t| {
        let spring = Spring::named(t, "a");
        assert_eq!(spring.countdown(2_u32).await.unwrap(), [2, 1, 0]);
        assert_eq!(spring.none().await.unwrap(), [0_u32; 0]);
        assert_eq!(spring.relay().await.unwrap(), [2, 1, 0]);
        assert_eq!(spring.drip(2_u32).await.unwrap(), [1, 2]);
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"countdown","params":[1]}"#;
        let answer = t.anonymous().post("/spring/a", call).await;
        assert_eq!(answer.body(), r#"{"jsonrpc":"2.0","result":[1,0],"id":1}"#);
        // A key has its answer kept, and so made whole.
        for _ in 0..2 {
            let kept = spring.drip(2_u32).key("once").await.unwrap();
            assert_eq!(kept, [3, 4]);
        }
        for _ in 0..2 {
            let keyed = ::http::Request::post("/spring/a/drip")
                .header("content-type", "application/json")
                .header("accept", LINES)
                .header("idempotency-key", "twice");
            let body = keyed.body(Bytes::from_static(b"[1]"));
            assert_eq!(t.as_user("ann").http(body).await.body(), "5\n");
        }
        let flood = spring.flood(100_000_u32).await;
        assert_eq!(fate(flood), ("too_large".to_owned(), true));
    });
}

#[test]
fn errors_end_it_where_they_are() {
    testing::run(app(), async |t| {
        let client = t.anonymous();
        let (status, body, _) = text(&client, "dry", "[0]", LINES).await;
        assert_eq!(status, 409);
        assert!(
            body.starts_with("{\"error\":") && body.contains("\"spring.dry\""),
            "{body}"
        );
        let lines = format!("0\n1\n\n{{\"error\":{DRY}}}\n");
        assert_eq!(
            text(&client, "dry", "[2]", LINES).await,
            (200, lines, false)
        );
        let events = format!(
            "event: item\ndata: 0\n\nevent: item\ndata: 1\n\nevent: error\ndata: {{\"error\":{DRY}}}\n\n"
        );
        assert_eq!(
            text(&client, "dry", "[2]", EVENTS).await,
            (200, events, false)
        );
        assert_eq!(
            text(&client, "dry", "[2]", "").await,
            (200, "[0,1".to_owned(), true)
        );
        let spring = Spring::named(t, "a");
        let failed = spring.dry(2_u32).await;
        assert!(
            matches!(
                failed,
                Err(CallError::Failed(SpringError::Dry { drops: 2 }))
            ),
            "{failed:?}"
        );
        // The text of a panic is for the log.
        let (status, body, broken) = text(&client, "burst", "[1]", LINES).await;
        assert!(
            status == 200 && !broken && body.starts_with("0\n\n{\"error\":{\"code\":-32603,"),
            "{body}"
        );
        assert!(
            body.contains("\"request_id\":\"r1\"") && !body.contains("CANARY"),
            "{body}"
        );
        let (status, body, _) = text(&client, "burst", "[0]", LINES).await;
        assert!(status == 500 && body.contains("-32603"), "{status} {body}");
        let (_, body, _) = text(&client, "unwritable", "", LINES).await;
        assert!(
            body.starts_with("1.5\n\n") && body.contains("state.unstorable"),
            "{body}"
        );
        assert_eq!(code(spring.unwritable().await), "state.unstorable");
        assert_eq!(spring.countdown(0_u32).await.unwrap(), [0], "it is well");
    });
}

#[test]
fn a_get_may_change_nothing() {
    testing::run(app(), async |t| {
        let got = t.anonymous().get("/spring/a/drip?drops=1").await;
        assert_eq!(got.status(), 409);
        assert!(String::from_utf8_lossy(got.body()).contains("read_only_chain"));
        assert_eq!(Spring::named(t, "a").drops().await.unwrap(), 0);
    });
}

/// Whoever stops reading stops whoever sends; whoever hangs up ends it.
#[test]
fn a_slow_reader_stops_the_body_and_one_that_goes_ends_it() {
    testing::run(app(), async |t| {
        let client = t.anonymous();
        let before = RUNNING.load(Ordering::SeqCst);
        let mut flood = ask(&client, "flood", "[1000]", LINES).await;
        t.settle().await;
        let first = flood.next().await.unwrap();
        assert!(
            first.len() <= (64 << 10) + 1_003,
            "{} bytes waited",
            first.len()
        );
        t.settle().await;
        assert_eq!(RUNNING.load(Ordering::SeqCst), before + 1);
        drop(flood);
        t.settle().await;
        assert_eq!(RUNNING.load(Ordering::SeqCst), before, "it was dropped");
        // Also where it waits for something else.
        let mut stall = ask(&client, "stall", "", LINES).await;
        assert_eq!(stall.next().await.unwrap(), "1\n");
        t.settle().await;
        assert_eq!(RUNNING.load(Ordering::SeqCst), before + 1);
        drop(stall);
        t.settle().await;
        assert_eq!(RUNNING.load(Ordering::SeqCst), before, "it was dropped");
    });
}

#[test]
fn the_deadline_of_a_process_is_that_of_the_whole_result() {
    testing::run(app(), async |t| {
        let mut stall = ask(&t.anonymous(), "stall", "", LINES).await;
        assert_eq!(stall.next().await.unwrap(), "1\n");
        t.advance(minutes(16)).await;
        let rest = stall.text().await;
        assert!(
            rest.starts_with("\n{\"error\":") && rest.contains("\"timeout\""),
            "{rest}"
        );
    });
}

#[test]
fn items_wait_for_the_disk() {
    testing::run(app(), async |t| {
        let mut drip = ask(&t.anonymous(), "drip", "[2]", LINES).await;
        assert_eq!(drip.text().await, "1\n2\n");
        let held = t.hold_commits();
        let client = t.anonymous();
        let asked = async {
            let mut drip = ask(&client, "drip", "[1]", LINES).await;
            // Not its end, which waits as every reply does.
            drip.next().await
        };
        let mut asked = std::pin::pin!(asked);
        for _ in 0..2_000 {
            tokio::select! {
                biased;
                item = &mut asked => panic!("{item:?} left before its commit was on disk"),
                () = tokio::task::yield_now() => {}
            }
        }
        drop(held);
        assert_eq!(asked.await.unwrap(), "3\n");
    });
}

fn _errors(error: SpringError) -> Stop<SpringError> {
    error.into()
}

#[test]
fn stubs_read_items_one_by_one() {
    testing::run(app(), async |t| {
        let spring = Spring::named(t, "a");
        let mut items = spring.countdown(2_u32).stream().await.unwrap();
        for n in [2, 1, 0] {
            assert_eq!(items.next().await.unwrap(), Some(n));
        }
        for _ in 0..2 {
            assert_eq!(items.next().await.unwrap(), None);
        }
        let mut none = spring.none().stream().await.unwrap();
        assert_eq!(none.next().await.unwrap(), None);
        // Between objects, and through one: far more than fits into the way.
        let mut far = spring.channel(100_000_u32).stream().await.unwrap();
        for n in (0..=100_000).rev() {
            assert_eq!(far.next().await.unwrap(), Some(2 * n));
        }
        assert_eq!(far.next().await.unwrap(), None);
        // What was kept under a key comes from there.
        for _ in 0..2 {
            let mut kept = spring.drip(2_u32).key("once").stream().await.unwrap();
            assert_eq!(kept.next().await.unwrap(), Some(1));
            assert_eq!(kept.next().await.unwrap(), Some(2));
            assert_eq!(kept.next().await.unwrap(), None);
        }
    });
}

#[test]
fn stubs_are_told_how_items_end() {
    testing::run(app(), async |t| {
        let spring = Spring::named(t, "a");
        let refused = spring.dry(0_u32).stream().await.unwrap_err();
        assert!(
            matches!(refused, CallError::Failed(SpringError::Dry { drops: 0 })),
            "{refused:?}"
        );
        let mut dry = spring.dry(2_u32).stream().await.unwrap();
        assert_eq!(dry.next().await.unwrap(), Some(0));
        assert_eq!(dry.next().await.unwrap(), Some(1));
        let failed = dry.next().await.unwrap_err();
        assert!(
            matches!(failed, CallError::Failed(SpringError::Dry { drops: 2 })),
            "{failed:?}"
        );
        assert_eq!(dry.next().await.unwrap(), None);
        let mut burst = spring.burst(1_u32).stream().await.unwrap();
        assert_eq!(burst.next().await.unwrap(), Some(0));
        assert_eq!(fate(burst.next().await), ("internal".to_owned(), true));
        assert_eq!(code(spring.burst(0_u32).stream().await), "internal");
        let wrong = Spring::named(t, "~no").countdown(1_u32).stream().await;
        assert_eq!(code(wrong), "invalid_name");
    });
}

#[test]
fn a_stub_that_stops_reading_stops_the_body_and_one_that_is_dropped_ends_it() {
    testing::run(app(), async |t| {
        let spring = Spring::named(t, "a");
        let before = RUNNING.load(Ordering::SeqCst);
        let mut flood = spring.flood(1_000_u32).stream().await.unwrap();
        assert_eq!(flood.next().await.unwrap().unwrap().len(), 1_000);
        t.settle().await;
        assert_eq!(RUNNING.load(Ordering::SeqCst), before + 1);
        drop(flood);
        t.settle().await;
        assert_eq!(RUNNING.load(Ordering::SeqCst), before, "it was dropped");
        // Also where it waits for something else, and from within a command.
        let mut stall = spring.stall().stream().await.unwrap();
        assert_eq!(stall.next().await.unwrap(), Some(1));
        drop(stall);
        assert_eq!(spring.sip().await.unwrap(), 1_000);
        t.settle().await;
        assert_eq!(RUNNING.load(Ordering::SeqCst), before);
        // The deadline of a process is that of all its items.
        let mut stall = spring.stall().stream().await.unwrap();
        assert_eq!(stall.next().await.unwrap(), Some(1));
        let late = t.spawn(async move { fate(stall.next().await) });
        t.advance(minutes(16)).await;
        assert_eq!(late.await, ("timeout".to_owned(), true));
    });
}
