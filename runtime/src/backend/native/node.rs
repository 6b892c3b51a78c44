//! A node: the store, the shard threads and who watches over them.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::bus::{Bus, Mailbox, Message};
use super::clock::Clock;
use super::port::Port;
use super::pulse::Pulse;
use super::shard::Shard;
use super::socket::Heartbeat;
use super::store::{Durability, Faults, OpenError, Store, StoreOptions};
use super::tickets::Tickets;
use super::turnstile::Turnstile;
use crate::app::App;
use crate::backend::StorageFault;
use crate::http::Readiness;
use crate::object::ObjectId;
use crate::outgoing::Script;

/// How often the watchdog looks.
const WATCH: Duration = Duration::from_millis(250);
/// A shard that did nothing for so long, though it has something to do, is replaced.
const STUCK: Duration = Duration::from_secs(1);
/// How often memory is given back at most.
const GIVE_BACK: Duration = Duration::from_secs(2);
/// For fewer evicted objects it is not given back.
const WORTHWHILE: usize = 1_000;
/// So many replaced threads that do not end make the node unready.
const MAX_ABANDONED: usize = 8;

/// How a node runs.
#[derive(Clone)]
pub struct NodeOptions {
    /// The data folder.
    pub data: PathBuf,
    /// Shard threads; at most as many as the folder has files.
    pub threads: usize,
    /// How many objects are kept loaded, all shards together; beyond that the least recently used are dropped.
    pub residents: usize,
    /// An object that was not called for so long is dropped from memory.
    pub idle: Duration,
    /// The clock.
    pub clock: Clock,
    /// Makes randomness repeatable, for tests.
    pub seed: Option<u64>,
    /// What a commit survives.
    pub durability: Durability,
    /// Faults to inject, for tests.
    pub faults: Option<Arc<dyn Faults>>,
    /// How connections are kept alive.
    pub heartbeat: Heartbeat,
    /// What `cx.env()` shows.
    pub variables: HashMap<String, String>,
    /// What answers requests to other servers in place of the network, for tests.
    pub script: Option<Script>,
    /// What decides on the order of what may come in any, for tests.
    pub turnstile: Option<Arc<Turnstile>>,
}

/// A running node.
pub struct Node {
    shared: Arc<Shared>,
    watchdog: Mutex<Option<JoinHandle<()>>>,
}

/// What all threads of a node share.
pub(super) struct Shared {
    pub(super) app: App,
    pub(super) bus: Arc<Bus>,
    pub(super) options: NodeOptions,
    pub(super) shards: usize,
    pub(super) variables: HashMap<String, String>,
    pub(super) tickets: Tickets,
    files: usize,
    store: RwLock<Option<Arc<Store>>>,
    threads: Mutex<Vec<Thread>>,
    draining: AtomicBool,
    /// Objects dropped from memory since the allocator was last asked to give it back.
    pub(super) evicted: AtomicUsize,
    /// Nobody is to be replaced any more.
    stopping: AtomicBool,
}

/// One shard thread, present or abandoned.
struct Thread {
    shard: usize,
    pulse: Arc<Pulse>,
    handle: Option<JoinHandle<()>>,
    current: bool,
    seen: u64,
    since: Instant,
}

/// Why a node does not start.
#[derive(Debug)]
pub enum StartError {
    /// The data folder cannot be opened.
    Store(OpenError),
    /// A shard cannot take its files.
    Shard(StorageFault),
    /// The operating system said no.
    Io(io::Error),
}

impl NodeOptions {
    /// The settings for production.
    pub fn new(data: impl AsRef<Path>) -> Self {
        Self {
            data: data.as_ref().to_owned(),
            threads: thread::available_parallelism().map_or(1, usize::from),
            residents: 200_000,
            idle: Duration::from_secs(30),
            clock: Clock::System,
            seed: None,
            durability: Durability::Full,
            faults: None,
            heartbeat: Heartbeat::default(),
            variables: super::variables::of_process(),
            script: None,
            turnstile: None,
        }
    }
}

impl Node {
    /// Opens the data folder and starts the shards.
    pub fn start(app: App, options: NodeOptions) -> Result<Self, StartError> {
        // Ids come from the system's randomness; without it there would be only one.
        getrandom::fill(&mut [0; 16])
            .map_err(|error| StartError::Io(io::Error::other(error.to_string())))?;
        let store_options = StoreOptions {
            durability: options.durability,
            faults: options.faults.clone(),
            ..StoreOptions::new(app.name())
        };
        let store = Store::open(&options.data, &store_options).map_err(StartError::Store)?;
        let shards = options.threads.clamp(1, store.files());
        let shared = Arc::new(Shared {
            app,
            bus: Arc::default(),
            variables: options.variables.clone(),
            options,
            shards,
            files: store.files(),
            store: RwLock::new(Some(Arc::new(store))),
            threads: Mutex::default(),
            tickets: Tickets::default(),
            draining: AtomicBool::new(false),
            evicted: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        });
        let mailboxes: Vec<_> = (0..shards).map(|_| shared.bus.join().1).collect();
        let (ready, started) = std::sync::mpsc::channel();
        for (shard, mailbox) in mailboxes.into_iter().enumerate() {
            shared
                .start_shard(shard, mailbox, Some(ready.clone()))
                .map_err(StartError::Io)?;
        }
        drop(ready);
        // A shard says why it could not start; one that could drops the sender when it serves.
        if let Ok(fault) = started.recv() {
            shared.stop();
            return Err(StartError::Shard(fault));
        }
        let watched = shared.clone();
        let watchdog = thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watched.watch());
        let watchdog = Mutex::new(Some(watchdog.map_err(StartError::Io)?));
        Ok(Self { shared, watchdog })
    }

    /// A place to call objects from, for the thread that asks for it.
    pub fn port(&self) -> Port {
        Port::new(self.shared.clone())
    }

    /// The app it runs.
    pub fn app(&self) -> &App {
        &self.shared.app
    }

    /// Whether calls are welcome.
    pub fn readiness(&self) -> Readiness {
        self.shared.readiness()
    }

    /// Refuses new calls from now on; those that run go on.
    pub fn drain(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
    }

    /// Drops all idle objects from memory.
    pub fn evict(&self) {
        self.tell_shards(|| Message::Evict);
    }

    fn tell_shards(&self, message: impl Fn() -> Message) {
        for shard in 0..self.shared.shards {
            if let Some(mailbox) = self.shared.bus.at(shard) {
                mailbox.send(message());
            }
        }
    }

    /// Has every shard run through its loop once.
    pub(crate) fn nudge(&self) {
        self.tell_shards(|| Message::Tick);
    }

    /// How often each shard did something, if none has anything to do now. Two equal answers in a row: nothing
    /// happened in between, and nothing will before the clock is turned or a call comes.
    pub(crate) fn rest(&self) -> Option<Vec<u64>> {
        let idle = |shard| {
            self.shared
                .bus
                .at(shard)
                .is_some_and(|mailbox| mailbox.is_empty())
        };
        let threads = self.shared.lock();
        let current = threads.iter().filter(|thread| thread.current);
        current
            .map(|thread| thread.pulse.rest().filter(|_| idle(thread.shard)))
            .collect()
    }

    /// Ends the shards after what they have accepted is on disk, and closes the data folder.
    pub fn stop(&self) {
        self.drain();
        self.shared.stop();
        let watchdog = self
            .watchdog
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(watchdog) = watchdog {
            watchdog.thread().unpark();
            // The watchdog has nothing to say when it ends.
            drop(watchdog.join());
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    pub(super) fn store(&self) -> Result<Arc<Store>, StorageFault> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        store
            .clone()
            .ok_or_else(|| StorageFault::Io("the node has stopped".to_owned()))
    }

    pub(super) fn shard_of(&self, id: ObjectId) -> usize {
        super::store::file_of(id, self.files) % self.shards
    }

    pub(super) fn residents_per_shard(&self) -> usize {
        (self.options.residents / self.shards).max(16)
    }

    pub(super) fn readiness(&self) -> Readiness {
        if self.draining.load(Ordering::Relaxed) {
            return Readiness::Draining;
        }
        let stuck = self
            .lock()
            .iter()
            .filter(|thread| !thread.current && !thread.pulse.has_ended())
            .count();
        if stuck > MAX_ABANDONED {
            return Readiness::Unready("too many actions spin without end".into());
        }
        let damaged = self.store().ok().and_then(|store| store.damaged());
        damaged.map_or(Readiness::Ready, |reason| {
            Readiness::Degraded(reason.into())
        })
    }

    fn start_shard(
        self: &Arc<Self>,
        shard: usize,
        mailbox: Arc<Mailbox>,
        failed: Option<std::sync::mpsc::Sender<StorageFault>>,
    ) -> io::Result<()> {
        let pulse = Arc::new(Pulse::default());
        let (node, beating) = (self.clone(), pulse.clone());
        let handle = thread::Builder::new()
            .name(format!("shard-{shard}"))
            .spawn(move || {
                let (parking, unparking) = (beating.clone(), beating.clone());
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .on_thread_park(move || parking.park(true))
                    .on_thread_unpark(move || unparking.park(false))
                    .build();
                match runtime {
                    Ok(runtime) => {
                        let local = tokio::task::LocalSet::new();
                        local.block_on(
                            &runtime,
                            Shard::run(shard, node, mailbox, beating.clone(), failed),
                        );
                    }
                    Err(error) => {
                        tracing::error!("shard {shard} cannot begin: {error}");
                        if let Some(failed) = failed {
                            drop(failed.send(StorageFault::Io(error.to_string())));
                        }
                    }
                }
                beating.end();
            })?;
        self.lock().push(Thread {
            shard,
            pulse,
            handle: Some(handle),
            current: true,
            seen: 0,
            since: Instant::now(),
        });
        Ok(())
    }

    /// Replaces shards that do not get on.
    fn watch(self: Arc<Self>) {
        let mut given_back = Instant::now();
        while !self.stopping.load(Ordering::Relaxed) {
            thread::park_timeout(WATCH);
            let stuck: Vec<usize> = {
                let mut threads = self.lock();
                threads.retain(|thread| thread.current || !thread.pulse.has_ended());
                threads
                    .iter_mut()
                    .filter(|thread| thread.current)
                    .filter_map(Thread::look)
                    .collect()
            };
            for shard in stuck {
                self.replace(shard);
            }
            self.give_back(&mut given_back);
        }
    }

    /// Returns the memory of evicted objects to the system, when there were enough of them.
    fn give_back(&self, last: &mut Instant) {
        if last.elapsed() >= GIVE_BACK && self.evicted.load(Ordering::Relaxed) >= WORTHWHILE {
            self.evicted.store(0, Ordering::Relaxed);
            *last = Instant::now();
            stayput_memory::give_back();
        }
    }

    fn replace(self: &Arc<Self>, shard: usize) {
        if self.stopping.load(Ordering::Relaxed) {
            return;
        }
        for thread in self
            .lock()
            .iter_mut()
            .filter(|thread| thread.shard == shard && thread.current)
        {
            thread.current = false;
            thread.pulse.abandon();
        }
        tracing::error!(
            "shard {shard} does not get on: an action runs without end; its objects move to a new thread"
        );
        let mailbox = self.bus.replace(shard);
        if let Err(error) = self.start_shard(shard, mailbox, None) {
            tracing::error!("shard {shard} cannot be replaced: {error}");
            return;
        }
        self.bus.broadcast(|| Message::Replaced(shard));
    }

    /// Stops the shards, then closes the store.
    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        for shard in 0..self.shards {
            if let Some(mailbox) = self.bus.at(shard) {
                mailbox.send(Message::Stop);
            }
        }
        let threads = std::mem::take(&mut *self.lock());
        for thread in threads {
            if let Some(handle) = thread.handle.filter(|_| thread.current) {
                // A shard that panicked has nothing left to stop.
                drop(handle.join());
            }
        }
        self.store
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Thread>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Thread {
    /// The shard's number, if the thread has been stuck for too long.
    fn look(&mut self) -> Option<usize> {
        let beats = self.pulse.beats();
        if beats != Some(self.seen) {
            self.seen = beats.unwrap_or(u64::MAX);
            self.since = Instant::now();
            return None;
        }
        (self.since.elapsed() >= STUCK).then_some(self.shard)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("app", &self.shared.app)
            .field("shards", &self.shared.shards)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NodeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Variables may be secrets.
        f.debug_struct("NodeOptions")
            .field("data", &self.data)
            .field("threads", &self.threads)
            .field("residents", &self.residents)
            .field("idle", &self.idle)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Shard(fault) => fault.fmt(f),
            Self::Io(error) => write!(f, "the threads cannot be started: {error}"),
        }
    }
}

impl std::error::Error for StartError {}
