//! The conformance app, built for both backends, and how each is started.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stayput_cli::workers::{BuildOptions, build as build_worker};
use support::process::{Launch, Server, scratch};
use tempfile::TempDir;

use crate::steps::Backend;

const PACKAGE: &str = "conformance-app";

/// The date whose behaviour of the platform is promised.
const COMPATIBILITY_DATE: &str = "2026-10-01";

/// The app in both forms.
pub(crate) struct App {
    native: PathBuf,
    workerd: PathBuf,
    config: PathBuf,
    /// Holds the Worker's modules.
    _folder: TempDir,
}

/// Builds both. Whatever is missing is named with the command that installs it.
pub(crate) fn build() -> App {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let workerd = workerd();
    let folder = scratch();
    let native = build_native(&root);

    let manifest_file = folder.path().join("manifest.json");
    run(Command::new(&native).arg("manifest").arg(&manifest_file));
    let manifest = fs::read_to_string(&manifest_file).unwrap();

    let options = BuildOptions {
        folder: root,
        package: Some(PACKAGE.to_owned()),
        out: folder.path().to_owned(),
        optimize: false,
    };
    let built = match build_worker(&options, &manifest) {
        Ok(built) => built,
        Err(error) => panic!("{error}\n{}", error.help().unwrap_or_default()),
    };
    let config = folder.path().join("config.capnp");
    fs::write(&config, config_text(&built.classes)).unwrap();
    App {
        native,
        workerd,
        config,
        _folder: folder,
    }
}

/// The native binary, in the profile that this test was built in.
fn build_native(root: &Path) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    run(Command::new(env!("CARGO")).current_dir(root).args([
        "build",
        "--package",
        PACKAGE,
        "--profile",
        profile,
    ]));
    folder.join(PACKAGE)
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

fn config_text(classes: &[(String, String)]) -> String {
    let mut namespaces = String::new();
    for (path, name) in classes {
        // Writing to a String cannot fail.
        let _ = writeln!(
            namespaces,
            "    (className = \"{name}\", uniqueKey = \"stayput:conformance:{path}\", enableSql = true),"
        );
    }
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .main), (name = "disk", disk = (writable = true)) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);

const main :Workerd.Worker = (
  modules = [
    (name = "entry.js", esModule = embed "entry.js"),
    (name = "shell.js", esModule = embed "shell.js"),
    (name = "glue.js", esModule = embed "glue.js"),
    (name = "app.wasm", wasm = embed "app.wasm"),
  ],
  compatibilityDate = "{COMPATIBILITY_DATE}",
  durableObjectNamespaces = [
{namespaces}  ],
  durableObjectStorage = (localDisk = "disk"),
);
"#
    )
}

/// The native backend.
pub(crate) struct Native<'a> {
    app: &'a App,
    data: TempDir,
}

impl<'a> Native<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self {
            app,
            data: scratch(),
        }
    }
}

impl Backend for Native<'_> {
    fn start(&self) -> Server {
        Launch::new(&self.app.native, &self.data.path().join("data"))
            .start()
            .0
    }
}

/// The Workers backend.
pub(crate) struct Workerd<'a> {
    app: &'a App,
    data: TempDir,
}

impl<'a> Workerd<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        let data = scratch();
        fs::create_dir(data.path().join("data")).unwrap();
        Self { app, data }
    }
}

impl Backend for Workerd<'_> {
    fn start(&self) -> Server {
        let config = self.app.config.to_string_lossy();
        let arguments = [
            "serve",
            &config,
            "--socket-addr=http={listen}",
            "--directory-path=disk={data}",
        ];
        let data = self.data.path().join("data");
        Launch {
            arguments: &arguments,
            ..Launch::new(&self.app.workerd, &data)
        }
        .start()
        .0
    }
}
