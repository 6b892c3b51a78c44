//! The toolchain, and the programs that Workers take.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Finding;
use crate::workers::{has_target, local};

/// Looks for them. What only Workers take is missed as badly only where the app is one.
pub(super) fn look(is_worker: bool) -> Vec<Finding> {
    let amiss = if is_worker {
        Finding::fault
    } else {
        Finding::warning
    };
    let mut findings = vec![match version("rustc", &["--version"]) {
        Some(version) => Finding::ok("rust", version),
        None => Finding::fault(
            "rust",
            "there is no `rustc` on the PATH",
            "install Rust: https://rustup.rs",
        ),
    }];
    findings.push(if has_target(Path::new(".")) {
        Finding::ok("wasm target", "wasm32-unknown-unknown is installed")
    } else {
        amiss(
            "wasm target",
            "the toolchain cannot compile for wasm32-unknown-unknown",
            "rustup target add wasm32-unknown-unknown",
        )
    });
    findings.push(match version("wasm-opt", &["--version"]) {
        Some(version) => Finding::ok("wasm-opt", version),
        None => Finding::warning(
            "wasm-opt",
            "there is none on the PATH: Workers are larger than need be",
            "npm install --global binaryen",
        ),
    });
    findings.push(match version("node", &["--version"]) {
        Some(version) => Finding::ok("node", version),
        None => Finding::warning(
            "node",
            "there is none on the PATH: nothing deploys Workers, or compiles TypeScript clients",
            "install Node 20 or newer: https://nodejs.org",
        ),
    });
    findings.push(workerd());
    findings.push(wrangler());
    findings
}

/// What `stayput dev --workers` runs.
fn workerd() -> Finding {
    let here = std::env::current_dir().unwrap_or_default();
    let found = local::find_workerd(&here);
    let version = found
        .as_deref()
        .and_then(Path::to_str)
        .and_then(|program| version(program, &["--version"]));
    match version {
        Some(version) => Finding::ok("workerd", version),
        None => Finding::warning(
            "workerd",
            "there is none: `stayput dev --workers` has nothing to run",
            "npm install --save-dev workerd",
        ),
    }
}

/// What deploys Workers.
fn wrangler() -> Finding {
    let here = std::env::current_dir().unwrap_or_default();
    let near = here
        .ancestors()
        .map(|folder| folder.join("node_modules/.bin/wrangler"))
        .find(|program| program.is_file());
    let program = near.as_deref().and_then(Path::to_str).unwrap_or("wrangler");
    match version(program, &["--version"]) {
        Some(version) => Finding::ok("wrangler", version),
        None => Finding::warning(
            "wrangler",
            "there is none: nothing deploys Workers",
            "npm install --save-dev wrangler",
        ),
    }
}

/// The last line that a program says of its version; none if it cannot be run.
fn version(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    Some(line.to_owned())
}
