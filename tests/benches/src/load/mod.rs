//! The load generator: many connections on one thread.

mod fan_out;
mod http;
mod socket;

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use support::http::request;

use crate::pairs::{Ask, Shape, Side};
use fan_out::FanOut;
use http::Http;
use socket::Sockets;

/// How many connections call.
const CONNECTIONS: usize = 64;
/// What a good answer contains.
const EXPECT: &[u8] = br#""result":"#;

/// What to send to whom.
#[derive(Debug)]
pub(crate) struct Load {
    /// The server.
    pub(crate) address: SocketAddr,
    side: Side,
    /// What is sent, as bytes.
    requests: Vec<Vec<u8>>,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, side: Side) -> Self {
        let host = address.to_string();
        let bytes = |Ask { path, body }: &Ask| match side.shape {
            Shape::Http => {
                let headers = ["Content-Type: application/json"];
                let head = request("POST", path, &host, &headers, body.as_bytes());
                [&head, body.as_bytes()].concat()
            }
            Shape::Sockets { .. } | Shape::FanOut { .. } => socket::message(body),
        };
        let requests = side.asks.iter().map(bytes).collect();
        Self {
            address,
            side,
            requests,
        }
    }

    /// How many requests touch everything once.
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Sends until `stop`. Any bad answer is an error that shows it: a rate of failures means nothing.
    pub(crate) fn drive(&self, stop: Stop) -> io::Result<Measured> {
        let path = self.side.asks.first().map_or("/", |ask| &ask.path);
        let request = self.requests.first().map_or(&[][..], Vec::as_slice);
        match self.side.shape {
            Shape::Http => Http {
                address: self.address,
                requests: &self.requests,
                connections: CONNECTIONS,
            }
            .drive(stop),
            Shape::Sockets { in_flight } => Sockets {
                address: self.address,
                path,
                request,
                connections: CONNECTIONS,
                in_flight,
            }
            .drive(stop),
            Shape::FanOut { listeners, hello } => FanOut {
                address: self.address,
                path,
                request,
                listeners,
                hello,
            }
            .drive(stop),
        }
    }
}

/// When to stop sending.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// After this time.
    Time(Duration),
    /// After so many requests.
    Requests(usize),
}

/// What came out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    /// Good answers within the time.
    pub(crate) in_time: usize,
    /// Good answers in all; a request that was sent is always waited for.
    pub(crate) answered: usize,
    /// The time.
    pub(crate) took: Duration,
    /// Microseconds from request to answer, sorted.
    latencies: Vec<u32>,
}

/// Nothing came for long.
fn late(waiting: usize) -> io::Error {
    let text = format!("{waiting} requests got no answer in 30 s");
    io::Error::new(ErrorKind::TimedOut, text)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

impl Measured {
    /// Counts an answer that came in time.
    fn count(&mut self, now: Instant, sent: Option<Instant>) {
        self.in_time += 1;
        if let Some(sent) = sent {
            let micros = u32::try_from((now - sent).as_micros()).unwrap_or(u32::MAX);
            self.latencies.push(micros);
        }
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        // Counts stay far below 2^52.
        #[allow(clippy::cast_precision_loss, reason = "a count of requests")]
        let count = self.in_time as f64;
        count / self.took.as_secs_f64()
    }

    /// The latency that `percent` of the answers did not exceed, in milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let index =
            (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies
            .get(index)
            .map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}/s", self.rate())?;
        if self.latencies.is_empty() {
            return Ok(());
        }
        let (half, most) = (self.percentile(50), self.percentile(99));
        write!(f, " p50 {half:.2} ms p99 {most:.2} ms")
    }
}
