//! Answers of queries, kept until the object changes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

use super::{Invocation, Middleware, Next, Reply};
use crate::action::InUrl;
use crate::backend::Seq;
use crate::object::{Caller, CallerKind, Mode, Timestamp};

/// Keeps the answers of queries, for each caller and their parameters: `Cache::seconds(10)`. Any commit of the object
/// makes them void. What a query takes from elsewhere (the time, `#[transient]` fields, other objects) may be as old as
/// the cache allows.
#[derive(Debug)]
pub struct Cache {
    keep: Duration,
    kept: RefCell<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Question, Answer>,
    bytes: usize,
}

/// What makes an answer the same.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Question {
    action: String,
    params: Bytes,
    in_url: InUrl,
    system: bool,
    developer: bool,
    subject: String,
    scopes: Vec<String>,
}

#[derive(Debug)]
struct Answer {
    value: Bytes,
    seq: Seq,
    until: Timestamp,
}

/// How many bytes an object keeps; then it begins anew.
const MAX_BYTES: usize = 1 << 20;

impl Cache {
    /// Keeps answers for so many seconds.
    pub fn seconds(seconds: u64) -> Self {
        Self::of(Duration::from_secs(seconds))
    }

    /// Keeps answers for so many milliseconds.
    pub fn millis(millis: u64) -> Self {
        Self::of(Duration::from_millis(millis))
    }

    fn of(keep: Duration) -> Self {
        Self {
            keep,
            kept: RefCell::default(),
        }
    }
}

impl Middleware for Cache {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        if call.mode() != Mode::Read {
            return next.run(call).await;
        }
        let question = Question::of(call);
        let (seq, now) = (call.seq(), call.now());
        if let Some(answer) = self.kept.borrow().answers.get(&question)
            && answer.seq == seq
            && now < answer.until
        {
            return Ok(answer.value.clone());
        }
        let value = next.run(call).await?;
        // A commit while it waited or ran: nobody knows which state it saw.
        if call.seq() == seq {
            let until = call.now() + self.keep;
            let answer = Answer {
                value: value.clone(),
                seq,
                until,
            };
            self.kept.borrow_mut().put(question, answer);
        }
        Ok(value)
    }
}

impl Question {
    fn of(call: &Invocation) -> Self {
        let caller: &Caller = call.caller();
        Self {
            action: call.action().to_owned(),
            params: call.raw_params(),
            in_url: call.in_url(),
            system: caller.kind() == CallerKind::System,
            developer: caller.kind() == CallerKind::Developer,
            subject: caller.subject().to_owned(),
            scopes: caller.scopes().to_vec(),
        }
    }

    fn bytes(&self) -> usize {
        let scopes = self.scopes.iter().map(String::len).sum::<usize>();
        size_of::<(Self, Answer)>()
            + self.action.len()
            + self.params.len()
            + self.subject.len()
            + scopes
    }
}

impl Kept {
    fn put(&mut self, question: Question, answer: Answer) {
        let bytes = question.bytes() + answer.value.len();
        if self.bytes + bytes > MAX_BYTES {
            *self = Self::default();
        }
        if bytes <= MAX_BYTES {
            // One that is replaced counts twice until the next new beginning.
            self.bytes += bytes;
            self.answers.insert(question, answer);
        }
    }
}
