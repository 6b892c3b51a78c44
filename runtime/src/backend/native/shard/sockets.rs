//! What happens to connections of the shard's objects.

use std::rc::Rc;

use super::Shard;
use crate::backend::native::bus::{Address, Message};
use crate::backend::native::socket::{Newcomer, News, Slot};
use crate::error::Code;
use crate::object::{Target, storage_error};
use crate::rpc::Reply;
use crate::socket::{
    Attachment, CloseCode, ConnectionId, Hook, HookKind, Hooks, MAX_PER_OBJECT, full, listed, lost,
};

impl Shard {
    /// Takes in what the thread of a socket tells.
    pub(super) fn hear(
        self: &Rc<Self>,
        target: &Target,
        connection: ConnectionId,
        news: News,
        from: Address,
    ) {
        match news {
            News::Open { newcomer, ask } => self.let_in(target, connection, newcomer, from, ask),
            News::Subscribe { events, on, ask } => {
                let sockets = self.sockets.get(target.id);
                let changed =
                    sockets.and_then(|sockets| sockets.roster.subscribe(connection, &events, on));
                let reply =
                    changed.map_or_else(|| Err(lost()), |attachment| Ok(listed(&attachment)));
                self.reply(from, ask, reply);
            }
            News::Frame(frame) => self.run_hook(target, Hook::Message(connection, frame)),
            News::Gone(gone) => {
                let sockets = self.sockets.get(target.id);
                if let Some(leaves) = sockets.as_ref().and_then(|of| of.roster.get(connection)) {
                    self.expiries.remove(&leaves);
                }
                let left = sockets.and_then(|sockets| sockets.roster.leave(connection, gone));
                self.sockets.tidy(target.id);
                if let Some((attachment, gone)) = left {
                    self.run_hook(target, Hook::Disconnect(attachment, gone));
                }
            }
        }
    }

    fn let_in(
        self: &Rc<Self>,
        target: &Target,
        connection: ConnectionId,
        newcomer: Newcomer,
        from: Address,
        ask: u64,
    ) {
        let sockets = self.sockets.of(target.id, &self.outbox);
        if sockets.roster.len() >= MAX_PER_OBJECT {
            return self.reply(from, ask, Err(full()));
        }
        let Newcomer {
            kind,
            caller,
            since,
            events,
            slot,
            query,
        } = newcomer;
        let attachment = Attachment {
            events,
            ..Attachment::new(connection, kind, caller, since)
        };
        self.expiries.add(target.id, &attachment);
        let asks = self.hooks_of(target).connect;
        let place = Slot {
            number: slot,
            reactor: from,
        };
        sockets.roster.add(attachment, place, asks);
        if !asks {
            return self.reply(from, ask, Ok(bytes::Bytes::new()));
        }
        let (shard, target_of) = (self.clone(), target.clone());
        self.hook(target, Hook::Connect(connection, query), move |reply| {
            shard.opened(&target_of, connection, from, ask, reply);
        });
    }

    /// The `connect` handlers have ended.
    fn opened(
        self: &Rc<Self>,
        target: &Target,
        connection: ConnectionId,
        from: Address,
        ask: u64,
        reply: Reply,
    ) {
        if let Some(sockets) = self.sockets.get(target.id) {
            let gone = sockets.roster.opened(connection);
            if reply.is_err() || gone.is_some() {
                let attachment = sockets.roster.remove(connection);
                if let Some(attachment) = &attachment {
                    self.expiries.remove(attachment);
                }
                self.sockets.tidy(target.id);
                // It went while it was asked whether it may come: it was in for a moment.
                if let (Ok(_), Some(gone), Some(attachment)) = (&reply, gone, attachment) {
                    self.run_hook(target, Hook::Disconnect(attachment, gone));
                }
            }
        }
        self.reply(from, ask, reply);
    }

    /// Runs handlers whose outcome nobody waits for.
    fn run_hook(self: &Rc<Self>, target: &Target, hook: Hook) {
        let kind = hook.kind();
        let hooks = self.hooks_of(target);
        let handled = match kind {
            HookKind::Connect => hooks.connect,
            HookKind::Message => hooks.message,
            HookKind::Disconnect => hooks.disconnect,
        };
        if !handled {
            return;
        }
        let sender = match &hook {
            Hook::Message(id, _) => Some(*id),
            Hook::Connect(..) | Hook::Disconnect(..) => None,
        };
        let (shard, of) = (self.clone(), target.clone());
        self.hook(target, hook, move |reply| {
            let Err(error) = reply else { return };
            if let Some(sender) = sender.filter(|_| error.is(Code::Overloaded))
                && let Some(sockets) = shard.sockets.get(of.id)
            {
                let code = CloseCode::TryAgainLater.number();
                crate::backend::Connections::close(&*sockets, sender, code, "overloaded");
            }
            tracing::debug!(
                "{}/{} {kind:?} handler failed: {}",
                of.class,
                of.id,
                error.message
            );
        });
    }

    /// Runs handlers; `done` learns how they ended, when that is durable.
    fn hook(self: &Rc<Self>, target: &Target, hook: Hook, done: impl FnOnce(Reply) + 'static) {
        let live = match self.resident(target) {
            Ok(live) => live,
            Err(fault) => {
                tracing::error!("{}/{} cannot be loaded: {fault}", target.class, target.id);
                return done(Err(storage_error(&fault)));
            }
        };
        self.hooks.set(self.hooks.get() + 1);
        let shard = self.clone();
        live.hook(
            hook,
            Box::new(move |reply| {
                shard.hooks.set(shard.hooks.get() - 1);
                done(reply);
            }),
        );
        self.outbox.touch();
    }

    fn hooks_of(&self, target: &Target) -> Hooks {
        let class = self.shared.app.find(&target.class);
        class.map(|class| class.hooks).unwrap_or_default()
    }

    fn reply(&self, to: Address, slot: u64, reply: Reply) {
        self.outbox.push(to, Message::Reply { slot, reply });
    }
}
