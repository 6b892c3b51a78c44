//! What a scenario is made of, and how it is played against a running server.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::http::{Connection, Response};
use support::process::Server;
use support::websocket;

use crate::guests::{self, Guests};

/// A story with one outcome.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) steps: &'static [Step],
}

/// One step of it.
pub(crate) enum Step {
    /// A JSON-RPC call.
    Call(Call),
    /// Calls that are under way at once, each on a connection of its own.
    Together(&'static [Call]),
    /// So many pairs of objects, all at once, each of which holds itself and then calls the other.
    OppositePairs(usize),
    /// A call that gives this in the end, after something has happened by itself. Tried for 10 s.
    Eventually(Call),
    /// A plain request, answered with this status; the two backends' bodies are compared with each other.
    Request {
        method: &'static str,
        path: &'static str,
        headers: &'static [&'static str],
        body: &'static str,
        status: u16,
    },
    /// Somebody opens a WebSocket.
    Open {
        who: &'static str,
        object: &'static str,
    },
    /// An upgrade is refused by an answer of HTTP, whose bodies are compared.
    Refused {
        path: &'static str,
        headers: &'static [&'static str],
        status: u16,
    },
    /// They send a text.
    Say {
        who: &'static str,
        text: &'static str,
    },
    /// They send a frame: its first byte and its payload.
    Send {
        who: &'static str,
        first: u8,
        payload: &'static [u8],
    },
    /// The next that they get is a text; of one that is not given the backends' are compared.
    Hear {
        who: &'static str,
        text: Option<&'static str>,
    },
    /// The next that they get is a good-bye.
    Closed {
        who: &'static str,
        code: u16,
        reason: &'static str,
    },
    /// They ask for a stream of events; the answer has this status.
    Listen {
        who: &'static str,
        path: &'static str,
        status: u16,
    },
    /// The next block of their stream, pings aside; an empty one is its end.
    Stream {
        who: &'static str,
        block: &'static str,
    },
    /// Nothing happens for so many seconds.
    Wait(u64),
    /// They are gone without a word.
    Vanish { who: &'static str },
    /// The program is killed with no warning and started again on the same data.
    Restart,
}

/// `object.action(params)`.
pub(crate) struct Call {
    /// Milliseconds after the step's begin at which it is made.
    pub(crate) after: u64,
    pub(crate) object: &'static str,
    pub(crate) action: &'static str,
    pub(crate) params: &'static str,
    pub(crate) gives: Gives,
}

/// What a call must answer.
pub(crate) enum Gives {
    /// This result, as JSON.
    Result(&'static str),
    /// An error with this code.
    Error(&'static str),
    /// Whatever it is: the bodies are compared.
    Same,
    /// A result or an error with this code: which of several calls loses is not the table's business, and the bodies
    /// are not compared.
    EitherOr(&'static str, &'static str),
}

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

/// Plays the whole table.
pub(crate) fn play(backend: &impl Backend) -> Vec<Told> {
    let mut server = backend.start();
    let mut told = Vec::new();
    for scenario in super::scenarios::ALL
        .iter()
        .chain(super::values::ALL)
        .chain(super::params::ALL)
        .chain(super::sockets::ALL)
    {
        let mut story = Told {
            scenario: scenario.name,
            lines: Vec::new(),
            faults: Vec::new(),
        };
        let mut guests = Guests::default();
        for step in scenario.steps {
            match step {
                Step::Open { who, object } => guests.open(&server, who, object, &mut story),
                Step::Refused {
                    path,
                    headers,
                    status,
                } => guests::refused(&server, path, headers, *status, &mut story),
                Step::Say { who, text } => {
                    guests.send(who, websocket::TEXT, text.as_bytes(), &mut story);
                }
                Step::Send {
                    who,
                    first,
                    payload,
                } => guests.send(who, *first, payload, &mut story),
                Step::Hear { who, text } => guests.hear(who, *text, &mut story),
                Step::Closed { who, code, reason } => {
                    guests.closed(who, *code, reason, &mut story);
                }
                Step::Listen { who, path, status } => {
                    guests.listen(&server, who, path, *status, &mut story);
                }
                Step::Stream { who, block } => guests.stream(who, block, &mut story),
                Step::Wait(seconds) => thread::sleep(Duration::from_secs(*seconds)),
                Step::Vanish { who } => guests.vanish(who),
                Step::Call(call) => story.add(call, &make(&server, call)),
                Step::Together(calls) => together(&server, calls, &mut story),
                Step::OppositePairs(count) => {
                    together(&server, &opposite_pairs(*count), &mut story);
                }
                Step::Eventually(call) => {
                    let until = Instant::now() + Duration::from_secs(10);
                    let mut answer = make(&server, call);
                    while call.gives.fault(&answer).is_some() && Instant::now() < until {
                        thread::sleep(Duration::from_millis(20));
                        answer = make(&server, call);
                    }
                    story.add(call, &answer);
                }
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
                    let answer = answer.map_err(|fault| fault.to_string());
                    let line = format!("{method} {path}: {}", line(&answer));
                    if !answer.is_ok_and(|answer| answer.status == *status) {
                        story.faults.push(format!("{line}, expected {status}"));
                    }
                    story.lines.push(line);
                }
                Step::Restart => {
                    server.kill();
                    server = backend.start();
                }
            }
        }
        told.push(story);
    }
    told
}

type Answer = Result<Response, String>;

/// Makes calls at once, each on a connection of its own.
fn together(server: &Server, calls: &[Call], story: &mut Told) {
    let answers: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = calls
            .iter()
            .map(|call| scope.spawn(|| make(server, call)))
            .collect();
        running
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|_| Err("panicked".to_owned())))
            .collect()
    });
    for (call, answer) in calls.iter().zip(answers) {
        story.add(call, &answer);
    }
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
    let text = |fault: std::io::Error| fault.to_string();
    Connection::open(server.address())
        .and_then(|mut connection| {
            let path = format!("/{}", call.object);
            connection.request(
                "POST",
                &path,
                &["Content-Type: application/json"],
                message.to_string().as_bytes(),
            )
        })
        .map_err(text)
}

impl Told {
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
}

impl Gives {
    /// What is wrong with an answer.
    fn fault(&self, answer: &Answer) -> Option<String> {
        let body = answer
            .as_ref()
            .ok()
            .and_then(|answer| answer.json().ok())
            .unwrap_or_default();
        let result = |expected: &str| {
            serde_json::from_str(expected)
                .is_ok_and(|expected: Value| body.get("result") == Some(&expected))
        };
        let error =
            |code: &str| body.pointer("/error/data/code").and_then(Value::as_str) == Some(code);
        let (held, expected) = match self {
            Self::Result(expected) => (result(expected), format!("result {expected}")),
            Self::Error(code) => (error(code), format!("error {code}")),
            Self::Same => (answer.is_ok(), "an answer".to_owned()),
            Self::EitherOr(value, code) => (
                result(value) || error(code),
                format!("result {value} or error {code}"),
            ),
        };
        (!held).then(|| format!("answered {}, expected {expected}", line(answer)))
    }
}

/// Status, media type and body; what differs from call to call is masked.
pub(crate) fn line(answer: &Answer) -> String {
    match answer {
        Ok(answer) => {
            let media = answer.header("content-type").unwrap_or("no media type");
            format!("{} {media} {}", answer.status, masked(&answer.text()))
        }
        Err(fault) => format!("no answer: {fault}"),
    }
}

/// The text with every request id replaced.
pub(crate) fn masked(text: &str) -> String {
    const MARK: &str = "\"request_id\":\"";
    let mut parts = text.split(MARK);
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once('"').map_or("", |(_, rest)| rest);
        masked.extend([MARK, "*\"", rest]);
    }
    masked
}
