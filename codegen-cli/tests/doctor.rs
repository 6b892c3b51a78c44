//! `stayput doctor`: what it finds, how it says so, and its exit code.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const MANIFEST: &str = r#"{ "stayput": { "manifest": 1 }, "app": { "name": "rooms", "version": "0.1.0" },
    "uses": [{ "app": "users", "class": "account", "exported": "Account", "binding": "USERS_ACCOUNT",
        "service": "USERS", "setting": "STAYPUT_USERS" }],
    "classes": { "chat-room": { "type": "T", "actions": {} }, "hall": { "type": "H", "actions": {} } } }"#;

/// A folder with a manifest.
fn scene() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("manifest.json"), MANIFEST).unwrap();
    folder
}

fn stayput(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_stayput"))
        .current_dir(folder)
        .args(args)
        .args(["--from", "manifest.json"])
        .env_remove("STAYPUT_LISTEN")
        .env_remove("STAYPUT_DATA")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Exit code and checks.
fn doctor(folder: &Path, variables: &[(&str, &str)]) -> (i32, Vec<Value>) {
    let (code, out, _) = stayput(folder, &["doctor", "--json"], variables);
    let report: Value = serde_json::from_str(&out).unwrap();
    let checks = report["checks"].as_array().unwrap().clone();
    let faults = checks.iter().filter(|one| one["state"] == "fault").count();
    assert_eq!(report["faults"], faults);
    (code, checks)
}

/// The state of the only finding of a check.
fn state(checks: &[Value], check: &str) -> String {
    let found: Vec<_> = checks.iter().filter(|one| one["check"] == check).collect();
    let [only] = found.as_slice() else {
        panic!("{check}: {found:?}");
    };
    only["state"].as_str().unwrap().to_owned()
}

#[test]
fn an_app_that_lacks_nothing_is_well() {
    let folder = scene();
    let (code, checks) = doctor(folder.path(), &[]);
    assert_eq!(code, 0, "{checks:?}");
    for (check, expected) in [
        ("manifest", "ok"),
        ("configuration", "ok"),
        ("rust", "ok"),
        ("data folder", "ok"),
        ("address", "ok"),
        ("other apps", "warning"),
    ] {
        assert_eq!(state(&checks, check), expected, "{check}");
    }
    let url = [("STAYPUT_USERS", "https://users.example")];
    let (_, checks) = doctor(folder.path(), &url);
    assert_eq!(state(&checks, "other apps"), "ok");
    // What it looks at stays as it was.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let (code, _, err) = stayput(folder.path(), &["wrangler"], &[]);
    assert_eq!(code, 0, "{err}");
    let (_, checks) = doctor(folder.path(), &[]);
    assert_eq!(state(&checks, "configuration"), "ok");
}

#[test]
fn a_class_without_a_binding_is_found_first() {
    let folder = scene();
    stayput(folder.path(), &["wrangler"], &[]);
    let file = folder.path().join("wrangler.jsonc");
    let text = std::fs::read_to_string(&file).unwrap();
    let without = text
        .replace("\"HALL\"", "\"CHAT_ROOM_2\"")
        .replace("\"class_name\": \"Hall\"", "\"class_name\": \"ChatRoom\"")
        .replace("2026-10-01", "2026-09-01");
    assert_ne!(text, without);
    std::fs::write(&file, without).unwrap();

    let (code, checks) = doctor(folder.path(), &[]);
    assert_eq!(code, 1);
    assert_eq!(checks[0]["check"], "configuration");
    assert_eq!(
        checks[0]["message"],
        "wrangler.jsonc: class `Hall` has no binding HALL"
    );
    let help = checks[0]["help"].as_str().unwrap();
    let line = r#"{ "name": "HALL", "class_name": "Hall" }"#;
    assert!(help.contains(line), "{help}");
    let date = checks[1]["message"].as_str().unwrap();
    assert!(date.contains("compatibility_date"), "{date}");

    let (code, out, err) = stayput(folder.path(), &["doctor"], &[]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("fault    configuration: wrangler.jsonc: class `Hall` has no binding HALL\n         help: add"),
        "{out}"
    );
    assert!(err.starts_with("error: 2 faults to mend"), "{err}");
}

#[test]
fn settings_and_tools_that_are_of_no_use_are_named() {
    let folder = scene();
    let settings = [
        ("STAYPUT_DATA", "manifest.json"),
        ("STAYPUT_LISTEN", "0.0.0.0:80"),
    ];
    let (code, checks) = doctor(folder.path(), &settings);
    assert_eq!(code, 1);
    assert_eq!(state(&checks, "data folder"), "fault");
    assert_eq!(state(&checks, "address"), "warning");

    let (code, checks) = doctor(folder.path(), &[("PATH", "/nowhere")]);
    assert_eq!(code, 1);
    assert_eq!(state(&checks, "rust"), "fault");
    assert_eq!(state(&checks, "node"), "warning");

    std::fs::write(folder.path().join("manifest.json"), "{}").unwrap();
    let (code, checks) = doctor(folder.path(), &[]);
    assert_eq!(code, 1);
    assert_eq!(state(&checks, "manifest"), "fault");
}
