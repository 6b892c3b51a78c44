//! Calls that are no action of the class's: what the runtime asks of objects itself. No client can name them.

use super::Host;
use super::core::Busy;
use super::delivery::IncomingCall;
use crate::backend::LocalFuture;
use crate::object::lock::Guard;
use crate::object::{Envelope, Mode, Object};
use crate::rpc::Reply;

/// How such a call comes to the object.
#[derive(Clone, Copy)]
pub(super) enum Entrance {
    /// As it is: asleep or not, one that cannot be woken, too.
    AsItIs(Mode),
    /// Awake, and to itself.
    Awake,
}

/// What such a call does. A pointer, so that a class has the way to it once.
pub(super) type Run<T> = for<'a> fn(&'a Host<T>, &'a Envelope, Guard) -> LocalFuture<'a, Reply>;

impl<T: Object> Host<T> {
    /// Takes a call that waits like any other, with so many bytes.
    pub(super) fn by_call(
        &self,
        call: IncomingCall,
        bytes: usize,
        entrance: Entrance,
        run: Run<T>,
    ) {
        let Some(host) = self.me.upgrade() else {
            return;
        };
        let place = match self.queue.admit(bytes) {
            Ok(place) => place,
            Err(refusal) => return (call.reply)(Err(refusal)),
        };
        let busy = Busy::new(&self.core);
        self.core.environment.spawn(Box::pin(async move {
            let envelope = &call.delivery.envelope;
            let guard = match entrance {
                Entrance::AsItIs(mode) => host.lock(mode, envelope).await,
                Entrance::Awake => host.awake(envelope).await,
            };
            drop(place);
            if call.delivery.begin() {
                let reply = match guard {
                    Ok(guard) => run(&host, envelope, guard).await,
                    Err(error) => Err(error),
                };
                host.core.answer(&envelope.request_id, reply, call.reply);
            }
            drop(busy);
        }));
    }
}
