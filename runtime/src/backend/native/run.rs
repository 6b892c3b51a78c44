//! The program: `stayput::run(my_app::app())` in `main`.

use std::io::{self, IsTerminal};
use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::command::{self, EXIT_USAGE, fail, say};
use super::gone;
use super::house::House;
use super::node::{Node, NodeOptions};
use super::reactor::{Reactor, share};
use super::settings::Settings;
use super::socket::Heartbeat;
use super::tls::Tls;
use super::variables::{DEV_VARS, add_file};
use crate::app::App;
use crate::auth::Guard;
use crate::http::{Front, FrontConfig};
use crate::outgoing::Allow;

/// How long running calls may take to end after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);

/// Runs an app as its command line asks.
///
/// * without arguments, or with flags: serves it over HTTP until SIGTERM or SIGINT;
/// * `manifest FILE`: writes its manifest and ends;
/// * `export`, `import`, `backup`, `restore`, `verify`: see `docs/backup.md`.
///
/// Exit codes: 0 after an orderly end, 1 when something failed, 2 for settings or arguments that cannot be used.
pub fn run(app: App) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filter = EnvFilter::try_from_env("STAYPUT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A program that embeds the app may have its own subscriber.
    drop(
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(io::stderr().is_terminal())
            .with_writer(io::stderr)
            .try_init(),
    );
    if let Some(code) = command::run(&app, &arguments) {
        return code;
    }
    match Settings::read(arguments, |name| std::env::var(name).ok()) {
        Ok(settings) => serve(app, &settings),
        Err(error) => fail(EXIT_USAGE, error.message),
    }
}

fn serve(app: App, settings: &Settings) -> ExitCode {
    let authenticates = !app.authenticators().is_empty();
    if !authenticates && let Err(error) = settings.check_open() {
        return fail(EXIT_USAGE, error.message);
    }
    let front = Front::new(FrontConfig {
        classes: app.edge(),
        manifest: Some(app.manifest_text().into()),
        assets: app.assets().to_vec(),
        origins: settings.origins.clone(),
        hosts: settings.hosts.clone(),
        auth: Guard::of(&app)
            .with_developer(true)
            .with_proxies(settings.trusted_proxies.clone()),
        routes: app.own_routes(),
        binary: app.binary(),
        transfer: app.transfer(),
        ..FrontConfig::default()
    });
    let front = match front {
        Ok(front) => Arc::new(front),
        Err(error) => return fail(EXIT_USAGE, error.message),
    };
    let listener = match TcpListener::bind(settings.listen).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    }) {
        Ok(listener) => listener,
        Err(error) => {
            return fail(
                1,
                format_args!("cannot listen on {}: {error}", settings.listen),
            );
        }
    };
    let mut options = NodeOptions::new(&settings.data);
    options.threads = settings.threads.unwrap_or(options.threads);
    options.residents = settings.residents;
    options.idle = Duration::from_millis(settings.idle_ms);
    options.heartbeat = Heartbeat {
        ping: Duration::from_millis(settings.ping_ms),
        pong: Duration::from_millis(settings.pong_ms),
    };
    raise_file_limit();
    if let Err(error) = add_file(&mut options.variables, Path::new(DEV_VARS)) {
        return fail(EXIT_USAGE, error.message);
    }
    if let Err(error) = app.check_config(&|name| options.variables.get(name).cloned()) {
        return fail(
            EXIT_USAGE,
            format_args!("the configuration is not complete: {error}"),
        );
    }
    if let Err(error) = Allow::of(&|name| options.variables.get(name).cloned()) {
        return fail(EXIT_USAGE, error);
    }
    #[cfg(feature = "tls")]
    let tls = match settings.tls.clone().map(Tls::load).transpose() {
        Ok(tls) => tls.map(Arc::new),
        Err(fault) => return fail(EXIT_USAGE, fault),
    };
    #[cfg(not(feature = "tls"))]
    let tls = None;
    let node = match Node::start(app, options) {
        Ok(node) => Arc::new(node),
        Err(error) => return fail(1, error),
    };
    gone::tell(&settings.data, node.app());
    match serve_node(&node, &front, &listener, settings.connections, tls.as_ref()) {
        Ok(code) => code,
        Err(error) => fail(1, format_args!("the server cannot be started: {error}")),
    }
}

fn serve_node(
    node: &Arc<Node>,
    front: &Arc<Front>,
    listener: &TcpListener,
    connections: usize,
    tls: Option<&Arc<Tls>>,
) -> io::Result<ExitCode> {
    let (drain, draining) = watch::channel(false);
    let address = listener.local_addr()?;
    let count = thread::available_parallelism().map_or(1, usize::from);
    let house = Arc::new(House::new(connections));
    let mut reactors: Vec<JoinHandle<()>> = Vec::new();
    for number in 0..count {
        let (node, front, draining) = (node.clone(), front.clone(), draining.clone());
        let house = house.clone();
        let tls = tls.cloned();
        let listener = listener.try_clone()?;
        let body = move || {
            let runtime = match tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
            {
                Ok(runtime) => runtime,
                Err(error) => return tracing::error!("a reactor cannot begin: {error}"),
            };
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async move {
                let port = node.port();
                drop(node);
                match share(&listener) {
                    Ok(listener) => {
                        let connections = connections.div_ceil(count);
                        Reactor {
                            front,
                            port,
                            listener,
                            address,
                            tls,
                            connections,
                            house,
                            drain: draining,
                        }
                        .run()
                        .await;
                    }
                    Err(error) => tracing::error!("a reactor cannot begin: {error}"),
                }
            });
        };
        reactors.push(
            thread::Builder::new()
                .name(format!("reactor-{number}"))
                .spawn(body)?,
        );
    }
    announce(node, address, if tls.is_some() { "https" } else { "http" });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        io::Result::Ok(())
    })?;
    tracing::info!("draining");
    node.drain();
    drain.send_replace(true);
    let ended = runtime.block_on(async {
        let deadline = tokio::time::Instant::now() + DRAIN;
        while reactors.iter().any(|reactor| !reactor.is_finished()) {
            if tokio::time::Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    });
    if !ended {
        tracing::warn!(
            "calls that did not end within {} s are cut off",
            DRAIN.as_secs()
        );
    }
    node.stop();
    Ok(ExitCode::SUCCESS)
}

/// Each connection is an open file, and many systems allow a process 1,024 until it asks for more.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!("the limit of open files stays as it is: {error}");
    }
}

fn announce(node: &Node, address: std::net::SocketAddr, scheme: &str) {
    say(format_args!(
        "{} {} listens on {scheme}://{address}",
        node.app().name(),
        node.app().version()
    ));
    for class in node.app().classes() {
        say(format_args!(
            "  {scheme}://{address}/{}/{{name}}",
            class.path
        ));
    }
    say(format_args!("  {scheme}://{address}/manifest.json"));
}
