//! Objects that move by `export` and `import`: all of each comes along, and what is wrong is refused whole.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use support::http::Connection;
use support::process::{Launch, scratch};

use crate::{alone, program};

/// Runs a command of the program on a data folder.
pub(crate) fn command(data: &Path, words: &[&str]) -> Output {
    Command::new(program())
        .args(words)
        .env("STAYPUT_DATA", data)
        .output()
        .unwrap()
}

/// What it has written, if it was done.
#[track_caller]
pub(crate) fn done(output: &Output) -> Vec<u8> {
    let errors = String::from_utf8_lossy(&output.stderr);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {errors}{said}", output.status);
    output.stdout.clone()
}

/// Why it was not done.
#[track_caller]
pub(crate) fn refused(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn ask(
    connection: &mut Connection,
    object: &str,
    action: &str,
    params: &Value,
) -> Value {
    match connection.call(object, action, params).unwrap() {
        Ok(value) => value,
        Err(error) => panic!("{object} {action}: {error}"),
    }
}

fn fill(connection: &mut Connection) {
    for title in ["Running water", "The runner", "Still life", "Gone"] {
        ask(connection, "museum/louvre", "add", &json!({"title": title}));
    }
    ask(connection, "museum/louvre", "remove", &json!({}));
    for n in 0..1_200 {
        let line = json!({"op": format!("op {n} \u{2028}\n\"ä\""), "n": n});
        ask(connection, "ledger/books", "add", &line);
    }
}

#[test]
fn an_object_moves_with_everything_it_has() {
    let _alone = alone();
    let folder = scratch();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let (server, _) = Launch::new(program(), &here).start();
    let mut connection = server.connect();
    fill(&mut connection);
    ask(
        &mut connection,
        "ledger/books",
        "wake",
        &json!({"ms": 600_000}),
    );
    let before = ask(&mut connection, "museum/louvre", "all", &json!({}));
    let totals = ask(&mut connection, "ledger/books", "totals", &json!({}));
    // Beside the running server, and beside objects that are in memory.
    let museum = done(&command(&here, &["export", "museum/louvre"]));
    let ledger = done(&command(&here, &["export", "ledger/books"]));
    let files = [("museum", &museum), ("ledger", &ledger)].map(|(name, text)| {
        let file = folder.path().join(name).to_string_lossy().into_owned();
        fs::write(&file, text).unwrap();
        file
    });
    // Nothing of the first server's was disturbed, and a server's folder cannot be written to.
    let busy = refused(
        &command(&here, &["import", &files[0], "--as", "museum/other"]),
        1,
    );
    assert!(busy.contains(&server.id().to_string()), "{busy}");
    ask(
        &mut connection,
        "museum/louvre",
        "add",
        &json!({"title": "New"}),
    );

    for file in &files {
        done(&command(&there, &["import", file]));
    }
    done(&command(
        &there,
        &["import", &files[0], "--as", "museum/prado"],
    ));
    let (server, _) = Launch::new(program(), &there).start();
    let mut connection = server.connect();
    for museum in ["museum/louvre", "museum/prado"] {
        assert_eq!(ask(&mut connection, museum, "all", &json!({})), before);
        // It works on: triggers, full-text search and numbers that are not given twice.
        ask(&mut connection, museum, "add", &json!({"title": "Run"}));
        let now = ask(&mut connection, museum, "all", &json!({}));
        let now = now.as_array().unwrap();
        assert!(
            now.contains(&json!("5w")) && now.contains(&json!("seen5")),
            "{now:?}"
        );
    }
    assert_eq!(
        ask(&mut connection, "ledger/books", "totals", &json!({})),
        totals
    );
    server.kill();
    // The same text, but for the time when it was done: nothing is lost on the way.
    let again = done(&command(&there, &["export", "ledger/books"]));
    assert_eq!(
        String::from_utf8(again).unwrap(),
        String::from_utf8(ledger).unwrap()
    );
}

#[test]
fn an_object_that_is_there_is_replaced_only_if_that_is_said() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (server, _) = Launch::new(program(), &data).start();
    let mut connection = server.connect();
    fill(&mut connection);
    let before = ask(&mut connection, "museum/louvre", "all", &json!({}));
    let files = ["museum/louvre", "ledger/books"].map(|object| {
        let text = done(&command(&data, &["export", object]));
        let file = folder.path().join(object.replace('/', "-"));
        fs::write(&file, text).unwrap();
        file.to_string_lossy().into_owned()
    });
    ask(
        &mut connection,
        "museum/louvre",
        "add",
        &json!({"title": "Later"}),
    );
    ask(
        &mut connection,
        "ledger/books",
        "add",
        &json!({"op": "later", "n": 7}),
    );
    server.kill();
    for file in &files {
        let said = refused(&command(&data, &["import", file]), 1);
        assert!(said.contains("--replace"), "{said}");
    }
    for file in &files {
        done(&command(&data, &["import", file, "--replace"]));
    }
    let (server, _) = Launch::new(program(), &data).start();
    let mut connection = server.connect();
    assert_eq!(
        ask(&mut connection, "museum/louvre", "all", &json!({})),
        before
    );
    let totals = ask(&mut connection, "ledger/books", "totals", &json!({}));
    assert_eq!(totals["entries"], 1_200);
    ask(
        &mut connection,
        "ledger/books",
        "add",
        &json!({"op": "works", "n": 1}),
    );
}

#[test]
fn what_is_not_whole_is_refused_and_leaves_nothing() {
    let _alone = alone();
    let folder = scratch();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let (server, _) = Launch::new(program(), &here).start();
    let mut connection = server.connect();
    ask(
        &mut connection,
        "museum/louvre",
        "add",
        &json!({"title": "One"}),
    );
    ask(
        &mut connection,
        "ledger/books",
        "add",
        &json!({"op": "a", "n": 1}),
    );
    let file = folder.path().join("file");
    let path = file.to_string_lossy().into_owned();
    for object in ["museum/louvre", "ledger/books"] {
        let text = done(&command(&here, &["export", object]));
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut wrong: Vec<(String, &str)> = vec![
            (String::new(), "empty"),
            (
                text.replacen("\"export\":1", "\"export\":2", 1),
                "newer program",
            ),
            (
                text.replacen("\"class\":\"", "\"class\":\"no-", 1),
                "has no class",
            ),
            (text.clone() + "\n", "after its last line"),
            (lines[1..].concat(), "no exported object"),
            (text.replacen("\"born\"", "\"bore\"", 1), "line"),
            (
                text.replacen("\"value\":", "\"value\": ", 1),
                "not those that were exported",
            ),
        ];
        // Without any one of its lines, or cut anywhere.
        for without in 1..lines.len() {
            let rest: String = [&lines[..without], &lines[without + 1..]].concat().concat();
            wrong.push((rest, "line"));
        }
        for cut in (1..text.len() - 1).step_by(text.len() / 25) {
            let cut = (cut..=text.len())
                .find(|cut| text.is_char_boundary(*cut))
                .unwrap();
            wrong.push((text[..cut].to_owned(), "line"));
        }
        for (text, part) in wrong {
            fs::write(&file, &text).unwrap();
            let said = refused(&command(&there, &["import", &path]), 1);
            assert!(said.contains(part), "{part}: {said}\n{text}");
        }
        let said = refused(&command(&there, &["export", object]), 1);
        assert!(
            said.contains("no object") || said.contains("no data folder"),
            "{said}"
        );
        fs::write(&file, &text).unwrap();
        done(&command(&there, &["import", &path]));
    }
}

#[test]
fn no_import_runs_what_an_object_may_not() {
    let _alone = alone();
    let folder = scratch();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let (server, _) = Launch::new(program(), &here).start();
    ask(
        &mut server.connect(),
        "museum/louvre",
        "add",
        &json!({"title": "One"}),
    );
    let text = String::from_utf8(done(&command(&here, &["export", "museum/louvre"]))).unwrap();
    let file = folder.path().join("file");
    let target = folder.path().join("stolen");
    for sql in [
        format!("ATTACH '{}' AS x", target.display()),
        "PRAGMA writable_schema = 1".to_owned(),
        "CREATE TABLE _cf_mine(x)".to_owned(),
        "CREATE TABLE x AS SELECT * FROM _cf_KV".to_owned(),
        "DROP TABLE piece".to_owned(),
        "CREATE TABLE a(x); CREATE TABLE b(x)".to_owned(),
    ] {
        let line = json!({"schema": {"type": "table", "name": "x", "sql": sql}});
        let at = text.find("{\"schema\"").unwrap();
        fs::write(&file, format!("{}{line}\n{}", &text[..at], &text[at..])).unwrap();
        let said = refused(&command(&there, &["import", &file.to_string_lossy()]), 1);
        assert!(said.contains("line"), "{sql}: {said}");
        assert!(
            !said.contains("not those that were"),
            "{sql} was run: {said}"
        );
    }
    for table in ["_cf_KV", "_CF_METADATA", "sqlite_schema", "sqlite_stat1"] {
        let line = json!({"table": {"name": table, "columns": ["key", "value"]}});
        let at = text.find("{\"table\"").unwrap();
        fs::write(&file, format!("{}{line}\n{}", &text[..at], &text[at..])).unwrap();
        let said = refused(&command(&there, &["import", &file.to_string_lossy()]), 1);
        assert!(said.contains("no table of an object"), "{table}: {said}");
    }
    assert!(!target.exists());
}
