//! The output gate: nothing that a client ever saw, by a command or by a query, is missing from the disk.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use support::http::Connection;
use support::process::{Launch, scratch};
use support::random::{Random, note, seed};

use crate::clients::Clients;
use crate::{alone, amount, files, program};

#[test]
fn no_reply_runs_ahead_of_the_file() {
    let _alone = alone();
    let kills = amount("STAYPUT_KILLS", 20).min(50);
    let mut random = Random::new(seed("no_reply_runs_ahead_of_the_file"));
    let folder = scratch();
    let data = folder.path().join("data");
    let (mut by_commands, mut by_queries) = (0, 0);
    let mut sent_so_far: HashMap<String, i64> = HashMap::new();
    for _ in 0..kills {
        let (server, _) = Launch::new(program(), &data).start();
        // Few objects and as many readers as writers, so that most queries meet a commit on its way.
        let clients = Clients::start(server.address(), 32, &mut random, |client, random, _| {
            let action = if client % 2 == 0 {
                "increment"
            } else {
                "value"
            };
            (
                format!("counter/{}", random.within(0, 4)),
                action,
                json!({}),
            )
        });
        std::thread::sleep(Duration::from_millis(random.within(50, 400)));
        server.kill();
        let mut seen: HashMap<String, i64> = HashMap::new();
        for sent in clients.finish(false) {
            let most = seen.entry(sent.object.clone()).or_default();
            *sent_so_far.entry(sent.object.clone()).or_default() +=
                i64::from(sent.action == "increment");
            if let Some(value) = sent.answer() {
                *most = value.max(*most);
                *(if sent.action == "value" {
                    &mut by_queries
                } else {
                    &mut by_commands
                }) += 1;
            }
        }
        let stored = files::records(&data, "counter", "f/value");
        for (object, seen) in seen {
            let stored = stored
                .get(object.trim_start_matches("counter/"))
                .copied()
                .unwrap_or(0);
            assert!(
                stored >= seen,
                "{object}: a client saw {seen}, the file holds {stored}"
            );
            assert!(
                stored <= sent_so_far[&object],
                "{object}: the file holds {stored}, more than was sent"
            );
        }
    }
    note(&format!(
        "{kills} kills: {by_commands} answers of commands and {by_queries} of queries compared"
    ));
    assert!(
        by_commands > kills && by_queries > kills,
        "there was next to no load"
    );
}

/// A killed process leaves its written pages to the kernel, so that the test above cannot tell a write from a sync. Here
/// every sync takes long, and no answer may come before it is over.
#[test]
fn no_reply_runs_ahead_of_the_sync() {
    const SYNC: Duration = Duration::from_millis(400);
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    // Files and the object are made at full speed.
    let (server, _) = Launch::new(program(), &data).start();
    assert_eq!(
        server
            .connect()
            .call("counter/slow", "increment", &json!({}))
            .unwrap(),
        Ok(json!(1))
    );
    server.kill();
    let trace = folder.path().join("trace");
    let wrapper = slow_syncs(&trace, SYNC);
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    let (server, _) = Launch {
        wrapper: &wrapper,
        ..Launch::new(program(), &data)
    }
    .start();
    let address = server.address();
    let mut reader = Connection::open(address).unwrap();
    for round in 0..3 {
        let before = 1 + round;
        let mut writer = Connection::open(address).unwrap();
        let began = Instant::now();
        let writing = std::thread::spawn(move || {
            let answer = writer
                .call("counter/slow", "increment", &json!({}))
                .unwrap();
            (answer, began.elapsed())
        });
        std::thread::sleep(SYNC / 8);
        let value = reader
            .call("counter/slow", "value", &json!({}))
            .unwrap()
            .unwrap();
        let read_after = began.elapsed();
        let (written, written_after) = writing.join().unwrap();
        assert_eq!(written, Ok(json!(before + 1)));
        assert!(
            written_after >= SYNC,
            "the command was answered after {written_after:?}, the sync takes {SYNC:?}"
        );
        // The old value may be told at any time, the new one only after it is safe.
        assert!(
            value == before || read_after >= SYNC,
            "a query told {value} after {read_after:?}, the sync takes {SYNC:?}"
        );
    }
    let traced = fs::read_to_string(&trace).unwrap();
    assert!(traced.contains("sync("), "strace saw no sync:\n{traced}");
}

/// What starts a program whose every sync takes longer.
pub(crate) fn slow_syncs(trace: &Path, longer: Duration) -> Vec<String> {
    assert!(
        Command::new("strace").arg("-V").output().is_ok(),
        "this test needs strace: apt-get install strace"
    );
    let inject = format!("inject=fsync,fdatasync:delay_enter={}", longer.as_micros());
    let trace = trace.to_str().unwrap();
    // `-D` makes the program our own child and strace a bystander.
    let only = "trace=fsync,fdatasync";
    let wrapper = [
        "strace", "-D", "-f", "-qq", "-e", only, "-e", &inject, "-o", trace,
    ];
    wrapper.map(str::to_owned).to_vec()
}
