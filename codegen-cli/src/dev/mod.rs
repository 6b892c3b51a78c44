//! `stayput dev`: build, run, and again when the source changes. What runs is always the last build that was good.

mod build;
mod hint;
mod server;
mod watch;
mod worker;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::args::DevArgs;
use crate::call::default_url;
use crate::document::{self, Manifest};
use crate::error::Error;
use crate::lang::typescript;
use crate::{load, term, write};
use build::Program;
use server::Server;
use watch::Sources;

/// How often the source and the server are looked at.
const TICK: Duration = Duration::from_millis(200);

/// Runs until it is told to stop.
pub(crate) fn run(args: &DevArgs) -> Result<(), Error> {
    if let Some(package) = &args.package {
        load::check_package_name(package)?;
    }
    if args.workers {
        worker::check(args)?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    listen_for_signals(&stop);
    let mut sources = Sources::of_workspace()?;
    let mut state = State {
        args,
        stop,
        server: None,
        running: None,
        url: listen_url(args),
    };
    loop {
        let stamp = sources.stamp();
        match state.cycle(&mut sources) {
            Ok(()) => {}
            // Before anything ran, a fault of the command line is not waited out.
            Err(error @ (Error::Spawn { .. } | Error::Programs { .. })) => {
                state.end();
                return Err(error);
            }
            Err(error) => {
                term::error(&error);
                if state.server.is_some() {
                    term::note("the last good build keeps running");
                }
            }
        }
        if !state.wait_for_change(&sources, &stamp) {
            state.end();
            return Ok(());
        }
    }
}

fn listen_for_signals(stop: &Arc<AtomicBool>) {
    use signal_hook::consts::{SIGINT, SIGTERM};
    #[cfg(unix)]
    let signals = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
    #[cfg(not(unix))]
    let signals = [SIGINT, SIGTERM];
    for signal in signals {
        // A signal that cannot be caught ends us as it always does; the server then outlives us.
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(stop)) {
            term::note(&format!("warning: signal {signal} is not caught: {error}"));
        }
    }
}

/// Where the program will listen: its `--listen`, then its environment.
fn listen_url(args: &DevArgs) -> String {
    let mut words = args.rest.iter();
    while let Some(word) = words.next() {
        let value = if word == "--listen" {
            words.next().map(String::as_str)
        } else {
            word.strip_prefix("--listen=")
        };
        if let Some(listen) = value {
            return crate::call::url_of(listen);
        }
    }
    default_url()
}

struct State<'a> {
    args: &'a DevArgs,
    stop: Arc<AtomicBool>,
    server: Option<Server>,
    /// The program that runs, and when it was built.
    running: Option<(Program, SystemTime)>,
    url: String,
}

impl State<'_> {
    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Builds; if there is something new, describes and restarts it.
    fn cycle(&mut self, sources: &mut Sources) -> Result<(), Error> {
        let program = build::build(self.args)?;
        if self.stopping() {
            return Ok(());
        }
        sources.add_dependencies(&program.path);
        let built = std::fs::metadata(&program.path)
            .and_then(|data| data.modified())
            .map_err(|source| Error::Read {
                path: program.path.clone(),
                source,
            })?;
        let alive = self.server.as_mut().is_some_and(Server::is_alive);
        if alive && self.running.as_ref() == Some(&(program.clone(), built)) {
            return Ok(());
        }
        let text = program.manifest()?;
        let manifest = document::read(&text, &program.name)?;
        if let Some(folder) = &self.args.client {
            let options = typescript::Options {
                bigint: self.args.bigint,
            };
            write::folder(folder, &typescript::generate(&manifest, options)?)?;
        }
        // The data folder belongs to one program at a time: the old one goes before the new one comes.
        if let Some(server) = self.server.take() {
            server.stop(&self.stop);
        }
        let server = if self.args.workers {
            let address = self.url.trim_start_matches("http://");
            worker::start(self.args, &text, &manifest.app, address)?
        } else {
            Server::start(&program.path, &self.args.rest)?
        };
        let server = self.server.insert(server);
        self.running = Some((program, built));
        if server.wait_until_ready(&self.url, &self.stop) {
            self.announce(&manifest);
        }
        Ok(())
    }

    fn announce(&self, manifest: &Manifest) {
        let mut text = format!(
            "serving {} {} on {}\n",
            manifest.app, manifest.version, self.url
        );
        let _ = writeln!(text, "  manifest  {}/manifest.json", self.url);
        if let Some(folder) = &self.args.client {
            let _ = writeln!(text, "  client    {}", folder.display());
        }
        if let Some(call) = hint::call_to_try(manifest) {
            let url = if self.url == default_url() {
                String::new()
            } else {
                format!(" --url {}", self.url)
            };
            // As this program was called, so that the line works where it is not installed.
            let program = std::env::args().next().filter(|path| path.contains('/'));
            let call = match (program, call.strip_prefix("stayput")) {
                (Some(program), Some(rest)) => format!("{program}{rest}"),
                _ => call,
            };
            let _ = writeln!(text, "  try       {call}{url}");
        }
        text.push_str("waiting for changes; Ctrl-C stops");
        term::note(&term::printable(&text));
    }

    /// Waits until the source is another; false if it is time to stop.
    fn wait_for_change(&mut self, sources: &Sources, before: &watch::Stamp) -> bool {
        loop {
            if self.stopping() {
                return false;
            }
            if let Some(server) = &mut self.server
                && let Some(status) = server.ended()
            {
                term::note(&format!(
                    "the program ended ({status}); it is started again after the next change"
                ));
                self.server = None;
                self.running = None;
            }
            let mut now = sources.stamp();
            if now != *before {
                // An editor saves many files, and some in several steps: wait until it is done.
                loop {
                    std::thread::sleep(TICK);
                    let later = sources.stamp();
                    if later == now || self.stopping() {
                        break;
                    }
                    now = later;
                }
                return !self.stopping();
            }
            std::thread::sleep(TICK);
        }
    }

    fn end(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(&self.stop);
        }
    }
}
