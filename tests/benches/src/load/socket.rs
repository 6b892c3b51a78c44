//! Sockets: several requests in flight on each.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use support::websocket::{TEXT, WebSocket, frame};

use super::{EXPECT, Measured, Stop, contains, late};

/// The bytes of a text message.
pub(super) fn message(text: &str) -> Vec<u8> {
    frame(TEXT, text.as_bytes())
}

/// What to send to whom.
#[derive(Debug)]
pub(super) struct Sockets<'a> {
    pub(super) address: SocketAddr,
    pub(super) path: &'a str,
    /// A whole frame.
    pub(super) request: &'a [u8],
    pub(super) connections: usize,
    pub(super) in_flight: usize,
}

/// A connection and what is in flight on it.
pub(super) struct Line {
    stream: TcpStream,
    input: Vec<u8>,
    filled: usize,
    sent: VecDeque<Instant>,
}

impl Sockets<'_> {
    pub(super) fn drive(&self, stop: Stop) -> io::Result<Measured> {
        let mut poll = Poll::new()?;
        let mut lines = Vec::with_capacity(self.connections);
        for index in 0..self.connections {
            let socket = WebSocket::open(self.address, self.path.trim_start_matches('/'))?;
            lines.push(Line::new(socket, &poll, index)?);
        }
        let (until, most) = match stop {
            Stop::Time(time) => (Some(time), usize::MAX),
            Stop::Requests(count) => (None, count),
        };
        let mut measured = Measured::default();
        let (mut sent, mut waiting) = (0, 0);
        let began = Instant::now();
        for line in &mut lines {
            let count = self.in_flight.min(most - sent);
            line.send(self.request, count, began)?;
            sent += count;
            waiting += count;
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
                let count = line.receive(EXPECT)?;
                waiting -= count;
                measured.answered += count;
                for _ in 0..count {
                    let sent = line.sent.pop_front();
                    if !over {
                        measured.count(now, sent);
                    }
                }
                if !over {
                    let count = count.min(most - sent);
                    line.send(self.request, count, now)?;
                    sent += count;
                    waiting += count;
                }
            }
        }
        measured.took = until.unwrap_or_else(|| began.elapsed());
        measured.latencies.sort_unstable();
        Ok(measured)
    }
}

impl Line {
    pub(super) fn new(socket: WebSocket, poll: &Poll, index: usize) -> io::Result<Self> {
        let stream = socket.into_stream();
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry()
            .register(&mut stream, Token(index), Interest::READABLE)?;
        Ok(Self {
            stream,
            input: vec![0; 16 * 1024],
            filled: 0,
            sent: VecDeque::new(),
        })
    }

    pub(super) fn send(&mut self, request: &[u8], count: usize, now: Instant) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        self.sent.extend(std::iter::repeat_n(now, count));
        // What is in flight fits into the socket's buffer.
        let bytes = request.repeat(count);
        if self.stream.write(&bytes)? == bytes.len() {
            Ok(())
        } else {
            Err(ErrorKind::WriteZero.into())
        }
    }

    /// Reads what is there; how many messages that were. Each must contain what is expected.
    pub(super) fn receive(&mut self, expect: &[u8]) -> io::Result<usize> {
        let mut count = 0;
        loop {
            let room = self.input.get_mut(self.filled..).unwrap_or_default();
            match self.stream.read(room) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    let full = read == room.len();
                    self.filled += read;
                    count += self.take(expect)?;
                    if !full {
                        return Ok(count);
                    }
                }
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => return Ok(count),
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Takes whole messages out of the input.
    fn take(&mut self, expect: &[u8]) -> io::Result<usize> {
        let (mut count, mut at) = (0, 0);
        let input = self.input.get(..self.filled).unwrap_or_default();
        while let Some((first, payload, end)) = frame_at(input, at) {
            at = end;
            match first {
                TEXT if contains(payload, expect) => count += 1,
                TEXT => {
                    return Err(bad(&format!(
                        "an answer: {}",
                        String::from_utf8_lossy(payload)
                    )));
                }
                // A server may ping; nobody is silent for long enough that it must be answered.
                0x89 => {}
                other => return Err(bad(&format!("a frame that begins with {other:#x}"))),
            }
        }
        self.input.copy_within(at..self.filled, 0);
        self.filled -= at;
        if self.filled == self.input.len() {
            return Err(bad("a message is longer than 16 KiB"));
        }
        Ok(count)
    }
}

/// A whole frame without a mask: its first byte, its payload, and where it ends.
fn frame_at(input: &[u8], at: usize) -> Option<(u8, &[u8], usize)> {
    let rest = input.get(at..)?;
    let (len, head) = match rest.get(1)? {
        126 => {
            let long = rest.get(2..4)?.try_into().ok()?;
            (usize::from(u16::from_be_bytes(long)), 4)
        }
        // Nothing here is that long: the input is full before it ends.
        127 => return None,
        short => (usize::from(*short), 2),
    };
    let payload = rest.get(head..head + len)?;
    Some((*rest.first()?, payload, at + head + len))
}

fn bad(text: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, text.to_owned())
}
