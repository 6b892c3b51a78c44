//! Stubs and ids are parameters, results and state.

use stayput::prelude::*;

#[durable_object]
pub(crate) struct Peer {
    next: Option<PeerStub>,
}

#[durable_object]
impl Peer {
    #[action]
    fn link(&mut self, next: PeerStub) -> Option<PeerStub> {
        self.next.replace(next)
    }

    #[action]
    async fn last(&self, cx: &Context<Self>) -> Option<PeerStub> {
        match &self.next {
            Some(next) => next.last().await.ok().flatten(),
            None => Some(cx.me()),
        }
    }
}
