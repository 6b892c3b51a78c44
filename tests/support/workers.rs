//! Apps as Workers, run by the real `workerd`.

#![allow(
    clippy::panic,
    reason = "what cannot be built or started fails the test that asked for it"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stayput_cli::workers::{BuildOptions, build};
use tempfile::TempDir;

use crate::process::{Launch, Server, scratch};

/// The date whose behaviour of the platform is promised.
const COMPATIBILITY_DATE: &str = "2026-10-01";

/// A package of this workspace, in both forms.
#[derive(Debug)]
pub struct Built {
    /// The native program.
    pub program: PathBuf,
    /// The Worker.
    pub worker: Worker,
}

/// A Worker, built.
#[derive(Debug)]
pub struct Worker {
    workerd: PathBuf,
    /// Holds the modules and the configurations.
    folder: TempDir,
    package: String,
    /// Class paths and exported names.
    classes: Vec<(String, String)>,
}

/// A way to start a Worker.
#[derive(Debug)]
pub struct Setup<'a> {
    worker: &'a Worker,
    config: PathBuf,
}

/// Builds a package natively and as a Worker.
///
/// # Panics
///
/// When it does not build, or when `workerd` is missing; the message says how to install it.
pub fn both(package: &str) -> Built {
    let workerd = workerd();
    let program = native(package);
    let folder = scratch();
    let file = folder.path().join("manifest.json");
    run(Command::new(&program).arg("manifest").arg(&file));
    let manifest = must(fs::read_to_string(&file), "manifest");
    let options = BuildOptions {
        folder: root(),
        package: Some(package.to_owned()),
        out: folder.path().to_owned(),
        optimize: false,
    };
    let built = match build(&options, &manifest) {
        Ok(built) => built,
        Err(error) => panic!("{error}\n{}", error.help().unwrap_or_default()),
    };
    let worker = Worker {
        workerd,
        folder,
        package: package.to_owned(),
        classes: built.classes,
    };
    worker.configure("config.capnp", None);
    Built { program, worker }
}

/// Builds a package's program, in the profile that the test was built in.
///
/// # Panics
///
/// When it does not build.
pub fn native(package: &str) -> PathBuf {
    let test = must(std::env::current_exe(), "this test");
    let folder = test.parent().and_then(Path::parent);
    let Some(folder) = folder else {
        panic!("{} lies nowhere", test.display());
    };
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    run(Command::new(env!("CARGO")).current_dir(root()).args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        package,
        "--profile",
        profile,
    ]));
    folder.join(package)
}

impl Worker {
    /// The Worker alone.
    pub fn alone(&self) -> Setup<'_> {
        Setup {
            worker: self,
            config: self.folder.path().join("config.capnp"),
        }
    }

    /// Another Worker before it, one JavaScript module, which has bindings to it (`MAIN`) and to each class (`TALLY`).
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn behind(&self, name: &str, module: &str) -> Setup<'_> {
        must(fs::write(self.folder.path().join(name), module), name);
        let config = format!("{name}.capnp");
        self.configure(&config, Some(name));
        Setup {
            worker: self,
            config: self.folder.path().join(config),
        }
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// As [`Launch::start`].
    pub fn start(&self, data: &Path) -> Server {
        self.alone().start(data)
    }

    fn configure(&self, file: &str, front: Option<&str>) {
        let mut namespaces = String::new();
        let mut bindings = String::new();
        for (path, name) in &self.classes {
            let package = &self.package;
            let binding = path.replace('-', "_").to_ascii_uppercase();
            // Writing to a String cannot fail.
            let _ = writeln!(
                namespaces,
                "    (className = \"{name}\", uniqueKey = \"stayput:{package}:{path}\", enableSql = true),"
            );
            let _ = writeln!(
                bindings,
                "    (name = \"{binding}\", durableObjectNamespace = (className = \"{name}\", serviceName = \"main\")),"
            );
        }
        let first = if front.is_some() { "front" } else { "main" };
        let mut text = CONFIG
            .replace("FIRST", first)
            .replace("DATE", COMPATIBILITY_DATE)
            .replace("NAMESPACES", &namespaces);
        if let Some(module) = front {
            text = text.replace(
                "services = [",
                "services = [ (name = \"front\", worker = .front),",
            );
            let _ = write!(
                text,
                "
const front :Workerd.Worker = (
  modules = [ (name = \"{module}\", esModule = embed \"{module}\") ],
  compatibilityDate = \"{COMPATIBILITY_DATE}\",
  bindings = [
    (name = \"MAIN\", service = \"main\"),
{bindings}  ],
);
"
            );
        }
        must(fs::write(self.folder.path().join(file), text), file);
    }
}

impl Setup<'_> {
    /// Runs `act` with what starts it on this folder of data.
    ///
    /// # Panics
    ///
    /// When the folder cannot be made.
    pub fn launch<R>(&self, data: &Path, act: impl FnOnce(&Launch<'_>) -> R) -> R {
        must(fs::create_dir_all(data), "data folder");
        let config = self.config.to_string_lossy();
        let arguments = [
            "serve",
            &config,
            "--socket-addr=http={listen}",
            "--directory-path=disk={data}",
        ];
        act(&Launch {
            arguments: &arguments,
            ..Launch::new(&self.worker.workerd, data)
        })
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// As [`Launch::start`].
    pub fn start(&self, data: &Path) -> Server {
        self.launch(data, |launch| launch.start().0)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn must<T>(result: std::io::Result<T>, what: &str) -> T {
    result.unwrap_or_else(|fault| panic!("{what}: {fault}"))
}

fn run(command: &mut Command) {
    let status = command
        .status()
        .unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    assert!(status.success(), "{command:?} ended with {status}");
}

fn workerd() -> PathBuf {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/node_modules/@cloudflare");
    let found = fs::read_dir(&packages)
        .into_iter()
        .flatten()
        .flatten()
        .find_map(|package| {
            let program = package.path().join("bin/workerd");
            program.is_file().then_some(program)
        });
    found.unwrap_or_else(|| panic!("workerd is not installed: run `npm ci --prefix tests/node`"))
}

const CONFIG: &str = r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .main), (name = "disk", disk = (writable = true)) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "FIRST") ],
);

const main :Workerd.Worker = (
  modules = [
    (name = "entry.js", esModule = embed "entry.js"),
    (name = "shell.js", esModule = embed "shell.js"),
    (name = "glue.js", esModule = embed "glue.js"),
    (name = "app.wasm", wasm = embed "app.wasm"),
  ],
  compatibilityDate = "DATE",
  bindings = [ (name = "STAYPUT_DEVELOPER", text = "1") ],
  durableObjectNamespaces = [
NAMESPACES  ],
  durableObjectStorage = (localDisk = "disk"),
);
"#;
