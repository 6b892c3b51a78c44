//! Whole objects over HTTP: the same text from both backends, and back.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::http::Response;
use support::process::{Launch, Server, scratch};
use support::workers::Built;

use crate::app::{Native, Workerd};
use crate::exports;
use crate::play::Backend as _;
use crate::steps::masked;

pub(crate) const LINES: &str = "Content-Type: application/x-ndjson";
const JSON: &str = "Content-Type: application/json";

/// What is done to objects before they move: object, action, parameters.
const LIVES: &[(&str, &str, &str)] = &[
    (
        "shelf/full",
        "keep",
        r#"[{"signed": -9007199254740993, "unsigned": 18446744073709551615, "float": 1.5, "maybe": null, "unit": null,
            "bytes": [0, 255], "text": "é\n\u0000\u2028", "map": {"b": 1, "a": 2}, "kind": {"Named": {"x": "y"}}}]"#,
    ),
    (
        "shelf/full",
        "put",
        r#"[[["one", "1"], ["two\u0000", "2"], ["", "3"]]]"#,
    ),
    ("shelf/full", "fill", r#"["long", 100000]"#),
    (
        "depot/busy",
        "add",
        r#"[[[1, "dig"], [-5, "rest"]], false]"#,
    ),
    ("depot/busy", "take", "[1]"),
    ("clock/late", "set_at", "[4000000000000]"),
    ("ledger/rich", "open", r#"["ann", 5]"#),
    ("ledger/rich", "open", r#"["bob", 9007199254740993]"#),
    (
        "ledger/rich",
        "run",
        r#"["INSERT INTO kind VALUES(-9223372036854775807, 1.0, '=a''b', x'00ff', 0.1), (NULL, 'text', '', NULL, 1e300), (7, 9223372036854775807, 'é', x'', -2.5)"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["INSERT INTO entry(id, account, cents) SELECT id * 10, id, -id FROM account"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["CREATE TABLE \"odd \"\"name\"(\"a b\" TEXT PRIMARY KEY, c) WITHOUT ROWID"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["INSERT INTO \"odd \"\"name\" VALUES('x', 1), ('y', NULL)"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT, twice GENERATED ALWAYS AS (id * 2))"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["INSERT INTO counted(id, what) VALUES(41, 'gone'), (3, 'here')"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["DELETE FROM counted WHERE id = 41"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["CREATE INDEX kinds ON kind(t) WHERE n > 0"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["CREATE VIEW names AS SELECT name FROM account"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["CREATE TRIGGER opened AFTER INSERT ON counted BEGIN INSERT INTO audit VALUES(new.what); END"]"#,
    ),
];

/// What is asked of them afterwards, on either side.
const QUESTIONS: &[(&str, &str, &str)] = &[
    ("shelf/full", "kept", "[]"),
    ("shelf/full", "keys", "[false, 10]"),
    ("depot/busy", "books", "[]"),
    ("depot/busy", "add", r#"[[[0, "next"]], false]"#),
    ("clock/late", "is_set", "[]"),
    ("ledger/rich", "all", "{}"),
    (
        "ledger/rich",
        "read",
        r#"["SELECT name FROM names ORDER BY name"]"#,
    ),
    (
        "ledger/rich",
        "run",
        r#"["INSERT INTO counted(what) VALUES('after')"]"#,
    ),
    (
        "ledger/rich",
        "read",
        r#"["SELECT id || what || twice FROM counted ORDER BY id"]"#,
    ),
    ("ledger/rich", "read", r#"["SELECT what FROM audit"]"#),
    (
        "ledger/rich",
        "run",
        r#"["INSERT INTO entry(account, cents) VALUES(99, 1)"]"#,
    ),
];

pub(crate) fn send(
    server: &Server,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &[u8],
) -> Response {
    let answer = server.connect().request(method, path, headers, body);
    answer.unwrap()
}

pub(crate) fn call(server: &Server, (object, action, params): (&str, &str, &str)) -> String {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{action}","params":{params}}}"#);
    let answer = send(
        server,
        "POST",
        &format!("/{object}"),
        &[JSON],
        body.as_bytes(),
    );
    masked(&answer.text())
}

pub(crate) fn export(server: &Server, object: &str) -> Vec<u8> {
    let answer = send(server, "GET", &format!("/{object}/~export"), &[], b"");
    assert_eq!(answer.status, 200, "{object}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    answer.body
}

/// What an import answers: status and body.
pub(crate) fn import(server: &Server, object: &str, text: &[u8]) -> (u16, Value) {
    let path = format!("/{object}/~import");
    let answer = send(server, "PUT", &path, &[LINES], text);
    (answer.status, answer.json().unwrap())
}

pub(crate) fn check(built: &Built) {
    let (native, workerd) = (Native::new(built), Workerd::new(built));
    let (native, workerd) = (native.start(), workerd.start());
    round(built, &native, &workerd);
    round(built, &workerd, &native);
    refusals(&native, &workerd);
    exports::check(built, &native, &workerd);
}

/// From the one backend to the other, and on to the first one, elsewhere.
fn round(built: &Built, from: &Server, to: &Server) {
    for life in LIVES {
        let answer = call(from, *life);
        assert!(answer.contains("\"result\""), "{life:?}: {answer}");
    }
    let (folder, there) = (scratch(), Workerd::new(built));
    let data = folder.path().join("data");
    let (home, there) = (Launch::new(&built.program, &data).start().0, there.start());
    for object in ["shelf/full", "depot/busy", "clock/late", "ledger/rich"] {
        let text = export(from, object);
        let (class, name) = object.split_once('/').unwrap();
        // Under another name, because the first one is taken in the second round.
        let moved = format!("{class}/moved-{name}");
        let lines = || text.split(|byte| *byte == b'\n');
        let begins = |with: &str| {
            lines()
                .filter(|line| line.starts_with(with.as_bytes()))
                .count()
        };
        let counted = json!({"records": begins("{\"record\""), "rows": begins("{\"row\"")});
        assert_eq!(
            import(to, &moved, &text),
            (200, counted.clone()),
            "{object}"
        );
        let back = String::from_utf8(export(to, &moved)).unwrap();
        // But for the name, and the sum of all bytes.
        let unnamed = |text: &str| {
            let lines = text.lines().filter(|line| !line.starts_with("{\"end\""));
            lines.collect::<Vec<_>>().join("\n").replace("moved-", "")
        };
        let sent = String::from_utf8(text.clone()).unwrap();
        assert_eq!(unnamed(&back), unnamed(&sent), "{object}");
        for server in [&home, &there] {
            assert_eq!(
                import(server, object, &text),
                (200, counted.clone()),
                "{object}"
            );
            assert_eq!(export(server, object), text, "{object}");
        }
        // What the command writes, from the folder.
        let mut command = Command::new(&built.program);
        let written = command
            .args(["export", object, "--data"])
            .arg(&data)
            .output();
        assert_eq!(written.unwrap().stdout, text, "{object}");
    }
    for question in QUESTIONS {
        let answer = call(&home, *question);
        assert_eq!(call(&there, *question), answer, "{question:?}");
        assert_eq!(call(from, *question), answer, "{question:?}");
    }
    scheduled(from, &[&home, &there]);
}

/// What an object was to do later it does where it has come to.
fn scheduled(from: &Server, to: &[&Server]) {
    for (action, params) in [
        ("later", r#"["ring", 3000]"#),
        ("tell_later", r#"["other", "from afar", 3000]"#),
    ] {
        let asked = call(from, ("agenda/due", action, params));
        assert!(asked.contains("result"), "{asked}");
    }
    let text = export(from, "agenda/due");
    for server in to {
        let (status, answer) = import(server, "agenda/due", &text);
        assert_eq!(status, 200, "{answer}");
    }
    let end = Instant::now() + Duration::from_secs(30);
    for server in to {
        for (object, note) in [("agenda/due", "ring"), ("agenda/other", "from afar")] {
            let expected = format!("[\"{note}\"]");
            loop {
                let notes = call(server, (object, "notes", "[]"));
                if notes.contains(&expected) {
                    break;
                }
                assert!(Instant::now() < end, "{object}: {notes}");
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// What is refused, and that it is so alike.
fn refusals(native: &Server, workerd: &Server) {
    let text = export(native, "depot/busy");
    let both = |what: &str, status: u16, ask: &dyn Fn(&Server) -> Response| {
        let [one, other] = [native, workerd].map(|server| {
            let answer = ask(server);
            assert_eq!(answer.status, status, "{what}: {}", answer.text());
            masked(&answer.text())
        });
        assert_eq!(one, other, "{what}");
    };
    let put = |path: &'static str, text: &[u8]| {
        let text = text.to_vec();
        move |server: &Server| send(server, "PUT", path, &[LINES], &text)
    };
    both("one that is there", 409, &put("/depot/busy/~import", &text));
    both("none", 404, &|server| {
        send(server, "GET", "/depot/nobody/~export", &[], b"")
    });
    both("no class", 404, &|server| {
        send(server, "GET", "/nothing/x/~export", &[], b"")
    });
    both("another class", 409, &put("/clock/new/~import", &text));
    let cut = &text[..text.len() - 10];
    both("cut within a line", 400, &put("/depot/new/~import", cut));
    let end = text.iter().rposition(|byte| *byte == b'{').unwrap_or(0);
    let end = text[..end]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap_or(end)
        + 1;
    both(
        "cut between lines",
        400,
        &put("/depot/new/~import", &text[..end]),
    );
    let changed = String::from_utf8(text.clone())
        .unwrap()
        .replace("dig", "dug");
    let changed = changed.replace("rest", "rust");
    both(
        "changed",
        400,
        &put("/depot/new/~import", changed.as_bytes()),
    );
    both("empty", 400, &put("/depot/new/~import", b"\n"));
    both("nothing of them is there", 404, &|server| {
        send(server, "GET", "/depot/new/~export", &[], b"")
    });
    both("not declared", 415, &|server| {
        send(server, "PUT", "/depot/new/~import", &[JSON], &text)
    });
    both("the wrong method", 405, &|server| {
        send(server, "POST", "/depot/busy/~export", &[JSON], b"{}")
    });
    both("from elsewhere", 401, &|server| {
        send(
            server,
            "GET",
            "/depot/busy/~export",
            &["X-Forwarded-For: 192.0.2.1"],
            b"",
        )
    });
    both("by its name", 404, &|server| {
        let body = br#"{"jsonrpc":"2.0","id":1,"method":"~export"}"#;
        let answer = send(server, "POST", "/depot/busy", &[JSON], body);
        Response {
            status: if answer.text().contains("-32601") {
                404
            } else {
                200
            },
            ..answer
        }
    });
    let tables = export(native, "ledger/rich");
    let cut = &tables[..tables.len() - 10];
    both("tables that are cut", 400, &put("/ledger/new/~import", cut));
    both("nothing of them either", 404, &|server| {
        send(server, "GET", "/ledger/new/~export", &[], b"")
    });
    both("all of them", 200, &put("/ledger/new/~import", &tables));
    let large = vec![b' '; (16 << 20) + 1];
    both("too large", 413, &put("/depot/new/~import", &large));
}
