//! Running the handlers of connections.

use std::rc::Rc;

use super::queue::Place;
use super::settle::Keep;
use super::{Host, reset};
use crate::object::class::HookValue;
use crate::object::contain::contain_async;
use crate::object::context::RawContext;
use crate::object::lock::Guard;
use crate::object::turn::Turn;
use crate::object::{Envelope, Mode, Object};
use crate::rpc::{Reply, WireError};
use crate::socket::{
    Attachment, Connection, ConnectionId, Disconnect, Effect, Hook, HookKind, Incoming, Packet,
};

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the object's lock keeps others from the state"
)]
impl<T: Object> Host<T> {
    /// Runs the handlers of one hook, all in one commit, and answers when that is durable.
    pub(super) async fn run_hook(&self, hook: Hook, place: Place, done: Box<dyn FnOnce(Reply)>) {
        let kind = hook.kind();
        let mut call = self.system_call(kind.name());
        let connection = match &hook {
            Hook::Connect(id, _) | Hook::Message(id, _) => self.attachment(*id),
            Hook::Disconnect(attachment, _) => Some(attachment.clone()),
        };
        let Some(connection) = connection else {
            // It went before its turn came.
            done(Err(reset()));
            return;
        };
        let of = connection.id;
        // What is told to the sender of a message that fails, where such messages are answered.
        let message = match &hook {
            Hook::Message(_, frame) => self.class.message_form().map(|form| (form, frame.clone())),
            _ => None,
        };
        call.caller = connection.caller.clone();
        call.connection = (kind != HookKind::Disconnect).then_some(connection.id);
        let guard = self.awake(&call).await;
        drop(place);
        let reply = match guard {
            Ok(guard) => self.run_handlers(hook, connection, &call, guard).await,
            Err(error) => Err(error),
        };
        let reply = reply.map_err(|error| self.core.redact(&call.request_id, error));
        if let (Err(error), Some((form, frame))) = (&reply, &message) {
            let packet = Packet::Frame(form.failed(frame, error));
            self.core.let_out(vec![Effect::Send { id: of, packet }]);
        }
        self.core.answer(&call.request_id, reply, done);
    }

    async fn run_handlers(
        &self,
        hook: Hook,
        connection: Rc<Attachment>,
        call: &Envelope,
        guard: Guard,
    ) -> Reply {
        let kind = hook.kind();
        if let Some(connections) = self.core.environment.connections(self.core.identity.id)
            && kind == HookKind::Connect
        {
            connections.admit(connection.id);
        }
        // What turns before this one have made of it.
        let connection = self.attachment(connection.id).unwrap_or(connection);
        let turn = Turn::new(&self.core, call, Mode::Write, Some(guard));
        let handled = async {
            let mut state = self.state.borrow_mut();
            let handlers = async {
                let state = state.as_mut().ok_or_else(reset)?;
                for entry in self.class.hooks.iter().filter(|entry| entry.kind == kind) {
                    let raw = RawContext {
                        turn: turn.clone(),
                        mount: entry.mount.clone(),
                    };
                    let seen = turn.effects.applied_to(connection.clone());
                    let seen = Connection::new(seen, entry.mount.clone());
                    (entry.run)(state, raw, value(&hook, seen)).await?;
                }
                Ok::<_, Box<WireError>>(bytes::Bytes::new())
            };
            contain_async(&turn, Box::pin(handlers)).await
        };
        let reply = self.finish(&turn, handled, Keep { commit: true }).await;
        self.recover(&turn);
        turn.end();
        reply
    }

    fn attachment(&self, id: ConnectionId) -> Option<Rc<Attachment>> {
        let connections = self.core.environment.connections(self.core.identity.id)?;
        connections.get(id)
    }
}

/// What a handler is given.
fn value(hook: &Hook, connection: Connection) -> HookValue {
    match hook {
        Hook::Connect(_, query) => HookValue::Connect(connection, query.clone()),
        Hook::Message(_, frame) => HookValue::Message(Incoming {
            connection,
            frame: frame.clone(),
        }),
        Hook::Disconnect(_, gone) => HookValue::Disconnect(Disconnect {
            connection,
            code: gone.code,
            reason: gone.reason.clone(),
            clean: gone.clean,
        }),
    }
}
