//! An app: the explicit list of its classes.

#[cfg(not(target_arch = "wasm32"))]
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

#[cfg(not(target_arch = "wasm32"))]
use schemars::generate::SchemaSettings;

use crate::action::Auth;
use crate::auth::{AnyAuthenticate, Authenticate};
use crate::cbor::CBOR;
use crate::config::{Config, ConfigError, EnvReader};
use crate::event::EventInfo;
use crate::http::door::Routes;
use crate::http::{
    AppRoutes, Asset, Binary, Discover, EdgeAction, EdgeAuth, EdgeClass, EdgeEvent, EdgeLimits,
    SharedLimits,
};
#[cfg(not(target_arch = "wasm32"))]
use crate::manifest::{
    AppInfo, ClassManifest, Components, FormatVersion, MANIFEST_MAJOR, Manifest, RemoteManifest,
};
use crate::middleware::SharedLimit;
use crate::object::{ActionInfo, Binding, ClassTable, IdKey, Jurisdiction, Live, Object, Seed};
use crate::remote::RemoteApp;
use crate::socket::{ConnectParams, Hooks, MessageForm};
use crate::sql::SqlClass;
use crate::transfer::{TRANSFER, Transfer};

/// An app; made by [`app!`](crate::app).
#[derive(Clone)]
pub struct App {
    name: &'static str,
    version: &'static str,
    classes: Vec<Arc<Class>>,
    configs: Vec<CheckConfig>,
    authenticators: Vec<Arc<dyn AnyAuthenticate>>,
    assets: Vec<Asset>,
    remotes: Vec<&'static RemoteApp>,
    routes: Option<AppRoutes>,
    limits: Option<(SharedLimits, Arc<dyn EdgeLimits>)>,
    binary: Option<Binary>,
    transfer: Option<Transfer>,
}

/// Whether settings can be read.
type CheckConfig = fn(&EnvReader<'_>) -> Result<(), ConfigError>;

/// A class of an app.
pub struct Class {
    /// The class path.
    pub path: &'static str,
    /// Former class paths.
    pub was: &'static [&'static str],
    /// Where its objects must stay.
    pub jurisdiction: Jurisdiction,
    /// The scope that it takes to bring one of its objects to life.
    pub create: Option<&'static str>,
    /// By which binding other code of a Worker finds its objects, if not the usual one.
    pub binding: Binding,
    /// Derives the ids of its objects.
    pub ids: IdKey,
    /// The Rust type's name.
    pub type_name: &'static str,
    /// Its actions, mixins' included.
    pub actions: Vec<ActionInfo>,
    /// Its handlers that run after the commit, by the names that they have as actions.
    #[cfg(all(feature = "native", not(target_arch = "wasm32")))]
    pub(crate) reactions: Vec<Arc<str>>,
    /// The events that clients may subscribe to, mixins' included: wire names, and who may.
    pub events: Vec<(Arc<str>, &'static EventInfo)>,
    /// Which handlers of connections it has.
    pub hooks: Hooks,
    /// What they take of the URL that a client connects by.
    pub connect: Vec<&'static ConnectParams>,
    /// The form of its messages, if it takes messages by type.
    pub form: Option<&'static MessageForm>,
    /// The SQL of its objects, if they have any.
    pub sql: Option<SqlClass>,
    spawn: Box<dyn Fn(Seed) -> Live + Send + Sync>,
    #[cfg(not(target_arch = "wasm32"))]
    describe: Box<dyn Fn(&mut schemars::SchemaGenerator) -> ClassManifest + Send + Sync>,
}

impl App {
    /// An app without classes.
    pub fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            classes: Vec::new(),
            configs: Vec::new(),
            authenticators: Vec::new(),
            assets: Vec::new(),
            remotes: Vec::new(),
            routes: None,
            limits: None,
            binary: None,
            transfer: None,
        }
    }

    /// Adds settings that must be there for the program to start.
    #[must_use]
    pub fn config<C: Config>(mut self) -> Self {
        self.configs.push(|env| C::read(env).map(drop));
        self
    }

    /// Adds what finds out who calls; they are asked in the order they are added.
    #[must_use]
    pub fn auth(mut self, authenticator: impl Authenticate) -> Self {
        self.authenticators.push(Arc::new(authenticator));
        self
    }

    pub(crate) fn authenticators(&self) -> &[Arc<dyn AnyAuthenticate>] {
        &self.authenticators
    }

    /// Adds a file that is served at a path of its own: `/`, `/app.js`.
    #[must_use]
    pub fn asset(mut self, path: &'static str, bytes: &'static [u8]) -> Self {
        self.assets.push(Asset { path, bytes });
        self
    }

    /// Adds another app whose objects it calls.
    #[must_use]
    pub fn uses(mut self, remote: &'static RemoteApp) -> Self {
        self.remotes.push(remote);
        self
    }

    /// Adds routes that run before any object.
    #[must_use]
    pub fn routes(mut self, list: fn(Routes) -> Routes) -> Self {
        self.routes = Some(AppRoutes::new(list(Routes::new())));
        self
    }

    /// Adds a limit that all requests share. The app needs the class
    /// [`RateLimiter`](crate::middleware::RateLimiter).
    #[must_use]
    pub fn limit(mut self, limit: SharedLimit) -> Self {
        let mut limits = self.limits.map(|(limits, _)| limits).unwrap_or_default();
        limits.push(limit);
        self.limits = Some((limits.clone(), Arc::new(limits)));
        self
    }

    pub(crate) fn limits(&self) -> Option<Arc<dyn EdgeLimits>> {
        self.limits.as_ref().map(|(_, limits)| Arc::clone(limits))
    }

    /// The routes that run before any object.
    pub fn own_routes(&self) -> Option<AppRoutes> {
        self.routes.clone()
    }

    /// Has clients speak CBOR where they like it better than JSON.
    #[must_use]
    pub fn cbor(mut self) -> Self {
        self.binary = Some(CBOR);
        self
    }

    /// The form of bodies and messages that it speaks beside JSON.
    pub fn binary(&self) -> Option<Binary> {
        self.binary
    }

    /// Lets whole objects out and in, by `GET /{class}/{name}/~export` and `PUT /{class}/{name}/~import`, for callers with the
    /// scope `stayput:admin`.
    #[must_use]
    pub fn with_transfer(mut self) -> Self {
        self.transfer = Some(TRANSFER);
        self
    }

    /// Whether it does.
    pub fn transfer(&self) -> Option<Transfer> {
        self.transfer
    }

    /// The files it serves.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// Whether all settings are there, as far as the app lists them.
    ///
    /// # Errors
    ///
    /// The faults of the first incomplete settings, by name.
    pub fn check_config(
        &self,
        look_up: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), ConfigError> {
        let env = EnvReader::new(look_up);
        self.configs.iter().try_for_each(|check| check(&env))?;
        self.authenticators
            .iter()
            .try_for_each(|one| one.check(&env))
    }

    /// Adds a class.
    #[must_use]
    pub fn class<T: Object>(mut self) -> Self {
        let table = Arc::new(ClassTable::<T>::new(format!(
            "{}@{}",
            self.name, self.version
        )));
        #[cfg(not(target_arch = "wasm32"))]
        let describing = table.clone();
        self.classes.push(Arc::new(Class {
            path: T::CLASS,
            was: T::WAS,
            jurisdiction: T::JURISDICTION,
            create: T::CREATE,
            binding: T::BINDING,
            ids: self.ids_of::<T>(),
            type_name: T::TYPE_NAME,
            actions: table.actions(),
            #[cfg(all(feature = "native", not(target_arch = "wasm32")))]
            reactions: table.reactions(),
            events: table.events(),
            hooks: table.hooks(),
            connect: table.connect_params(),
            form: table.message_form(),
            sql: T::SQL,
            spawn: Box::new(move |seed| table.spawn(seed)),
            #[cfg(not(target_arch = "wasm32"))]
            describe: Box::new(move |generator| describing.describe(generator)),
        }));
        self
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn ids_of<T: Object>(&self) -> IdKey {
        // Ids outlive renames: they are made under the first path the class ever had.
        let first = T::WAS.first().unwrap_or(&T::CLASS);
        IdKey::new(&format!("stayput:{}:{first}", self.name))
    }

    #[cfg(target_arch = "wasm32")]
    #[expect(clippy::unused_self, reason = "elsewhere the app is part of the key")]
    fn ids_of<T: Object>(&self) -> IdKey {
        IdKey::platform(T::CLASS, crate::backend::workers::IDS)
    }

    /// The package's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The package's version.
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// The classes, in the order of the list.
    pub fn classes(&self) -> &[Arc<Class>] {
        &self.classes
    }

    /// The class with this path, or formerly so.
    pub fn find(&self, path: &str) -> Option<&Arc<Class>> {
        let current = self.classes.iter().find(|class| class.path == path);
        current.or_else(|| self.classes.iter().find(|class| class.was.contains(&path)))
    }

    /// What the HTTP front must know of the classes.
    pub fn edge(&self) -> Vec<EdgeClass> {
        #[cfg(not(target_arch = "wasm32"))]
        let manifest = self.manifest();
        #[cfg(not(target_arch = "wasm32"))]
        let discover = |class: &Class| {
            let part = manifest.classes.get(class.path);
            // By way of a value, whose members are sorted: as it is read from the manifest's text elsewhere.
            let part = part.and_then(|class| serde_json::to_value(class).ok());
            let text = part.and_then(|class| serde_json::to_vec(&class).ok());
            Discover::Text(text.unwrap_or_default().into())
        };
        #[cfg(target_arch = "wasm32")]
        let discover = |_: &Class| Discover::Ask(crate::backend::workers::discover);
        let edge = |class: &Arc<Class>| EdgeClass {
            path: class.path.to_owned(),
            aliases: class.was.iter().map(|&was| was.to_owned()).collect(),
            ids: class.ids.clone(),
            discover: discover(class),
            actions: class.actions.iter().map(edge_action).collect(),
            events: class.events.iter().map(edge_event).collect(),
            hooks: class.hooks,
            connect: class.connect.clone(),
            form: class.form,
        };
        self.classes.iter().map(edge).collect()
    }
}

/// A Worker does not describe itself: `stayput build` puts what the native program wrote beside the wasm.
#[cfg(not(target_arch = "wasm32"))]
impl App {
    /// Describes the app.
    pub fn manifest(&self) -> Manifest {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        let mut generator = settings.into_generator();
        let mut classes = BTreeMap::new();
        for class in &self.classes {
            let described = (class.describe)(&mut generator);
            let was = class.was.iter().map(|&was| was.to_owned()).collect();
            let manifest = ClassManifest {
                was,
                jurisdiction: class.jurisdiction,
                create: class.create,
                binding: class.binding,
                ..described
            };
            classes.insert(class.path.to_owned(), manifest);
        }
        let remotes = self.remotes.iter().flat_map(|app| app.classes);
        let front = self.routes.as_ref().map(AppRoutes::describe);
        let (rpc, routes) = front.unwrap_or_default();
        Manifest {
            stayput: FormatVersion {
                manifest: MANIFEST_MAJOR,
            },
            app: AppInfo {
                name: self.name.to_owned(),
                version: self.version.to_owned(),
            },
            classes,
            rpc,
            routes,
            uses: remotes.map(|remote| RemoteManifest::of(remote)).collect(),
            components: Components {
                schemas: generator.take_definitions(true).into_iter().collect(),
            },
        }
    }

    /// The manifest as text: the same bytes for the same source, ending in a line feed.
    pub fn manifest_text(&self) -> String {
        // A tree of maps with text keys always encodes; an empty text would be refused by every reader.
        let mut text = serde_json::to_value(self.manifest())
            .and_then(|value| serde_json::to_string_pretty(&value))
            .unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Class {
    /// Brings an object to life.
    pub fn spawn(&self, seed: Seed) -> Live {
        (self.spawn)(seed)
    }
}

fn edge_action(action: &ActionInfo) -> EdgeAction {
    EdgeAction {
        name: action.name.clone(),
        aliases: action.was.clone(),
        mode: action.mode,
        auth: edge_auth(action.auth),
        route: action.route.clone(),
        raw: action.raw,
        job: action.job,
        streams: action.streams,
    }
}

fn edge_event((name, info): &(Arc<str>, &'static EventInfo)) -> EdgeEvent {
    EdgeEvent {
        name: name.clone(),
        auth: edge_auth(info.auth),
        kept: info.kept.is_any(),
        can_subscribe: info.can_subscribe,
    }
}

fn edge_auth(auth: Auth) -> EdgeAuth {
    match auth {
        Auth::Public => EdgeAuth::Public,
        Auth::Authenticated => EdgeAuth::Authenticated,
        Auth::Scope(scope) => EdgeAuth::Scope(scope.into()),
        Auth::Internal => EdgeAuth::Internal,
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} {:?}", self.name, self.version, self.classes)
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.type_name, self.path)
    }
}

/// Lists the classes of an app; write it once, in `lib.rs`.
///
/// `app!(Room, Counter; config(Settings))` also lists `#[derive(Config)]` structs: natively the program ends with exit
/// code 2, naming what is missing, if one of them cannot be read.
///
/// `app!(Room; assets("/" = "../web/index.html", "/app.js" = "../web/app.js"))` puts files into the program and serves
/// them beside the objects; the paths are relative to the source file.
///
/// `app!(Room; auth(ApiKeys::from_env("API_KEYS"), Jwt::new(..)))` says who finds out who calls, asked in this order; see
/// [`auth`](crate::auth). Without it only `public` actions answer, but for the developer on the same machine.
///
/// `app!(Room; uses(users::APP))` names the apps whose objects it calls ([`stub!`](crate::stub)): then `stayput wrangler`
/// binds their classes.
///
/// `app!(Room; routes(front))` takes a function that lists routes of the app's own, which run before any object; see
/// [`front`](mod@crate::front).
///
/// `app!(Room; cbor)` has clients speak CBOR beside JSON, over HTTP and by a WebSocket.
///
/// `app!(Room; transfer)` lets callers with the scope `stayput:admin` move whole objects, by `GET /{class}/{name}/~export` and
/// `PUT /{class}/{name}/~import`.
///
/// It makes `pub fn app() -> stayput::App`, which `stayput::run` serves natively and the Workers entry serves there.
#[macro_export]
macro_rules! app {
    (
        $($class:ty),+ $(,)?
        $(; auth($($authenticator:expr),+ $(,)?))?
        $(; config($($config:ty),+ $(,)?))?
        $(; assets($($path:literal = $file:literal),+ $(,)?))?
        $(; uses($($remote:path),+ $(,)?))?
        $(; routes($routes:expr $(,)?))?
        $(; limits($($limit:expr),+ $(,)?))?
        // Nothing follows it: what repeats in a macro must name something.
        $(; cbor $(= $nothing:ident)?)?
        $(; transfer $(= $neither:ident)?)?
    ) => {
        /// The app: its classes, ready to be served.
        pub fn app() -> $crate::App {
            $crate::App::new(::core::env!("CARGO_PKG_NAME"), ::core::env!("CARGO_PKG_VERSION"))
                $(.class::<$class>())+
                $($(.auth($authenticator))+)?
                $($(.config::<$config>())+)?
                $($(.asset($path, ::core::include_bytes!($file)))+)?
                $($(.uses(&$remote))+)?
                $(.routes($routes))?
                $($(.limit($limit))+)?
                $(.cbor() $($nothing)?)?
                $(.with_transfer() $($neither)?)?
        }
        const _: () = $crate::__private::check_bindings(&[
            $(<$class as $crate::__private::Stateful>::BINDING),+
        ]);
        $crate::__export_app!(app);
    };
}
