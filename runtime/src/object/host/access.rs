//! How a process reaches the state of its object.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use super::core::Busy;
use super::settle::Keep;
use super::{Host, reset};
use crate::backend::LocalFuture;
use crate::error::Code;
use crate::object::contain::{all_others, contain};
use crate::object::context::RawContext;
use crate::object::handle::Access;
use crate::object::lock::Guard;
use crate::object::turn::Turn;
use crate::object::{Mode, Object};
use crate::rpc::WireError;

/// A process's way to the state.
pub(super) struct HandleOf<T: Object> {
    pub(super) host: Rc<Host<T>>,
    pub(super) turn: Rc<Turn>,
    /// The process's.
    pub(super) action: Arc<str>,
    pub(super) params: Bytes,
    /// Whether it has been at the state before.
    pub(super) entered: Cell<bool>,
    pub(super) _busy: Busy,
}

impl<T: Object> HandleOf<T> {
    /// Takes the lock for one look at the state.
    pub(super) async fn enter(&self, mode: Mode) -> Result<Guard, Box<WireError>> {
        if self.turn.is_ended() {
            return Err(reset());
        }
        if self.turn.read_only && mode == Mode::Write {
            return Err(Box::new(WireError::framework(
                Code::ReadOnlyChain,
                "a query may not start a change",
            )));
        }
        // A process that goes from one look to the next lets others in between, and what it has committed out, also where
        // the object is free and it need not wait.
        if self.entered.replace(true) {
            all_others().await;
        }
        let host = &self.host;
        #[cfg(not(target_arch = "wasm32"))]
        {
            let core = &host.core;
            let what = || format!("{} {} at the state", core.identity, self.action);
            if let Some(detained) = core.environment.detain(&what) {
                detained.await;
            }
        }
        host.rouse();
        let mut call = host.system_call("handle");
        call.deadline = self.turn.deadline;
        call.chain = self.turn.chain();
        let wake = host.wakes.get();
        let guard = host.lock(mode, &call).await?;
        match host.obstacle(&call, wake) {
            Some(error) => Err(error),
            None => Ok(guard),
        }
    }
}

impl<T: Object> Access<T> for HandleOf<T> {
    fn read<'a>(
        &'a self,
        look: &'a mut dyn FnMut(&T),
    ) -> LocalFuture<'a, Result<(), Box<WireError>>> {
        Box::pin(async move {
            let guard = self.enter(Mode::Read).await?;
            let turn = self.turn.inner(Mode::Read, guard);
            let outcome = match &*self.host.state.borrow() {
                Some(state) => contain(&turn, || look(state)).map(|()| Ok(Bytes::new())),
                None => Ok(Err(reset())),
            };
            let reply = self.host.settle_query(&turn, outcome);
            turn.end();
            reply.map(drop)
        })
    }

    fn write<'a>(
        &'a self,
        change: &'a mut dyn FnMut(&mut T, &RawContext) -> bool,
    ) -> LocalFuture<'a, Result<(), Box<WireError>>> {
        Box::pin(async move {
            let guard = self.enter(Mode::Write).await?;
            let turn = self.turn.inner(Mode::Write, guard);
            let raw = RawContext {
                turn: turn.clone(),
                mount: "".into(),
            };
            let host = &self.host;
            let reply = host.within(|| {
                host.core.records.begin();
                let outcome = match &mut *host.state.borrow_mut() {
                    Some(state) => contain(&turn, || change(state, &raw))
                        .map(|keep| if keep { Ok(Bytes::new()) } else { Err(reset()) }),
                    None => Ok(Err(reset())),
                };
                host.tell_executed(&turn, &self.action, &self.params, &outcome);
                host.settle(&turn, outcome, Keep { commit: true })
            });
            host.recover(&turn);
            turn.end();
            reply.map(drop)
        })
    }
}
