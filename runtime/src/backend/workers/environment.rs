//! The clock, chance, timers, tasks and other objects, as a Worker has them.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::connections::WorkersConnections;
use super::externs::{Answer, Bridge, Timer, flag_of, text_of};
use super::instance::app;
use super::packed::{Packed, pack};
use super::tasks::{self, Arrival};
use super::wire;
use crate::backend::{Connections, Environment, LocalFuture};
use crate::error::Code;
use crate::object::{Envelope, INTERNAL, IdKey, ObjectId, Target, Timestamp};
use crate::rpc::{Reply, WireError};
use crate::socket::MessageForm;
use crate::transfer::Transfer;

/// How many bytes of randomness are drawn at a time.
const POOL: usize = 512;

thread_local! {
    static RUNNING: RefCell<Option<Rc<Run>>> = const { RefCell::new(None) };
}

/// Whose code runs: what a trap is blamed on.
#[derive(Debug)]
pub(super) struct Run {
    /// The number `shell.js` gave the call.
    pub(super) call: u32,
    /// For the log.
    pub(super) request_id: Arc<str>,
}

/// What runs now, for the log.
pub(super) fn running() -> String {
    RUNNING.with_borrow(|run| {
        run.as_ref()
            .map(|run| format!("request {}: ", run.request_id))
            .unwrap_or_default()
    })
}

/// The surroundings of one wasm instance.
pub(super) struct WorkersEnvironment {
    bridge: Bridge,
    sockets: OnceCell<Rc<WorkersConnections>>,
    /// In which form the class of the object that lives here takes messages by type.
    form: Cell<Option<&'static MessageForm>>,
    /// Randomness that is left: every request takes a little, and each crossing of the border costs.
    pool: RefCell<Vec<u8>>,
}

/// A task that says whose code it is whenever it runs.
struct Attributed {
    run: Option<Rc<Run>>,
    bridge: Bridge,
    task: LocalFuture<'static, ()>,
}

/// A timer that is gone when nobody waits for it: an armed one would keep the object from going idle.
struct Sleep {
    timer: Timer,
    rings: JsFuture,
}

impl WorkersEnvironment {
    pub(super) fn new(bridge: Bridge) -> Self {
        Self {
            bridge,
            sockets: OnceCell::new(),
            form: Cell::new(None),
            pool: RefCell::default(),
        }
    }

    /// Tells in which form the class of the object that lives here takes messages.
    pub(super) fn speak(&self, form: Option<&'static MessageForm>) {
        self.form.set(form);
    }

    /// The connections of the object that lives here, looked for when somebody asks.
    pub(super) fn sockets(&self) -> &Rc<WorkersConnections> {
        self.sockets.get_or_init(|| {
            Rc::new(WorkersConnections::load(
                self.bridge.clone(),
                self.form.get(),
            ))
        })
    }

    /// Runs `task` as the code of a call; its first step is done when this returns.
    pub(super) fn begin(&self, run: Run, task: LocalFuture<'static, ()>) {
        Self::attribute(run, || tasks::begin(self.attributed(task)));
    }

    fn attributed(&self, task: LocalFuture<'static, ()>) -> LocalFuture<'static, ()> {
        let (run, bridge) = (RUNNING.with_borrow(Clone::clone), self.bridge.clone());
        Box::pin(Attributed { run, bridge, task })
    }

    fn draw(&self, bytes: &mut [u8]) {
        // The platform gives at most 65,536 bytes at a time.
        for chunk in bytes.chunks_mut(65_536) {
            if let Err(thrown) = self.bridge.random(chunk) {
                self.report(&format!("no randomness: {}", text_of(&thrown)));
            }
        }
    }

    /// The way out.
    pub(super) fn bridge(&self) -> &Bridge {
        &self.bridge
    }

    /// Runs `begin` as the code of a call; the tasks it spawns, and those that they spawn, are the call's as well.
    pub(super) fn attribute<T>(run: Run, begin: impl FnOnce() -> T) -> T {
        let outer = RUNNING.replace(Some(Rc::new(run)));
        let result = begin();
        RUNNING.set(outer);
        result
    }
}

impl Environment for WorkersEnvironment {
    fn transfer(&self) -> Option<Transfer> {
        app()?.transfer()
    }

    fn now(&self) -> Timestamp {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole milliseconds of the clock"
        )]
        let millis = js_sys::Date::now() as i64;
        Timestamp::from_millis(millis)
    }

    fn random(&self, bytes: &mut [u8]) {
        if bytes.len() > POOL {
            return self.draw(bytes);
        }
        let mut pool = self.pool.borrow_mut();
        if pool.len() < bytes.len() {
            pool.resize(POOL, 0);
            self.draw(&mut pool);
        }
        // Each byte is given once.
        let rest = pool.len() - bytes.len();
        bytes.copy_from_slice(&pool[rest..]);
        pool.truncate(rest);
    }

    fn spawn(&self, task: LocalFuture<'static, ()>) {
        tasks::spawn(self.attributed(task));
    }

    fn connections(&self, _: ObjectId) -> Option<Rc<dyn Connections>> {
        let sockets = self.sockets();
        (sockets.roster.len() > 0).then(|| sockets.clone() as Rc<dyn Connections>)
    }

    fn sleep_until(&self, at: Timestamp) -> LocalFuture<'static, ()> {
        // The platform's timers count in 31 bits; who sleeps longer than that is woken by an alarm instead.
        let millis = at.since(self.now()).as_millis().min(0x7fff_ffff);
        #[expect(clippy::cast_precision_loss, reason = "31 bits fit")]
        match self.bridge.sleep(millis as f64) {
            Ok(timer) => Box::pin(Sleep {
                rings: JsFuture::from(js_sys::Promise::from(timer.clone())),
                timer,
            }),
            // The instance has ended: nothing in it shall go on.
            Err(_) => Box::pin(std::future::pending()),
        }
    }

    fn id_key(&self, class: &str) -> Option<IdKey> {
        Some(app()?.find(class)?.ids.clone())
    }

    fn call(&self, envelope: Envelope) -> LocalFuture<'static, Reply> {
        let bridge = self.bridge.clone();
        let pipe = envelope.stream.as_ref();
        if let Some((pipe, fetch)) = pipe.and_then(|pipe| Some((pipe.clone(), pipe.fetch?))) {
            return fetch(bridge, envelope, pipe);
        }
        Box::pin(async move { bring(&bridge, &envelope, None).await })
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.bridge.variable(name).ok().flatten()
    }

    fn report(&self, message: &str) {
        // A log that cannot be written is reported nowhere.
        let _ = self.bridge.report(message);
    }
}

impl WorkersEnvironment {
    /// Brings a call whose items are read one by one, in the form of this number: they wait under `call` when the first has
    /// come.
    pub(super) async fn stream(&self, envelope: Envelope, form: u8, call: u32) -> Reply {
        bring(&self.bridge, &envelope, Some((form, call))).await
    }
}

async fn bring(bridge: &Bridge, envelope: &Envelope, stream: Option<(u8, u32)>) -> Reply {
    match deliver(bridge, envelope, stream).await {
        Ok(answer) => read(&answer),
        Err(thrown) => Err(Box::new(lost(&thrown))),
    }
}

async fn deliver(
    bridge: &Bridge,
    envelope: &Envelope,
    stream: Option<(u8, u32)>,
) -> Result<Answer, JsValue> {
    let Packed { text, params } = pack(envelope);
    let params = params.map(|params| Uint8Array::from(params.as_ref()));
    let Target { class, id, name } = &envelope.target;
    // A name says more than the id of it.
    let id = name.is_none().then(|| id.to_string()).unwrap_or_default();
    let name = name.as_deref();
    let params = params.as_ref();
    let Some((form, call)) = stream else {
        let answer = Arrival::new();
        let (near, number) = (envelope.near, answer.number);
        bridge.call(class, &id, name, near, &text, params, number)?;
        return Ok(answer.await?.unchecked_into());
    };
    let answer = bridge.stream(class, &id, name, &text, params, form, call)?;
    Ok(JsFuture::from(answer).await?.unchecked_into())
}

/// What an [`Answer`] says.
pub(super) fn read(answer: &Answer) -> Reply {
    let internal = |text: String| Box::new(WireError::framework(Code::Internal, text));
    let member = |thrown: JsValue| internal(text_of(&thrown));
    if let Some(text) = answer.as_string() {
        return Ok(text.into());
    }
    if let Some(bytes) = answer.ok().map_err(member)? {
        return Ok(bytes.to_vec().into());
    }
    if let Some(text) = answer.error().map_err(member)? {
        return Err(wire::decode_error(&text).map_or_else(internal, Box::new));
    }
    Err(Box::new(fault_of(
        answer.fault().map_err(member)?.as_deref(),
    )))
}

/// The fate of a call that was under way when another one ended the instance, in the words of `shell.js`.
pub(super) const INTERRUPTED: &str = "interrupted";

/// What the end of an instance means to a call.
pub(super) fn fault_of(fault: Option<&str>) -> WireError {
    match fault {
        Some(INTERRUPTED) => interrupted(),
        Some("panicked_midway") => WireError::framework(Code::Internal, INTERNAL).maybe_executed(),
        _ => WireError::framework(Code::Internal, INTERNAL),
    }
}

/// The platform could not bring the call or its answer.
pub(super) fn lost(thrown: &JsValue) -> WireError {
    if flag_of(thrown, "overloaded") {
        return WireError::framework(Code::Overloaded, text_of(thrown));
    }
    if flag_of(thrown, "stayputUnbound") {
        return WireError::framework(Code::ConfigBindingMissing, text_of(thrown));
    }
    interrupted()
}

pub(super) fn interrupted() -> WireError {
    WireError::framework(
        Code::ObjectReset,
        "the object was reset while the call was under way",
    )
    .maybe_executed()
}

impl Future for Attributed {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let number = |run: &Option<Rc<Run>>| run.as_ref().map_or(0, |run| run.call);
        let inner = number(&self.run);
        let outer = RUNNING.replace(self.run.clone());
        let outside = number(&outer);
        // An ended instance is not polled, so the bridge is open.
        if inner != outside {
            let _ = self.bridge.enter(inner);
        }
        let ready = self.task.as_mut().poll(cx);
        RUNNING.set(outer);
        if inner != outside {
            let _ = self.bridge.enter(outside);
        }
        ready
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.rings).poll(cx).map(|_| ())
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let _ = self.timer.cancel();
    }
}
