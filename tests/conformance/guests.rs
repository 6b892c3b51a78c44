//! The connections of a scenario.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use serde_json::Value;
use support::http::Connection;
use support::process::Server;
use support::websocket::{Frame, WebSocket, frame};

use crate::play::Told;
use crate::steps::{line, masked};

/// How long the next frame may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Open connections, by who has them.
#[derive(Default)]
pub(crate) struct Guests {
    sockets: HashMap<&'static str, WebSocket>,
    streams: HashMap<&'static str, Connection>,
}

impl Guests {
    pub(crate) fn open(
        &mut self,
        server: &Server,
        who: &'static str,
        object: &str,
        story: &mut Told,
    ) {
        let opened = WebSocket::open(server.address(), object);
        let opened = opened.and_then(|socket| socket.patience(PATIENCE).map(|()| socket));
        match opened {
            Ok(socket) => drop(self.sockets.insert(who, socket)),
            Err(fault) => story
                .faults
                .push(format!("{who} cannot open {object}: {fault}")),
        }
    }

    pub(crate) fn send(&mut self, who: &str, first: u8, payload: &[u8], story: &mut Told) {
        let sent = self
            .socket(who)
            .and_then(|socket| socket.send(&frame(first, payload)));
        if let Err(fault) = sent {
            story.faults.push(format!("{who} cannot send: {fault}"));
        }
    }

    pub(crate) fn hear(&mut self, who: &str, expected: Option<&str>, story: &mut Told) {
        let heard = self.next(who).map(named_log);
        let held = match (&heard, expected) {
            (Ok(Frame::Text(text)), Some(expected)) => alike(text, expected),
            (Ok(Frame::Text(_) | Frame::Binary(_) | Frame::Pong(_)), None) => true,
            _ => false,
        };
        story.note(who, &heard, held, expected.unwrap_or("a message"));
    }

    pub(crate) fn closed(&mut self, who: &str, code: u16, reason: &str, story: &mut Told) {
        let heard = self.next(who);
        let held =
            matches!(&heard, Ok(Frame::Close(Some(got), why)) if *got == code && why == reason);
        story.note(who, &heard, held, &format!("a good-bye: {code} {reason}"));
        // As RFC 6455 wants it, and the server may wait for it.
        let _ = self
            .socket(who)
            .and_then(|socket| socket.send(&frame(support::websocket::CLOSE, &code.to_be_bytes())));
    }

    pub(crate) fn listen(
        &mut self,
        server: &Server,
        who: &'static str,
        path: &str,
        status: u16,
        story: &mut Told,
    ) {
        if status != 200 {
            return refused(server, path, &[], status, story);
        }
        let mut connection = server.connect();
        match begin(&mut connection, server, path) {
            Ok(head) => {
                if !head.starts_with("HTTP/1.1 200 ") || !head.contains("text/event-stream") {
                    story.faults.push(format!("{who} gets no stream: {head}"));
                }
                self.streams.insert(who, connection);
            }
            Err(fault) => story.faults.push(format!("{who} gets no stream: {fault}")),
        }
    }

    pub(crate) fn stream(&mut self, who: &str, expected: &str, story: &mut Told) {
        let block = match self.streams.get_mut(who) {
            Some(connection) => block(connection),
            None => Err(io::Error::other("no stream")),
        };
        let block = block.unwrap_or_else(|fault| format!("nothing: {fault}"));
        let block = log_named(&block);
        if block != expected {
            story
                .faults
                .push(format!("{who} read {block:?}, expected {expected:?}"));
        }
        story.lines.push(format!("{who} read {block:?}"));
    }

    pub(crate) fn vanish(&mut self, who: &str) {
        drop(self.sockets.remove(who));
        drop(self.streams.remove(who));
    }

    /// The next frame that is no ping.
    fn next(&mut self, who: &str) -> io::Result<Frame> {
        let socket = self.socket(who)?;
        loop {
            match socket.receive()? {
                Frame::Ping(_) => {}
                frame => return Ok(frame),
            }
        }
    }

    fn socket(&mut self, who: &str) -> io::Result<&mut WebSocket> {
        let socket = self.sockets.get_mut(who);
        socket.ok_or_else(|| io::Error::other(format!("{who} is not connected")))
    }
}

/// An upgrade that is refused by an answer of HTTP.
pub(crate) fn refused(
    server: &Server,
    path: &str,
    headers: &[&str],
    status: u16,
    story: &mut Told,
) {
    let answer = server.connect().request("GET", path, headers, &[]);
    let answer = answer.map_err(|fault| fault.to_string());
    let line = format!("upgrade of {path}: {}", line(&answer));
    if !answer.is_ok_and(|answer| answer.status == status) {
        story.faults.push(format!("{line}, expected {status}"));
    }
    story.lines.push(line);
}

/// Asks for a stream; the head of the answer.
pub(crate) fn begin(
    connection: &mut Connection,
    server: &Server,
    path: &str,
) -> io::Result<String> {
    connection.socket().set_read_timeout(Some(PATIENCE))?;
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address());
    connection.send(asked.as_bytes())?;
    let mut head = String::new();
    loop {
        let line = connection.line()?;
        if line.is_empty() {
            return Ok(head);
        }
        head.push_str(&line.to_ascii_lowercase().replace("http/", "HTTP/"));
        head.push('\n');
    }
}

/// The next block of a stream that is no ping; empty at its end. Its lines are told from those of chunked coding by how
/// they begin.
pub(crate) fn block(connection: &mut Connection) -> io::Result<String> {
    let mut block: Vec<String> = Vec::new();
    loop {
        let line = connection.line()?;
        let counts = ["event: ", "rooms: ", "data: ", "id: ", "retry: "];
        if counts.iter().any(|begin| line.starts_with(begin)) {
            block.push(line);
        } else if line.is_empty() && !block.is_empty() {
            return Ok(block.join("\n"));
        } else if line == "0" {
            return Ok(String::new());
        }
    }
}

/// The same text, or the same JSON but for request ids.
fn alike(text: &str, expected: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<Value>(&masked(text)).ok();
    text == expected || json(text).is_some_and(|text| Some(text) == json(expected))
}

impl Told {
    fn note(&mut self, who: &str, heard: &io::Result<Frame>, held: bool, expected: &str) {
        let heard = match heard {
            Ok(Frame::Text(text)) => masked(text),
            Ok(frame) => format!("{frame:?}"),
            Err(fault) => format!("nothing: {fault}"),
        };
        if !held {
            self.faults
                .push(format!("{who} heard {heard}, expected {expected}"));
        }
        self.lines.push(format!("{who} heard {heard}"));
    }
}

fn named_log(frame: Frame) -> Frame {
    match frame {
        Frame::Text(text) => Frame::Text(untimed(&log_named(&text))),
        other => other,
    }
}

/// The same text with 0 in place of the time since when somebody is there.
fn untimed(text: &str) -> String {
    let mut parts = text.split("\"since\":");
    let mut untimed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        untimed.push_str("\"since\":0");
        untimed.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    }
    untimed
}

/// The same text with `LOG` in place of the random name of a log, which two backends do not share.
fn log_named(text: &str) -> String {
    let mut masked = text.to_owned();
    for before in ["\"cursor\":\"", "id: "] {
        if let Some(at) = masked.find(before).map(|at| at + before.len())
            && let Some((log, _)) = masked[at..].split_once('-')
            && log.len() == 8
            && log.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            masked.replace_range(at..at + 8, "LOG");
        }
    }
    masked
}
