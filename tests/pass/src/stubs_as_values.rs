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
    async fn last(&self, cx: &Context<Self>) -> Result<PeerStub> {
        match &self.next {
            Some(next) => Ok(next.last().await?),
            None => Ok(cx.me()),
        }
    }
}
