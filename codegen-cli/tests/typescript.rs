//! The generated TypeScript: compiled under the strictest settings, then run against a scripted server.
//!
//! Needs Node 20 or newer and `npm ci` in `tests/clients`; without them the tests fail.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod mutate;

use std::path::{Path, PathBuf};
use std::process::Command;

use mutate::{Chance, mutate};

/// Where the npm packages and the programs that use the clients are.
fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("tests/clients")
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?} cannot be run ({error}); install Node 20 or newer")
    });
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.status.success(),
        "{command:?} failed ({}):\n{text}",
        output.status
    );
    text
}

fn packages() -> PathBuf {
    let packages = clients().join("node_modules");
    for package in [
        "typescript",
        "@types/node",
        "@types/ws",
        "ws",
        "ajv",
        "@open-rpc/spec",
    ] {
        assert!(
            packages.join(package).join("package.json").is_file(),
            "the npm package {package} is missing: run `npm ci` in {}",
            clients().display(),
        );
    }
    packages
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("package.json"), r#"{"type": "module"}"#).unwrap();
    folder
}

fn generate(folder: &Path, manifest: &str, out: &str, bigint: bool) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(format!("{manifest}.json"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_stayput"));
    command
        .args(["client", "ts", "--from"])
        .arg(from)
        .arg("--out")
        .arg(folder.join(out));
    if bigint {
        command.arg("--bigint");
    }
    run(&mut command);
}

/// Compiles the files; with the types of Node or those of browsers, never both.
fn compile(folder: &Path, files: &[&str], node: bool) {
    let types_folder = serde_json::Value::from(packages().join("@types").to_str().unwrap());
    let (lib, types) = if node {
        (r#""ES2022""#, r#""node""#)
    } else {
        (r#""ES2022", "DOM""#, "")
    };
    let files = files
        .iter()
        .map(|file| format!("\"{file}\""))
        .collect::<Vec<_>>()
        .join(", ");
    let config = format!(
        r#"{{
            "compilerOptions": {{
                "strict": true, "exactOptionalPropertyTypes": true, "noUncheckedIndexedAccess": true,
                "noImplicitOverride": true, "noPropertyAccessFromIndexSignature": true, "verbatimModuleSyntax": true,
                "noImplicitReturns": true, "noFallthroughCasesInSwitch": true, "noUnusedLocals": true,
                "noUnusedParameters": true, "isolatedModules": true, "skipLibCheck": false,
                "target": "ES2022", "module": "NodeNext", "lib": [{lib}], "types": [{types}],
                "typeRoots": [{types_folder}], "outDir": "out", "rootDir": "."
            }},
            "files": [{files}]
        }}"#
    );
    std::fs::write(folder.join("tsconfig.json"), config).unwrap();
    run(Command::new("node")
        .arg(packages().join("typescript/bin/tsc"))
        .args(["-p", "."])
        .current_dir(folder));
}

fn copy_program(folder: &Path, name: &str) {
    std::fs::copy(clients().join(name), folder.join(name)).unwrap();
}

#[test]
fn clients_compile_for_browsers() {
    let folder = folder("browser");
    generate(&folder, "counter", "counter", false);
    generate(&folder, "rich", "rich", false);
    generate(&folder, "rich", "bigint", true);
    copy_program(&folder, "types.ts");
    copy_program(&folder, "worker.ts");
    compile(
        &folder,
        &[
            "counter/index.ts",
            "rich/index.ts",
            "bigint/index.ts",
            "types.ts",
            "worker.ts",
        ],
        false,
    );
}

#[test]
fn clients_call_a_server() {
    let folder = folder("node");
    generate(&folder, "counter", "counter", false);
    generate(&folder, "rich", "rich", false);
    generate(&folder, "rich", "bigint", true);
    copy_program(&folder, "run.ts");
    copy_program(&folder, "live.ts");
    // Where the programs find the packages they import.
    std::os::unix::fs::symlink(packages(), folder.join("node_modules")).unwrap();
    compile(&folder, &["run.ts", "live.ts"], true);
    for program in ["run.js", "live.js"] {
        // A test that hangs or leaves a connection behind fails instead of holding up the others.
        let limits = ["--test-timeout=20000", "--test-force-exit"];
        let program = folder.join("out").join(program);
        let report = run(Command::new("node").args(limits).arg(program));
        assert!(
            report.contains("# fail 0") && !report.contains("# pass 0"),
            "{report}"
        );
    }
}

#[test]
fn exports_are_valid_by_the_judges_of_others() {
    packages();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    run(Command::new("node")
        .arg(clients().join("schemas.mjs"))
        .arg(golden));
}

/// Whatever a manifest says, what is generated from it is TypeScript, and nothing in it is code of the manifest's.
#[test]
fn clients_of_hostile_manifests_compile() {
    let folder = folder("hostile");
    let original =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/rich.json"))
            .unwrap();
    let original: serde_json::Value = serde_json::from_str(&original).unwrap();
    let mut files = Vec::new();
    for seed in 10_000.. {
        let mut chance = Chance::new(seed);
        let mut document = original.clone();
        mutate(&mut document, &mut chance, 6);
        let manifest = stayput_cli::read_manifest(&document.to_string(), "x");
        let options = stayput_cli::TypeScriptOptions {
            bigint: seed % 2 == 0,
        };
        let Ok(generated) =
            manifest.and_then(|manifest| stayput_cli::typescript(&manifest, options))
        else {
            continue;
        };
        let out = format!("s{seed}");
        std::fs::create_dir(folder.join(&out)).unwrap();
        for (name, text) in generated {
            std::fs::write(folder.join(&out).join(name), text).unwrap();
        }
        files.push(format!("{out}/index.ts"));
        files.push(format!("{out}/worker.d.ts"));
        if files.len() == 300 {
            break;
        }
    }
    compile(
        &folder,
        &files.iter().map(String::as_str).collect::<Vec<_>>(),
        false,
    );
}
