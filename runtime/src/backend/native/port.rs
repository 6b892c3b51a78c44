//! A thread's place to call objects from.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::bus::{Address, Mailbox, Message, Outbox};
use super::entropy::Entropy;
use super::node::Shared;
use super::outside::Outside;
use super::pending::Pending;
use super::socket::{News, Outlets};
use crate::action::InUrl;
use crate::auth::Surroundings;
use crate::backend::{LocalFuture, SharedEnvironment};
use crate::error::Code;
use crate::http::{Dispatch, Readiness, Subscription};
use crate::object::{
    Caller, Chain, Envelope, HasOrigin, IdKey, Mode, Origin, Originate, OutgoingCall, Target,
    Timestamp, minutes, once, seconds, storage_error,
};
use crate::remote::RemoteCall;
use crate::rpc::{Reply, WireError};
use crate::socket::ConnectionId;
use crate::stream::Begun;

/// Calls objects of a node from one thread, and takes their answers.
///
/// Something on the thread must [`run`](Self::run) it.
#[derive(Clone)]
pub struct Port {
    inner: Rc<Inner>,
}

struct Inner {
    address: Address,
    shared: Arc<Shared>,
    mailbox: Arc<Mailbox>,
    outbox: Rc<Outbox>,
    pending: Pending,
    entropy: Entropy,
    /// The connections whose sockets are on this thread.
    outlets: Rc<Outlets>,
    caller: RefCell<Arc<Caller>>,
}

impl Port {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (address, mailbox) = shared.bus.join();
        let outbox = Rc::new(Outbox::new(shared.bus.clone()));
        let pending = Pending::new(address, outbox.clone());
        let entropy = Entropy::new(shared.options.seed.map(|seed| seed ^ address as u64));
        let caller = RefCell::new(Arc::new(Caller::developer()));
        Self {
            inner: Rc::new(Inner {
                address,
                shared,
                mailbox,
                outbox,
                pending,
                entropy,
                outlets: Rc::default(),
                caller,
            }),
        }
    }

    /// Takes answers and sends calls, for ever.
    pub async fn run(&self) {
        let inner = &self.inner;
        let receive = async {
            let mut batch = Vec::new();
            loop {
                inner.mailbox.receive(&mut batch).await;
                for message in batch.drain(..) {
                    match message {
                        Message::Reply { slot, reply } => inner.pending.answer(slot, reply),
                        Message::Order(order) => inner.outlets.obey(order),
                        Message::Replaced(shard) => {
                            inner.pending.replaced(shard);
                            let lost = |of: &Target| inner.shared.shard_of(of.id) == shard;
                            inner.outlets.reset(lost);
                        }
                        _ => {}
                    }
                }
            }
        };
        let flush = inner.outbox.run(|| {});
        let expire = async {
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                if inner.pending.len() > 0 {
                    inner.pending.expire(inner.shared.options.clock.now());
                }
            }
        };
        let watch = inner.outlets.watch(inner.shared.options.heartbeat);
        tokio::pin!(receive, flush, expire, watch);
        poll_fn(|cx| {
            use std::future::Future;
            let _: Poll<()> = receive.as_mut().poll(cx);
            let _: Poll<()> = watch.as_mut().poll(cx);
            let _: Poll<()> = flush.as_mut().poll(cx);
            expire.as_mut().poll(cx)
        })
        .await;
    }

    /// On whose behalf [`Originate`] calls from here are made.
    pub fn set_caller(&self, caller: Caller) {
        *self.inner.caller.borrow_mut() = Arc::new(caller);
    }

    /// Whether nothing waits here to be sent or taken in.
    pub(crate) fn rests(&self) -> bool {
        self.inner.mailbox.is_empty() && self.inner.outbox.is_empty()
    }

    /// Answers the calls that the node will not answer any more, because it has stopped.
    pub(crate) fn abandon(&self) {
        self.inner.pending.abandon();
    }

    pub(super) fn in_flight(&self) -> usize {
        self.inner.pending.len()
    }

    pub(super) fn sleep_until(&self, at: Timestamp) -> LocalFuture<'static, ()> {
        self.inner.shared.options.clock.sleep_until(at)
    }

    pub(super) fn send(&self, envelope: Envelope) -> LocalFuture<'static, Reply> {
        answered(|reply| self.begin(envelope, reply))
    }

    /// Makes a call; `reply` gets the answer on this thread.
    pub(super) fn begin(&self, envelope: Envelope, reply: Box<dyn FnOnce(Reply)>) {
        let shard = self.inner.shared.shard_of(envelope.target.id);
        self.inner.pending.send(shard, envelope, reply);
    }

    /// The connections whose sockets are on this thread.
    pub(crate) fn outlets(&self) -> &Rc<Outlets> {
        &self.inner.outlets
    }

    /// Tells an object something about a connection.
    pub(crate) fn tell(&self, target: &Target, connection: ConnectionId, news: News) {
        let shard = self.inner.shared.shard_of(target.id);
        let message = self.news(target, connection, news);
        self.inner.outbox.push(shard, message);
    }

    /// The same for something that is answered.
    pub(crate) fn ask(
        &self,
        target: &Target,
        connection: ConnectionId,
        news: impl FnOnce(u64) -> News,
    ) -> LocalFuture<'static, Reply> {
        answered(|reply| self.ask_with(target, connection, news, reply))
    }

    fn ask_with(
        &self,
        target: &Target,
        connection: ConnectionId,
        news: impl FnOnce(u64) -> News,
        reply: Box<dyn FnOnce(Reply)>,
    ) {
        let shard = self.inner.shared.shard_of(target.id);
        let message = |slot| self.news(target, connection, news(slot));
        self.inner.pending.ask(shard, message, reply);
    }

    /// Changes what a connection listens to.
    pub(super) fn ask_to_subscribe(
        &self,
        subscription: Subscription,
        reply: Box<dyn FnOnce(Reply)>,
    ) {
        let Subscription {
            connection,
            target,
            events,
            on,
        } = subscription;
        let news = |ask| News::Subscribe { events, on, ask };
        self.ask_with(&target, connection, news, reply);
    }

    fn news(&self, target: &Target, connection: ConnectionId, news: News) -> Message {
        Message::Socket {
            target: target.clone(),
            connection,
            news,
            from: self.inner.address,
        }
    }
}

/// Waits for an answer that comes by a call back.
fn answered(begin: impl FnOnce(Box<dyn FnOnce(Reply)>)) -> LocalFuture<'static, Reply> {
    let (sender, receiver) = once::channel();
    begin(Box::new(move |reply| sender.send(reply)));
    Box::pin(async move {
        receiver
            .await
            .unwrap_or_else(|| Err(storage_error(&crate::backend::StorageFault::Fenced)))
    })
}

impl Surroundings for Port {
    fn now(&self) -> Timestamp {
        self.inner.shared.options.clock.now()
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.inner.shared.variables.get(name).cloned()
    }

    fn report(&self, message: &str) {
        tracing::error!("{message}");
    }
}

impl Dispatch for Port {
    async fn call(&self, envelope: Envelope) -> Reply {
        self.send(envelope).await
    }

    async fn stream(&self, envelope: Envelope) -> Result<Begun, Box<WireError>> {
        let Some(pipe) = envelope.stream.clone() else {
            return self.call(envelope).await.map(Begun::Elsewhere);
        };
        // Made before anything is waited for: if whoever asked goes away meanwhile, it closes the pipe.
        let reader = pipe.reader();
        self.begin(envelope, Box::new(move |reply| pipe.end(reply)));
        poll_fn(|cx| reader.poll_begun(cx)).await?;
        Ok(Begun::Here(reader))
    }

    async fn issue_ticket(
        &self,
        target: &Target,
        caller: &Arc<Caller>,
    ) -> Result<String, Box<WireError>> {
        let mut random = [0; 32];
        self.inner.entropy.fill(&mut random);
        let tickets = &self.inner.shared.tickets;
        tickets
            .issue(target, caller, self.now(), random)
            .ok_or_else(|| {
                let message = "too many tickets are out; try again later";
                Box::new(WireError::framework(Code::Overloaded, message))
            })
    }

    async fn redeem_ticket(
        &self,
        target: &Target,
        ticket: &str,
    ) -> Result<Option<Arc<Caller>>, Box<WireError>> {
        Ok(self.inner.shared.tickets.redeem(target, ticket, self.now()))
    }

    async fn subscribe(&self, subscription: Subscription) -> Reply {
        answered(|reply| self.ask_to_subscribe(subscription, reply)).await
    }

    fn random(&self, bytes: &mut [u8]) {
        self.inner.entropy.fill(bytes);
    }

    fn readiness(&self) -> Readiness {
        self.inner.shared.readiness()
    }

    fn environment(&self) -> Option<SharedEnvironment> {
        Some(Rc::new(Outside(self.clone())))
    }
}

impl Originate for Port {
    fn id_key(&self, class: &str) -> Option<IdKey> {
        self.inner
            .shared
            .app
            .find(class)
            .map(|class| class.ids.clone())
    }

    fn random(&self, bytes: &mut [u8]) {
        self.inner.entropy.fill(bytes);
    }

    fn pause(&self, time: Duration) -> LocalFuture<'static, ()> {
        self.sleep_until(self.now() + time)
    }

    fn is_lasting(&self) -> bool {
        true
    }

    fn call(self: Rc<Self>, call: OutgoingCall) -> LocalFuture<'static, Reply> {
        let mut random = [0; 24];
        self.inner.entropy.fill(&mut random);
        let now = self.now();
        let nonce = u64::from_le_bytes(std::array::from_fn(|index| random[index]));
        let id = u128::from_be_bytes(std::array::from_fn(|index| random[8 + index]));
        let request_id = format!("{id:032x}");
        let envelope = Envelope {
            request_id: request_id.into(),
            target: call.target,
            action: call.action,
            params: call.params,
            in_url: InUrl::NONE,
            deadline: now
                + if call.mode == Mode::Free {
                    minutes(15)
                } else {
                    seconds(25)
                },
            chain: Chain::root(now, nonce),
            caller: self.inner.caller.borrow().clone(),
            read_only: false,
            near: None,
            connection: None,
            key: call.key,
            stream: call.stream,
            owed: None,
        };
        match call.remote {
            None => self.send(envelope),
            Some(remote) => (remote.deliver)(RemoteCall {
                remote,
                patience: envelope.deadline.since(now),
                envelope,
                mode: call.mode,
                variable: &|name| self.inner.shared.variables.get(name).cloned(),
            }),
        }
    }
}

impl HasOrigin for Port {
    fn origin(&self) -> Origin {
        Origin::new(Rc::new(self.clone()))
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port")
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
