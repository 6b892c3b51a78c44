//! One talks, many listen: what counts is what arrives.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use support::websocket::WebSocket;

use super::socket::{Line, message};
use super::{EXPECT, Measured, Stop, late};

/// So many messages may be on their way to listeners.
const AHEAD: usize = 4;
/// What every message contains, and no answer does.
const TOLD: &[u8] = br#""text":"#;

/// What to send to whom.
#[derive(Debug)]
pub(super) struct FanOut<'a> {
    pub(super) address: SocketAddr,
    pub(super) path: &'a str,
    /// A whole frame.
    pub(super) request: &'a [u8],
    pub(super) listeners: usize,
    /// What each listener says first, if anything; one answer comes to it.
    pub(super) hello: Option<&'static str>,
}

impl FanOut<'_> {
    /// Counts deliveries; with [`Stop::Requests`] so many messages are told.
    pub(super) fn drive(&self, stop: Stop) -> io::Result<Measured> {
        let path = self.path.trim_start_matches('/');
        let mut poll = Poll::new()?;
        let mut lines = Vec::with_capacity(self.listeners);
        for index in 0..self.listeners {
            let mut socket = WebSocket::open(self.address, path)?;
            if let Some(hello) = self.hello {
                socket.send(&message(hello))?;
                socket.json()?;
            }
            lines.push(Line::new(socket, &poll, index)?);
        }
        // It talks by calls of its own and hears nothing.
        let talker = WebSocket::open(self.address, &format!("{path}?talker"))?;
        let mut talker = Line::new(talker, &poll, self.listeners)?;
        let (until, most) = match stop {
            Stop::Time(time) => (Some(time), usize::MAX),
            Stop::Requests(count) => (None, count),
        };
        let mut measured = Measured::default();
        let (mut told, mut answered) = (0, 0);
        let began = Instant::now();
        let mut events = Events::with_capacity(self.listeners + 1);
        loop {
            let now = Instant::now();
            let over = until.is_some_and(|until| now - began >= until);
            let heard = measured.answered / self.listeners;
            if !over && told < most && told < heard.min(answered) + AHEAD {
                let count = most.min(heard.min(answered) + AHEAD) - told;
                talker.send(self.request, count, now)?;
                told += count;
            }
            let missing = told * self.listeners - measured.answered + told - answered;
            if missing == 0 {
                break;
            }
            poll.poll(&mut events, Some(Duration::from_secs(30)))?;
            if events.is_empty() {
                return Err(late(missing));
            }
            for event in &events {
                match lines.get_mut(event.token().0) {
                    Some(line) => {
                        let count = line.receive(TOLD)?;
                        measured.answered += count;
                        measured.in_time += if over { 0 } else { count };
                    }
                    None => answered += talker.receive(EXPECT)?,
                }
            }
        }
        measured.took = until.unwrap_or_else(|| began.elapsed());
        Ok(measured)
    }
}
