//! What code that runs outside of objects, on a thread that serves HTTP, finds around it.

use std::rc::Rc;

use super::port::Port;
use crate::auth::Surroundings;
use crate::backend::{Connections, Environment, LocalFuture};
use crate::http::Dispatch;
use crate::object::{Envelope, IdKey, ObjectId, Originate, Timestamp};
use crate::rpc::Reply;

/// A port, as handlers of the app's own routes see it.
pub(super) struct Outside(pub(super) Port);

impl Environment for Outside {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn random(&self, bytes: &mut [u8]) {
        Dispatch::random(&self.0, bytes);
    }

    fn spawn(&self, task: LocalFuture<'static, ()>) {
        tokio::task::spawn_local(task);
    }

    fn sleep_until(&self, at: Timestamp) -> LocalFuture<'static, ()> {
        self.0.sleep_until(at)
    }

    fn id_key(&self, class: &str) -> Option<IdKey> {
        Originate::id_key(&self.0, class)
    }

    fn call(&self, envelope: Envelope) -> LocalFuture<'static, Reply> {
        self.0.send(envelope)
    }

    fn connections(&self, _: ObjectId) -> Option<Rc<dyn Connections>> {
        None
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.0.variable(name)
    }

    fn report(&self, message: &str) {
        self.0.report(message);
    }
}
