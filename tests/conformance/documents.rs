//! Bodies that are JSON, or nearly: `JSONTestSuite` where it is, and a selection of our own. Each is sent as the whole body
//! and as the parameters of a call, to both backends, which must answer alike.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::http::Response;
use support::process::Server;
use support::random::note;

/// What must become of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is JSON: any answer but a parse error.
    Good,
    /// It is none: a parse error.
    Bad,
    /// Parsers differ: an answer.
    Open,
}

/// Documents of the public suite that are JSON and yet refused by us when they are a whole body or parameters: none.
const OURS: &[(Kind, &str, &[u8])] = &[
    (Kind::Good, "empty list", b"[]"),
    (Kind::Good, "empty object", b"{}"),
    (Kind::Good, "blanks", b" \t\r\n[ 1 , 2 ] \n"),
    (Kind::Good, "numbers", b"[-0, 0.5, 1e9, 1E-9, 1.5e+9, -0.0]"),
    (
        Kind::Good,
        "large integers",
        b"[9007199254740993, 18446744073709551615, -9223372036854775808]",
    ),
    (
        Kind::Good,
        "escapes",
        br#"["\"\\\/\b\f\n\r\t\u0000\u00e9\ud83d\udca9"]"#,
    ),
    (Kind::Good, "names that stand twice", br#"{"a":1,"a":2}"#),
    (
        Kind::Good,
        "other scripts",
        "[\"äß\u{1f600}\u{2028}\"]".as_bytes(),
    ),
    (Kind::Good, "words", b"[true, false, null]"),
    (Kind::Good, "a bare string", b"\"a\""),
    (Kind::Good, "a bare number", b"42"),
    (Kind::Bad, "nothing", b""),
    (Kind::Bad, "a comma too many", b"[1,]"),
    (Kind::Bad, "no comma", b"[1 2]"),
    (Kind::Bad, "an open list", b"[1"),
    (Kind::Bad, "an open string", b"[\"a"),
    (Kind::Bad, "a name without quotes", b"{a:1}"),
    (Kind::Bad, "no value", b"{\"a\":}"),
    (Kind::Bad, "a leading zero", b"[012]"),
    (Kind::Bad, "a leading plus", b"[+1]"),
    (Kind::Bad, "no digit before the point", b"[.5]"),
    (Kind::Bad, "no digit behind the point", b"[5.]"),
    (Kind::Bad, "an empty exponent", b"[1e]"),
    (Kind::Bad, "hex", b"[0x1]"),
    (Kind::Bad, "NaN", b"[NaN]"),
    (Kind::Bad, "a comment", b"[/* */1]"),
    (Kind::Bad, "single quotes", b"['a']"),
    (Kind::Bad, "a raw line end", b"[\"a\nb\"]"),
    (Kind::Bad, "an unknown escape", b"[\"\\x\"]"),
    (Kind::Bad, "a short escape", b"[\"\\u12\"]"),
    (Kind::Bad, "two documents", b"[][]"),
    (Kind::Bad, "a NUL at the end", b"[]\0"),
    (Kind::Bad, "an unknown word", b"[nul]"),
    (Kind::Bad, "a capital word", b"[True]"),
    (Kind::Bad, "no UTF-8", b"[\"\xff\"]"),
    (Kind::Bad, "a form feed as a blank", b"[\x0c]"),
    (Kind::Open, "a byte order mark", b"\xef\xbb\xbf[]"),
    (Kind::Open, "half a surrogate pair", br#"["\ud800"]"#),
    (Kind::Open, "beyond floats", b"[1e400]"),
    (Kind::Open, "beyond 64 bits", b"[18446744073709551616]"),
    (Kind::Open, "UTF-16", b"[\0\"\0a\0\"\0]\0"),
];

/// Bounds that hold on a busy machine.
const QUICK: Duration = Duration::from_millis(500);

pub(crate) fn check(native: &Server, workers: &Server) {
    let mut faults = Vec::new();
    for (kind, name, text) in OURS {
        compare(*kind, name, text, native, workers, &mut faults);
    }
    note(&format!("JSON documents: {} of our own", OURS.len()));
    match std::env::var_os("STAYPUT_TEST_DATA") {
        Some(data) => {
            let suite = public(&Path::new(&data).join("JSONTestSuite/test_parsing"));
            for (kind, name, text) in &suite {
                compare(*kind, name, text, native, workers, &mut faults);
            }
            note(&format!("JSONTestSuite: {} documents", suite.len()));
            assert_eq!(suite.len(), 318);
        }
        None => note("STAYPUT_TEST_DATA is not set: JSONTestSuite is not run"),
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    for body in ["[".repeat(100_000), "{\"a\":".repeat((1 << 20) / 5)] {
        for (backend, server) in [("native", native), ("workerd", workers)] {
            let began = Instant::now();
            let answer = post(server, "/form/deep", body.as_bytes());
            let took = began.elapsed();
            assert_eq!(code(&answer), Some(-32700), "{backend}");
            note(&format!(
                "{backend}: {} bytes of open brackets: {took:?}",
                body.len()
            ));
            assert!(took < QUICK, "{backend} took {took:?}");
        }
    }
}

/// The public suite: what a file is its name says.
fn public(folder: &Path) -> Vec<(Kind, String, Vec<u8>)> {
    let files =
        fs::read_dir(folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
    let mut suite: Vec<_> = files
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let kind = match name.as_bytes()[0] {
                b'y' => Kind::Good,
                b'n' => Kind::Bad,
                _ => Kind::Open,
            };
            (kind, name, fs::read(file.path()).unwrap())
        })
        .collect();
    suite.sort_by(|one, other| one.1.cmp(&other.1));
    suite
}

fn compare(
    kind: Kind,
    name: &str,
    text: &[u8],
    native: &Server,
    workers: &Server,
    faults: &mut Vec<String>,
) {
    let mut call = br#"{"jsonrpc":"2.0","id":1,"method":"echo","params":[["#.to_vec();
    call.extend_from_slice(text);
    call.extend_from_slice(b"]]}");
    for (path, form, body) in [
        ("/form/documents", "body", text),
        ("/form/documents", "params", &*call),
        ("/form/documents/echo", "REST", text),
    ] {
        let (one, other) = (post(native, path, body), post(workers, path, body));
        let (line, there) = (shown(&one), shown(&other));
        if line != there {
            faults.push(format!(
                "{name} as {form}: native {line}\n  workerd {there}"
            ));
        }
        let parsed = one.status < 500 && code(&one) != Some(-32700);
        // Between the brackets of a call some texts complete each other.
        let right = match (kind, form) {
            (Kind::Good, _) => parsed,
            (Kind::Bad, "body") => one.status == 200 && code(&one) == Some(-32700),
            (Kind::Bad, "REST") => one.status == 400 || text.is_empty(),
            (Kind::Bad | Kind::Open, _) => one.status < 500,
        };
        if !right {
            faults.push(format!("{name} as {form}: {line}"));
        }
    }
}

fn post(server: &Server, path: &str, body: &[u8]) -> Response {
    let headers = ["Content-Type: application/json"];
    let answer = server.connect().request("POST", path, &headers, body);
    answer.unwrap_or_else(|fault| panic!("{path}: {fault}: {}", String::from_utf8_lossy(body)))
}

fn code(answer: &Response) -> Option<i64> {
    let body = answer.json().unwrap_or(Value::Null);
    body["error"]["code"].as_i64()
}

fn shown(answer: &Response) -> String {
    format!("{} {}", answer.status, crate::steps::masked(&answer.text()))
}
