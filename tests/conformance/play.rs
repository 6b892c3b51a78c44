//! How scenarios are played against a running server.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::http::Connection;
use support::process::Server;
use support::websocket;

use crate::guests::{self, Guests};
use crate::steps::{Answer, Call, Gives, Scenario, Step, line};

/// Something that can be started, again and again, on the same data.
pub(crate) trait Backend {
    fn start(&self) -> Server;
}

/// What was seen of a scenario.
pub(crate) struct Told {
    pub(crate) scenario: &'static str,
    /// One line an answer, the same on both backends.
    pub(crate) lines: Vec<String>,
    pub(crate) faults: Vec<String>,
}

/// Plays tables, one scenario after the other.
pub(crate) fn play(backend: &impl Backend, tables: &[&[Scenario]]) -> Vec<Told> {
    let mut server = backend.start();
    let mut told = Vec::new();
    for scenario in tables.iter().copied().flatten() {
        let mut story = Told::of(scenario);
        let mut guests = Guests::default();
        for step in scenario.steps {
            if matches!(step, Step::Restart) {
                server.kill();
                server = backend.start();
            } else {
                story.act(&server, &mut guests, step);
            }
        }
        told.push(story);
    }
    told
}

/// Plays the scenarios of a table side by side on one server: those that wait for the platform's clock.
pub(crate) fn play_together(server: &Server, table: &[Scenario]) -> Vec<Told> {
    let play = |scenario| {
        let mut story = Told::of(scenario);
        let mut guests = Guests::default();
        for step in scenario.steps {
            story.act(server, &mut guests, step);
        }
        story
    };
    thread::scope(|scope| {
        let stories: Vec<_> = table
            .iter()
            .map(|scenario| scope.spawn(move || play(scenario)))
            .collect();
        stories.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// Makes calls at once, each on a connection of its own.
fn together(server: &Server, calls: &[Call]) -> Vec<Answer> {
    thread::scope(|scope| {
        let running: Vec<_> = calls
            .iter()
            .map(|call| scope.spawn(|| make(server, call)))
            .collect();
        running
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|_| Err("panicked".to_owned())))
            .collect()
    })
}

fn opposite_pairs(count: usize) -> Vec<Call> {
    let cross = |from: String, to: String| Call {
        after: 0,
        object: String::leak(format!("relay/{from}")),
        action: "cross",
        params: String::leak(json!({"to": to, "millis": 100}).to_string()),
        gives: Gives::EitherOr("true", "deadlock"),
    };
    let pair = |pair| {
        let (left, right) = (format!("left-{pair}"), format!("right-{pair}"));
        [cross(left.clone(), right.clone()), cross(right, left)]
    };
    (0..count).flat_map(pair).collect()
}

fn make(server: &Server, call: &Call) -> Answer {
    thread::sleep(Duration::from_millis(call.after));
    let params: Value = serde_json::from_str(call.params)
        .map_err(|fault| format!("the table's params: {fault}"))?;
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": call.action, "params": params});
    post(
        server,
        &format!("/{}", call.object),
        message.to_string().as_bytes(),
    )
}

fn post(server: &Server, path: &str, body: &[u8]) -> Answer {
    let headers = ["Content-Type: application/json"];
    Connection::open(server.address())
        .and_then(|mut connection| connection.request("POST", path, &headers, body))
        .map_err(|fault| fault.to_string())
}

/// Results and codes of errors, sorted as texts of the same length would be.
fn sorted(answers: &[Answer]) -> Value {
    let told = |answer: &Answer| {
        let body = answer.as_ref().ok()?.json().ok()?;
        let code = body.pointer("/error/data/code");
        code.or_else(|| body.get("result")).cloned()
    };
    let mut all: Vec<Value> = answers
        .iter()
        .map(|answer| told(answer).unwrap_or_default())
        .collect();
    all.sort_by_key(|value| {
        let text = value.to_string();
        (text.len(), text)
    });
    all.into()
}

impl Told {
    fn of(scenario: &Scenario) -> Self {
        Self {
            scenario: scenario.name,
            lines: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn act(&mut self, server: &Server, guests: &mut Guests, step: &Step) {
        match step {
            Step::Open { who, object } => guests.open(server, who, object, self),
            Step::Refused {
                path,
                headers,
                status,
            } => guests::refused(server, path, headers, *status, self),
            Step::Say { who, text } => guests.send(who, websocket::TEXT, text.as_bytes(), self),
            Step::Send {
                who,
                first,
                payload,
            } => guests.send(who, *first, payload, self),
            Step::Hear { who, text } => guests.hear(who, *text, self),
            Step::Closed { who, code, reason } => guests.closed(who, *code, reason, self),
            Step::Listen { who, path, status } => guests.listen(server, who, path, *status, self),
            Step::Stream { who, block } => guests.stream(who, block, self),
            Step::Wait(seconds) => thread::sleep(Duration::from_secs(*seconds)),
            Step::Vanish { who } => guests.vanish(who),
            Step::Call(call) => self.add(call, &make(server, call)),
            Step::Together(calls) => self.add_all(calls, &together(server, calls)),
            Step::OppositePairs(count) => {
                let calls = opposite_pairs(*count);
                self.add_all(&calls, &together(server, &calls));
            }
            Step::Crowd { call, count, gives } => {
                let answers: Vec<_> = thread::scope(|scope| {
                    let running: Vec<_> = (0..*count)
                        .map(|_| scope.spawn(|| make(server, call)))
                        .collect();
                    running.into_iter().map(|one| one.join().unwrap()).collect()
                });
                let what = format!("{count} x {}.{}", call.object, call.action);
                self.compare(&what, &sorted(&answers), gives);
            }
            Step::Look { what, look, gives } => self.compare(what, &look(server), gives),
            Step::Eventually(call) => self.wait_for(server, call, 10),
            Step::Within(seconds, call) => self.wait_for(server, call, *seconds),
            Step::Request {
                method,
                path,
                headers,
                body,
                status,
            } => {
                let answer = server
                    .connect()
                    .request(method, path, headers, body.as_bytes());
                self.add_request(&format!("{method} {path}"), answer, *status);
            }
            Step::Padded {
                path,
                body,
                bytes,
                status,
            } => {
                let mut body = body.as_bytes().to_vec();
                body.resize(*bytes, b' ');
                let answer = post(server, path, &body);
                self.add_request(path, answer.map_err(std::io::Error::other), *status);
            }
            // Whoever plays the scenario knows how.
            Step::Restart => self.faults.push("nothing can be restarted here".to_owned()),
        }
    }

    fn wait_for(&mut self, server: &Server, call: &Call, seconds: u64) {
        let until = Instant::now() + Duration::from_secs(seconds);
        let mut answer = make(server, call);
        while call.gives.fault(&answer).is_some() && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
            answer = make(server, call);
        }
        self.add(call, &answer);
    }

    fn add(&mut self, call: &Call, answer: &Answer) {
        let name = format!("{}.{}", call.object, call.action);
        if let Some(fault) = call.gives.fault(answer) {
            self.faults.push(format!("{name} {fault}"));
        }
        let open = matches!(call.gives, Gives::EitherOr(..));
        self.lines.push(if open {
            name
        } else {
            format!("{name}: {}", line(answer))
        });
    }

    fn add_all(&mut self, calls: &[Call], answers: &[Answer]) {
        for (call, answer) in calls.iter().zip(answers) {
            self.add(call, answer);
        }
    }

    fn add_request(
        &mut self,
        what: &str,
        answer: std::io::Result<support::http::Response>,
        status: u16,
    ) {
        let answer = answer.map_err(|fault| fault.to_string());
        let line = format!("{what}: {}", line(&answer));
        if !answer.is_ok_and(|answer| answer.status == status) {
            self.faults.push(format!("{line}, expected {status}"));
        }
        self.lines.push(line);
    }

    fn compare(&mut self, what: &str, seen: &Value, expected: &str) {
        let held = serde_json::from_str(expected).is_ok_and(|expected: Value| *seen == expected);
        if !held {
            self.faults
                .push(format!("{what}: {seen}, expected {expected}"));
        }
        self.lines.push(format!("{what}: {seen}"));
    }
}
