//! What leaves over HTTP and could not come in by it: virtual tables, and objects that are longer than one text may be.

use std::fs;
use std::process::Command;

use support::process::{Launch, Server, scratch};
use support::workers::Built;
use tempfile::TempDir;

use crate::transfers::{call, export, import};

pub(crate) fn check(built: &Built, native: &Server, workerd: &Server) {
    search(built, native, workerd);
    for (where_, server) in [("natively", native), ("on Workers", workerd)] {
        large(where_, built, server);
    }
}

/// A virtual table goes out as the command writes it, and comes in by the command only: no statement may fill its own tables.
fn search(built: &Built, native: &Server, workerd: &Server) {
    let texts = [native, workerd].map(|server| {
        for (action, params) in [
            ("open", r#"["ann", 5]"#),
            ("run", r#"["CREATE VIRTUAL TABLE pages USING fts5(body)"]"#),
            (
                "run",
                r#"["INSERT INTO pages VALUES('durable objects'), ('and what moves')"]"#,
            ),
        ] {
            let made = call(server, ("ledger/books", action, params));
            assert!(made.contains("result"), "{made}");
        }
        export(server, "ledger/books")
    });
    for text in &texts {
        let refused = [native, workerd].map(|server| {
            let (status, answer) = import(server, "ledger/new-books", text);
            assert_eq!(status, 400, "{answer}");
            answer["error"]["message"].clone()
        });
        assert_eq!(refused[0], refused[1]);
        let message = refused[0].as_str().unwrap();
        assert!(message.contains("take the command `import`"), "{message}");
        let home = taken_in(built, text);
        assert_eq!(export(&home.1, "ledger/books"), *text);
        let found = call(
            &home.1,
            (
                "ledger/books",
                "read",
                r#"["SELECT body FROM pages WHERE pages MATCH 'moves'"]"#,
            ),
        );
        assert!(found.contains("and what moves"), "{found}");
    }
}

/// A native server on a folder that the command `import` put a text into.
fn taken_in(built: &Built, text: &[u8]) -> (TempDir, Server) {
    let folder = scratch();
    let data = folder.path().join("data");
    let file = folder.path().join("object.jsonl");
    fs::write(&file, text).unwrap();
    let mut command = Command::new(&built.program);
    command.arg("import").arg(&file).arg("--data").arg(&data);
    let imported = command.output().unwrap();
    let errors = String::from_utf8_lossy(&imported.stderr).into_owned();
    assert!(imported.status.success(), "{errors}");
    let server = Launch::new(&built.program, &data).start().0;
    (folder, server)
}

/// What is longer than could be in memory as one text leaves piece by piece: records, and rows in every order that tables have.
fn large(where_: &str, built: &Built, server: &Server) {
    let long = "x".repeat(450_000);
    for number in 0..40 {
        let params = format!(r#"[[["{number}", "{long}"], ["{number}-", "{long}"]]]"#);
        let kept = call(server, ("shelf/large", "put", &params));
        assert!(kept.contains("result"), "{kept}");
    }
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)";
    for statement in [
        "CREATE TABLE numbered(a, b)",
        "CREATE TABLE hidden(rowid, _rowid_, oid)",
        "CREATE TABLE keyed(word TEXT COLLATE NOCASE, n INTEGER, b, PRIMARY KEY(word COLLATE BINARY, n)) WITHOUT ROWID",
        "CREATE TABLE turned(n INTEGER PRIMARY KEY DESC, b) WITHOUT ROWID",
        &format!(
            "INSERT INTO numbered {rows} SELECT i, hex(i * 1.5) || 'a text that is somewhat long' FROM n"
        ),
        &format!(
            "INSERT INTO hidden {rows} SELECT i, NULL, 'what hides the numbers of rows' FROM n"
        ),
        &format!(
            "INSERT INTO keyed {rows} SELECT CASE i % 2 WHEN 0 THEN 'word' ELSE 'WORD' END, i - 30000, x'00ff' FROM n"
        ),
        &format!("INSERT INTO turned {rows} SELECT i, 'down' FROM n"),
        "DELETE FROM numbered WHERE a % 7 = 0",
    ] {
        let params = serde_json::to_string(&[statement]).unwrap();
        let ran = call(server, ("ledger/large", "run", &params));
        assert!(ran.contains("result"), "{ran}");
    }
    let before = server.resident().unwrap();
    for object in ["shelf/large", "ledger/large"] {
        let text = export(server, object);
        let (_folder, home) = taken_in(built, &text);
        assert!(export(&home, object) == text, "{where_}: {object}");
        eprintln!("{where_}: {object} of {} KiB", text.len() >> 10);
    }
    let grown = server.resident().unwrap().saturating_sub(before);
    eprintln!("{where_}: {} KiB grown", grown >> 10);
    assert!(grown < 64 << 20, "{where_}: {grown} bytes grown");
    // Whoever hangs up lets go of the object.
    let mut leaving = server.connect();
    let head = format!(
        "GET /shelf/large/~export HTTP/1.1\r\nHost: {}\r\n\r\n",
        server.address()
    );
    leaving.send(head.as_bytes()).unwrap();
    assert!(leaving.line().unwrap().contains("200"));
    let asked = call(server, ("shelf/large", "text", r#"["0"]"#));
    assert!(asked.contains("xxx"), "{where_}: who asks does not wait");
    drop(leaving);
    let kept = call(server, ("shelf/large", "put", r#"[[["last", "one"]]]"#));
    assert!(kept.contains("result"), "{where_}: {kept}");
}
