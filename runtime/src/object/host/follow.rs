//! Subscriptions of other objects to this one's events, and hearing what this one subscribes to.

use std::future::ready;
use std::rc::Rc;

use bytes::Bytes;

use super::by_call::Entrance;
use super::delivery::IncomingCall;
use super::settle::Keep;
use super::{Host, storage_error};
use crate::error::Code;
use crate::event::{
    FOLLOW, Follow, Forget, GONE, HEAR, Hear, Subscriber, SubscribingObject, UNFOLLOW, end, follow,
    forgotten, read, refused, wants,
};
use crate::object::contain::contain;
use crate::object::context::RawContext;
use crate::object::lock::Guard;
use crate::object::turn::Turn;
use crate::object::{Envelope, Mode, Object};
use crate::rpc::{Reply, WireError};
use crate::time::{Delivered, Failed, StoredCall};

/// Whether a call is one of a subscriber.
pub(super) fn is_request(action: &str) -> bool {
    matches!(action, FOLLOW | UNFOLLOW)
}

/// What follows from the answer to a call between an object and its subscriber, where that is not what follows for every send.
pub(super) fn ended(call: &StoredCall, reply: &Reply) -> Option<(Delivered, Option<Forget>)> {
    let params = call.params().as_bytes();
    match (call.action(), reply) {
        // It does not exist any more, or wants to hear nothing.
        (HEAR, Ok(answer)) if **answer == *GONE => Some((Delivered::Taken, forgotten(params))),
        // Its code has no handler any more: kept, for it may have one again, but not tried in vain.
        (HEAR, Err(error)) if error.is(Code::MethodNotFound) => Some((spent(error), None)),
        (FOLLOW | UNFOLLOW, Err(error)) if is_refusal(error) => {
            Some((spent(error), refused(params)))
        }
        _ => None,
    }
}

fn is_refusal(error: &WireError) -> bool {
    [
        Code::Forbidden,
        Code::MethodNotFound,
        Code::NotFound,
        Code::InvalidParams,
    ]
    .into_iter()
    .any(|code| error.is(code))
}

fn spent(error: &WireError) -> Delivered {
    Delivered::Failed(Failed {
        error: Box::new(error.clone()),
        rest: None,
        is_final: true,
    })
}

impl<T: Object> Host<T> {
    /// Takes a call of who subscribes, or does so no more.
    pub(super) fn follow_by_call(&self, call: IncomingCall) {
        let bytes = call.delivery.envelope.params.len();
        self.by_call(call, bytes, Entrance::Awake, |host, call, guard| {
            Box::pin(ready(host.take_follower(call, guard)))
        });
    }

    /// Takes a call that tells of an event.
    pub(super) fn hear_by_call(&self, call: IncomingCall) {
        let bytes = call.delivery.envelope.params.len();
        self.by_call(call, bytes, Entrance::Awake, |host, call, guard| {
            Box::pin(ready(host.hear(call, guard)))
        });
    }

    fn take_follower(&self, call: &Envelope, guard: Guard) -> Reply {
        // Nobody comes to life to be left alone.
        if &*call.action == UNFOLLOW && !self.core.born.get() {
            return Ok(Bytes::from_static(b"null"));
        }
        self.take_told(call, guard, |turn| {
            let asked: Follow = read(&call.params)?;
            if &*call.action == UNFOLLOW {
                let ended = end(&self.core.records, &asked);
                return ended.map_err(|fault| storage_error(&fault));
            }
            let declared = self.class.declared.iter();
            let event = (declared.filter(|event| event.info.objects))
                .find(|event| *event.name == *asked.event);
            let Some(event) = event else {
                let message = format!("`{}` has no event `{}` for objects", T::CLASS, asked.event);
                return Err(Box::new(WireError::framework(Code::NotFound, message)));
            };
            let identity = &self.core.identity;
            let subscriber = Subscriber {
                caller: &turn.caller,
                name: identity.name.as_deref(),
                id: identity.id,
                object: Some(SubscribingObject {
                    class: &asked.who.class,
                    name: asked.who.name.as_deref(),
                    id: asked.who.id,
                }),
            };
            if (event.info.can_subscribe).is_some_and(|may| !may(&subscriber)) {
                let message = format!(
                    "{} may not subscribe to `{}`",
                    asked.who.text(),
                    asked.event
                );
                return Err(Box::new(WireError::framework(Code::Forbidden, message)));
            }
            let raw = RawContext {
                turn: turn.clone(),
                mount: "".into(),
            };
            follow(&raw, event.info.name, asked)
        })
    }

    fn hear(&self, call: &Envelope, guard: Guard) -> Reply {
        let hear: Hear<'_> = read(&call.params)?;
        // Nothing is written for who is not there, or has ended it: that would bear an object.
        let wants = if self.core.born.get() {
            wants(&self.core.records, &hear)
        } else {
            Ok(false)
        };
        match wants {
            Ok(true) => {}
            Ok(false) => return Ok(Bytes::from_static(GONE)),
            Err(fault) => {
                self.core.records.cure();
                return Err(storage_error(&fault));
            }
        }
        self.take_told(call, guard, |turn| {
            let heard = self
                .class
                .heard
                .iter()
                .find(|event| event.name == hear.kind);
            let Some(heard) = heard else {
                let message = format!("`{}` subscribes to `{}` no more", T::CLASS, hear.kind);
                return Err(Box::new(WireError::framework(
                    Code::MethodNotFound,
                    message,
                )));
            };
            let event = (heard.decode)(hear.data.get()).map_err(|fault| {
                let message = format!("the event `{}` cannot be read: {fault}", hear.kind);
                Box::new(WireError::framework(Code::InvalidParams, message))
            })?;
            let source = Some(Rc::new(hear.source.clone()));
            let mount = hear.mount.as_str().into();
            turn.events.push_of(source, heard.name, mount, event);
            Ok(())
        })
    }

    /// One turn, which notes with what it does that the call was made.
    fn take_told(
        &self,
        call: &Envelope,
        guard: Guard,
        run: impl FnOnce(&Rc<Turn>) -> Result<(), Box<WireError>>,
    ) -> Reply {
        let turn = Turn::new(&self.core, call, Mode::Write, Some(guard));
        if let Some(answer) = self.answered(&turn) {
            turn.end();
            return answer;
        }
        let mut run = Some(run);
        let reply = self.within(|| {
            self.core.records.begin();
            let outcome = contain(&turn, || match run.take() {
                Some(run) => run(&turn).map(|()| Bytes::from_static(b"null")),
                None => Err(super::reset()),
            });
            self.settle(&turn, outcome, Keep { commit: true })
        });
        self.recover(&turn);
        turn.end();
        reply
    }
}
