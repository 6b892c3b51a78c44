//! Running calls within their middleware.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::core::Busy;
use super::delivery::{Delivery, IncomingCall};
use super::queue::Place;
use super::run::Wait;
use super::{Host, reset, stopped};
use crate::backend::LocalFuture;
use crate::error::Code;
use crate::middleware::{Inner, Invocation, Layer, Next};
use crate::object::contain::{Stop, catch, race};
use crate::object::{Envelope, Mode, Object, once};
use crate::rpc::{Reply, WireError};

/// The action at the end of a chain.
struct End<T: Object> {
    host: Rc<Host<T>>,
    index: usize,
    delivery: Arc<Delivery>,
    place: Cell<Option<Place>>,
    progress: Rc<Cell<Progress>>,
}

/// How far the action has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Ahead,
    Running,
    Done,
    /// The call was taken away while it waited, and is delivered elsewhere.
    Taken,
}

/// How long a call whose action runs past its deadline is given to say so.
const GRACE: Duration = Duration::from_millis(100);

impl<T: Object> Host<T> {
    /// Runs a call within its middleware.
    pub(super) fn run_within(&self, chain: Rc<[Layer]>, index: usize, call: IncomingCall) {
        let (Some(host), Some(entry)) = (self.me.upgrade(), self.class.entries.get(index)) else {
            return;
        };
        let place = match self.queue.admit(call.delivery.envelope.params.len()) {
            Ok(place) => place,
            Err(refusal) => return (call.reply)(Err(refusal)),
        };
        let mut envelope = call.delivery.envelope.clone();
        if *envelope.action != *entry.name {
            envelope.action = entry.name.as_str().into();
        }
        let mode = entry.run.mode();
        let invocation = Invocation {
            envelope,
            mode,
            core: self.core.clone(),
            #[cfg(all(feature = "jsonschema", not(target_arch = "wasm32")))]
            known: entry.params,
        };
        let progress = Rc::new(Cell::new(Progress::Ahead));
        let end = End {
            host: host.clone(),
            index,
            delivery: call.delivery.clone(),
            place: Cell::new(Some(place)),
            progress: progress.clone(),
        };
        let busy = Busy::new(&self.core);
        self.core.environment.spawn(Box::pin(async move {
            let request_id = invocation.envelope.request_id.clone();
            let reply = host.walk(&chain, &end, invocation, &progress).await;
            if progress.get() != Progress::Taken {
                host.core.answer(&request_id, reply, call.reply);
            }
            drop(busy);
        }));
    }

    /// Walks the chain until its end or the caller's deadline.
    async fn walk(
        &self,
        chain: &[Layer],
        end: &End<T>,
        mut call: Invocation,
        progress: &Cell<Progress>,
    ) -> Reply {
        let (deadline, mode) = (call.envelope.deadline, call.mode);
        let walk = catch(async { Next::new(chain, end).run(&mut call).await });
        let late = async {
            let environment = &self.core.environment;
            environment.sleep_until(deadline).await;
            // The action knows best what has become of it.
            loop {
                environment.sleep_until(environment.now() + GRACE).await;
                if progress.get() != Progress::Running {
                    break;
                }
            }
            Err(Stop::Deadline)
        };
        let error = match race(walk, late).await {
            Ok(reply) => return reply,
            Err(Stop::Deadline) => {
                let message = "the middleware did not end before the call's deadline";
                Box::new(WireError::framework(Code::Timeout, message))
            }
            Err(stop) => stopped(stop),
        };
        Err(match progress.get() {
            Progress::Done if mode != Mode::Read => Box::new(error.maybe_executed()),
            _ => error,
        })
    }
}

impl<T: Object> Inner for End<T> {
    fn run(&self, call: Envelope) -> LocalFuture<'static, Reply> {
        let (host, index, delivery) = (self.host.clone(), self.index, self.delivery.clone());
        let (place, progress) = (self.place.take(), self.progress.clone());
        let (sender, receiver) = once::channel();
        let busy = Busy::new(&self.host.core);
        progress.set(Progress::Running);
        // A task of its own: middleware that waits no longer must not stop an action half-way.
        self.host.core.environment.spawn(Box::pin(async move {
            host.rouse();
            let wait = Wait {
                place,
                guard: None,
                wake: host.wakes.get(),
            };
            let reply = host.run_async(index, &delivery, &call, wait).await;
            progress.set(if reply.is_some() {
                Progress::Done
            } else {
                Progress::Taken
            });
            drop(busy);
            sender.send(reply);
        }));
        Box::pin(async move { receiver.await.flatten().unwrap_or_else(|| Err(reset())) })
    }
}
