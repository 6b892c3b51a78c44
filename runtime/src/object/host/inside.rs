//! Running a test's own code inside an object: what is handed over is no text, so it waits in the memory of the process.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::core::Busy;
use super::delivery::IncomingCall;
use super::settle::Keep;
use super::{Host, reset};
use crate::object::contain::contain;
use crate::object::context::RawContext;
use crate::object::turn::Turn;
use crate::object::{Context, Envelope, Mode, Object};
use crate::rpc::{Reply, from_utf8};

/// What runs such code. No client can call it.
pub(crate) const ACTION: &str = "~run";

/// Code that waits for the object that is to run it.
static WAITING: Mutex<Option<HashMap<u64, Box<dyn Any + Send>>>> = Mutex::new(None);

/// Code for an object of a class.
struct Code<T: Object>(Inside<T>);

type Inside<T> = Box<dyn FnOnce(&mut T, &mut Context<T>) + Send>;

/// Has code wait; answers its number, for [`ACTION`].
pub(crate) fn leave<T: Object>(code: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static) -> u64 {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = waiting.get_or_insert_default();
    // As many as wait are no more than there are numbers.
    let mut number = 0;
    while waiting.contains_key(&number) {
        number += 1;
    }
    waiting.insert(number, Box::new(Code::<T>(Box::new(code))));
    number
}

fn take<T: Object>(params: &[u8]) -> Option<Code<T>> {
    let (number,) = from_utf8::<(u64,)>(params).ok()?;
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let code = waiting.as_mut()?.remove(&number)?;
    code.downcast().ok().map(|code| *code)
}

impl<T: Object> Host<T> {
    /// Takes a call of [`ACTION`].
    pub(super) fn run_by_call(&self, call: IncomingCall) {
        let Some(host) = self.me.upgrade() else {
            return;
        };
        let busy = Busy::new(&self.core);
        self.core.environment.spawn(Box::pin(async move {
            let envelope = &call.delivery.envelope;
            let reply = host.run_code(envelope).await;
            if call.delivery.begin() {
                host.core.answer(&envelope.request_id, reply, call.reply);
            }
            drop(busy);
        }));
    }

    async fn run_code(&self, call: &Envelope) -> Reply {
        let guard = self.awake(call).await?;
        let Some(Code(code)) = take::<T>(&call.params) else {
            return Err(reset());
        };
        let turn = Turn::new(&self.core, call, Mode::Write, Some(guard));
        let raw = RawContext {
            turn: turn.clone(),
            mount: "".into(),
        };
        let reply = self.within(|| {
            self.core.records.begin();
            let outcome = match &mut *self.state.borrow_mut() {
                Some(state) => contain(&turn, || {
                    code(state, &mut Context::new(raw));
                    Ok(bytes::Bytes::from_static(b"null"))
                }),
                None => Ok(Err(reset())),
            };
            self.settle(&turn, outcome, Keep { commit: true })
        });
        self.recover(&turn);
        turn.end();
        reply
    }
}
