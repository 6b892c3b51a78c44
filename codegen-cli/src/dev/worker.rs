//! The app as a Worker under `workerd`, in place of the native program.

use std::fs;
use std::path::{Path, PathBuf};

use super::server::Server;
use crate::args::DevArgs;
use crate::error::Error;
use crate::workers::{BuildOptions, Built, build, local};

/// What is under `.stayput`, beside the data of the native program.
const FOLDER: &str = "workers";

/// Refuses arguments that a Worker has no use for.
pub(super) fn check(args: &DevArgs) -> Result<(), Error> {
    let mut words = args.rest.iter();
    while let Some(word) = words.next() {
        if word == "--listen" {
            words.next();
        } else if !word.starts_with("--listen=") {
            return Err(Error::Argument {
                what: word.clone(),
                message: "a Worker takes no arguments but `--listen`".into(),
                help: "put its variables into `.dev.vars`".into(),
            });
        }
    }
    Ok(())
}

/// Builds the Worker and starts it at this address.
pub(super) fn start(
    args: &DevArgs,
    manifest: &str,
    app: &str,
    address: &str,
) -> Result<Server, Error> {
    let here = PathBuf::from(".");
    let workerd =
        local::find_workerd(&fs::canonicalize(&here).unwrap_or(here)).ok_or_else(|| {
            Error::Argument {
                what: "--workers".into(),
                message:
                    "`workerd` is neither among the npm packages of this folder nor on the PATH"
                        .into(),
                help: "install it with `npm install --save-dev workerd`".into(),
            }
        })?;
    let data = std::env::var_os("STAYPUT_DATA").map_or_else(|| ".stayput".into(), PathBuf::from);
    let (out, disk) = (
        data.join(FOLDER).join("build"),
        data.join(FOLDER).join("data"),
    );
    fs::create_dir_all(&disk).map_err(|source| Error::Write {
        path: disk.clone(),
        source,
    })?;
    let options = BuildOptions {
        folder: ".".into(),
        package: args.package.clone(),
        out: out.clone(),
        optimize: false,
    };
    let Built { classes, .. } = build(&options, manifest)?;
    let config = out.join("config.capnp");
    let text = local::config(app, &classes, &variables());
    fs::write(&config, text).map_err(|source| Error::Write {
        path: config.clone(),
        source,
    })?;
    Server::start(&workerd, &arguments(&config, &disk, address))
}

fn arguments(config: &Path, disk: &Path, address: &str) -> Vec<String> {
    vec![
        "serve".to_owned(),
        config.display().to_string(),
        format!("--socket-addr=http={address}"),
        format!("--directory-path=disk={}", disk.display()),
    ]
}

/// What the Worker finds in its environment: `.dev.vars`, as under wrangler, and our own settings.
fn variables() -> Vec<(String, String)> {
    let mut variables = local::variables(&fs::read_to_string(".dev.vars").unwrap_or_default());
    for name in ["STAYPUT_HOSTS", "STAYPUT_ORIGINS"] {
        if let Ok(value) = std::env::var(name) {
            variables.push((name.to_owned(), value));
        }
    }
    variables.push((local::DEVELOPER.to_owned(), "1".to_owned()));
    variables
}
