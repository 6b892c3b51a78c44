//! A class at run time: its own actions and those of its mixins, found by wire name.

use std::any::Any;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::context::{Context, ProcessContext, RawContext};
use super::handle::Handle;
use super::host::{Host, IncomingCall};
use super::mount::{Collected, Project, has_deferred, version_after};
use super::{Mode, Object, Target};
use crate::action::{Action, ActionDescriber, Auth, Param, Params, RouteInfo, Run, RunProcess};
use crate::backend::{LocalFuture, ObjectStore, Seq, SharedEnvironment, SqlStore};
use crate::event::{
    Alarm, EncodeEvent, Event as _, EventInfo, Executed, Handler, HeardEvent, REACTION, Reaction,
    is_reaction,
};
use crate::http::{Begins, Raw};
use crate::manifest::MixinManifest;
use crate::middleware::MakeLayer;
use crate::rpc::{Reply, WireError};
use crate::socket::{
    ConnectParams, Connection, Disconnect, Hook, HookKind, Hooks, Incoming, MessageForm,
};
use crate::state::{Stateful, UpgradeStep};
use crate::stream::Streams;

type Handled = Result<(), Box<WireError>>;
type Query<T> = Box<dyn Fn(&T, RawContext, &mut Params) -> Reply + Send + Sync>;
type Command<T> = Box<dyn Fn(&mut T, RawContext, &mut Params) -> Reply + Send + Sync>;
type AsyncQuery<T> =
    Box<dyn for<'a> Fn(&'a T, RawContext, Params) -> LocalFuture<'a, Reply> + Send + Sync>;
type AsyncCommand<T> =
    Box<dyn for<'a> Fn(&'a mut T, RawContext, Params) -> LocalFuture<'a, Reply> + Send + Sync>;
pub(super) type Process<T> =
    Box<dyn Fn(Handle<T>, RawContext, Params) -> LocalFuture<'static, Reply> + Send + Sync>;
type OnStart<T> =
    Box<dyn for<'a> Fn(&'a mut T, RawContext, bool) -> LocalFuture<'a, Handled> + Send + Sync>;
type OnAlarm<T> =
    Box<dyn for<'a> Fn(&'a mut T, RawContext, Alarm) -> LocalFuture<'a, Handled> + Send + Sync>;
type OnHook<T> =
    Box<dyn for<'a> Fn(&'a mut T, RawContext, HookValue) -> LocalFuture<'a, Handled> + Send + Sync>;
type OnEvent<T> = Box<dyn Fn(&mut T, RawContext, &dyn Any) -> Handled + Send + Sync>;

/// How an action of an object or of a mixin in it is run.
pub(super) enum Runner<T: Stateful> {
    Query(Query<T>),
    AsyncQuery(AsyncQuery<T>),
    Command(Command<T>),
    AsyncCommand(AsyncCommand<T>),
    Process(Process<T>),
}

/// One callable action.
pub(super) struct Entry<T: Stateful> {
    pub(super) name: String,
    pub(super) was: Vec<String>,
    pub(super) mount: Arc<str>,
    pub(super) auth: Auth,
    pub(super) params: &'static [Param],
    pub(super) route: Option<RouteInfo>,
    pub(super) raw: Option<&'static Raw>,
    pub(super) streams: Option<&'static Streams>,
    pub(super) middleware: &'static [MakeLayer],
    pub(super) run: Runner<T>,
    /// What a job of it runs, if calls of it only begin one.
    pub(super) job: Option<Process<T>>,
    pub(super) begins: Option<&'static Begins>,
    pub(super) docs: &'static str,
    pub(super) describe: fn(&mut ActionDescriber<'_>),
}

pub(super) struct StartEntry<T: Stateful> {
    pub(super) mount: Arc<str>,
    pub(super) run: OnStart<T>,
}

pub(super) struct AlarmEntry<T: Stateful> {
    pub(super) mount: Arc<str>,
    pub(super) run: OnAlarm<T>,
}

/// A handler of something that happens to connections.
pub(super) struct HookEntry<T: Stateful> {
    pub(super) mount: Arc<str>,
    pub(super) kind: HookKind,
    /// In which form a message that fails is told so.
    pub(super) form: Option<&'static MessageForm>,
    /// What it takes of the URL that a client connects by.
    pub(super) params: Option<&'static ConnectParams>,
    pub(super) run: OnHook<T>,
}

/// What such a handler is given.
#[derive(Clone)]
pub(super) enum HookValue {
    Connect(Connection, Arc<str>),
    Message(Incoming),
    Disconnect(Disconnect),
}

/// An event that clients may subscribe to.
#[derive(Clone)]
pub(super) struct DeclaredEvent {
    /// The wire name, mount included.
    pub(super) name: Arc<str>,
    pub(super) mount: Arc<str>,
    pub(super) info: &'static EventInfo,
}

pub(super) struct EventEntry<T: Stateful> {
    pub(super) mount: Arc<str>,
    pub(super) name: &'static str,
    pub(super) event: &'static str,
    pub(super) required: bool,
    pub(super) once: bool,
    pub(super) run: OnEvent<T>,
}

/// A handler that runs after the commit, found among the actions by its name.
pub(super) struct ReactionEntry {
    pub(super) mount: Arc<str>,
    /// The action.
    pub(super) action: Arc<str>,
    pub(super) event: &'static str,
    pub(super) once: bool,
    pub(super) encode: EncodeEvent,
}

/// A class, ready to run.
pub struct ClassTable<T: Stateful> {
    pub(super) entries: Vec<Entry<T>>,
    pub(super) by_name: HashMap<String, usize>,
    pub(super) starts: Vec<StartEntry<T>>,
    pub(super) alarms: Vec<AlarmEntry<T>>,
    pub(super) hooks: Vec<HookEntry<T>>,
    pub(super) events: Vec<EventEntry<T>>,
    pub(super) reactions: Vec<ReactionEntry>,
    pub(super) declared: Vec<DeclaredEvent>,
    /// The events of other objects that it subscribes to.
    pub(super) heard: Vec<&'static HeardEvent>,
    /// Whether a handler wants to hear of every action that is about to be committed.
    pub(super) hears_executed: bool,
    /// `name@version` of the app, kept in every object's meta record.
    pub(super) app: String,
    pub(super) mixins: Vec<(String, MixinManifest)>,
    /// Mounts that have had other versions, and their steps.
    pub(super) upgrades: Vec<(Arc<str>, &'static [UpgradeStep])>,
}

/// What a backend hands over to bring an object to life.
#[expect(missing_debug_implementations, reason = "made of trait objects")]
pub struct Seed {
    /// The object.
    pub target: Target,
    /// Its records.
    pub store: Rc<dyn ObjectStore>,
    /// Its tables, if its class has SQL.
    pub sql: Option<Rc<dyn SqlStore>>,
    /// The number of its last commit; 0 for an unborn one.
    pub seq: Seq,
    /// What it runs in.
    pub environment: SharedEnvironment,
}

/// A live object of any class.
pub trait LiveObject {
    /// Runs a call; its reply comes after everything it could have seen is durable. At once `overloaded`, if too many wait.
    fn submit(self: Rc<Self>, call: IncomingCall);
    /// Runs the alarm items that are due. `done` is called when all have run, durably; with `false` if one could not even
    /// be begun and is to be tried again after a pause.
    fn alarm(self: Rc<Self>, done: Box<dyn FnOnce(bool)>);
    /// Runs the handlers of something that happened to a connection; `done` is called when what they did is durable, or
    /// with why they failed.
    fn hook(self: Rc<Self>, hook: Hook, done: Box<dyn FnOnce(Reply)>);
    /// Whether nothing runs, waits or is held, so that dropping the object loses nothing.
    fn is_idle(&self) -> bool;
    /// Bytes of loaded plain fields, as encoded.
    fn field_bytes(&self) -> usize;
}

/// A shared live object.
pub type Live = Rc<dyn LiveObject>;

/// What the edge and backends must know of an action.
#[derive(Debug, Clone)]
pub struct ActionInfo {
    /// Wire name, mount included.
    pub name: String,
    /// Former names.
    pub was: Vec<String>,
    /// What it holds; `Free` for a process.
    pub mode: Mode,
    /// Who may call.
    pub auth: Auth,
    /// Parameter names by position.
    pub params: Vec<&'static str>,
    /// Its path below the object, if it has one of its own.
    pub route: Option<RouteInfo>,
    /// How requests are brought to it, if it is the handler of those that nothing else takes.
    pub raw: Option<&'static Raw>,
    /// How its calls are answered, if they only begin a job.
    pub job: Option<&'static Begins>,
    /// What it takes to send its result item by item, if it is such a one.
    pub streams: Option<&'static Streams>,
}

impl<T: Stateful> ClassTable<T> {
    /// Collects the tables of a class and of the mixins in it.
    pub fn new(app: String) -> Self {
        let mut all = Collected::default();
        collect::<T>("", &mut all);
        let mut by_name = HashMap::new();
        for (index, entry) in all.entries.iter().enumerate() {
            by_name.insert(entry.name.clone(), index);
            for was in &entry.was {
                by_name.entry(was.clone()).or_insert(index);
            }
        }
        let Collected {
            entries,
            starts,
            alarms,
            hooks,
            events,
            reactions,
            declared,
            heard,
            mixins,
            upgrades,
        } = all;
        let mut within = events.iter().map(|entry| entry.event);
        let mut after = reactions.iter().map(|entry: &ReactionEntry| entry.event);
        let is_executed = |event| event == Executed::NAME;
        Self {
            hears_executed: within.any(is_executed) || after.any(is_executed),
            entries,
            by_name,
            starts,
            alarms,
            hooks,
            events,
            reactions,
            declared,
            heard,
            app,
            mixins,
            upgrades,
        }
    }

    /// The version of a mount's state, the object's own under the empty path; `None` if there is no such mount.
    pub(super) fn known_version(&self, mount: &str) -> Option<u32> {
        let upgraded = self.upgrades.iter().find(|(path, _)| **path == *mount);
        let mounted = || mount.is_empty() || self.mixins.iter().any(|(path, _)| path == mount);
        match upgraded {
            Some((_, steps)) => Some(version_after(steps)),
            None => mounted().then_some(1),
        }
    }

    /// The versions that a new object has, where they are not the first.
    pub(super) fn versions(&self) -> Vec<(Arc<str>, u32)> {
        let version = |(mount, steps): &(Arc<str>, &'static [UpgradeStep])| {
            (mount.clone(), version_after(steps))
        };
        self.upgrades.iter().map(version).collect()
    }

    /// The actions, for the edge.
    pub fn actions(&self) -> Vec<ActionInfo> {
        let info = |entry: &Entry<T>| ActionInfo {
            name: entry.name.clone(),
            was: entry.was.clone(),
            mode: entry.run.mode(),
            auth: entry.auth,
            params: entry.params.iter().map(|param| param.name).collect(),
            route: entry.route.clone(),
            raw: entry.raw,
            job: entry.begins,
            streams: entry.streams,
        };
        // Only classes that defer calls have such handlers, and link what knows of them.
        let is_callable =
            |entry: &&Entry<T>| !(const { has_deferred::<T>() } && is_reaction(&entry.name));
        self.entries.iter().filter(is_callable).map(info).collect()
    }

    /// The handlers that run after the commit, by the names that they have as actions.
    #[cfg(all(feature = "native", not(target_arch = "wasm32")))]
    pub(crate) fn reactions(&self) -> Vec<Arc<str>> {
        let action = |entry: &ReactionEntry| entry.action.clone();
        self.reactions.iter().map(action).collect()
    }

    /// The events that clients may subscribe to: wire names, and what is known of them.
    pub fn events(&self) -> Vec<(Arc<str>, &'static EventInfo)> {
        let event = |event: &DeclaredEvent| (event.name.clone(), event.info);
        self.declared.iter().map(event).collect()
    }

    /// What handlers take of the URL that a client connects by.
    pub fn connect_params(&self) -> Vec<&'static ConnectParams> {
        self.hooks.iter().filter_map(|entry| entry.params).collect()
    }

    /// The form of messages by type, if there are any.
    pub fn message_form(&self) -> Option<&'static MessageForm> {
        self.hooks.iter().find_map(|entry| entry.form)
    }

    /// Which handlers of connections there are.
    pub fn hooks(&self) -> Hooks {
        let any = |kind| self.hooks.iter().any(|entry| entry.kind == kind);
        Hooks {
            connect: any(HookKind::Connect),
            message: any(HookKind::Message),
            disconnect: any(HookKind::Disconnect),
        }
    }
}

impl<T: Object> ClassTable<T> {
    /// Brings an object to life.
    pub fn spawn(self: &Arc<Self>, seed: Seed) -> Live {
        Host::new(self.clone(), seed)
    }
}

impl<T: Stateful> std::fmt::Debug for ClassTable<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.entries.iter().map(|entry| &entry.name))
            .finish()
    }
}

/// The object's or mixin's own entries, then its mixins', in field order.
pub(super) fn collect<T: Stateful>(mount: &str, into: &mut Collected<T>) {
    let path: Arc<str> = mount.into();
    into.declared
        .extend(T::EVENTS.iter().map(|info| DeclaredEvent {
            name: wire_name(mount, info.name),
            mount: path.clone(),
            info,
        }));
    into.heard.extend(T::HEARS);
    for action in T::PARTS.iter().flat_map(|table| table.actions) {
        into.entries.push(Entry::own(action, &path));
    }
    for handler in T::PARTS.iter().flat_map(|table| table.handlers) {
        let mount = path.clone();
        match handler {
            Handler::Start(run) => {
                let run: OnStart<T> = Box::new(move |state, raw, first| {
                    Box::pin(async move { run(state, &mut Context::new(raw), first).await })
                });
                into.starts.push(StartEntry { mount, run });
            }
            Handler::Alarm(run) => {
                let run: OnAlarm<T> = Box::new(move |state, raw, alarm| {
                    Box::pin(async move { run(state, &mut Context::new(raw), alarm).await })
                });
                into.alarms.push(AlarmEntry { mount, run });
            }
            Handler::Connect(_)
            | Handler::ConnectWith(..)
            | Handler::Message(_)
            | Handler::TypedMessage(..)
            | Handler::Disconnect(_) => {
                into.hooks.push(HookEntry::own(handler, mount));
            }
            Handler::Event(handler) => {
                let run: OnEvent<T> = Box::new(move |state, raw, event| {
                    (handler.run)(state, &mut Context::new(raw), event)
                });
                let (name, event) = (handler.name, handler.event);
                let (required, once) = (handler.required, handler.once);
                into.events.push(EventEntry {
                    mount,
                    name,
                    event,
                    required,
                    once,
                    run,
                });
            }
            // Who has one defers.
            Handler::Reaction(reaction) if const { T::DEFERS } => {
                let entry = Entry::reaction(reaction, &path);
                into.reactions.push(ReactionEntry {
                    mount,
                    action: entry.name.as_str().into(),
                    event: reaction.event,
                    once: reaction.once,
                    encode: reaction.encode,
                });
                into.entries.push(entry);
            }
            Handler::Reaction(_) => {}
        }
    }
    if !T::UPGRADES.is_empty() {
        into.upgrades.push((mount.into(), T::UPGRADES));
    }
    for part in T::MOUNTS {
        let path = wire_name(mount, part.name).to_string();
        into.mixins.push((path.clone(), (part.describe)()));
        (part.collect)(&path, into);
    }
}

/// Collects a mixin and turns its entries into its host's.
pub(super) fn lift<H: Stateful, P: Project<H>>(mount: &str, into: &mut Collected<H>) {
    let mut part = Collected::<P::Part>::default();
    collect(mount, &mut part);
    into.entries
        .extend(part.entries.into_iter().map(Entry::lift::<H, P>));
    into.starts.extend(
        part.starts
            .into_iter()
            .map(|StartEntry { mount, run }| StartEntry {
                mount,
                run: Box::new(move |host: &mut H, raw, first| run(P::get_mut(host), raw, first)),
            }),
    );
    into.alarms.extend(
        part.alarms
            .into_iter()
            .map(|AlarmEntry { mount, run }| AlarmEntry {
                mount,
                run: Box::new(move |host: &mut H, raw, alarm| run(P::get_mut(host), raw, alarm)),
            }),
    );
    into.hooks.extend(part.hooks.into_iter().map(
        |HookEntry {
             mount,
             kind,
             form,
             params,
             run,
         }| HookEntry {
            mount,
            kind,
            form,
            params,
            run: Box::new(move |host: &mut H, raw, value| run(P::get_mut(host), raw, value)),
        },
    ));
    into.declared.append(&mut part.declared);
    into.heard.append(&mut part.heard);
    into.reactions.append(&mut part.reactions);
    into.events.extend(part.events.into_iter().map(
        |EventEntry {
             mount,
             name,
             event,
             required,
             once,
             run,
         }| EventEntry {
            mount,
            name,
            event,
            required,
            once,
            run: Box::new(move |host: &mut H, raw, event| run(P::get_mut(host), raw, event)),
        },
    ));
    into.mixins.append(&mut part.mixins);
    into.upgrades.append(&mut part.upgrades);
}

/// The name of something that a mixin may declare, as it is on the wire.
pub(crate) fn wire_name(mount: &str, name: &str) -> Arc<str> {
    if mount.is_empty() {
        name.into()
    } else {
        format!("{mount}.{name}").into()
    }
}

impl<T: Stateful> HookEntry<T> {
    /// Handlers of anything else are none of these: they are never asked for.
    fn own(handler: &'static Handler<T>, mount: Arc<str>) -> Self {
        let kind = match handler {
            Handler::Message(_) | Handler::TypedMessage(..) => HookKind::Message,
            Handler::Disconnect(_) => HookKind::Disconnect,
            _ => HookKind::Connect,
        };
        let form = match handler {
            Handler::TypedMessage(form, _) => Some(*form),
            _ => None,
        };
        let params = match handler {
            Handler::ConnectWith(params, _) => Some(*params),
            _ => None,
        };
        let run: OnHook<T> = Box::new(move |state, raw, value| {
            Box::pin(async move {
                let cx = &mut Context::new(raw);
                match (handler, value) {
                    (Handler::Connect(run), HookValue::Connect(value, _)) => {
                        run(state, cx, value).await
                    }
                    (Handler::ConnectWith(params, run), HookValue::Connect(value, query)) => {
                        run(state, cx, value, params.of(&query)?).await
                    }
                    (
                        Handler::Message(run) | Handler::TypedMessage(_, run),
                        HookValue::Message(value),
                    ) => run(state, cx, value).await,
                    (Handler::Disconnect(run), HookValue::Disconnect(value)) => {
                        run(state, cx, value).await
                    }
                    _ => Ok(()),
                }
            })
        });
        Self {
            mount,
            kind,
            form,
            params,
            run,
        }
    }
}

impl<T: Stateful> Runner<T> {
    pub(super) fn mode(&self) -> Mode {
        match self {
            Self::Query(_) | Self::AsyncQuery(_) => Mode::Read,
            Self::Command(_) | Self::AsyncCommand(_) => Mode::Write,
            Self::Process(_) => Mode::Free,
        }
    }

    fn own(run: &'static Run<T>) -> Self {
        match run {
            Run::Query(run) => Self::Query(Box::new(move |state, raw, params| {
                run(state, &Context::new(raw), params)
            })),
            Run::Command(run) => Self::Command(Box::new(move |state, raw, params| {
                run(state, &mut Context::new(raw), params)
            })),
            Run::AsyncQuery(run) => Self::AsyncQuery(Box::new(move |state, raw, params| {
                Box::pin(async move { run(state, &Context::new(raw), params).await })
            })),
            Run::AsyncCommand(run) => Self::AsyncCommand(Box::new(move |state, raw, params| {
                Box::pin(async move { run(state, &mut Context::new(raw), params).await })
            })),
            Run::Process(run) => Self::Process(own_process(*run)),
        }
    }
}

fn own_process<T: Stateful>(run: RunProcess<T>) -> Process<T> {
    Box::new(move |handle, raw, params| run(handle, ProcessContext::new(raw), params))
}

fn lift_process<T: Stateful, H: Stateful, P: Project<H, Part = T>>(run: Process<T>) -> Process<H> {
    Box::new(move |handle, raw, params| run(handle.project::<P>(), raw, params))
}

impl<T: Stateful> Entry<T> {
    fn own(action: &'static Action<T>, mount: &Arc<str>) -> Self {
        let path = |name: &str| wire_name(mount, name).to_string();
        Self {
            name: path(action.name),
            was: action.was.iter().map(|name| path(name)).collect(),
            mount: mount.clone(),
            auth: action.auth,
            params: action.params,
            route: (action.route).map(|route| route.under(mount, action.params)),
            raw: action.raw,
            streams: action.streams,
            middleware: action.middleware,
            run: Runner::own(&action.run),
            job: action.job.map(own_process),
            begins: action.begins,
            docs: action.docs,
            describe: action.describe,
        }
    }

    /// A handler that runs after the commit: an action that no name of a caller's leads to.
    fn reaction(reaction: &Reaction<T>, mount: &Arc<str>) -> Self {
        Self {
            name: wire_name(mount, &format!("{REACTION}{}", reaction.name)).to_string(),
            was: Vec::new(),
            mount: mount.clone(),
            auth: Auth::Internal,
            params: &[],
            route: None,
            raw: None,
            streams: None,
            middleware: &[],
            run: Runner::Process(own_process(reaction.run)),
            job: None,
            begins: None,
            docs: "",
            describe: |_| {},
        }
    }

    fn lift<H: Stateful, P: Project<H, Part = T>>(self) -> Entry<H> {
        let run = match self.run {
            Runner::Query(run) => Runner::Query(Box::new(move |host: &H, raw, params| {
                run(P::get(host), raw, params)
            })),
            Runner::Command(run) => Runner::Command(Box::new(move |host: &mut H, raw, params| {
                run(P::get_mut(host), raw, params)
            })),
            Runner::AsyncQuery(run) => {
                Runner::AsyncQuery(Box::new(move |host: &H, raw, params| {
                    run(P::get(host), raw, params)
                }))
            }
            Runner::AsyncCommand(run) => {
                Runner::AsyncCommand(Box::new(move |host: &mut H, raw, params| {
                    run(P::get_mut(host), raw, params)
                }))
            }
            Runner::Process(run) => Runner::Process(lift_process::<T, H, P>(run)),
        };
        let Self {
            name,
            was,
            mount,
            auth,
            params,
            route,
            raw,
            streams,
            middleware,
            job,
            begins,
            docs,
            describe,
            ..
        } = self;
        Entry {
            name,
            was,
            mount,
            auth,
            params,
            route,
            raw,
            streams,
            middleware,
            run,
            job: job.map(lift_process::<T, H, P>),
            begins,
            docs,
            describe,
        }
    }
}
