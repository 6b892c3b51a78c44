//! What a scenario is made of, and what an answer is worth.

use serde_json::Value;
use support::http::Response;
use support::process::Server;

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
    /// Calls that are under way at once, so that nobody can say which gets which: what they answer, sorted.
    Crowd {
        call: Call,
        count: usize,
        gives: &'static str,
    },
    /// Something that takes more than one line: what it saw, as JSON.
    Look {
        what: &'static str,
        look: fn(&Server) -> Value,
        gives: &'static str,
    },
    /// So many pairs of objects, all at once, each of which holds itself and then calls the other.
    OppositePairs(usize),
    /// A call that gives this in the end, after something has happened by itself. Tried for 10 s.
    Eventually(Call),
    /// The same, tried for so many seconds.
    Within(u64, Call),
    /// A plain request, answered with this status; what else the two backends answer is compared.
    Request {
        method: &'static str,
        path: &'static str,
        headers: &'static [&'static str],
        body: &'static str,
        status: u16,
    },
    /// A call whose answer is compared, with a body of so many bytes: blanks behind the JSON.
    Padded {
        path: &'static str,
        body: &'static str,
        bytes: usize,
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

/// What came of a request.
pub(crate) type Answer = Result<Response, String>;

impl Gives {
    /// What is wrong with an answer.
    pub(crate) fn fault(&self, answer: &Answer) -> Option<String> {
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

/// The headers that a client may act upon.
const TELLING: [&str; 9] = [
    "allow",
    "access-control-allow-origin",
    "cache-control",
    "etag",
    "location",
    "retry-after",
    "vary",
    "www-authenticate",
    "x-content-type-options",
];

/// Status, media type, telling headers and body; what differs from call to call is masked.
pub(crate) fn line(answer: &Answer) -> String {
    match answer {
        Ok(answer) => {
            let media = answer.header("content-type").unwrap_or("no media type");
            let telling = TELLING.iter().filter_map(|name| {
                let value = answer.header(name)?;
                Some(format!("{name}={value} "))
            });
            format!(
                "{} {media} {}{}",
                answer.status,
                telling.collect::<String>(),
                masked(&answer.text())
            )
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

/// The media type of all that is executed.
pub(crate) const JSON: &[&str] = &["Content-Type: application/json"];

/// A request without a body.
pub(crate) const fn ask(method: &'static str, path: &'static str, status: u16) -> Step {
    with(method, path, &[], "", status)
}

/// A body of JSON.
pub(crate) const fn post(path: &'static str, body: &'static str, status: u16) -> Step {
    with("POST", path, JSON, body, status)
}

/// Any request.
pub(crate) const fn with(
    method: &'static str,
    path: &'static str,
    headers: &'static [&'static str],
    body: &'static str,
    status: u16,
) -> Step {
    Step::Request {
        method,
        path,
        headers,
        body,
        status,
    }
}
