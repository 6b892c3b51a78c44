//! Middleware: the order, what it sees and may replace, and that nothing it does breaks an action.

use std::cell::{Cell, RefCell};

use stayput::middleware::{
    self, Cache, ConcurrencyLimit, Invocation, LoggedCall, Middleware, Next, RateLimit, Reply,
    RequestLog, Timeout,
};
use stayput::prelude::*;
use stayput::testing::{self, Harness};

use crate::support::{code, fate};

/// Notes when it comes in and goes out.
#[derive(Default)]
pub struct Trace {
    seen: RefCell<Vec<String>>,
}

pub struct Inner(&'static str);

impl Middleware for Trace {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        let line = format!(
            "{} {:?} {} {}",
            call.action(),
            call.mode(),
            call.caller().subject(),
            call.params()
        );
        self.seen.borrow_mut().push(line);
        let reply = next.run(call).await;
        self.seen.borrow_mut().push(match &reply {
            Ok(value) => String::from_utf8_lossy(value).into_owned(),
            Err(error) => error.code().to_owned(),
        });
        reply
    }
}

impl Middleware for Inner {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        match self.0 {
            "params" => call.set_params(&serde_json::json!({ "text": "replaced" }))?,
            "broken params" => call.set_params("no object")?,
            "reply" => return middleware::answer("answered"),
            "panic" => panic!("in the middleware"),
            "panic after" => {
                let _ = next.run(call).await;
                panic!("after the action")
            }
            "hang" => call.sleep(seconds(3_600)).await,
            _ => {}
        }
        next.run(call).await
    }
}

/// Waits a second for the rest, and then no longer.
#[derive(Default)]
pub struct Deserter;

impl Middleware for Deserter {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        let mut next = Box::pin(next.run(call));
        for _ in 0..3 {
            let polled = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(next.as_mut().poll(cx).is_ready())
            });
            if polled.await {
                break;
            }
        }
        drop(next);
        middleware::answer("gone")
    }
}

#[durable_object(middleware(Trace))]
pub struct Desk {
    texts: Log<String>,
    #[transient]
    looks: Cell<u64>,
}

#[durable_object]
impl Desk {
    #[action]
    fn write(&mut self, text: String) -> u64 {
        self.texts.push(text);
        self.texts.len()
    }

    #[action(middleware(Inner("params")))]
    fn replaced(&mut self, text: String) -> String {
        text
    }

    #[action(middleware(Inner("broken params")))]
    fn broken(&mut self) {}

    #[action(middleware(Inner("reply")))]
    fn short_cut(&mut self) -> String {
        self.texts.push("never".to_owned());
        "action".to_owned()
    }

    #[action(middleware(Inner("panic")))]
    fn panics(&mut self) {}

    #[action(middleware(Inner("panic after")))]
    fn panics_after(&mut self) {
        self.texts.push("kept".to_owned());
    }

    #[action(middleware(Inner("hang")))]
    fn hangs(&mut self) {}

    #[action(middleware(Deserter))]
    async fn deserted(&mut self, cx: &mut Context<Self>) -> String {
        self.texts.push("first".to_owned());
        cx.sleep(seconds(5)).await;
        self.texts.push("second".to_owned());
        "ended".to_owned()
    }

    #[action(name = "now", was = "before")]
    fn renamed(&self) {}

    #[action]
    fn texts(&self) -> Vec<String> {
        self.texts.last(100).into_iter().collect()
    }

    #[action]
    fn seen(&self, cx: &Context<Self>) -> Vec<String> {
        cx.middleware::<Trace>()
            .map(|trace| trace.seen.take())
            .unwrap_or_default()
    }

    #[action(middleware(Timeout::seconds(2)))]
    async fn slow(&mut self, cx: &mut Context<Self>, secs: u64) {
        self.texts.push("slow".to_owned());
        cx.sleep(seconds(secs)).await;
    }

    #[action(middleware(ConcurrencyLimit::new(2)))]
    async fn two(_this: Handle<Self>, cx: ProcessContext<Self>) {
        cx.sleep(seconds(5)).await;
    }

    #[action(middleware(Cache::seconds(10)))]
    fn look(&self, cx: &Context<Self>, add: u64) -> (u64, String) {
        self.looks.set(self.looks.get() + 1);
        (self.looks.get() + add, cx.caller().subject().to_owned())
    }
}

#[durable_object(middleware(RequestLog::keeping(3), RateLimit::per_minute(4)))]
pub struct Counter {
    value: u64,
}

#[durable_object]
impl Counter {
    #[action(public)]
    fn increment(&mut self) -> u64 {
        self.value += 1;
        self.value
    }

    #[action(public)]
    fn log(&self, cx: &Context<Self>) -> Vec<LoggedCall> {
        cx.middleware::<RequestLog>()
            .map(|log| log.calls())
            .unwrap_or_default()
    }

    #[action]
    fn has_trace(&self, cx: &Context<Self>) -> bool {
        cx.middleware::<Trace>().is_some()
    }
}

stayput::app!(Desk, Counter);

async fn texts(t: &Harness) -> Vec<String> {
    Desk::named(t, "desk").texts().await.unwrap()
}

#[test]
fn a_chain_sees_a_call_and_may_replace_what_it_brings_and_gets() {
    testing::run(app(), async |t| {
        let desk = Desk::named(&t.as_user("ada"), "desk");
        assert_eq!(desk.write("a").await.unwrap(), 1);
        assert_eq!(desk.replaced("given").await.unwrap(), "replaced");
        assert_eq!(desk.short_cut().await.unwrap(), "answered");
        assert_eq!(code(desk.broken().await), "internal");
        let wrong = desk.call_by_name::<u64>("write", r#"{"txt":1}"#);
        assert!(wrong.await.is_err());
        let renamed = desk.call_by_name::<()>("before", "[]");
        renamed.await.unwrap();
        assert_eq!(
            desk.seen().await.unwrap(),
            [
                r#"write Write ada ["a"]"#,
                "1",
                r#"replaced Write ada ["given"]"#,
                r#""replaced""#,
                "short_cut Write ada ",
                r#""answered""#,
                "broken Write ada ",
                "internal",
                r#"write Write ada {"txt":1}"#,
                "invalid_params",
                "now Read ada []",
                "null",
                "seen Read ada ",
            ]
        );
        assert_eq!(texts(t).await, ["a"]);
    });
}

#[test]
fn middleware_that_fails_hurts_its_call_and_no_other() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "desk");
        assert_eq!(fate(desk.panics().await), ("internal".to_owned(), false));
        assert_eq!(
            fate(desk.panics_after().await),
            ("internal".to_owned(), true)
        );
        let hangs = t.spawn(desk.hangs());
        assert_eq!(desk.write("meanwhile").await.unwrap(), 2);
        t.advance(seconds(26)).await;
        assert_eq!(fate(hangs.await), ("timeout".to_owned(), false));
        assert_eq!(texts(t).await, ["kept", "meanwhile"]);
    });
}

#[test]
fn an_action_runs_to_its_end_though_its_middleware_waits_no_longer() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "desk");
        assert_eq!(desk.deserted().await.unwrap(), "gone");
        t.advance(seconds(6)).await;
        assert_eq!(texts(t).await, ["first", "second"]);
    });
}

#[test]
fn a_timeout_shortens_and_undoes() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "desk");
        let slow = t.spawn(desk.slow(10_u64));
        t.settle().await;
        t.advance(seconds(1)).await;
        assert!(!slow.is_finished());
        t.advance(seconds(1)).await;
        t.advance(seconds(1)).await;
        assert!(slow.is_finished());
        assert_eq!(fate(slow.await), ("timeout".to_owned(), false));
        assert_eq!(texts(t).await, [""; 0]);
        let quick = t.spawn(desk.slow(1_u64));
        t.advance(seconds(1)).await;
        assert_eq!(code(quick.await), "ok");
    });
}

#[test]
fn only_so_many_run_at_once() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "desk");
        for _ in 0..2 {
            let calls: Vec<_> = (0..3).map(|_| t.spawn(desk.two())).collect();
            t.settle().await;
            t.advance(seconds(5)).await;
            let mut codes = Vec::new();
            for call in calls {
                codes.push(code(call.await));
            }
            codes.sort();
            assert_eq!(codes, ["ok", "ok", "overloaded"]);
        }
    });
}

#[test]
fn a_cache_answers_until_the_object_changes_or_time_passes() {
    testing::run(app(), async |t| {
        let desk = Desk::named(&t.as_user("ada"), "desk");
        let look = async |add: u64| desk.look(add).await.unwrap().0;
        assert_eq!((look(0).await, look(0).await), (1, 1));
        assert_eq!(look(10).await, 12, "other parameters");
        let other = Desk::named(&t.as_user("eve"), "desk");
        assert_eq!(other.look(0_u64).await.unwrap(), (3, "eve".to_owned()));
        desk.write("a change").await.unwrap();
        assert_eq!((look(0).await, look(0).await), (4, 4));
        t.advance(seconds(10)).await;
        assert_eq!(look(0).await, 5);
    });
}

#[test]
fn a_rate_is_kept_for_each_caller_and_a_log_of_what_came() {
    testing::run(app(), async |t| {
        let (ada, eve) = (t.as_user("ada"), t.as_user("eve"));
        let counter = Counter::named(&ada, "c");
        for value in 1..=4 {
            assert_eq!(counter.increment().await.unwrap(), value);
        }
        assert_eq!(code(counter.increment().await), "rate_limited");
        let log = Counter::named(&eve, "c").log().await.unwrap();
        let log: Vec<_> = log
            .iter()
            .map(|call| {
                format!(
                    "{} {} {} {}",
                    call.class, call.action, call.caller, call.code
                )
            })
            .collect();
        assert_eq!(
            log,
            [
                "counter increment ada ok",
                "counter increment ada ok",
                "counter increment ada rate_limited"
            ]
        );
        let answer = ada.post("/counter/c/increment", "{}").await;
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()["retry-after"], "15");
        let other = Counter::named(&ada, "another").increment().await;
        assert_eq!(other.unwrap(), 1, "another object");
        t.advance(seconds(15)).await;
        assert_eq!(counter.increment().await.unwrap(), 5);
        assert_eq!(code(counter.increment().await), "rate_limited");
        assert!(!Counter::named(&eve, "c").has_trace().await.unwrap());
    });
}
