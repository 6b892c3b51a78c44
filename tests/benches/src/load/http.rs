//! HTTP: kept-alive connections, one request in flight on each.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::{EXPECT, Measured, Stop, contains, late};

/// What to send to whom.
#[derive(Debug)]
pub(super) struct Http<'a> {
    pub(super) address: SocketAddr,
    /// Whole requests, sent in turn by all the connections together.
    pub(super) requests: &'a [Vec<u8>],
    pub(super) connections: usize,
}

/// A connection and where its one request stands.
struct Line {
    stream: TcpStream,
    input: Vec<u8>,
    filled: usize,
    sent: Option<Instant>,
}

impl Http<'_> {
    /// Sends until `stop`. Any bad answer is an error that shows it: a rate of failures means nothing.
    pub(super) fn drive(&self, stop: Stop) -> io::Result<Measured> {
        let mut poll = Poll::new()?;
        let mut lines = Vec::with_capacity(self.connections);
        for index in 0..self.connections {
            // Connected before the clock starts.
            let stream = std::net::TcpStream::connect(self.address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(index), Interest::READABLE)?;
            lines.push(Line {
                stream,
                input: vec![0; 16 * 1024],
                filled: 0,
                sent: None,
            });
        }
        self.run(&mut poll, &mut lines, stop)
    }

    fn run(&self, poll: &mut Poll, lines: &mut [Line], stop: Stop) -> io::Result<Measured> {
        let (until, most) = match stop {
            Stop::Time(time) => (Some(time), usize::MAX),
            Stop::Requests(count) => (None, count),
        };
        let mut measured = Measured::default();
        let mut sent = 0;
        let mut waiting = 0;
        let began = Instant::now();
        for line in lines.iter_mut() {
            if sent < most {
                line.send(self.request(sent), began)?;
                sent += 1;
                waiting += 1;
            }
        }
        let mut events = Events::with_capacity(lines.len());
        while waiting > 0 {
            poll.poll(&mut events, Some(Duration::from_secs(30)))?;
            if events.is_empty() {
                return Err(late(waiting));
            }
            let now = Instant::now();
            let over = until.is_some_and(|until| now - began >= until);
            for event in &events {
                let Some(line) = lines.get_mut(event.token().0) else {
                    continue;
                };
                if !line.receive()? {
                    continue;
                }
                waiting -= 1;
                measured.answered += 1;
                if !over {
                    measured.count(now, line.sent.take());
                }
                if !over && sent < most {
                    line.send(self.request(sent), now)?;
                    sent += 1;
                    waiting += 1;
                }
            }
        }
        measured.took = until.unwrap_or_else(|| began.elapsed());
        measured.latencies.sort_unstable();
        Ok(measured)
    }

    fn request(&self, number: usize) -> &[u8] {
        self.requests
            .get(number % self.requests.len().max(1))
            .map_or(&[], Vec::as_slice)
    }
}

impl Line {
    fn send(&mut self, request: &[u8], now: Instant) -> io::Result<()> {
        self.sent = Some(now);
        // The socket's buffer is empty here, so that a small request always fits.
        let written = self.stream.write(request)?;
        if written == request.len() {
            Ok(())
        } else {
            Err(ErrorKind::WriteZero.into())
        }
    }

    /// Reads what is there. Whether the answer is complete.
    fn receive(&mut self) -> io::Result<bool> {
        loop {
            if self.filled == self.input.len() {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    "the answer is longer than 16 KiB",
                ));
            }
            match self.stream.read(&mut self.input[self.filled..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.filled += count;
                    if self.filled < self.input.len() {
                        break;
                    }
                }
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => break,
                Err(fault) => return Err(fault),
            }
        }
        let Some(answer) = self.input.get(..self.filled) else {
            return Ok(false);
        };
        let Some(body) = complete(answer) else {
            return Ok(false);
        };
        let good = answer.get(9..12) == Some(b"200") && contains(body, EXPECT);
        if !good {
            let text = String::from_utf8_lossy(answer).into_owned();
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                format!("a bad answer: {text}"),
            ));
        }
        self.filled = 0;
        Ok(true)
    }
}

/// The body, once all of the answer is there.
fn complete(answer: &[u8]) -> Option<&[u8]> {
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (answer.get(..head)?, answer.get(head + 4..)?);
    for line in head.split(|byte| *byte == b'\n') {
        if let Some(value) = header(line, b"content-length:") {
            let length: usize = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
            return (body.len() >= length).then_some(body);
        }
        if header(line, b"transfer-encoding:").is_some() {
            return body.ends_with(b"0\r\n\r\n").then_some(body);
        }
    }
    None
}

fn header<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (key, value) = line.split_at_checked(name.len())?;
    key.eq_ignore_ascii_case(name).then_some(value)
}
