//! What a method sees of the runtime.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::alarm;
use super::class::wire_name;
use super::host::{Deed, Identity, JobRun, Running, doom};
use super::turn::Turn;
use super::{Caller, HasOrigin, Object, ObjectId, Origin, Stub, StubCore, Timestamp};
use crate::backend::{Connections, StorageFault};
use crate::config::{Config, ConfigError, EnvReader};
use crate::event::{self, DeclaredBy, Event, Kept, ListenerId};
use crate::middleware::Middleware;
use crate::outgoing::{HoldsNothing, Http, Online};
use crate::rpc::WireError;
use crate::socket::{
    Attachment, Broadcast, Connection, ConnectionId, ConnectionList, Effect, Keep, Outgoing, View,
};
use crate::sql::{Door, HasSql, Sql, SqlRead};
use crate::state::{Bare, BareMut, Records, Stateful, encode};

/// The context of one run of a method of `S`: who calls, what time it is, and everything that takes effect together
/// with the method's writes.
///
/// An object's context dereferences to one accessor per mounted mixin: with a field `#[mixin] presence: Presence`,
/// `cx.presence()` is the `Context<Presence>` that the mixin's methods take.
pub struct Context<S: Stateful> {
    mounts: S::Mounts,
}

/// The context of a process: nothing in it touches the object's state.
pub struct ProcessContext<S: Stateful> {
    raw: RawContext,
    mounts: std::marker::PhantomData<fn() -> S>,
}

/// A context without a type.
#[doc(hidden)]
#[derive(Clone)]
pub struct RawContext {
    pub(crate) turn: Rc<Turn>,
    /// Path of the mixin within the object; empty for the object itself.
    pub(crate) mount: Arc<str>,
}

/// The mixin accessors of an object's context.
#[doc(hidden)]
pub trait Mounts {
    /// Wraps a context.
    fn new(raw: RawContext) -> Self;
    /// The wrapped context.
    fn raw(&self) -> &RawContext;
}

/// The accessors of an object without mixins.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoMounts(RawContext);

impl Mounts for NoMounts {
    fn new(raw: RawContext) -> Self {
        Self(raw)
    }

    fn raw(&self) -> &RawContext {
        &self.0
    }
}

impl RawContext {
    /// The context of a mixin of this object or mixin.
    pub fn mounted<M: Stateful>(&self, name: &str) -> Context<M> {
        Context::new(Self {
            turn: self.turn.clone(),
            mount: wire_name(&self.mount, name),
        })
    }

    pub(crate) fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        self.turn.core.environment.random(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.turn.core.environment.random(&mut bytes);
        uuid(bytes, 0x40)
    }

    pub(crate) fn uuid_v7(&self) -> String {
        let mut bytes = [0; 16];
        self.turn.core.environment.random(&mut bytes);
        let time = self.turn.now.as_millis().to_be_bytes();
        bytes[..6].copy_from_slice(&time[2..]);
        uuid(bytes, 0x70)
    }

    fn me(&self) -> StubCore {
        let turn = &self.turn;
        let core = StubCore::myself(self.origin(), &turn.core.identity);
        if self.mount.is_empty() {
            core
        } else {
            core.mounted(&self.mount)
        }
    }

    fn origin(&self) -> Origin {
        Origin::new(self.turn.clone())
    }

    /// The object's open connections; `None` if it has none.
    pub(crate) fn connections(&self) -> Option<Rc<dyn Connections>> {
        let core = &self.turn.core;
        core.environment.connections(core.identity.id)
    }

    /// A connection, as this turn has made it.
    fn attachment(&self, id: ConnectionId) -> Option<Rc<Attachment>> {
        let attachment = self.connections()?.get(id)?;
        Some(self.turn.effects.applied_to(attachment))
    }

    fn seen(&self, attachment: Rc<Attachment>) -> Connection {
        Connection::new(attachment, self.mount.clone())
    }

    /// Does something to connections with the turn's commit.
    pub(crate) fn push_effect(&self, effect: Effect) {
        if !self.turn.is_ended() {
            self.turn.effects.push(effect);
        }
    }

    /// The object's records; of a run that has ended others, which nobody commits.
    pub(crate) fn records(&self) -> Records {
        let records = &self.turn.core.records;
        if self.turn.is_ended() {
            records.apart()
        } else {
            records.clone()
        }
    }

    /// The way to the object's tables, for as long as the turn lasts.
    fn door(&self) -> Option<Rc<Door>> {
        self.turn.core.sql.clone().filter(|_| !self.turn.is_ended())
    }

    /// Who the object is.
    pub(crate) fn identity(&self) -> &Identity {
        &self.turn.core.identity
    }

    /// Has the run fail: what it asked for cannot be done.
    pub(crate) fn fail(&self, reason: Box<WireError>) {
        if !self.turn.is_ended() {
            self.turn.refuse(reason);
        }
    }

    pub(crate) fn poison(&self, fault: StorageFault) {
        if !self.turn.is_ended() {
            self.turn.core.records.poison(fault);
        }
    }
}

impl fmt::Debug for RawContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.turn.core.identity)
    }
}

/// What keeps an event, if it is one that is kept: nothing of it is linked into programs that have none.
fn keep<E: Event>(event: &E) -> Option<Keep> {
    if const { matches!(E::KEPT, Kept::Log { .. }) } {
        let Kept::Log { count, hours } = E::KEPT else {
            return None;
        };
        return Some(Box::new(move |raw, outgoing, to| {
            let kept = (&*outgoing.name, &*outgoing.data);
            let place = event::append(raw, kept.0, kept.1, to, (count, hours))?;
            let place = place.to_string();
            // Only events that say so are for objects, and link what tells them.
            if const { E::OBJECTS } {
                event::tell(raw, E::NAME, (&outgoing.name, &outgoing.data, &place))?;
            }
            Ok(Some(place))
        }));
    }
    if const { matches!(E::KEPT, Kept::Latest) } {
        let key = event.key();
        return Some(Box::new(move |raw, event, to| {
            event::put_latest(raw, &event.name, &key, &event.data, to)?;
            Ok(None)
        }));
    }
    None
}

/// What shows an event to each connection, if they see different things of it.
fn view<E: Event>(event: E, mount: &Arc<str>) -> Option<View> {
    if const { E::VIEW.is_none() } {
        return None;
    }
    Some(View {
        mount: mount.clone(),
        see: Box::new(move |connection| event::seen(&event, connection)),
    })
}

/// A UUID of these bytes: variant 1 of RFC 9562, the version in the upper half of the byte.
pub(crate) fn uuid(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = bytes[6] & 0x0f | version;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = u128::from_be_bytes(bytes);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        hex >> 96,
        hex >> 80 & 0xffff,
        hex >> 64 & 0xffff,
        hex >> 48 & 0xffff,
        hex & 0xffff_ffff_ffff
    )
}

/// What both kinds of context offer.
macro_rules! common {
    () => {
        /// A random number.
        pub fn random(&self) -> u64 {
            self.raw().random()
        }

        /// A random UUID (version 4), as 36 characters.
        pub fn uuid(&self) -> String {
            self.raw().uuid()
        }

        /// Who called first, however many objects the call has passed since.
        pub fn caller(&self) -> &Caller {
            &self.raw().turn.caller
        }

        /// The object's id.
        pub fn id(&self) -> ObjectId {
            self.raw().turn.core.identity.id
        }

        /// The object's name; `None` if it was made by `unique` or is only known by its id.
        pub fn name(&self) -> Option<&str> {
            self.raw().turn.core.identity.name.as_deref()
        }

        /// A stub of this very object (of this very mount, for a mixin).
        pub fn me(&self) -> S::Stub {
            S::Stub::from_core(self.raw().me())
        }

        /// When the caller stops waiting.
        pub fn deadline(&self) -> Timestamp {
            self.raw().turn.deadline
        }

        /// The middleware of this type that runs around the object's calls, to be asked what it has kept.
        pub fn middleware<M: Middleware>(&self) -> Option<Rc<M>> {
            self.raw().turn.core.chains.find()
        }

        /// The request this run belongs to, as it appears in logs and errors.
        pub fn request_id(&self) -> &str {
            &self.raw().turn.request_id
        }

        /// A variable of the process environment, or a Worker's binding.
        pub fn env(&self, name: &str) -> Option<String> {
            self.raw().turn.core.environment.variable(name)
        }

        /// Settings from the environment.
        ///
        /// # Errors
        ///
        /// Every missing or malformed variable at once, by name; never a value.
        pub fn config<C: Config>(&self) -> Result<C, ConfigError> {
            C::read(&EnvReader::new(&|name| self.env(name)))
        }

        /// The connection whose call or handler runs, if it came by one.
        pub fn connection(&self) -> Option<Connection> {
            let raw = self.raw();
            let attachment = raw.attachment(raw.turn.connection?)?;
            Some(raw.seen(attachment))
        }

        /// Waits. A command keeps the object to itself meanwhile.
        pub async fn sleep(&self, duration: Duration) {
            let environment = &self.raw().turn.core.environment;
            environment.sleep_until(environment.now() + duration).await;
        }
    };
}

impl<S: Stateful> Context<S> {
    pub(crate) fn new(raw: RawContext) -> Self {
        Self {
            mounts: S::Mounts::new(raw),
        }
    }

    fn raw(&self) -> &RawContext {
        self.mounts.raw()
    }

    common!();

    /// Commands and queries send no requests: the bound, which nothing meets, says what does.
    #[doc(hidden)]
    pub fn http(&self) -> Http
    where
        S: HoldsNothing,
    {
        Http::new(self.raw().turn.clone())
    }

    pub(crate) fn raw_context(&self) -> &RawContext {
        self.raw()
    }

    pub(super) fn turn(&self) -> Rc<Turn> {
        self.raw().turn.clone()
    }

    /// Where the mixin is mounted.
    pub(crate) fn mount(&self) -> Arc<str> {
        self.raw().mount.clone()
    }

    /// The jobs that run.
    pub(crate) fn running_jobs(&self) -> &Running {
        &self.raw().turn.core.jobs
    }

    /// Does something to jobs with the turn's commit.
    pub(crate) fn push_deed(&mut self, deed: Deed) {
        self.raw().turn.deeds.borrow_mut().push(deed);
    }

    /// An id that sorts by time (version 7 of RFC 9562).
    pub(crate) fn uuid_v7(&self) -> String {
        self.raw().uuid_v7()
    }

    /// The time: one value for everything that one run commits.
    pub fn now(&self) -> Timestamp {
        self.raw().turn.now
    }

    /// Emits an event to the handlers of this object. They run after this method has returned `Ok`, before the commit.
    pub fn emit<E: DeclaredBy<S>>(&mut self, event: E) {
        let raw = self.raw();
        if !raw.turn.is_ended() {
            raw.turn
                .events
                .push(E::NAME, raw.mount.clone(), Rc::new(event));
        }
    }

    /// Adds a handler of an event of this object or of a mixin in it, for as long as the object stays in memory. It runs as
    /// an `#[event(E)]` method does, after those: once the method that emits has returned `Ok`, before the commit; what
    /// it fails with undoes only itself.
    ///
    /// It is kept in memory only: add it in `start`, which runs at every wake, or where it is good for a while. It stays
    /// when the method that adds it fails.
    ///
    /// ```
    /// use stayput::prelude::*;
    ///
    /// #[event] struct Sold { cents: u64 }
    ///
    /// #[durable_object(events(Sold))]
    /// struct Shop { cents: u64, large: u64 }
    ///
    /// #[durable_object]
    /// impl Shop {
    ///     #[event(start)]
    ///     fn start(&mut self, cx: &mut Context<Self>, _first: bool) {
    ///         cx.on(|shop: &mut Self, _, sold: Sold| { shop.cents += sold.cents; Ok(()) });
    ///     }
    ///
    ///     /// Counts the next sale as a large one, and only that.
    ///     #[action]
    ///     fn expect(&mut self, cx: &mut Context<Self>) {
    ///         cx.once(|shop: &mut Self, _, _: Sold| { shop.large += 1; Ok(()) });
    ///     }
    ///
    ///     #[action]
    ///     fn sell(&mut self, cx: &mut Context<Self>, cents: u64) { cx.emit(Sold { cents }); }
    ///
    ///     #[action]
    ///     fn totals(&self) -> (u64, u64) { (self.cents, self.large) }
    /// }
    ///
    /// stayput::app!(Shop);
    ///
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let shop = Shop::named(t, "s");
    ///     shop.expect().await.unwrap();
    ///     shop.sell(5).await.unwrap();
    ///     shop.sell(7).await.unwrap();
    ///     assert_eq!(shop.totals().await.unwrap(), (12, 1));
    /// });
    /// # }
    /// ```
    pub fn on<E: Event>(
        &mut self,
        run: impl Fn(&mut S, &mut Self, E) -> crate::error::Result<()> + 'static,
    ) -> ListenerId
    where
        S: Object,
    {
        self.raw().turn.core.listeners.add(false, run)
    }

    /// The same for the next event only: once per wake, unless it is added again.
    pub fn once<E: Event>(
        &mut self,
        run: impl Fn(&mut S, &mut Self, E) -> crate::error::Result<()> + 'static,
    ) -> ListenerId
    where
        S: Object,
    {
        self.raw().turn.core.listeners.add(true, run)
    }

    /// Takes a handler away that [`on`](Self::on) or [`once`](Self::once) added. Whether it was there.
    pub fn off(&mut self, listener: ListenerId) -> bool {
        self.raw().turn.core.listeners.remove(listener)
    }

    /// Sends an event to the clients that listen to it: when the commit of this method is on disk, before its reply, and
    /// not at all if it fails. The result may say who is meant, and tells how many that are.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// #[event(public)] struct Typing { subject: String }
    /// # #[durable_object(events(Typing))] struct Room {}
    /// # #[durable_object] impl Room {
    /// #[action]
    /// fn typing(&mut self, cx: &mut Context<Self>) {
    ///     let event = Typing { subject: cx.caller().subject().to_owned() };
    ///     match cx.connection() {
    ///         Some(typist) => { cx.broadcast(event).except(typist.id()); }
    ///         None => { cx.broadcast(event); }
    ///     }
    /// }
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// Data that cannot be encoded poisons the action with `state.unstorable`.
    pub fn broadcast<E: DeclaredBy<S>>(&mut self, event: E) -> Broadcast<'_> {
        let raw = self.raw();
        let name = wire_name(&raw.mount, E::NAME);
        match encode("event", &event) {
            Ok(data) => {
                let data = data.into();
                let keep = keep(&event);
                let view = view(event, &raw.mount);
                let outgoing = Outgoing {
                    name,
                    data,
                    keep,
                    view,
                };
                Broadcast::new(raw, Some(outgoing))
            }
            Err(fault) => {
                raw.poison(fault);
                Broadcast::new(raw, None)
            }
        }
    }

    /// Forgets the event of this key that is kept for those who come later: of a `#[event(latest)]` whose last word is not
    /// true any more. Whether there was one.
    pub fn forget<E: DeclaredBy<S>>(&mut self, key: &str) -> bool {
        let raw = self.raw();
        let forgotten = event::forget(&raw.records(), &wire_name(&raw.mount, E::NAME), key);
        forgotten.unwrap_or_else(|fault| {
            raw.poison(fault);
            false
        })
    }

    /// All open connections, in the order they came; while one is asked whether it may come in, that one too.
    pub fn connections(&self) -> ConnectionList {
        let raw = self.raw();
        let mut all = Vec::new();
        if let Some(connections) = raw.connections() {
            connections.each(&mut |attachment| all.push(attachment.clone()));
        }
        let applied = all
            .into_iter()
            .map(|attachment| raw.turn.effects.applied_to(attachment));
        ConnectionList::new(applied.map(|attachment| raw.seen(attachment)).collect())
    }

    pub(crate) fn attachment(&self, id: ConnectionId) -> Option<Rc<Attachment>> {
        self.raw().attachment(id)
    }

    pub(crate) fn push_effect(&mut self, effect: Effect) {
        self.raw().push_effect(effect);
    }

    pub(crate) fn poison(&mut self, fault: StorageFault) {
        self.raw().poison(fault);
    }

    /// Bare records, without a field, to read.
    pub fn records(&self) -> Bare<'_> {
        let raw = self.raw();
        Bare::new(raw.records(), &raw.mount)
    }

    /// Bare records, without a field, to change: written, undone and read like all state.
    ///
    /// ```
    /// use stayput::prelude::*;
    ///
    /// #[durable_object]
    /// struct Shelf {}
    ///
    /// #[durable_object]
    /// impl Shelf {
    ///     #[action]
    ///     fn place(&mut self, cx: &mut Context<Self>, what: String, weight: u32) {
    ///         cx.records_mut().put(&what, &weight);
    ///     }
    ///
    ///     /// What begins so, and its weight.
    ///     #[action(public)]
    ///     fn find(&self, cx: &Context<Self>, prefix: String) -> Vec<(String, u32)> {
    ///         cx.records().list().prefix(&prefix).limit(100).into_iter().collect()
    ///     }
    /// }
    ///
    /// stayput::app!(Shelf);
    ///
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let shelf = Shelf::named(t, "left");
    ///     for (what, weight) in [("plate", 300u32), ("cup", 200), ("platter", 900)] {
    ///         shelf.place(what, weight).await.unwrap();
    ///     }
    ///     assert_eq!(shelf.find("plat").await.unwrap(), [("plate".to_owned(), 300), ("platter".to_owned(), 900)]);
    /// });
    /// # }
    /// ```
    pub fn records_mut(&mut self) -> BareMut<'_> {
        let raw = self.raw();
        BareMut::new(raw.records(), &raw.mount)
    }

    /// The object's tables, to read and to change. See [`Sql`].
    pub fn sql(&mut self) -> Sql<'_>
    where
        S: HasSql,
    {
        Sql::new(self.raw().door())
    }

    /// The object's tables, to read. See [`SqlRead`].
    pub fn sql_read(&self) -> SqlRead<'_>
    where
        S: HasSql,
    {
        SqlRead::new(self.raw().door())
    }

    /// Ends the object with this method's commit: everything stored of it goes, records, tables and alarms, and its
    /// connections are closed with 4410. What else the method writes goes, too; its reply and its broadcasts are sent. The
    /// next call finds an object of the same name that does not exist yet. On `Err` nothing happens.
    ///
    /// ```
    /// use stayput::prelude::*;
    ///
    /// #[durable_object]
    /// struct Draft { text: String }
    ///
    /// #[durable_object]
    /// impl Draft {
    ///     #[action]
    ///     fn write(&mut self, text: String) { self.text = text; }
    ///
    ///     #[action]
    ///     fn text(&self) -> String { self.text.clone() }
    ///
    ///     #[action]
    ///     fn discard(&mut self, cx: &mut Context<Self>) { cx.destroy(); }
    /// }
    ///
    /// stayput::app!(Draft);
    ///
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     let draft = Draft::named(t, "letter");
    ///     draft.write("Dear").await.unwrap();
    ///     draft.discard().await.unwrap();
    ///     assert_eq!(draft.text().await.unwrap(), "");
    /// });
    /// # }
    /// ```
    ///
    /// Processes that are under way go on, and find the object that comes next.
    pub fn destroy(&mut self) {
        let raw = self.raw();
        if !raw.turn.is_ended() {
            doom(&raw.turn.core.records);
        }
    }

    /// Sets the alarm: the `#[event(alarm)]` method runs at `at` or soon after, at once if that is past. There is one
    /// alarm per object and one per mixin in it; setting it again moves it. An alarm whose handler fails is tried
    /// again after 2 s, 4 s, .. up to six times, then kept as dead.
    pub fn set_alarm(&mut self, at: Timestamp) {
        let raw = self.raw();
        if !raw.turn.is_ended() {
            alarm::set(&raw.turn.core.records, &raw.mount, at);
        }
    }

    /// When the alarm will go off next. While its handler runs: `None` until it is set again.
    pub fn alarm(&self) -> Option<Timestamp> {
        let raw = self.raw();
        alarm::get(&raw.turn.core.records, &raw.mount).map(|item| item.at)
    }

    /// Cancels the alarm.
    pub fn delete_alarm(&mut self) {
        let raw = self.raw();
        if !raw.turn.is_ended() {
            alarm::delete(&raw.turn.core.records, &raw.mount);
        }
    }
}

impl<S: Stateful> ProcessContext<S> {
    pub(crate) fn new(raw: RawContext) -> Self {
        Self {
            raw,
            mounts: std::marker::PhantomData,
        }
    }

    fn raw(&self) -> &RawContext {
        &self.raw
    }

    pub(crate) fn turn(&self) -> &Rc<Turn> {
        &self.raw.turn
    }

    common!();

    /// Sends requests to other servers. See [`Http`].
    ///
    /// Commands and queries have no such thing, for they hold their object while they wait.
    pub fn http(&self) -> Http
    where
        S: Online,
    {
        Http::new(self.raw.turn.clone())
    }

    /// The job that it is a run of.
    pub(crate) fn job(&self) -> Option<&JobRun> {
        self.raw.turn.job.as_deref()
    }

    /// The time. It goes on while the process runs; what `atomic` commits has one time, that of its own context.
    pub fn now(&self) -> Timestamp {
        self.raw.turn.core.environment.now()
    }
}

impl<S: Stateful> Deref for Context<S> {
    type Target = S::Mounts;

    fn deref(&self) -> &S::Mounts {
        &self.mounts
    }
}

impl<S: Stateful> HasOrigin for Context<S> {
    fn origin(&self) -> Origin {
        self.raw().origin()
    }
}

impl<S: Stateful> HasOrigin for ProcessContext<S> {
    fn origin(&self) -> Origin {
        self.raw.origin()
    }
}

impl<S: Stateful> fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(self.raw()).finish()
    }
}

impl<S: Stateful> fmt::Debug for ProcessContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProcessContext").field(&self.raw).finish()
    }
}
