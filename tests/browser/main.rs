//! Examples in a real browser: two pages at once while the server is killed, and the pages are those in their sources.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::process::{Launch, scratch};
use support::workers::{both, native};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn two_pages_talk_while_the_server_is_killed() {
    on_both("chat-room");
}

#[test]
fn two_pages_edit_one_text_while_the_server_is_killed() {
    on_both("document");
}

/// Natively only: what differs between the backends is in no page, and a build for Workers takes minutes.
#[test]
fn three_pages_bid_and_each_is_told_what_is_theirs_to_know() {
    need_browser();
    let folder = scratch();
    let program = native("auction");
    let data = folder.path().join("data");
    drive("auction", "native", &Launch::new(&program, &data));
}

#[test]
fn two_pages_run_a_shop_while_the_server_is_killed() {
    on_both("orders");
}

fn need_browser() {
    assert!(
        Path::new("/usr/bin/chromium").exists(),
        "this test needs a browser: apt-get install chromium"
    );
}

/// Runs the script of an example on both backends.
fn on_both(example: &str) {
    need_browser();
    let built = both(example);
    for backend in ["native", "workers"] {
        let folder = scratch();
        let data = folder.path().join("data");
        let drive = |launch: &Launch<'_>| drive(example, backend, launch);
        match backend {
            "native" => drive(&Launch::new(&built.program, &data)),
            _ => built.worker.alone().launch(&data, drive),
        }
    }
}

fn drive(example: &str, backend: &str, launch: &Launch<'_>) {
    let (server, _) = launch.start();
    let address = server.address();
    let mut server = Some(server);
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("browser")
        .join(example)
        .join(backend);
    fs::create_dir_all(&shots).unwrap();
    let mut pages = Command::new("node")
        .arg(root().join(format!("tests/browser/{example}.mjs")))
        .arg(format!("http://{address}"))
        .arg(&shots)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answers = pages.stdin.take().unwrap();
    let mut passed = false;
    for line in BufReader::new(pages.stdout.take().unwrap()).lines() {
        match line.unwrap().as_str() {
            // Dropping it kills it, as `kill -9` does.
            "kill" => drop(server.take()),
            "start" => server = Some(launch.start_at(address).0),
            "passed" => {
                passed = true;
                continue;
            }
            other => panic!("{example}, {backend}: the pages say {other}"),
        }
        writeln!(answers, "done").unwrap();
    }
    assert!(
        pages.wait().unwrap().success() && passed,
        "{example}, {backend}: see above"
    );
}

/// The pages that the programs hold were made from these very sources.
#[test]
fn the_pages_are_built_from_their_sources() {
    for example in ["auction", "chat-room", "document", "orders"] {
        let folder = scratch();
        let web = root().join("examples").join(example).join("web");
        let status = Command::new(root().join("examples/page"))
            .arg(example)
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(status.success(), "{example}: its page was not built");
        let fresh = files(&folder.path().join("dist"));
        assert!(fresh.len() > 3, "{fresh:?}");
        // Not `assert_eq`: nobody wants to read all of both.
        assert!(
            files(&web.join("dist")) == fresh,
            "run `examples/page {example}` and commit what it makes"
        );
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            let inside = files(&path);
            all.extend(
                inside
                    .into_iter()
                    .map(|(file, text)| (name.join(file), text)),
            );
        } else {
            all.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    all
}
