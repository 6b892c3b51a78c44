//! A data folder that is copied while it is in use, and looked at.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::http::Connection;
use support::process::{Launch, Server, scratch};
use support::random::{Random, note, seed};

use crate::clients::Clients;
use crate::moving::{ask, command, done, refused};
use crate::{alone, program};

const LEDGERS: u64 = 24;
const MUSEUMS: u64 = 3;

fn lines(connection: &mut Connection, ledger: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let from = all
            .last()
            .map_or(0, |line| line["id"].as_u64().unwrap() + 1);
        let page = ask(connection, ledger, "lines", &json!({"from": from}));
        let page = page.as_array().unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page.iter().cloned());
    }
}

/// The number of lines or pieces of every object.
fn counts(connection: &mut Connection) -> Vec<u64> {
    let ledgers = (0..LEDGERS).map(|number| (format!("ledger/{number}"), "totals"));
    let museums = (0..MUSEUMS).map(|number| (format!("museum/{number}"), "pieces"));
    ledgers
        .chain(museums)
        .map(|(object, action)| {
            let answer = ask(connection, &object, action, &json!({}));
            answer.as_u64().or(answer["entries"].as_u64()).unwrap()
        })
        .collect()
}

/// The slowest of a hundred increments, but one.
fn slow(server: &Server, while_: impl Fn() -> bool) -> Duration {
    let mut connection = server.connect();
    let mut took = Vec::new();
    while while_() || took.len() < 100 {
        let began = Instant::now();
        ask(&mut connection, "counter/clock", "increment", &json!({}));
        took.push(began.elapsed());
    }
    took.sort();
    took[took.len() * 99 / 100 - 1]
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story")]
fn a_backup_under_load_has_all_that_was_acknowledged_before() {
    let _alone = alone();
    let folder = scratch();
    let (data, copy, new) = (
        folder.path().join("data"),
        folder.path().join("copy"),
        folder.path().join("new"),
    );
    let (server, _) = Launch::new(program(), &data).start();
    let mut random = Random::new(seed("a_backup_under_load"));
    let clients = Clients::start(server.address(), 8, &mut random, |client, random, call| {
        if client == 0 {
            let museum = format!("museum/{}", random.within(0, MUSEUMS));
            return (museum, "add", json!({"title": format!("run {call}")}));
        }
        let ledger = format!("ledger/{}", random.within(0, LEDGERS));
        (
            ledger,
            "add",
            json!({"op": format!("{client}-{call}"), "n": random.within(1, 100)}),
        )
    });
    let mut connection = server.connect();
    let before_load = slow(&server, || false);
    std::thread::sleep(Duration::from_millis(500));
    ask(&mut connection, "ledger/0", "wake", &json!({"ms": 6_000}));
    ask(
        &mut connection,
        "ledger/newborn",
        "add",
        &json!({"op": "a", "n": 1}),
    );
    ask(
        &mut connection,
        "museum/newborn",
        "add",
        &json!({"title": "a"}),
    );
    let before = counts(&mut connection);
    let text = copy.to_string_lossy().into_owned();
    let began = Instant::now();
    let copying = std::thread::spawn({
        let (data, text) = (data.clone(), text.clone());
        move || command(&data, &["backup", &text])
    });
    let during = slow(&server, || !copying.is_finished());
    done(&copying.join().unwrap());
    let took = began.elapsed();
    assert!(done(&command(&data, &["verify"])).ends_with(b" 0 faults\n"));
    clients.finish(true);
    let said = refused(&command(&data, &["backup", &text]), 1);
    assert!(said.contains("not empty"), "{said}");

    done(&command(&new, &["restore", &text]));
    assert!(done(&command(&new, &["verify"])).ends_with(b" 0 faults\n"));
    let exported = done(&command(&new, &["export", "ledger/0"]));
    let exported = String::from_utf8(exported).unwrap();
    assert!(
        exported.contains("\n{\"alarm\":"),
        "the alarm has gone off before the backup began"
    );
    let (restored, _) = Launch::new(program(), &new).start();
    let mut connection = restored.connect();
    let mut original = server.connect();
    let there = counts(&mut connection);
    for (object, (there, before)) in there.iter().zip(&before).enumerate() {
        assert!(
            there >= before,
            "object {object}: {before} were acknowledged, {there} are there"
        );
    }
    for number in 0..LEDGERS {
        let ledger = format!("ledger/{number}");
        let (mine, all) = (
            lines(&mut connection, &ledger),
            lines(&mut original, &ledger),
        );
        let mine: Vec<_> = mine
            .into_iter()
            .filter(|line| line["entry"]["op"] != "alarm")
            .collect();
        assert_eq!(mine[..], all[..mine.len()], "{ledger}: no prefix");
        let totals = ask(&mut connection, &ledger, "totals", &json!({}));
        assert_eq!(totals["total"], totals["sum"], "{ledger}");
        assert_eq!(totals["entries"], totals["indexed"], "{ledger}");
    }
    for museum in ["0", "1", "2", "newborn"] {
        let museum = format!("museum/{museum}");
        let all = ask(&mut connection, &museum, "all", &json!({}));
        let seen = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line.as_str().unwrap().starts_with("seen"));
        let pieces = ask(&mut connection, &museum, "pieces", &json!({}));
        // The tables have as many as the records say, and the name of one of `sqlite_schema` begins so as well.
        assert_eq!(seen.count() as u64, pieces.as_u64().unwrap(), "{museum}");
    }
    assert_eq!(
        ask(&mut connection, "ledger/newborn", "total", &json!({})),
        1
    );
    let armed = Instant::now();
    while !lines(&mut connection, "ledger/0")
        .iter()
        .any(|line| line["entry"]["op"] == "alarm")
    {
        assert!(
            armed.elapsed() < Duration::from_secs(20),
            "the alarm does not go off"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    note(&format!(
        "backup of {} files took {took:?}; 99th percentile of increments under load {before_load:?}, meanwhile {during:?}",
        8 + MUSEUMS + 1
    ));
}

/// Something done to a data folder.
type Harm<'a> = &'a dyn Fn(&Path);

#[test]
#[expect(clippy::too_many_lines, reason = "one story")]
fn whatever_does_not_fit_together_is_found() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch::new(program(), &data).start();
    let mut connection = server.connect();
    for name in ["a", "b", "c"] {
        ask(
            &mut connection,
            &format!("museum/{name}"),
            "add",
            &json!({"title": name}),
        );
        ask(
            &mut connection,
            &format!("ledger/{name}"),
            "add",
            &json!({"op": name, "n": 1}),
        );
    }
    server.kill();
    // A kill leaves nothing that is wrong.
    assert!(done(&command(&data, &["verify"])).ends_with(b" 0 faults\n"));
    let museums = museums(&data);
    let ledger = shared_with(&data, "ledger", "a");
    let harms: [(&str, Harm<'_>, &str); 8] = [
        (
            "a record that is no JSON",
            &|data| {
                change(
                    data,
                    &ledger,
                    "UPDATE record SET value = x'7b' WHERE key = 'f/total'",
                );
            },
            "no JSON",
        ),
        (
            "records of nobody",
            &|data| {
                change(
                    data,
                    &ledger,
                    "DELETE FROM object WHERE class = 'ledger' AND name = 'a'",
                );
            },
            "does not know",
        ),
        (
            "an object without records",
            &|data| change(data, &ledger, "DELETE FROM record"),
            "no record `!meta`",
        ),
        (
            "another's id",
            &|data| {
                change(
                    data,
                    &ledger,
                    "UPDATE object SET name = 'x' WHERE name = 'a'",
                );
            },
            "not that of its name",
        ),
        (
            "no file of an object's",
            &|data| fs::remove_file(data.join(&museums[0])).unwrap(),
            "it is missing",
        ),
        (
            "an empty file",
            &|data| fs::write(data.join(&museums[1]), "").unwrap(),
            "it is empty",
        ),
        (
            "a file of nobody",
            &|data| {
                for number in 0..8 {
                    change(
                        data,
                        &format!("objects-{number}.sqlite"),
                        "DELETE FROM object WHERE class = 'museum'",
                    );
                }
            },
            "does not know the object",
        ),
        (
            "a page of zeros",
            &|data| zero(&data.join(&museums[2])),
            "malformed",
        ),
    ];
    for (name, harm, part) in harms {
        let copy = folder.path().join("copy");
        copy_folder(&data, &copy);
        harm(&copy);
        let output = command(&copy, &["verify", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{name}: {output:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let faults = report["faults"].as_array().unwrap();
        let found = faults
            .iter()
            .any(|fault| fault["reason"].as_str().unwrap().contains(part));
        assert!(found, "{name}: {report}");
        let said = refused(
            &command(
                &folder.path().join("new"),
                &["restore", &copy.to_string_lossy()],
            ),
            1,
        );
        assert!(said.contains("--salvage"), "{name}: {said}");
        fs::remove_dir_all(&copy).unwrap();
    }
}

/// The files of objects with SQL, from the folder on.
pub(crate) fn museums(data: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for folder in fs::read_dir(data.join("sql")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "sqlite")
            {
                found.push(
                    path.strip_prefix(data)
                        .unwrap()
                        .to_string_lossy()
                        .into_owned(),
                );
            }
        }
    }
    found.sort();
    found
}

/// The name of the shared file that has an object.
pub(crate) fn shared_with(data: &Path, class: &str, name: &str) -> String {
    let holds = |file: &String| {
        let connection = rusqlite::Connection::open(data.join(file)).unwrap();
        let count = "SELECT count(*) FROM object WHERE class = ?1 AND name = ?2";
        connection
            .query_row(count, (class, name), |row| row.get::<_, i64>(0))
            .unwrap()
            == 1
    };
    let mut files = (0..8).map(|number| format!("objects-{number}.sqlite"));
    files.find(holds).unwrap()
}

fn change(data: &Path, file: &str, sql: &str) {
    let connection = rusqlite::Connection::open(data.join(file)).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
}

/// Overwrites a page in the middle with zeros.
fn zero(path: &Path) {
    // What the log has is carried over first.
    drop(rusqlite::Connection::open(path).unwrap().query_row(
        "PRAGMA wal_checkpoint(TRUNCATE)",
        (),
        |_| Ok(()),
    ));
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 4096 / 2 * 4096;
    bytes[middle..middle + 4096].fill(0);
    fs::write(path, bytes).unwrap();
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
