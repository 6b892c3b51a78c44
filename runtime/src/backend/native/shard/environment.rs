//! The environment of a shard's objects.

use std::future::poll_fn;
use std::rc::Rc;

use super::Shard;
use crate::backend::native::turnstile::{Side, shown};
use crate::backend::{Connections, Environment, LocalFuture, StorageFault};
use crate::object::{Delivery, Envelope, IdKey, ObjectId, Timestamp, once, storage_error};
use crate::outgoing::Script;
use crate::rpc::Reply;
use crate::transfer::Transfer;

/// The environment of the shard's objects.
pub(super) struct Here {
    pub(super) shard: Rc<Shard>,
}

impl Here {
    fn deliver(&self, envelope: Envelope) -> LocalFuture<'static, Reply> {
        let (sender, receiver) = once::channel();
        let reply = Box::new(move |reply| sender.send(reply));
        let to = self.shard.shared.shard_of(envelope.target.id);
        if to == self.shard.address {
            self.shard.submit(Delivery::new(envelope), reply);
            // What the call committed leaves with this round.
            self.shard.outbox.touch();
        } else {
            self.shard.pending.send(to, envelope, reply);
        }
        Box::pin(async move {
            receiver
                .await
                .unwrap_or_else(|| Err(storage_error(&StorageFault::Fenced)))
        })
    }
}

impl Environment for Here {
    fn now(&self) -> Timestamp {
        self.shard.now()
    }

    fn random(&self, bytes: &mut [u8]) {
        self.shard.entropy.fill(bytes);
    }

    fn spawn(&self, mut task: LocalFuture<'static, ()>) {
        let shard = self.shard.clone();
        tokio::task::spawn_local(poll_fn(move |cx| {
            // Many short tasks without a message in between are no sign that the thread is stuck.
            shard.pulse.beat();
            let polled = task.as_mut().poll(cx);
            // What it committed leaves with this round: no message may come that would flush it.
            if shard.store.has_unsent() {
                shard.outbox.touch();
            } else {
                shard.store.end_round();
            }
            polled
        }));
    }

    fn sleep_until(&self, at: Timestamp) -> LocalFuture<'static, ()> {
        self.shard.shared.options.clock.sleep_until(at)
    }

    fn id_key(&self, class: &str) -> Option<IdKey> {
        self.shard
            .shared
            .app
            .find(class)
            .map(|class| class.ids.clone())
    }

    fn transfer(&self) -> Option<Transfer> {
        self.shard.shared.app.transfer()
    }

    fn call(&self, envelope: Envelope) -> LocalFuture<'static, Reply> {
        let what = || format!("{} of an object", shown(&envelope.target, &envelope.action));
        let Some(detained) = self.detain(&what) else {
            return self.deliver(envelope);
        };
        let here = Self {
            shard: self.shard.clone(),
        };
        Box::pin(async move {
            detained.await;
            here.deliver(envelope).await
        })
    }

    fn detain(&self, what: &dyn Fn() -> String) -> Option<LocalFuture<'static, ()>> {
        let turnstile = self.shard.shared.options.turnstile.as_ref()?;
        Some(turnstile.pass(Side::Objects, what()))
    }

    fn connections(&self, id: ObjectId) -> Option<Rc<dyn Connections>> {
        let sockets = self.shard.sockets.get(id)?;
        Some(sockets)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.shard.shared.variables.get(name).cloned()
    }

    fn script(&self) -> Option<&Script> {
        self.shard.shared.options.script.as_ref()
    }

    fn report(&self, message: &str) {
        tracing::error!("{message}");
    }
}
