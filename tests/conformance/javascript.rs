//! JavaScript Workers call objects by the platform's own means, and meet the objects that everyone meets.

use serde_json::{Value, json};
use support::http::Connection;
use support::process::{Server, scratch};
use support::workers::Built;

#[expect(clippy::too_many_lines, reason = "one call after the other")]
pub(crate) fn calls(built: &Built) {
    let folder = scratch();
    let server = built
        .worker
        .behind("caller.js", include_str!("caller.js"))
        .start(&folder.path().join("data"));

    // The same object as over HTTP, by the same pipeline.
    assert_eq!(
        call(&server, "TALLY", "js", "increment", &json!([2])),
        json!({"result": 2})
    );
    assert_eq!(over_http(&server, "tally/js", "increment", &json!([3])), 5);
    assert_eq!(
        call(&server, "TALLY", "js", "value", &json!([])),
        json!({"result": 5})
    );
    // A failed action keeps nothing, and its error arrives with all it says.
    let error = call(&server, "TALLY", "js", "fail_after_write", &json!([1]));
    assert_eq!(error["error"]["code"], "tally.refused", "{error}");
    assert_eq!(error["error"]["maybe_executed"], false, "{error}");
    let error = call(&server, "TALLY", "js", "increment", &json!(["x"]));
    assert_eq!(error["error"]["code"], "invalid_params", "{error}");
    assert_eq!(
        error["error"]["details"]["faults"][0]["path"], "/by",
        "{error}"
    );
    let error = call(&server, "TALLY", "js", "panic_after_write", &json!([1]));
    assert_eq!(error["error"]["code"], "internal", "{error}");
    assert_eq!(
        call(&server, "TALLY", "js", "value", &json!([])),
        json!({"result": 5})
    );
    // Integers beyond 2^53 are `bigint` there and back.
    let wide = i64::MAX - 5;
    assert_eq!(
        call(&server, "TALLY", "js", "increment", &json!([wide])),
        json!({"result": i64::MAX})
    );
    // `undefined` leaves a parameter out, wherever it stands.
    for (args, result) in [
        (json!([]), json!([null, 7, null])),
        (json!(["undefined"]), json!([null, 7, null])),
        (json!([1, "undefined", "undefined"]), json!([1, 7, null])),
        (json!(["undefined", 2]), json!([null, 2, null])),
        (
            json!(["undefined", "undefined", "x"]),
            json!([null, 7, "x"]),
        ),
        (json!([null, 3, null]), json!([null, 3, null])),
    ] {
        let answer = call(&server, "CHEST", "js", "options", &args);
        assert_eq!(answer, json!({"result": result}), "{args}");
    }
    for args in [
        json!([1, 2, "x", 4]),
        json!(["undefined", 2, "x", 4]),
        json!([1, null]),
    ] {
        let error = call(&server, "CHEST", "js", "options", &args);
        assert_eq!(error["error"]["code"], "invalid_params", "{args}: {error}");
    }
    let error = call(&server, "CHEST", "js", "echo", &json!(["undefined"]));
    assert_eq!(error["error"]["code"], "invalid_params", "{error}");
    for (what, seen) in [
        (
            "error",
            json!([
                true,
                "StayputError",
                "Always.",
                [
                    "code",
                    "details",
                    "durableObjectId",
                    "maybe_executed",
                    "name",
                    "remote",
                    "retryable"
                ]
            ]),
        ),
        (
            "missing",
            json!("The RPC receiver does not implement the method \"nothing\"."),
        ),
        ("together", json!([1, 3, 3, 6])),
        ("again", json!([1, "internal", "tally.refused", 2])),
        ("pipelined", json!([1, ["a"]])),
        ("ids", json!([4, null, true, "js-name"])),
        (
            "values",
            json!([
                "1970-01-01T00:00:00.000Z",
                ["invalid_params", "null"],
                ["invalid_params", "7"],
                [null, 7, null],
                ["invalid_params", "4294967296"]
            ]),
        ),
        ("nothing", json!([true])),
        ("fetched", json!([404, "not_found"])),
    ] {
        assert_eq!(look(&server, what), seen, "{what}");
    }
    // A name that an object has itself, whatever it looks like.
    let name = "a/b ü?";
    assert_eq!(
        call(&server, "HALL", name, "say", &json!(["hi"])),
        json!({"result": 1})
    );
    assert_eq!(
        over_http(&server, "hall/a%2Fb%20%C3%BC%3F", "count", &json!([])),
        1
    );
}

fn call(server: &Server, binding: &str, name: &str, path: &str, args: &Value) -> Value {
    let body = json!({"binding": binding, "name": name, "path": path, "args": args});
    let mut connection = server.connect();
    let answer = connection
        .request("POST", "/call", &[], body.to_string().as_bytes())
        .unwrap();
    answer.json().unwrap()
}

/// Something that `caller.js` looks at.
fn look(server: &Server, what: &str) -> Value {
    let mut connection = server.connect();
    let answer = connection.request("POST", "/look", &[], what.as_bytes());
    answer.unwrap().json().unwrap()
}

fn over_http(server: &Server, object: &str, action: &str, params: &Value) -> Value {
    Connection::open(server.address())
        .and_then(|mut connection| connection.call(object, action, params))
        .unwrap()
        .unwrap()
}
