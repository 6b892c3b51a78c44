//! From nothing to a Worker that wrangler would deploy, by the two commands of the README.

use std::path::Path;
use std::process::{Command, Output};

use support::workers::native;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Runs a program in `folder`, with our own command on the PATH, for wrangler builds by it.
fn run(program: &Path, args: &[&str], folder: &Path, commands: &Path) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(program)
        .args(args)
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", commands.display()))
        .env("WRANGLER_SEND_METRICS", "false")
        .env("CI", "1")
        .output();
    output.unwrap_or_else(|fault| panic!("{}: {fault}", program.display()))
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn an_example_passes_what_wrangler_checks_before_it_deploys() {
    let stayput = native("stayput-cli").with_file_name("stayput");
    let commands = stayput.parent().unwrap();
    // Within the workspace, whose package `counter` the command of the configuration names.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deploy");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();

    let configure = ["wrangler", "counter", "--config", "wrangler.jsonc"];
    let written = run(&stayput, &configure, &folder, commands);
    assert!(written.status.success(), "{}", said(&written));

    let tools = Path::new(ROOT).join("tests/node/node_modules");
    let wrangler = tools.join("wrangler/bin/wrangler.js");
    let args = [
        wrangler.to_str().unwrap(),
        "deploy",
        "--dry-run",
        "--outdir",
        "dist",
    ];
    let checked = run(&tools.join(".bin/node"), &args, &folder, commands);
    let text = said(&checked);
    assert!(checked.status.success(), "{text}");
    assert!(text.contains("env.COUNTER (Counter)"), "{text}");
    assert!(!text.contains("WARNING"), "{text}");
    let uploaded = std::fs::read_dir(folder.join("dist")).unwrap();
    let mut names = uploaded.map(|file| file.unwrap().file_name().into_string().unwrap());
    assert!(names.any(|name| name.ends_with("-app.wasm")), "{text}");

    let check = [
        "wrangler",
        "counter",
        "--config",
        "wrangler.jsonc",
        "--check",
    ];
    let left = run(&stayput, &check, &folder, commands);
    assert!(left.status.success(), "{}", said(&left));
}
