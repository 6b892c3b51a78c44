//! Clients that call until they are told to stop or their connection breaks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use support::http::Connection;
use support::random::Random;

/// One call and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// `class/name`.
    pub(crate) object: String,
    /// The action.
    pub(crate) action: &'static str,
    /// Its parameters.
    pub(crate) params: Value,
    /// What is known about it.
    pub(crate) outcome: Outcome,
}

/// What a client knows of its call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// It took effect and answered this.
    Done(Value),
    /// The server said no.
    Refused(Value),
    /// The connection broke before an answer: it may have taken effect or not.
    Unknown,
}

/// Clients at work.
pub(crate) struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Vec<Sent>>>,
}

/// A call to make.
pub(crate) type Move = (String, &'static str, Value);

impl Clients {
    /// Starts `count` clients. Each asks `next` for its next call, with its own number, its own randomness and the
    /// number of the call.
    pub(crate) fn start(
        address: SocketAddr,
        count: usize,
        random: &mut Random,
        next: impl Fn(usize, &mut Random, usize) -> Move + Clone + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..count)
            .map(|client| {
                let (stop, next) = (Arc::clone(&stop), next.clone());
                let mut random = Random::new(random.draw());
                thread::spawn(move || work(address, &stop, |call| next(client, &mut random, call)))
            })
            .collect();
        Self { stop, threads }
    }

    /// Everything they did. With `stop` they end after the call they are in; else their connections must break.
    pub(crate) fn finish(self, stop: bool) -> Vec<Sent> {
        self.stop.store(stop, Ordering::Relaxed);
        self.threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    }
}

fn work(address: SocketAddr, stop: &AtomicBool, mut next: impl FnMut(usize) -> Move) -> Vec<Sent> {
    let mut sent = Vec::new();
    // A server that is killed right after its start may be gone before the first client arrives.
    let Ok(mut connection) = Connection::open(address) else {
        return sent;
    };
    while !stop.load(Ordering::Relaxed) {
        let (object, action, params) = next(sent.len());
        let outcome = match connection.call(&object, action, &params) {
            Ok(Ok(value)) => Outcome::Done(value),
            Ok(Err(error)) => Outcome::Refused(error),
            Err(_) => Outcome::Unknown,
        };
        let broken = outcome == Outcome::Unknown;
        sent.push(Sent {
            object,
            action,
            params,
            outcome,
        });
        if broken {
            break;
        }
    }
    sent
}

impl Sent {
    /// The answer, if it was one.
    pub(crate) fn answer(&self) -> Option<i64> {
        match &self.outcome {
            Outcome::Done(value) => Some(value.as_i64().unwrap()),
            Outcome::Unknown => None,
            Outcome::Refused(error) => {
                panic!("{} {} was refused: {error}", self.object, self.action)
            }
        }
    }
}
