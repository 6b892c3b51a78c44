//! Requests that are sent surely: what leaves, how often, in which order, and what never does.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use stayput::outgoing::Method;
use stayput::prelude::*;
use stayput::testing::{Answer, Harness, Sent, Test};
use stayput::time::{Backoff, DeadLetter, Pending};

use crate::support::{code, stored};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HOOK: &str = "https://hooks.example/in";

/// A mixin that sends some, too.
#[mixin(webhooks)]
pub struct Bell {
    rung: u64,
}

#[mixin]
impl Bell {
    #[action]
    fn ring(&mut self, cx: &mut Context<Self>, url: String) {
        self.rung += 1;
        cx.post(url).json(&self.rung).send();
    }
}

#[durable_object(webhooks)]
pub struct Shop {
    orders: u64,
    #[mixin]
    bell: Bell,
}

/// What to send.
#[data]
#[derive(Default)]
pub struct Plan {
    url: String,
    text: String,
    lane: Option<String>,
    signed: Option<String>,
    header_from: Option<String>,
    method: Option<String>,
    retries: Option<u32>,
}

fn plan(url: &str, text: &str) -> Plan {
    Plan {
        url: url.to_owned(),
        text: text.to_owned(),
        ..Plan::default()
    }
}

#[derive(Debug, Clone, PartialEq, ActionError)]
pub enum ShopError {
    /// It was told to.
    #[error(code = "shop.failed")]
    Failed,
}

#[durable_object]
impl Shop {
    #[action]
    fn tell(&mut self, cx: &mut Context<Self>, plans: Vec<Plan>) {
        for plan in plans {
            self.orders += 1;
            let mut post = cx.post(&plan.url).query("n", self.orders);
            post = post.header("x-shop", "ours").text(plan.text);
            if let Some(lane) = &plan.lane {
                post = post.lane(lane);
            }
            if let Some(setting) = &plan.signed {
                post = post.signed(setting);
            }
            if let Some(setting) = &plan.header_from {
                post = post.header_from("authorization", setting);
            }
            if let Some(method) = &plan.method {
                post = post.method(method.parse::<Method>().unwrap());
            }
            if let Some(retries) = plan.retries {
                post = post.backoff(Backoff::default().retries(retries));
            }
            post.send();
        }
    }

    #[action]
    fn tell_bytes(&mut self, cx: &mut Context<Self>, bytes: Vec<u8>) {
        cx.post(HOOK).body(bytes).send();
    }

    /// Sends, and fails.
    #[action]
    fn regret(&mut self, cx: &mut Context<Self>) -> Result<(), ShopError> {
        cx.post(HOOK).json(&"never").send();
        Err(ShopError::Failed)
    }

    #[action]
    fn orders(&self) -> u64 {
        self.orders
    }

    #[action]
    fn waiting(&self, cx: &Context<Self>) -> Vec<Pending> {
        cx.outbox().list(100)
    }

    #[action]
    fn dead(&self, cx: &Context<Self>) -> Vec<DeadLetter> {
        cx.dead_letters().list(100)
    }

    #[action]
    fn replay(&mut self, cx: &mut Context<Self>) -> bool {
        let dead = cx.dead_letters().list(1).pop().unwrap();
        cx.dead_letters_mut().replay(&dead.id)
    }

    #[action]
    fn cancel(&mut self, cx: &mut Context<Self>, index: u32) -> bool {
        let all = cx.outbox().list(100);
        cx.outbox_mut().cancel(all[index as usize].id)
    }
}

stayput::app!(Shop);

/// What a receiver was asked, and when: seconds since the test began.
#[derive(Debug, Clone)]
struct Seen {
    at: i64,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(other, _)| other == name)?;
        Some(value)
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }
}

/// Receivers that answer as a closure says, and remember.
struct Receivers(Arc<Mutex<Vec<Seen>>>);

impl Receivers {
    fn new(answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> (Self, Test) {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let shared = seen.clone();
        let script = move |sent: &Sent| {
            let timestamp: i64 = sent.header("webhook-timestamp").unwrap().parse().unwrap();
            let one = Seen {
                at: timestamp - 1_767_225_600,
                method: sent.method().to_string(),
                url: sent.url(),
                headers: sent
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .collect(),
                body: sent.body().to_vec(),
            };
            let mut seen = shared.lock().unwrap();
            let answer = answer(&one, seen.len());
            seen.push(one);
            answer
        };
        let test = Test::new(app()).http(script).env("SECRET", SECRET);
        (Self(seen), test)
    }

    fn seen(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    /// When what was sent.
    fn told(&self) -> Vec<(i64, String)> {
        let seen = self.seen();
        seen.iter()
            .map(|one| (one.at, one.text().to_owned()))
            .collect()
    }
}

fn told(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected
        .iter()
        .map(|(at, text)| (*at, (*text).to_owned()))
        .collect()
}

async fn tell(t: &Harness, plans: Vec<Plan>) -> String {
    code(Shop::named(t, "one").tell(plans).await)
}

#[test]
fn a_request_leaves_after_the_commit_with_its_id_and_signature() {
    let (receivers, test) = Receivers::new(|_, _| Answer::status(204));
    let test = test.env("AUTH", "Bearer t0ken");
    test.run(async |t| {
        let plan = Plan {
            signed: Some("SECRET".to_owned()),
            header_from: Some("AUTH".to_owned()),
            ..plan(HOOK, "paid, ä")
        };
        let held = t.hold_commits();
        let answer = t.spawn(Shop::named(t, "one").tell(vec![plan]));
        for _ in 0..100 {
            tokio::task::yield_now().await;
            std::thread::sleep(std::time::Duration::from_micros(100));
        }
        assert!(receivers.seen().is_empty() && !answer.is_finished());
        drop(held);
        answer.await.unwrap();
        t.settle().await;
        let [seen] = &receivers.seen()[..] else {
            panic!("{:?}", receivers.seen())
        };
        assert_eq!(
            (&*seen.method, &*seen.url),
            ("POST", "https://hooks.example/in?n=1")
        );
        assert_eq!(seen.text(), "paid, ä");
        assert_eq!(
            seen.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(seen.header("x-shop"), Some("ours"));
        assert_eq!(seen.header("user-agent"), Some("stayput"));
        assert_eq!(seen.header("authorization"), Some("Bearer t0ken"));
        let id = seen.header("webhook-id").unwrap();
        assert!(id.starts_with("msg_") && id.len() == 40, "{id}");
        assert_eq!(seen.header("idempotency-key"), Some(id));
        let key = STANDARD.decode(&SECRET[6..]).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{id}.1767225600.paid, ä").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(seen.header("webhook-signature"), Some(&*signature));
        // What was taken is gone, and no secret was ever stored.
        assert!(Shop::named(t, "one").waiting().await.unwrap().is_empty());
        let stored = stored(t.data()).join("\n");
        assert!(
            !stored.contains("outbox/") && !stored.contains("MfKQ"),
            "{stored}"
        );
        // Bytes that are no text come as they are.
        Shop::named(t, "one")
            .tell_bytes(vec![0xff, 0, 7])
            .await
            .unwrap();
        t.settle().await;
        let seen = receivers.seen();
        assert_eq!(seen[1].body, [0xff, 0, 7]);
        assert_eq!(seen[1].header("webhook-signature"), None);
        assert_ne!(seen[1].header("webhook-id"), Some(id));
    });
}

#[test]
fn what_a_failed_action_sends_is_not_sent_and_mixins_send_too() {
    let (receivers, test) = Receivers::new(|_, _| Answer::status(200));
    test.run(async |t| {
        let shop = Shop::named(t, "one");
        assert_eq!(code(shop.regret().await), "shop.failed");
        t.advance(hours(1)).await;
        assert_eq!(receivers.told(), []);
        shop.bell().ring(HOOK).await.unwrap();
        t.settle().await;
        assert_eq!(receivers.told(), told(&[(3_600, "1")]));
    });
}

#[test]
fn requests_to_one_origin_wait_for_each_other_and_no_others() {
    // The first two at the one origin fail.
    let (receivers, test) = Receivers::new(|seen, _| match seen.text() {
        "a" if seen.at < 6 => Answer::status(500),
        _ => Answer::status(200),
    });
    test.run(async |t| {
        let other = "https://other.example/";
        let aside = Plan {
            lane: Some("aside".to_owned()),
            ..plan(HOOK, "aside")
        };
        let all = vec![plan(HOOK, "a"), plan(HOOK, "b"), plan(other, "c"), aside];
        assert_eq!(tell(t, all).await, "ok");
        assert_eq!(tell(t, vec![plan(HOOK, "d")]).await, "ok");
        t.settle().await;
        let mut first = receivers.told();
        first.sort();
        assert_eq!(first, told(&[(0, "a"), (0, "aside"), (0, "c")]));
        let waiting = Shop::named(t, "one").waiting().await.unwrap();
        let waiting: Vec<_> = waiting
            .iter()
            .map(|send| (&*send.target, &*send.action, send.attempts))
            .collect();
        let origin = "https://hooks.example";
        assert_eq!(
            waiting,
            [
                (origin, "POST", 1),
                (origin, "POST", 0),
                (origin, "POST", 0)
            ]
        );
        // Whatever happens meanwhile.
        t.crash().await;
        t.advance(minutes(1)).await;
        let texts: Vec<_> = receivers
            .told()
            .into_iter()
            .skip(3)
            .map(|(_, text)| text)
            .collect();
        assert_eq!(texts, ["a", "a", "b", "d"]);
        // What was tried again came with the same id, all others with others.
        let seen = receivers.seen();
        let mut ids: Vec<_> = seen
            .iter()
            .map(|one| one.header("webhook-id").unwrap())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    });
}

#[test]
fn a_receiver_says_how_long_it_wants_to_be_left_alone() {
    let (receivers, test) = Receivers::new(|_, count| match count {
        0 => Answer::status(429).header("retry-after", "600"),
        1 => Answer::status(503).header("retry-after", "1"),
        // Years, which is cut to a day.
        2 => Answer::status(503).header("retry-after", "999999999"),
        _ => Answer::status(200),
    });
    test.run(async |t| {
        assert_eq!(tell(t, vec![plan(HOOK, "a")]).await, "ok");
        t.advance(hours(48)).await;
        let at: Vec<_> = receivers.told().into_iter().map(|(at, _)| at).collect();
        assert_eq!(at[..2], [0, 600]);
        // Less than its own back-off is not what is waited for.
        assert!((604..=605).contains(&at[2]), "{at:?}");
        assert_eq!(at[3], at[2] + 86_400);
        assert_eq!(at.len(), 4);
    });
}

#[test]
fn what_fails_too_often_is_a_dead_letter_and_comes_again_under_its_id() {
    let (receivers, test) = Receivers::new(|seen, count| match (seen.text(), count) {
        ("gone", 0..3) => Answer::status(410),
        ("a", 0..4) => Answer::unreachable(),
        _ => Answer::status(200),
    });
    test.run(async |t| {
        let shop = Shop::named(t, "one");
        assert_eq!(tell(t, vec![plan(HOOK, "gone")]).await, "ok");
        t.settle().await;
        let dead = shop.dead().await.unwrap();
        let found = (
            &*dead[0].target,
            &*dead[0].action,
            dead[0].attempts,
            &*dead[0].error.code,
        );
        assert_eq!(found, ("https://hooks.example", "POST", 1, "http.status"));
        // Nothing of the path, which may be a secret, and nothing of the body.
        assert_eq!(
            dead[0].error.message,
            "`POST https://hooks.example` was answered with status 410"
        );
        let few = Plan {
            retries: Some(2),
            ..plan(HOOK, "a")
        };
        assert_eq!(tell(t, vec![few, plan(HOOK, "b")]).await, "ok");
        t.advance(minutes(1)).await;
        let texts: Vec<_> = receivers.told().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["gone", "a", "a", "a", "b"]);
        let dead = shop.dead().await.unwrap();
        assert_eq!(
            (dead.len(), dead[1].attempts, &*dead[1].error.code),
            (2, 3, "http.connect")
        );
        assert!(shop.replay().await.unwrap());
        assert!(shop.replay().await.unwrap());
        t.settle().await;
        let seen = receivers.seen();
        assert_eq!((seen[5].text(), seen[6].text()), ("gone", "a"));
        assert_eq!(seen[5].header("webhook-id"), seen[0].header("webhook-id"));
        assert_eq!(seen[6].header("webhook-id"), seen[3].header("webhook-id"));
        assert_eq!(shop.dead().await.unwrap(), []);
    });
}

#[test]
fn what_waits_can_be_taken_back() {
    let (receivers, test) = Receivers::new(|_, count| match count {
        0 => Answer::status(500),
        _ => Answer::status(200),
    });
    test.run(async |t| {
        let all = ["a", "b", "c"].map(|text| plan(HOOK, text)).into();
        assert_eq!(tell(t, all).await, "ok");
        t.settle().await;
        let shop = Shop::named(t, "one");
        assert!(shop.cancel(1_u32).await.unwrap());
        assert!(shop.cancel(0_u32).await.unwrap());
        t.advance(minutes(1)).await;
        let texts: Vec<_> = receivers.told().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["a", "c"]);
    });
}

#[test]
fn an_answer_that_sends_it_on_is_not_followed() {
    let (receivers, test) = Receivers::new(|seen, count| {
        assert_eq!(seen.method, "PUT");
        match count {
            0 => Answer::redirect("https://elsewhere.example/"),
            1 => Answer::never(),
            _ => Answer::status(201),
        }
    });
    test.run(async |t| {
        let put = Plan {
            method: Some("PUT".to_owned()),
            ..plan(HOOK, "a")
        };
        assert_eq!(tell(t, vec![put]).await, "ok");
        t.advance(minutes(2)).await;
        let seen = receivers.seen();
        assert!(
            seen.iter()
                .all(|one| one.url.starts_with("https://hooks.example/"))
        );
        assert_eq!(seen.len(), 3);
        // The second attempt is given up after 30 s.
        assert!(seen[2].at - seen[1].at >= 34, "{seen:?}");
    });
}

#[test]
fn what_can_never_be_sent_fails_the_action() {
    let (receivers, test) = Receivers::new(|_, _| Answer::status(200));
    let test = test.env("WORD", "no secret");
    test.run(async |t| {
        let with = |change: fn(&mut Plan)| {
            let mut plan = plan(HOOK, "x");
            change(&mut plan);
            plan
        };
        for (plan, expected) in [
            (plan("http://hooks.example/", "x"), "http.invalid_request"),
            (plan("hooks.example", "x"), "http.invalid_request"),
            (
                plan("https://ann:pw@hooks.example/", "x"),
                "http.invalid_request",
            ),
            (plan("https://127.0.0.1/", "x"), "http.refused_address"),
            (
                plan("https://[::ffff:10.0.0.1]/", "x"),
                "http.refused_address",
            ),
            (
                plan("https://169.254.169.254/latest", "x"),
                "http.refused_address",
            ),
            (plan("https://db.internal/", "x"), "http.refused_address"),
            (plan(HOOK, &"x".repeat(1_000_000)), "too_large"),
            (
                with(|plan| plan.method = Some("OPTIONS".to_owned())),
                "http.invalid_request",
            ),
            (
                with(|plan| plan.signed = Some("NONE".to_owned())),
                "config.invalid",
            ),
            (
                with(|plan| plan.signed = Some("WORD".to_owned())),
                "config.invalid",
            ),
            (
                with(|plan| plan.header_from = Some("NONE".to_owned())),
                "config.invalid",
            ),
            (
                with(|plan| plan.lane = Some(String::new())),
                "invalid_request",
            ),
            (
                with(|plan| plan.lane = Some("x".repeat(257))),
                "invalid_request",
            ),
        ] {
            let shown = format!("{plan:.90?}");
            // The good one before it is not sent either.
            assert_eq!(
                tell(t, vec![self::plan(HOOK, "y"), plan]).await,
                expected,
                "{shown}"
            );
        }
        t.advance(hours(1)).await;
        assert_eq!(receivers.told(), []);
        assert_eq!(Shop::named(t, "one").orders().await.unwrap(), 0);
    });
}

#[test]
fn the_rules_hold_when_it_leaves_too() {
    let (receivers, test) = Receivers::new(|_, _| Answer::status(200));
    let folder = tempfile::tempdir().unwrap();
    // Its receiver is near, and does not answer: the node is killed before.
    test.data(folder.path())
        .env("STAYPUT_OUTBOUND_ALLOW", "10.0.0.7")
        .run(async |t| {
            t.crash_after(1);
            let _lost = t.spawn(Shop::named(t, "one").tell(vec![plan("http://10.0.0.7/in", "x")]));
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
                std::thread::sleep(std::time::Duration::from_micros(20));
            }
        });
    let before = receivers.seen().len();
    let (receivers, test) = Receivers::new(|_, _| Answer::status(200));
    test.data(folder.path()).run(async |t| {
        t.advance(minutes(1)).await;
        assert_eq!(receivers.told(), [], "sent {before} before");
        let dead = Shop::named(t, "one").dead().await.unwrap();
        // At once: what is refused would be for ever.
        assert_eq!(
            (dead.len(), &*dead[0].error.code),
            (1, "http.invalid_request")
        );
    });
}

/// Whatever a crash interrupts, each request comes, under one id, in order.
#[test]
fn a_crash_loses_no_request() {
    for point in 0..12 {
        let (receivers, test) = Receivers::new(|_, _| Answer::status(200));
        let test = test.env("AUTH", "x");
        test.run(async |t| {
            t.crash_after(point);
            let mut accepted = Vec::new();
            for text in ["a", "b", "c"] {
                let told = t.spawn(Shop::named(t, "one").tell(vec![plan(HOOK, text)]));
                for _ in 0..200 {
                    tokio::task::yield_now().await;
                    std::thread::sleep(std::time::Duration::from_micros(20));
                }
                if told.is_finished() && told.await.is_ok() {
                    accepted.push(text.to_owned());
                }
            }
            t.crash().await;
            t.advance(minutes(5)).await;
            let seen = receivers.seen();
            let mut order: Vec<(String, String)> = Vec::new();
            for one in &seen {
                let id = one.header("webhook-id").unwrap().to_owned();
                if order.iter().all(|(other, _)| *other != id) {
                    order.push((id, one.text().to_owned()));
                }
            }
            let texts: Vec<String> = order.into_iter().map(|(_, text)| text).collect();
            let mut sorted = texts.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!(
                texts, sorted,
                "point {point}: out of order, or twice under two ids"
            );
            assert!(
                accepted.iter().all(|text| texts.contains(text)),
                "point {point}: {texts:?}"
            );
            let waits = Shop::named(t, "one").waiting().await.unwrap();
            assert!(waits.is_empty(), "point {point}: {waits:?}");
        });
    }
}

#[test]
fn json_is_sent_as_json() {
    let (receivers, test) = Receivers::new(|_, _| Answer::status(200));
    test.run(async |t| {
        Shop::named(t, "one").bell().ring(HOOK).await.unwrap();
        t.settle().await;
        let seen = receivers.seen();
        assert_eq!(seen[0].header("content-type"), Some("application/json"));
        assert_eq!(
            serde_json::from_slice::<Value>(&seen[0].body).unwrap(),
            json!(1)
        );
    });
}
