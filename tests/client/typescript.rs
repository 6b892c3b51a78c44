//! The generated TypeScript client, compiled and run against the same server: in CBOR, through lost connections, and with
//! what a connection says.

use std::path::{Path, PathBuf};
use std::process::Command;

use stayput_cli::{TypeScriptOptions, read_manifest, typescript};

use crate::Running;

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

#[test]
fn the_typescript_client_speaks_cbor_says_who_comes_and_resumes() {
    let packages = clients().join("node_modules");
    assert!(
        packages.join("typescript").exists(),
        "npm packages are missing: run `npm ci` in {}",
        clients().display()
    );
    let folder = support::process::scratch();
    let at = |name: &str| folder.path().join(name);
    run(Command::new(env!("CARGO_BIN_EXE_client-app"))
        .arg("manifest")
        .arg(at("manifest.json")));
    let manifest = std::fs::read_to_string(at("manifest.json")).unwrap();
    let manifest = read_manifest(&manifest, "manifest.json").unwrap();
    for (name, bigint) in [("room", false), ("bigint", true)] {
        std::fs::create_dir(at(name)).unwrap();
        for (file, text) in typescript(&manifest, TypeScriptOptions { bigint }).unwrap() {
            std::fs::write(at(name).join(file), text).unwrap();
        }
    }
    std::fs::write(at("package.json"), r#"{"type": "module"}"#).unwrap();
    for test in ["cbor.ts", "connect.ts", "resume.ts"] {
        std::fs::copy(clients().join(test), at(test)).unwrap();
    }
    std::os::unix::fs::symlink(&packages, at("node_modules")).unwrap();
    let settings = "--strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --noImplicitOverride \
        --noPropertyAccessFromIndexSignature --verbatimModuleSyntax --noImplicitReturns --noUnusedLocals \
        --noUnusedParameters --isolatedModules --target ES2022 --module NodeNext --lib ES2022 --types node --outDir out";
    run(Command::new("node")
        .arg(packages.join("typescript/bin/tsc"))
        .args(settings.split_whitespace())
        .args(["cbor.ts", "connect.ts", "resume.ts"])
        .current_dir(folder.path()));
    let running = Running::start();
    let report = run(Command::new("node")
        .args(["--test", "--test-timeout=20000", "--test-force-exit"])
        .args(["out/cbor.js", "out/connect.js", "out/resume.js"])
        .env(
            "STAYPUT_URL",
            format!("http://{}", running.server.address()),
        )
        .current_dir(folder.path()));
    assert!(
        report.contains("# fail 0") && !report.contains("# pass 0"),
        "{report}"
    );
}
