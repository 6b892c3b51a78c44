//! A shard: one thread with the live objects of its files. Only it touches them.

mod environment;
mod expiry;
mod memory;
mod sockets;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use environment::Here;
use expiry::Expiries;

use super::alarms::Alarms;
use super::bus::{Address, Mailbox, Message, Outbox};
use super::entropy::Entropy;
use super::node::Shared;
use super::pending::Pending;
use super::pulse::Pulse;
use super::socket::SocketTable;
use super::store::{Events, Found, Lost, Notice, ShardStore, Stored};
use crate::backend::{Environment, ObjectStore, SqlStore, StorageFault};
use crate::object::{
    Delivery, IncomingCall, Live, ObjectId, Seed, Target, Timestamp, storage_error,
};
use crate::rpc::Reply;
use crate::socket::CloseCode;

/// How often idle objects are looked for, and calls whose object does not answer.
const SWEEP: Duration = Duration::from_secs(1);
/// The loaded fields are added up, which looks at every object, once in so many sweeps.
const WATCH_BYTES: u32 = 10;
/// How long a shard that ends waits for `disconnect` handlers.
const FAREWELLS: Duration = Duration::from_secs(5);
/// The pause before an alarm that could not even be begun is tried again.
const ALARM_PAUSE: Duration = Duration::from_secs(5);

pub(super) struct Shard {
    address: Address,
    shared: Arc<Shared>,
    store: ShardStore,
    outbox: Rc<Outbox>,
    pending: Pending,
    entropy: Entropy,
    residents: RefCell<HashMap<ObjectId, Resident>>,
    sockets: SocketTable,
    expiries: Expiries,
    /// Handlers of connections that have not ended.
    hooks: Cell<usize>,
    alarms: RefCell<Alarms>,
    /// Since when it is to end.
    stopping: Cell<Option<Instant>>,
    /// Classes that were warned of.
    heavy: RefCell<HashSet<Arc<str>>>,
    pulse: Arc<Pulse>,
}

struct Resident {
    live: Live,
    stored: Rc<dyn Stored>,
    used: Timestamp,
}

/// One stored object, as each of those sees it who have to do with it.
struct Opened {
    stored: Rc<dyn Stored>,
    store: Rc<dyn ObjectStore>,
    sql: Option<Rc<dyn SqlStore>>,
}

impl Shard {
    /// Runs a shard until it is told to stop or another thread has taken its place. Why it cannot even begin goes to
    /// `failed`; when it has begun, the sender is dropped.
    pub(super) async fn run(
        address: Address,
        node: Arc<Shared>,
        mailbox: Arc<Mailbox>,
        pulse: Arc<Pulse>,
        failed: Option<Sender<StorageFault>>,
    ) {
        let shard = match Self::begin(address, node, &mailbox, pulse) {
            Ok(shard) => Rc::new(shard),
            Err(fault) => {
                tracing::error!("shard {address} cannot begin: {fault}");
                if let Some(failed) = failed {
                    // Nobody waits for it any more if another shard failed first.
                    drop(failed.send(fault));
                }
                return;
            }
        };
        drop(failed);
        let flusher = shard.clone();
        tokio::task::spawn_local(async move {
            let outbox = flusher.outbox.clone();
            outbox.run(|| flusher.flush()).await;
        });
        tokio::task::spawn_local(shard.clone().sweep());
        tokio::task::spawn_local(shard.clone().watch_alarms());
        tokio::task::spawn_local(shard.clone().watch_expiries());
        shard.serve(&mailbox).await;
        // Each holds the shard, which holds them: nobody else would ever let go of their files.
        drop(shard.residents.take());
    }

    fn begin(
        address: Address,
        shared: Arc<Shared>,
        mailbox: &Arc<Mailbox>,
        pulse: Arc<Pulse>,
    ) -> Result<Self, StorageFault> {
        let mailbox = mailbox.clone();
        let notify = move |notice: Notice| mailbox.send(Message::Notice(notice));
        let store = shared.store()?.shard(address, shared.shards, notify)?;
        let mut alarms = Alarms::default();
        for (target, at) in store.alarms()? {
            alarms.set(target, at);
        }
        let outbox = Rc::new(Outbox::new(shared.bus.clone()));
        Ok(Self {
            address,
            entropy: Entropy::new(shared.options.seed.map(|seed| seed ^ address as u64)),
            pending: Pending::new(address, outbox.clone()),
            shared,
            store,
            outbox,
            residents: RefCell::default(),
            sockets: SocketTable::default(),
            expiries: Expiries::default(),
            hooks: Cell::new(0),
            alarms: RefCell::new(alarms),
            stopping: Cell::new(None),
            heavy: RefCell::default(),
            pulse,
        })
    }

    async fn serve(self: &Rc<Self>, mailbox: &Mailbox) {
        let mut batch = Vec::new();
        loop {
            mailbox.receive(&mut batch).await;
            for message in batch.drain(..) {
                self.pulse.beat();
                self.take(message);
            }
            if self.pulse.is_abandoned() {
                return;
            }
            self.flush();
            self.outbox.flush();
            if self.is_stopping() && self.is_quiet() {
                return;
            }
        }
    }

    /// Hands accepted commits to the writers.
    fn flush(&self) {
        self.store.flush();
        for (target, change) in self.store.changed_alarms() {
            self.alarms.borrow_mut().change(target, change);
        }
        self.pulse.commits(self.store.in_flight());
    }

    /// Whether nothing is on its way to or from the disk.
    fn is_quiet(&self) -> bool {
        // Whoever left because the server ends is seen off, unless that takes too long.
        let hooks_end = self.hooks.get() == 0
            || self
                .stopping
                .get()
                .is_some_and(|since| since.elapsed() >= FAREWELLS);
        self.store.in_flight() == 0 && hooks_end
    }

    fn is_stopping(&self) -> bool {
        self.stopping.get().is_some()
    }

    fn take(self: &Rc<Self>, message: Message) {
        match message {
            Message::Call {
                delivery,
                from,
                slot,
            } => {
                let shard = self.clone();
                let reply = move |reply| shard.outbox.push(from, Message::Reply { slot, reply });
                self.submit(delivery, Box::new(reply));
            }
            Message::Reply { slot, reply } => self.pending.answer(slot, reply),
            Message::Notice(notice) => self.settle(notice),
            Message::Replaced(shard) => self.pending.replaced(shard),
            Message::Socket {
                target,
                connection,
                news,
                from,
            } => self.hear(&target, connection, news, from),
            // No socket is here.
            Message::Order(_) | Message::Tick => {}
            Message::Evict => self.evict(|_| true),
            Message::Stop => self.stopping.set(Some(Instant::now())),
        }
    }

    fn settle(&self, notice: Notice) {
        let Events { lost, alarms } = self.store.on_notice(notice);
        for (target, change) in alarms {
            self.alarms.borrow_mut().change(target, change);
        }
        for lost in lost {
            self.drop_lost(&lost);
        }
    }

    /// Drops instances that may not write any more; the next call of each loads it anew.
    fn drop_lost(&self, lost: &Lost) {
        let dropped: Vec<Resident> = {
            let mut residents = self.residents.borrow_mut();
            let ids: Vec<ObjectId> = match lost {
                Lost::Object(id) => vec![*id],
                Lost::File(file) | Lost::Taken(file) => residents
                    .keys()
                    .filter(|id| self.store.file_of(**id) == *file)
                    .copied()
                    .collect(),
            };
            ids.iter().filter_map(|id| residents.remove(id)).collect()
        };
        if let Lost::File(file) = lost
            && let Ok(stored) = self.store.alarms_of(*file)
        {
            let mut alarms = self.alarms.borrow_mut();
            alarms.forget(|target| self.store.file_of(target.id) == *file);
            for (target, at) in stored {
                alarms.set(target, at);
            }
        }
        // What these connections were told of may be lost: they are to begin anew.
        let code = CloseCode::Restart.number();
        match lost {
            Lost::Object(lost) => self.sockets.close_all(|id| id == *lost, code, "reset"),
            Lost::File(file) | Lost::Taken(file) => {
                let inside = |id| self.store.file_of(id) == *file;
                self.sockets.close_all(inside, code, "reset");
            }
        }
        drop(dropped);
    }

    /// Hands a call to its object, loading it if need be.
    fn submit(self: &Rc<Self>, delivery: Arc<Delivery>, reply: Box<dyn FnOnce(Reply)>) {
        let target = &delivery.envelope().target;
        match self.resident(target) {
            Ok(live) => live.submit(IncomingCall { delivery, reply }),
            Err(fault) => {
                tracing::error!("{}/{} cannot be loaded: {fault}", target.class, target.id);
                reply(Err(storage_error(&fault)));
            }
        }
    }

    fn resident(self: &Rc<Self>, target: &Target) -> Result<Live, StorageFault> {
        let now = self.now();
        if let Some(resident) = self.residents.borrow_mut().get_mut(&target.id)
            && !resident.stored.is_lost()
        {
            resident.used = now;
            return Ok(resident.live.clone());
        }
        let lost = self.residents.borrow_mut().remove(&target.id);
        drop(lost);
        if self.residents.borrow().len() >= self.shared.residents_per_shard() {
            self.make_room();
        }
        let class = self
            .shared
            .app
            .find(&target.class)
            .ok_or_else(|| StorageFault::Io("no such class".to_owned()))?;
        let (opened, found) = self.open(target, class.sql.is_some())?;
        let (seq, name) = match found {
            Found::Born { seq, name, .. } => (seq, name),
            Found::Unborn => (0, None),
        };
        let target = Target {
            name: target.name.clone().or(name),
            ..target.clone()
        };
        let id = target.id;
        let environment: Rc<dyn Environment> = Rc::new(Here {
            shard: self.clone(),
        });
        let live = class.spawn(Seed {
            target,
            store: opened.store,
            sql: opened.sql,
            seq,
            environment,
        });
        self.residents.borrow_mut().insert(
            id,
            Resident {
                live: live.clone(),
                stored: opened.stored,
                used: now,
            },
        );
        Ok(live)
    }

    /// Looks an object up where its class keeps its objects.
    fn open(&self, target: &Target, sql: bool) -> Result<(Opened, Found), StorageFault> {
        if sql {
            self.close_files();
            let (object, found) = self.store.open_sql(target)?;
            let opened = Opened {
                stored: object.clone(),
                store: object.clone(),
                sql: Some(object),
            };
            return Ok((opened, found));
        }
        let (object, found) = self.store.open_object(target)?;
        let opened = Opened {
            stored: object.clone(),
            store: object,
            sql: None,
        };
        Ok((opened, found))
    }

    async fn sweep(self: Rc<Self>) {
        let mut sweeps = 0_u32;
        loop {
            tokio::time::sleep(SWEEP).await;
            let now = self.now();
            self.pending.expire(now);
            let idle = self.shared.options.idle;
            self.evict(|resident| now.since(resident.used) >= idle);
            sweeps += 1;
            if sweeps.is_multiple_of(WATCH_BYTES) {
                self.watch_bytes();
            }
            if self.is_stopping() {
                // So that the main loop looks whether it may end.
                self.outbox.push(self.address, Message::Tick);
            }
        }
    }

    /// Wakes objects when their alarms are due.
    async fn watch_alarms(self: Rc<Self>) {
        loop {
            let changed = self.alarms.borrow().changed();
            let next = self.alarms.borrow().next();
            match next {
                Some(at) if at <= self.now() => {}
                Some(at) => {
                    let clock = self.shared.options.clock.clone();
                    tokio::select! {
                        () = changed.notified() => continue,
                        () = clock.sleep_until(at) => {}
                    }
                }
                None => {
                    changed.notified().await;
                    continue;
                }
            }
            let due = self.alarms.borrow_mut().take_due(self.now());
            if self.is_stopping() {
                return;
            }
            for target in due {
                self.run_alarm(target);
            }
        }
    }

    fn run_alarm(self: &Rc<Self>, target: Target) {
        let live = match self.resident(&target) {
            Ok(live) => live,
            Err(fault) => {
                tracing::error!("{}/{} cannot be woken: {fault}", target.class, target.id);
                // It stays so until the program is started again.
                if matches!(fault, StorageFault::Quarantined(_)) {
                    return;
                }
                self.alarms
                    .borrow_mut()
                    .retry(target, self.now() + ALARM_PAUSE);
                return;
            }
        };
        let stored = self
            .residents
            .borrow()
            .get(&target.id)
            .map(|resident| resident.stored.clone());
        let shard = self.clone();
        live.alarm(Box::new(move |begun| {
            if let Some(stored) = stored {
                stored.after_alarm();
            }
            if !begun {
                let again = shard.now() + ALARM_PAUSE;
                shard.alarms.borrow_mut().retry(target, again);
            }
        }));
        // The run may be over already.
        self.outbox.touch();
    }

    fn now(&self) -> Timestamp {
        self.shared.options.clock.now()
    }
}
