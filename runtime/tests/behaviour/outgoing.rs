//! Requests of processes to other servers: what is sent, where it may go, how often, and what errors tell.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stayput::error::ActionError as _;
use stayput::outgoing::{Method, Request};
use stayput::prelude::*;
use stayput::testing::{Answer, Harness, Sent, Test};

/// What to send, and how.
#[data]
#[derive(Default)]
pub struct Plan {
    url: String,
    method: Option<String>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<String>,
    timeout_ms: Option<u64>,
    max_response: Option<usize>,
    redirects: Option<u32>,
    is_retried: bool,
}

impl Plan {
    fn get(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..Self::default()
        }
    }

    fn by(method: &str, url: &str) -> Self {
        Self {
            method: Some(method.to_owned()),
            ..Self::get(url)
        }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn retried(self) -> Self {
        Self {
            is_retried: true,
            ..self
        }
    }

    fn request(self, cx: &ProcessContext<Asker>) -> Request {
        let method: Method = self.method.as_deref().unwrap_or("GET").parse().unwrap();
        let mut request = cx.http().request(method, &self.url);
        for (name, value) in &self.query {
            request = request.query(name, value);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = self.body {
            request = request.text(body);
        }
        if let Some(timeout) = self.timeout_ms {
            request = request.timeout(std::time::Duration::from_millis(timeout));
        }
        if let Some(bytes) = self.max_response {
            request = request.max_response(bytes);
        }
        if let Some(times) = self.redirects {
            request = request.redirects(times);
        }
        if self.is_retried {
            request = request.retry(Retry::default());
        }
        request
    }
}

#[data]
pub struct Note {
    text: String,
}

#[durable_object]
pub struct Asker {
    asked: u64,
}

#[durable_object]
impl Asker {
    /// Sends a request: status and text of the answer.
    #[action]
    async fn ask(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        plan: Plan,
    ) -> Result<(u16, String), HttpError> {
        drop(this);
        let answer = plan.request(&cx).send().await?;
        Ok((answer.status().as_u16(), answer.text()?.to_owned()))
    }

    /// The same with the general error.
    #[action]
    async fn ask_loosely(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        plan: Plan,
    ) -> Result<String> {
        drop(this);
        Ok(plan
            .request(&cx)
            .send()
            .await?
            .error_for_status()?
            .text()?
            .to_owned())
    }

    /// Notes go there and come back.
    #[action]
    async fn exchange(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        note: Note,
    ) -> Result<Note, HttpError> {
        drop(this);
        let http = cx.http();
        let request = http
            .post("https://notes.example/new?draft=1")
            .query("in", "a b&c");
        request
            .bearer("token")
            .json(&note)
            .send()
            .await?
            .error_for_status()?
            .json()
    }

    /// Counts, and then tells.
    #[action]
    async fn count_and_tell(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<u64> {
        let asked = this.atomic(|asker, _| {
            asker.asked += 1;
            Ok::<_, stayput::Error>(asker.asked)
        });
        let asked = asked.await?;
        cx.http()
            .put("https://told.example/")
            .json(&asked)
            .send()
            .await?;
        Ok(asked)
    }
}

stayput::app!(Asker);

/// What was sent.
type Seen = Arc<Mutex<Vec<Noted>>>;

#[derive(Debug, Clone)]
struct Noted {
    line: String,
    headers: Value,
    body: String,
}

fn note(seen: &Seen, sent: &Sent) -> usize {
    let headers = sent.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())));
    let mut seen = seen.lock().unwrap();
    seen.push(Noted {
        line: format!("{} {}", sent.method(), sent.url()),
        headers: headers.collect(),
        body: String::from_utf8_lossy(sent.body()).into_owned(),
    });
    seen.len()
}

fn lines(seen: &Seen) -> Vec<String> {
    seen.lock()
        .unwrap()
        .iter()
        .map(|sent| sent.line.clone())
        .collect()
}

async fn ask(t: &Harness, plan: Plan) -> Result<(u16, String), HttpError> {
    match Asker::named(t, "one").ask(plan).await {
        Ok(answer) => Ok(answer),
        Err(CallError::Failed(error)) => Err(error),
        // A caller gets settings that are wrong as what they are.
        Err(CallError::Rejected(rejection)) => panic!("{rejection}"),
    }
}

async fn code(t: &Harness, plan: Plan) -> String {
    ask(t, plan).await.unwrap_err().code().to_owned()
}

#[test]
fn json_goes_there_and_comes_back() {
    let seen = Seen::default();
    let shared = seen.clone();
    let script = move |sent: &Sent| {
        note(&shared, sent);
        let note: Note = sent.json().unwrap();
        Answer::json(&json!({"text": note.text.to_uppercase(), "further": 1}))
    };
    Test::new(app()).http(script).run(async |t| {
        let note = Note {
            text: "hä".to_owned(),
        };
        let back = Asker::named(t, "one").exchange(note).await.unwrap();
        assert_eq!(back.text, "HÄ");
    });
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        seen[0].line,
        "POST https://notes.example/new?draft=1&in=a%20b%26c"
    );
    assert_eq!(seen[0].body, r#"{"text":"hä"}"#);
    assert_eq!(
        seen[0].headers,
        json!({
            "accept-encoding": "identity",
            "authorization": "Bearer token",
            "content-type": "application/json",
            "user-agent": "stayput",
        })
    );
}

#[test]
fn tests_reach_no_network() {
    Test::new(app()).run(async |t| {
        let error = ask(t, Plan::get("https://example.com/").retried())
            .await
            .unwrap_err();
        assert_eq!(error.code(), "http.invalid_request");
        assert!(error.to_string().contains("`Test::http`"), "{error}");
    });
}

#[test]
fn what_lies_in_the_network_is_asked_only_if_a_setting_says_so() {
    let local = [
        "http://127.0.0.1:9/",
        "http://[::1]/",
        "http://localhost/",
        "https://db.internal/",
    ];
    Test::new(app())
        .http(|_| Answer::text("in"))
        .run(async |t| {
            for url in local {
                assert_eq!(
                    code(t, Plan::get(url)).await,
                    "http.refused_address",
                    "{url}"
                );
            }
            assert_eq!(
                ask(t, Plan::get("https://example.com")).await.unwrap().1,
                "in"
            );
        });
    let open = "127.0.0.0/8, ::1, localhost, db.internal";
    let test = Test::new(app()).env("STAYPUT_OUTBOUND_ALLOW", open);
    test.http(|_| Answer::text("in")).run(async |t| {
        for url in local {
            assert_eq!(ask(t, Plan::get(url)).await.unwrap().1, "in", "{url}");
        }
        assert_eq!(
            code(t, Plan::get("http://10.0.0.1/")).await,
            "http.refused_address"
        );
    });
    let test = Test::new(app()).env("STAYPUT_OUTBOUND_ALLOW", "10.0.0.0/99");
    test.http(|_| Answer::text("in")).run(async |t| {
        let error = Asker::named(t, "one")
            .ask(Plan::get("https://example.com"))
            .await
            .unwrap_err();
        assert_eq!(error.rejection().unwrap().code(), "config.invalid");
    });
}

/// How often a plan is sent, and how it ends, where the first two answers are `first`.
fn tries(plan: Plan, first: Answer) -> (usize, Result<u16, String>) {
    let seen = Seen::default();
    let shared = seen.clone();
    let script = move |sent: &Sent| match note(&shared, sent) {
        1 | 2 => first.clone(),
        _ => Answer::text("at last"),
    };
    let outcome = Test::new(app()).http(script).run(async |t| {
        let asked = t.spawn(Asker::named(t, "one").ask(plan));
        t.advance(seconds(20)).await;
        assert!(asked.is_finished());
        match asked.await {
            Ok((status, _)) => Ok(status),
            Err(CallError::Failed(error)) => Err(error.code().to_owned()),
            Err(error) => panic!("{error}"),
        }
    });
    (lines(&seen).len(), outcome)
}

#[test]
fn what_may_pass_and_may_happen_twice_is_tried_again() {
    let url = "https://example.com/";
    let get = || Plan::get(url).retried();
    let post = || Plan::by("POST", url).retried();
    let key = |plan: Plan| plan.header("idempotency-key", "order-7");
    assert_eq!(tries(get(), Answer::status(503)), (3, Ok(200)));
    assert_eq!(tries(get(), Answer::unreachable()), (3, Ok(200)));
    assert_eq!(tries(key(post()), Answer::status(429)), (3, Ok(200)));
    assert_eq!(tries(Plan::get(url), Answer::status(503)), (1, Ok(503)));
    assert_eq!(tries(post(), Answer::status(503)), (1, Ok(503)));
    assert_eq!(tries(get(), Answer::status(500)), (1, Ok(500)));
    let unreachable = "http.connect".to_owned();
    assert_eq!(tries(post(), Answer::unreachable()), (1, Err(unreachable)));
    // A wait that is longer than the cap is the caller's to decide on.
    let later = |after| Answer::status(503).header("retry-after", after);
    assert_eq!(tries(get(), later("3")), (3, Ok(200)));
    assert_eq!(tries(get(), later("4")), (1, Ok(503)));
}

#[test]
fn waits_are_by_the_injected_clock_and_randomness() {
    let took = |seed, after: Option<&'static str>| {
        let count = AtomicUsize::new(0);
        let script = move |_: &Sent| match (count.fetch_add(1, Ordering::Relaxed), after) {
            (0, Some(after)) => Answer::status(503).header("retry-after", after),
            (0, None) => Answer::status(503),
            _ => Answer::text("now"),
        };
        // `Sun, 06 Nov 1994 08:49:36.5 GMT`.
        let start = Timestamp::from_millis(784_111_776_500);
        let test = Test::new(app()).seed(seed).start(start);
        test.http(script).run(async |t| {
            let began = t.now();
            let asked =
                t.spawn(Asker::named(t, "one").ask(Plan::get("https://a.example").retried()));
            let mut took = 0;
            for millis in 0..5_000 {
                t.settle().await;
                if asked.is_finished() {
                    took = millis;
                    break;
                }
                t.turn(std::time::Duration::from_millis(1));
            }
            asked.await.unwrap();
            assert_eq!(t.now().since(began).as_millis(), took);
            took
        })
    };
    assert_eq!(took(1, Some("0")), took(1, None));
    assert_eq!(took(1, Some("Sun, 06 Nov 1994 08:49:38 GMT")), 1_500);
    let waits: Vec<_> = (1..5).map(|seed| took(seed, None)).collect();
    assert!(waits.iter().all(|wait| *wait <= 100), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}

#[test]
fn a_server_that_is_silent_is_left_in_time() {
    Test::new(app()).http(|_| Answer::never()).run(async |t| {
        let short = Plan {
            timeout_ms: Some(5_000),
            ..Plan::get("https://a.example").retried()
        };
        let usual = Plan::get("https://a.example");
        for (plan, limit) in [(short, 5), (usual, 30)] {
            let asked = t.spawn(Asker::named(t, "one").ask(plan));
            t.advance(std::time::Duration::from_millis(limit * 1_000 - 1))
                .await;
            assert!(!asked.is_finished());
            t.advance(std::time::Duration::from_millis(1)).await;
            assert!(asked.is_finished(), "{limit}");
            let Err(CallError::Failed(error)) = asked.await else {
                panic!("answered");
            };
            assert_eq!(error.code(), "http.timeout");
            assert!(error.retryable());
        }
        // Never beyond the action's deadline.
        let endless = Plan {
            timeout_ms: Some(u64::MAX),
            ..Plan::get("https://a.example")
        };
        let asked = t.spawn(Asker::named(t, "one").ask(endless));
        t.advance(minutes(15)).await;
        assert!(asked.is_finished());
        assert!(asked.await.is_err());
    });
    // What comes late, but in time, counts.
    let script = |_: &Sent| Answer::text("late").after(seconds(29));
    Test::new(app()).http(script).run(async |t| {
        let asked = t.spawn(Asker::named(t, "one").ask(Plan::get("https://a.example")));
        t.advance(seconds(29)).await;
        assert_eq!(asked.await.unwrap().1, "late");
    });
}

#[test]
#[expect(clippy::too_many_lines, reason = "one answer after the other")]
fn answers_send_on_within_bounds() {
    let seen = Seen::default();
    let shared = seen.clone();
    let script = move |sent: &Sent| {
        note(&shared, sent);
        let to = |status, location: &str| Answer::status(status).header("location", location);
        let url = sent.url();
        let (_, rest) = url.split_once(".example").unwrap();
        match rest {
            "/found" => to(302, "end"),
            "/other" => to(307, "https://b.example/end"),
            "/see" => to(303, "/end"),
            "/loop" => to(302, "/loop"),
            "/private" => to(302, "https://169.254.169.254/latest"),
            "/plain" => to(302, "http://a.example/end"),
            "/odd" => to(302, "gopher://a.example/"),
            "/nowhere" => Answer::status(302),
            _ => Answer::text("end"),
        }
    };
    let a = |path: &str| format!("https://a.example{path}");
    Test::new(app()).http(script).run(async |t| {
        let secret = |method, path: &str| {
            let plan = Plan::by(method, &a(path)).header("authorization", "Bearer s3cret");
            plan.header("x-api-key", "s3cret")
                .header("accept", "text/plain")
        };
        let with_body = |plan| Plan {
            body: Some("body".to_owned()),
            ..plan
        };
        assert_eq!(ask(t, secret("GET", "/found")).await.unwrap().1, "end");
        assert_eq!(
            ask(t, with_body(secret("POST", "/found"))).await.unwrap().1,
            "end"
        );
        assert_eq!(
            ask(t, with_body(secret("PUT", "/see"))).await.unwrap().1,
            "end"
        );
        assert_eq!(
            ask(t, with_body(secret("PUT", "/other"))).await.unwrap().1,
            "end"
        );
        {
            let mut seen = seen.lock().unwrap();
            let lines: Vec<_> = seen.iter().map(|sent| sent.line.as_str()).collect();
            assert_eq!(
                lines,
                [
                    "GET https://a.example/found",
                    "GET https://a.example/end",
                    "POST https://a.example/found",
                    "GET https://a.example/end",
                    "PUT https://a.example/see",
                    "GET https://a.example/end",
                    "PUT https://a.example/other",
                    "PUT https://b.example/end",
                ]
            );
            // The same origin gets what proves who asks; another one does not, but for what it needs.
            let names = |at: usize| -> Vec<String> {
                seen[at]
                    .headers
                    .as_object()
                    .unwrap()
                    .keys()
                    .cloned()
                    .collect()
            };
            let all = [
                "accept",
                "accept-encoding",
                "authorization",
                "user-agent",
                "x-api-key",
            ];
            assert_eq!(names(1), all);
            assert_eq!(names(3), all);
            assert_eq!(
                names(7),
                ["accept", "accept-encoding", "content-type", "user-agent"]
            );
            assert_eq!((seen[3].body.as_str(), seen[7].body.as_str()), ("", "body"));
            seen.clear();
        }
        for (path, expected, sent) in [
            ("/loop", "http.redirect", 6),
            ("/private", "http.refused_address", 1),
            ("/plain", "http.redirect", 1),
            ("/odd", "http.redirect", 1),
        ] {
            assert_eq!(code(t, Plan::get(&a(path))).await, expected, "{path}");
            assert_eq!(lines(&seen).len(), sent, "{path}");
            seen.lock().unwrap().clear();
        }
        assert_eq!(ask(t, Plan::get(&a("/nowhere"))).await.unwrap().0, 302);
        let stay = Plan {
            redirects: Some(0),
            ..Plan::get(&a("/found"))
        };
        assert_eq!(ask(t, stay).await.unwrap().0, 302);
    });
}

#[test]
fn an_answer_that_is_too_large_names_the_setter() {
    let script = |_: &Sent| Answer::text("x".repeat(10 << 20));
    Test::new(app()).http(script).run(async |t| {
        let limited = |bytes| Plan {
            max_response: Some(bytes),
            ..Plan::get("https://a.example")
        };
        let error = ask(t, limited((10 << 20) - 1)).await.unwrap_err();
        assert_eq!(error.code(), "http.too_large");
        assert!(error.to_string().contains("`max_response`"), "{error}");
    });
    let script = |_: &Sent| Answer::text("x".repeat((10 << 20) + 1));
    Test::new(app()).http(script).run(async |t| {
        assert_eq!(
            code(t, Plan::get("https://a.example")).await,
            "http.too_large"
        );
    });
}

#[test]
fn nothing_is_sent_before_what_it_tells_of_is_on_disk() {
    let seen = Seen::default();
    let shared = seen.clone();
    let script = move |sent: &Sent| {
        note(&shared, sent);
        Answer::status(204)
    };
    Test::new(app()).http(script).run(async |t| {
        let held = t.hold_commits();
        let told = t.spawn(Asker::named(t, "one").count_and_tell());
        for _ in 0..50 {
            tokio::task::yield_now().await;
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert_eq!(lines(&seen), [""; 0]);
        drop(held);
        assert_eq!(told.await.unwrap(), 1);
        assert_eq!(lines(&seen), ["PUT https://told.example/"]);
        // What never comes to the disk is never told of.
        t.fail_next(stayput::testing::Fault::Io);
        assert!(Asker::named(t, "one").count_and_tell().await.is_err());
        assert_eq!(lines(&seen).len(), 1);
    });
}

#[test]
fn errors_keep_their_codes_and_secrets() {
    let script = |sent: &Sent| match sent.url().split_once("example/s3cret").unwrap().1 {
        "/down" => Answer::unreachable(),
        "/gone" => Answer::text("s3cret").with_status(410),
        "/busy" => Answer::status(503),
        "/never" => Answer::never(),
        "/loop" => Answer::redirect("/s3cret/loop"),
        "/binary" => Answer::status(200).body(&b"\xff\xfe"[..]),
        _ => Answer::text("x".repeat(20)),
    };
    Test::new(app()).http(script).run(async |t| {
        for (path, expected, retryable) in [
            ("/down", "http.connect", true),
            ("/gone", "http.status", false),
            ("/busy", "http.status", true),
            ("/never", "http.timeout", true),
            ("/loop", "http.redirect", false),
            ("/binary", "http.decode", false),
            ("/long", "http.too_large", false),
        ] {
            let plan = Plan {
                body: Some("s3cret".to_owned()),
                max_response: Some(10),
                ..Plan::by("PUT", &format!("https://a.example/s3cret{path}"))
                    .header("authorization", "s3cret")
            };
            let asked = t.spawn(Asker::named(t, "one").ask_loosely(plan));
            t.advance(seconds(30)).await;
            let Err(error) = asked.await else {
                panic!("{path} went well");
            };
            let rejection = error.rejection().unwrap();
            assert_eq!(rejection.code(), expected, "{path}");
            assert_eq!(rejection.retryable(), retryable, "{path}");
            assert!(
                !format!("{error} {error:?}").contains("s3cret"),
                "{error:?}"
            );
            assert!(
                error.to_string().contains("`PUT https://a.example`"),
                "{error}"
            );
            let details = (expected == "http.status").then(|| rejection.details().unwrap());
            let status = if path == "/gone" { 410 } else { 503 };
            let said = format!(r#"{{"status":{status}}}"#);
            assert!(details.is_none_or(|details| details == said));
        }
    });
}

#[test]
fn what_is_no_request_is_refused_without_its_text() {
    Test::new(app())
        .http(|_| Answer::text("sent"))
        .run(async |t| {
            let get = || Plan::get("https://a.example");
            for (plan, word) in [
                (Plan::get("http://ann:s3cret@a.example/"), "password"),
                (Plan::get("ftp://a.example/s3cret"), "neither"),
                (get().header("x-key", "s3cret\n"), "`x-key`"),
                (get().header("x key", "s3cret"), "`x key`"),
                (get().header("host", "s3cret"), "`host`"),
                (get().header("accept-encoding", "gzip"), "`accept-encoding`"),
                (
                    Plan {
                        body: Some("s3cret".to_owned()),
                        ..get()
                    },
                    "`GET`",
                ),
                (Plan::by("CONNECT", "https://a.example"), "`CONNECT`"),
            ] {
                let error = ask(t, plan).await.unwrap_err();
                assert_eq!(error.code(), "http.invalid_request");
                assert!(error.to_string().contains(word), "{error}");
                assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
            }
        });
}

#[test]
fn an_error_travels_and_is_declared() {
    let script = |_: &Sent| Answer::text("[1, \"s3cret\"]").with_status(404);
    Test::new(app()).http(script).run(async |t| {
        let note = Note {
            text: String::new(),
        };
        let Err(CallError::Failed(error)) = Asker::named(t, "one").exchange(note).await else {
            panic!("went well");
        };
        assert_eq!(error.status().unwrap().as_u16(), 404);
        assert_eq!(error.to_wire().status, 502);
    });
    let manifest = app().manifest_text();
    for info in HttpError::ERRORS {
        assert!(
            manifest.contains(&format!("\"{}\"", info.code)),
            "{}",
            info.code
        );
    }
}
