//! Builds the counters that the benches compare on `workerd`: ours, and the one written by hand on the `worker` crate.
//! `bench-workers FOLDER`, from the folder of the workspace, leaves `FOLDER/stayput` and `FOLDER/rust-worker`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stayput_cli::workers::{BuildOptions, build, local};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("name a folder")?);
    ours(&folder.join("stayput"))?;
    by_hand(&folder.join("rust-worker"))
}

fn ours(out: &Path) -> Result<(), Box<dyn Error>> {
    let manifest = serde_json::to_string(&counter::app().manifest())?;
    let options = BuildOptions {
        folder: PathBuf::from("."),
        package: Some("counter".to_owned()),
        out: out.to_owned(),
        optimize: true,
    };
    let built = build(&options, &manifest)?;
    let variables = [(local::DEVELOPER.to_owned(), "1".to_owned())];
    let config = local::config("counter", &built.classes, &variables);
    fs::write(out.join("config.capnp"), config)?;
    Ok(())
}

fn by_hand(out: &Path) -> Result<(), Box<dyn Error>> {
    let status = Command::new("cargo")
        .args([
            "rustc",
            "--quiet",
            "--locked",
            "--lib",
            "--crate-type",
            "cdylib",
        ])
        .args(["--package", "stayput-bench-worker", "--profile", "worker"])
        .args(["--target", "wasm32-unknown-unknown"])
        .status()?;
    if !status.success() {
        return Err("the counter on the `worker` crate does not build".into());
    }
    fs::create_dir_all(out)?;
    let wasm = "target/wasm32-unknown-unknown/worker/stayput_bench_worker.wasm";
    let mut bindgen = Bindgen::new();
    bindgen.web(true)?.input_path(wasm).out_name("glue");
    bindgen.typescript(false).omit_default_module_path(true);
    bindgen.generate(out)?;
    let source = Path::new("tests/benches/rust-worker");
    fs::copy(source.join("entry.js"), out.join("entry.js"))?;
    let config = fs::read_to_string(source.join("config.capnp"))?;
    let config = config.replace("{snippet}", &snippet(&out.join("glue.js"))?);
    fs::write(out.join("config.capnp"), config)?;
    Ok(())
}

/// The one file of JavaScript that the glue imports.
fn snippet(glue: &Path) -> Result<String, Box<dyn Error>> {
    let glue = fs::read_to_string(glue)?;
    let imported = glue
        .split_once("from './")
        .and_then(|(_, rest)| rest.split_once('\''));
    let (file, _) = imported
        .ok_or("the `worker` crate brings no JavaScript: config.capnp asks for too much")?;
    Ok(file.to_owned())
}
