//! The harness: a running node, and the hands on its clock, its disk and its life.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::client::Client;
use super::faults::{Fault, Held, Injected};
use super::folder::Folder;
use super::setup::Test;
use super::task::Task;
use crate::auth::Guard;
use crate::backend::LocalFuture;
use crate::backend::native::store::Durability;
use crate::backend::native::{Clock, Node, NodeOptions, Port, Side, VirtualClock};
use crate::error::Error;
use crate::http::{Front, FrontConfig};
use crate::object::{
    Caller, Context, HasOrigin, Mode, Object, Origin, RUN_ACTION, Stub, Timestamp, leave_code,
};

/// How long the app may take to come to rest, by the real clock.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many times the threads are nudged and must come to rest again: one that has much to do may look idle in between.
const ROUNDS: u32 = 3;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_micros(50);

/// A test's hold on the app it tests; [`run`](super::run) makes it. Stubs made with it call as the developer.
pub struct Harness {
    /// As whom it calls itself.
    client: Client,
}

/// What all callers of a test share.
pub(super) struct Inner {
    pub(super) settings: Test,
    pub(super) front: Front,
    pub(super) clock: Arc<VirtualClock>,
    faults: Arc<Injected>,
    /// Present but while it restarts.
    running: RefCell<Option<Running>>,
    /// So that randomness does not repeat after a restart.
    boots: Cell<u64>,
    /// Whether somebody lets through what waits at the turnstile.
    turning: Cell<bool>,
    // Dropped last: the node writes into it until it has stopped.
    folder: Folder,
}

struct Running {
    port: Port,
    pump: JoinHandle<()>,
    node: Node,
}

impl Inner {
    #[expect(
        clippy::expect_used,
        reason = "an app that cannot be served cannot be tested"
    )]
    pub(super) fn start(settings: Test, folder: Folder) -> Rc<Self> {
        let front = Front::new(FrontConfig {
            classes: settings.app.edge(),
            manifest: Some(settings.app.manifest_text().into()),
            assets: settings.app.assets().to_vec(),
            limits: settings.limits,
            auth: Guard::of(&settings.app),
            routes: settings.app.own_routes(),
            binary: settings.app.binary(),
            transfer: settings.app.transfer(),
            ..FrontConfig::default()
        });
        let inner = Self {
            front: front.expect("the app's classes and actions have names that can be served"),
            clock: VirtualClock::new(settings.start),
            faults: Arc::default(),
            running: RefCell::new(None),
            boots: Cell::new(0),
            turning: Cell::new(false),
            settings,
            folder,
        };
        inner.boot();
        Rc::new(inner)
    }

    #[expect(clippy::expect_used, reason = "the harness says where it panics")]
    fn boot(&self) {
        let boot = self.boots.get();
        self.boots.set(boot + 1);
        let options = NodeOptions {
            threads: self.settings.threads,
            residents: self.settings.residents,
            idle: self.settings.idle,
            clock: Clock::Virtual(self.clock.clone()),
            seed: Some(self.settings.seed.wrapping_add(boot << 32)),
            durability: Durability::Process,
            faults: Some(self.faults.clone()),
            variables: self.settings.variables.clone(),
            script: Some(self.settings.script.0.clone()),
            turnstile: self.settings.turnstile.clone(),
            ..NodeOptions::new(self.folder.path())
        };
        let node =
            Node::start(self.settings.app.clone(), options).expect("the data folder can be opened");
        let port = node.port();
        let pumped = port.clone();
        let pump = tokio::task::spawn_local(async move { pumped.run().await });
        *self.running.borrow_mut() = Some(Running { port, pump, node });
    }

    fn shut_down(&self) {
        let running = self.running.borrow_mut().take();
        if let Some(Running { port, pump, node }) = running {
            node.stop();
            pump.abort();
            port.abandon();
            port.outlets().reset(|_| true);
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "nothing of the test runs while the node restarts"
    )]
    pub(super) fn port(&self) -> Port {
        let running = self.running.borrow();
        running
            .as_ref()
            .map(|running| running.port.clone())
            .expect("the node runs")
    }

    /// Where what is called so waits in a test that tries orders; ready at once in others.
    pub(super) fn detain(&self, what: &dyn Fn() -> String) -> LocalFuture<'static, ()> {
        match &self.settings.turnstile {
            Some(turnstile) => turnstile.pass(Side::Test, what()),
            None => Box::pin(std::future::ready(())),
        }
    }

    /// Has every thread of the node run once: one that was woken by the clock looks idle until it does.
    fn nudge(&self) {
        if let Some(running) = &*self.running.borrow() {
            running.node.nudge();
        }
    }

    /// What the node's threads have done so far, if none has anything to do.
    fn rest(&self) -> Option<Vec<u64>> {
        let running = self.running.borrow();
        let Running { port, node, .. } = running.as_ref()?;
        node.rest().filter(|_| port.rests())
    }
}

/// Ends when what it stands for does, however that is.
struct Turning<'a>(&'a Cell<bool>);

impl Drop for Turning<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Harness {
    pub(super) fn new(inner: Rc<Inner>) -> Self {
        let client = Client {
            inner,
            caller: Arc::new(Caller::developer()),
        };
        Self { client }
    }

    /// The test's time. It stands still until [`advance`](Self::advance).
    pub fn now(&self) -> Timestamp {
        self.inner().clock.now()
    }

    /// Lets time pass: everything that is due meanwhile happens at its time, in order.
    pub async fn advance(&self, duration: Duration) {
        let clock = &self.inner().clock;
        let until = clock.now() + duration;
        loop {
            self.settle().await;
            match clock.next_sleeper() {
                Some(next) if next <= until => clock.turn_to(next),
                _ => break,
            }
        }
        clock.turn_to(until);
        self.settle().await;
    }

    /// Lets time pass up to the next thing that is due, and a moment more until it has happened. How long that was; `None` if
    /// nothing waits for time.
    pub async fn advance_to_next(&self) -> Option<Duration> {
        self.settle().await;
        let clock = &self.inner().clock;
        let next = clock.next_sleeper()?;
        let passes = next.since(clock.now());
        self.advance(passes).await;
        Some(passes)
    }

    /// Runs the test's own code inside an object, as a command: what it changes is committed before this returns. To look at
    /// what no action tells, and to bring about what none does.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object] struct Room { topic: String, said: Log<String> }
    /// # #[durable_object] impl Room { #[action] fn say(&mut self, text: String) -> u64 { self.said.push(text) } }
    /// # stayput::app!(Room);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let room = Room::named(t, "lobby");
    ///     t.run_in(&room, |room, _| room.topic = "tea".to_owned()).await;
    ///     room.say("hello").await.unwrap();
    ///     assert_eq!(t.run_in(&room, |room, _| (room.topic.clone(), room.said.len())).await, ("tea".to_owned(), 1));
    /// });
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the code panics, or the object cannot be brought to life.
    #[expect(clippy::panic, reason = "the harness says where it panics")]
    pub async fn run_in<S, R>(
        &self,
        stub: &S,
        code: impl FnOnce(&mut S::Of, &mut Context<S::Of>) -> R + Send + 'static,
    ) -> R
    where
        S: Stub<Of: Object>,
        R: Send + 'static,
    {
        let (sender, receiver) = std::sync::mpsc::channel();
        let number = leave_code::<S::Of>(move |object, cx| {
            // Whoever waits for it is here until the call has been answered.
            drop(sender.send(code(object, cx)));
        });
        let call = stub.core().call::<(), Error, crate::object::AtOnce, _>(
            RUN_ACTION,
            Mode::Write,
            (number,),
        );
        match (call.await, receiver.try_recv()) {
            (Ok(()), Ok(value)) => value,
            (Err(error), _) => panic!(
                "the test's code did not run inside {:?}: {error}",
                stub.core()
            ),
            (Ok(()), Err(_)) => panic!("the test's code did not run inside {:?}", stub.core()),
        }
    }

    /// Turns the clock and waits for nothing: for an action that runs while the time passes. Use
    /// [`advance`](Self::advance) for everything else.
    pub fn turn(&self, duration: Duration) {
        let clock = &self.inner().clock;
        clock.turn_to(clock.now() + duration);
    }

    /// Waits until nothing happens any more without time passing: calls have ended or wait for time, commits are on
    /// disk, alarms that are due have run.
    ///
    /// # Panics
    ///
    /// When that takes more than ten seconds of real time.
    pub async fn settle(&self) {
        let Some(turnstile) = &self.inner().settings.turnstile else {
            return self.rest().await;
        };
        // The same thing in two places at a time would be an order of its own.
        while self.inner().turning.replace(true) {
            tokio::task::yield_now().await;
        }
        let _done = Turning(&self.inner().turning);
        loop {
            self.rest().await;
            if !turnstile.release() {
                return;
            }
        }
    }

    async fn rest(&self) {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            self.inner().nudge();
            self.round(began).await;
        }
    }

    /// Another hold on the same app.
    pub(super) fn again(&self) -> Self {
        Self::new(self.client.inner.clone())
    }

    /// Waits until two looks in a row find that nothing happened in between.
    async fn round(&self, began: Instant) {
        let mut last = None;
        loop {
            // The test's own tasks first: what they take in and send.
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
            let seen = self.inner().rest();
            if seen.is_some() && seen == last {
                return;
            }
            last = seen;
            std::thread::sleep(PAUSE);
            assert!(
                began.elapsed() < PATIENCE,
                "the app does not come to rest within ten seconds: does an action spin?"
            );
        }
    }

    /// Goes on with something beside the test, such as a call that waits for time to pass.
    pub fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: IntoFuture<IntoFuture: 'static, Output: 'static>,
    {
        Task::new(future.into_future())
    }

    /// Somebody with this name, who is authenticated but has no scope.
    pub fn as_user(&self, subject: &str) -> Client {
        self.as_caller(Caller::user(subject))
    }

    /// Somebody without credentials: only public actions answer.
    pub fn anonymous(&self) -> Client {
        self.as_caller(Caller::anonymous())
    }

    /// Any caller.
    pub fn as_caller(&self, caller: Caller) -> Client {
        Client {
            inner: self.client.inner.clone(),
            caller: Arc::new(caller),
        }
    }

    /// Drops all idle objects from memory: what is `#[transient]` is lost, and `start` runs again at the next call.
    pub async fn evict(&self) {
        self.settle().await;
        if let Some(running) = &*self.inner().running.borrow() {
            running.node.evict();
        }
        self.settle().await;
    }

    /// Stops the node in good order and starts it again on the same folder. Stubs stay valid.
    pub async fn restart(&self) {
        self.settle().await;
        self.inner().shut_down();
        self.inner().boot();
        self.settle().await;
    }

    /// Ends the node as `kill -9` would, in the middle of whatever it does, and starts it again. What was answered
    /// stays; calls in flight answer `object_reset`.
    pub async fn crash(&self) {
        let inner = self.inner();
        inner.faults.set_dead(true);
        inner.shut_down();
        inner.faults.set_dead(false);
        inner.boot();
        self.settle().await;
    }

    /// Kills the node when it has written so many more transactions, of one object or of several: nothing reaches the disk
    /// after that, and nobody is answered. [`crash`](Self::crash) starts it again. With 0, 1, 2, .. a test goes through all that a crash can
    /// interrupt.
    pub fn crash_after(&self, transactions: u32) {
        self.inner().faults.die_after(transactions);
    }

    /// Has the next commit fail. Several are taken in turn.
    pub fn fail_next(&self, fault: Fault) {
        self.inner().faults.fail_next(fault);
    }

    /// Keeps all commits from the disk, as a slow disk would, until the result is dropped. The app does not settle
    /// meanwhile.
    pub fn hold_commits(&self) -> Held {
        self.inner().faults.hold()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.inner().folder.path()
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.client.inner
    }
}

/// `get`, `post` and `http` call as the developer.
impl Deref for Harness {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl HasOrigin for Harness {
    fn origin(&self) -> Origin {
        self.client.origin()
    }
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness")
            .field("now", &self.now())
            .field("data", &self.data())
            .finish_non_exhaustive()
    }
}
