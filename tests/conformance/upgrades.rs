//! Objects that an earlier version of the program stored, brought in as it would have exported them.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use support::process::Server;
use support::workers::Built;

use crate::app::{Native, Workerd};
use crate::play::Backend as _;
use crate::transfers::import;

/// A till of this version with these records, as text.
fn till(version: u32, records: &[(&str, Value)]) -> Vec<u8> {
    let meta = json!({"v": 1, "name": "x", "born": 0, "app": "conformance-app@0.0.1", "state": {"": version}});
    let mut text = String::from(
        r#"{"stayput":{"export":1},"app":"conformance-app","version":"0.0.1","class":"till","name":"x","sql":false}"#,
    );
    text.push('\n');
    for (key, value) in [("!meta", meta)].iter().chain(records) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, r#"{{"record":{{"key":"{key}","value":{value}}}}}"#);
    }
    let mut sum = String::new();
    for byte in digest(&SHA256, text.as_bytes()).as_ref() {
        let _ = write!(sum, "{byte:02x}");
    }
    let records = records.len() + 1;
    let _ = writeln!(
        text,
        r#"{{"end":{{"records":{records},"rows":0,"sha256":"{sum}"}}}}"#
    );
    text.into_bytes()
}

fn ask(server: &Server, name: &str, action: &str, params: &Value) -> Result<Value, Value> {
    let object = format!("till/{name}");
    server.connect().call(&object, action, params).unwrap()
}

pub(crate) fn check(built: &Built) {
    let (native, workerd) = (Native::new(built), Workerd::new(built));
    for server in [native.start(), workerd.start()] {
        play(&server);
    }
    // And what it came to is what is stored.
    for server in [native.start(), workerd.start()] {
        let books = ask(&server, "old", "books", &json!([])).unwrap();
        assert_eq!(books[0], 1300);
    }
}

fn play(server: &Server) {
    let first = [
        ("c/items#", json!([2, 2])),
        (
            "c/items/0000000000000001",
            json!({"what": "tea", "price": 2.5}),
        ),
        (
            "c/items/0000000000000002",
            json!({"what": "jam", "price": 7.5}),
        ),
        ("c/stock/TEA\\u0000", json!(3)),
        ("f/owner", json!("ann")),
        ("f/total", json!(10.0)),
    ];
    let put = |name: &str, text: &[u8]| {
        let (status, answer) = import(server, &format!("till/{name}"), text);
        assert_eq!(status, 200, "{answer}");
    };
    put("old", &till(1, &first));
    let books = json!([1000, "ann", [{"what": "tea", "cents": 250}, {"what": "jam", "cents": 750}], [["tea", 3]]]);
    assert_eq!(ask(server, "old", "books", &json!([])), Ok(books));
    assert_eq!(
        ask(server, "old", "sell", &json!(["pie", 300])),
        Ok(json!(1300))
    );
    // Of today: nothing is to be done.
    let second = [("f/owner", json!("bob")), ("f/total_cents", json!(5))];
    put("new", &till(2, &second));
    assert_eq!(
        ask(server, "new", "books", &json!([])),
        Ok(json!([5, "bob", [], []]))
    );
    // Of a program that is not there yet.
    put("later", &till(3, &second));
    let error = ask(server, "later", "books", &json!([])).unwrap_err();
    assert_eq!(error["data"]["code"], "state.newer_than_code", "{error}");
    // A step that cannot be made changes nothing, and is tried again.
    let mut broken = first;
    broken[5].1 = json!("much");
    put("broken", &till(1, &broken));
    for _ in 0..2 {
        let error = ask(server, "broken", "sell", &json!(["pie", 1])).unwrap_err();
        assert_eq!(error["data"]["code"], "state.migration", "{error}");
    }
}
