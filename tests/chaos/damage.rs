//! Files that are damaged while nobody looks: whoever is in them says so, all others go on, and what can be read is saved.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::http::Connection;
use support::process::{Launch, scratch};

use crate::backup::{copy_folder, museums, shared_with};
use crate::moving::{ask, command, done, refused};
use crate::{alone, program};

const LEDGERS: usize = 40;

/// A data folder of a server that has ended, with ledgers and museums.
fn fill(data: &Path) {
    let (mut server, _) = Launch::new(program(), data).start();
    let mut connection = server.connect();
    for number in 0..LEDGERS {
        let ledger = format!("ledger/{number}");
        for line in 0..30 {
            let op = format!("{line} of {number}");
            ask(&mut connection, &ledger, "add", &json!({"op": op, "n": 1}));
        }
    }
    for name in ["a", "b", "c"] {
        let title = json!({"title": name});
        ask(&mut connection, &format!("museum/{name}"), "add", &title);
    }
    drop(connection);
    server.terminate().unwrap();
    server.wait(std::time::Duration::from_secs(20)).unwrap();
}

/// How an object answers: its total, or the error.
fn total(connection: &mut Connection, ledger: &str) -> Result<Value, Value> {
    let answer = connection.call(ledger, "total", &json!({})).unwrap();
    answer.map_err(|error| error["data"].clone())
}

#[test]
fn whoever_is_in_a_damaged_file_says_so_and_all_others_go_on() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    fill(&data);
    let file = shared_with(&data, "ledger", "0");
    let of_file: Vec<usize> = (0..LEDGERS)
        .filter(|number| shared_with(&data, "ledger", &number.to_string()) == file)
        .collect();
    let all = museums(&data);
    let museum = all[0].clone();
    fs::remove_file(data.join(&museum)).unwrap();
    let length = fs::metadata(data.join(&file)).unwrap().len();
    let opened = fs::File::options().write(true).open(data.join(&file));
    opened.unwrap().set_len(length / 2).unwrap();
    let cut = fs::read(data.join(&file)).unwrap();

    let (server, _) = Launch::new(program(), &data).start();
    let mut connection = server.connect();
    for number in 0..LEDGERS {
        let answer = total(&mut connection, &format!("ledger/{number}"));
        if of_file.contains(&number) {
            let error = answer.unwrap_err();
            assert_eq!(error["code"], "storage.quarantined", "{error}");
            assert_eq!(error["retryable"], false, "{error}");
        } else {
            assert_eq!(answer, Ok(json!(30)));
            let line = json!({"op": "more", "n": 1});
            ask(&mut connection, &format!("ledger/{number}"), "add", &line);
        }
    }
    let rest = connection.get("/ledger/0/total").unwrap();
    assert_eq!(rest.status, 503, "{}", rest.text());
    assert!(rest.text().contains("--salvage"), "{}", rest.text());
    // An object whose file is gone is not born again, whoever asks.
    let mut gone = 0;
    for name in ["a", "b", "c"] {
        for again in 0..2 {
            let title = json!({"title": format!("new {again}")});
            let answer = connection.call(&format!("museum/{name}"), "add", &title);
            if let Err(error) = answer.unwrap() {
                assert_eq!(error["data"]["code"], "storage.quarantined", "{error}");
                gone += 1;
            }
        }
    }
    let harmed = |path: &&String| shared_of(path) == file || **path == museum;
    assert_eq!(gone, 2 * all.iter().filter(harmed).count());
    let ready = connection.get("/readyz").unwrap();
    assert_eq!(ready.status, 200, "{}", ready.text());
    let ready = ready.json().unwrap();
    assert_eq!(ready["status"], "degraded", "{ready}");
    assert!(ready["reason"].as_str().unwrap().contains(&file), "{ready}");
    server.kill();
    assert!(
        fs::read(data.join(&file)).unwrap() == cut,
        "the damaged file was changed"
    );
}

/// The shared file of an object, by its id in its file's name: the first two bytes say which of the eight.
fn shared_of(museum: &str) -> String {
    let id = Path::new(museum)
        .file_stem()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let byte = |at| u16::from_str_radix(&id[at..at + 2], 16).unwrap();
    format!("objects-{}.sqlite", (byte(0) | byte(2) << 8) % 8)
}

#[test]
fn what_can_be_read_is_saved() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    fill(&data);
    let file = shared_with(&data, "ledger", "0");
    let museum = museums(&data).remove(0);
    let length = fs::read(data.join(&file)).unwrap().len();
    let mut saved_of_some = 0;
    // Page after page: what else is in the file can be read in most cases.
    for page in (1..length / 4096).step_by(6) {
        let (copy, new) = (folder.path().join("copy"), folder.path().join("new"));
        copy_folder(&data, &copy);
        let mut bytes = fs::read(copy.join(&file)).unwrap();
        bytes[page * 4096..(page + 1) * 4096].fill(0x5a);
        fs::write(copy.join(&file), bytes).unwrap();
        fs::write(copy.join(&museum), "").unwrap();
        let text = new.to_string_lossy().into_owned();
        let output = command(&copy, &["verify", "--json", "--salvage", &text]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let lost = report["lost"].as_array().unwrap();
        let about = |lost: &&Value| lost["file"].as_str() == Some(museum.as_str());
        assert_eq!(lost.iter().filter(about).count(), 1, "{report}");
        let objects = report["objects"].as_u64().unwrap();
        assert!(objects >= 2, "{report}");
        done(&command(&new, &["verify"]));
        let (server, _) = Launch::new(program(), &new).start();
        let mut connection = server.connect();
        let mut there = 0;
        for number in 0..LEDGERS {
            let totals = ask(
                &mut connection,
                &format!("ledger/{number}"),
                "totals",
                &json!({}),
            );
            if totals["entries"] != 0 {
                let whole = json!({"total": 30, "sum": 30, "entries": 30, "indexed": 30});
                assert_eq!(
                    totals, whole,
                    "page {page}: ledger/{number} is there by half"
                );
                there += 1;
            } else if shared_with(&data, "ledger", &number.to_string()) != file {
                panic!("page {page}: ledger/{number} is lost");
            }
        }
        saved_of_some += usize::from(there < LEDGERS);
        server.kill();
        fs::remove_dir_all(&copy).unwrap();
        fs::remove_dir_all(&new).unwrap();
    }
    assert!(saved_of_some > 0, "no page mattered");
    // Nobody is to write meanwhile.
    let (server, _) = Launch::new(program(), &data).start();
    let new = folder.path().join("new").to_string_lossy().into_owned();
    let said = refused(&command(&data, &["verify", "--salvage", &new]), 1);
    assert!(said.contains(&server.id().to_string()), "{said}");
}
