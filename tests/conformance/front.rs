//! The table, continued: routes of the app's own, before any object.

use crate::scenarios::gives;
use crate::sockets::{SUBSCRIBE, SUBSCRIBED, hear, open, say};
use crate::steps::{Scenario, Step};

const JSON: &[&str] = &["Content-Type: application/json"];
/// Who came through a proxy is no developer.
const STRANGER: &[&str] = &["Via: 1.1 elsewhere"];

const fn ask(method: &'static str, path: &'static str, status: u16) -> Step {
    with(method, path, &[], "", status)
}

const fn post(path: &'static str, body: &'static str, status: u16) -> Step {
    with("POST", path, JSON, body, status)
}

const fn with(
    method: &'static str,
    path: &'static str,
    headers: &'static [&'static str],
    body: &'static str,
    status: u16,
) -> Step {
    Step::Request {
        method,
        path,
        headers,
        body,
        status,
    }
}

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "a route leads to an object with all that the object's own path takes",
        steps: &[
            post("/t/routed/increment", r#"{"by":3}"#, 200),
            ask("GET", "/t/routed/value", 200),
            ask("HEAD", "/t/routed/value", 200),
            ask("OPTIONS", "/t/routed/value", 204),
            post(
                "/t/routed",
                r#"[{"jsonrpc":"2.0","id":1,"method":"increment"},{"jsonrpc":"2.0","id":2,"method":"rpc.ping"}]"#,
                200,
            ),
            gives("tally/routed", "value", "{}", "4"),
            ask("GET", "/t/a%2Fb%20%C3%BC/name", 200),
            post("/t/a%2Fb%20%C3%BC/increment", "{}", 200),
            gives("tally/a%2Fb%20%C3%BC", "value", "{}", "1"),
            ask("GET", "/t/routed/nothing", 404),
            ask("GET", "/t/routed/", 404),
            ask("GET", "/t/routed", 426),
            ask("GET", "/t/~12/value", 400),
            ask("GET", "/t/%ff/value", 400),
            ask("PATCH", "/t/routed/value", 405),
            ask("GET", "/t", 404),
            ask("GET", "/t/", 404),
            with("POST", "/t/routed/increment", &[], "{}", 415),
        ],
    },
    Scenario {
        name: "the query names the object, or it has one name",
        steps: &[
            post(
                "/of?tally=by+query&x=1",
                r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":7}}"#,
                200,
            ),
            gives("tally/by%20query", "value", "{}", "7"),
            post(
                "/of",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}"#,
                400,
            ),
            post(
                "/of?tally=",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}"#,
                400,
            ),
            ask("GET", "/of?tally=a&tally=b", 400),
            ask("GET", "/of?tally=a", 426),
            ask("GET", "/of/value?tally=a", 404),
            post("/one/increment", "{}", 200),
            gives("tally/the%20one", "value", "{}", "1"),
            post("/lobby/enter", r#"["eve"]"#, 200),
            ask("GET", "/lobby/count", 200),
            ask("GET", "/lobby/count?hall=other", 200),
            ask("GET", "/lobby/count?hall=other&more=1", 400),
        ],
    },
    Scenario {
        name: "connections by a route",
        steps: &[
            open("ann", "lobby?hall=by-route"),
            say("ann", SUBSCRIBE),
            hear("ann", SUBSCRIBED),
            Step::Listen {
                who: "ben",
                path: "/lobby/~events?hall=by-route&events=heard",
                status: 200,
            },
            post("/hall/by-route/say", r#"["hello"]"#, 200),
            Step::Hear {
                who: "ann",
                text: None,
            },
            open("eve", "gate/BY-ROUTE"),
            say("eve", r#"{"jsonrpc":"2.0","id":1,"method":"count"}"#),
            Step::Hear {
                who: "eve",
                text: None,
            },
            with("GET", "/gate/x/count", &[], "", 403),
            with("GET", "/gate/X/count", &["X-Word: please"], "", 200),
            with("GET", "/gate/X/nothing", &["X-Word: please"], "", 404),
            with("GET", "/gate/X", &["X-Word: please"], "", 426),
            with("POST", "/gate/X/say", JSON, r#"["hm"]"#, 403),
        ],
    },
    Scenario {
        name: "handlers",
        steps: &[
            ask("GET", "/api/tallies/h/value", 200),
            with(
                "POST",
                "/api/tallies/h",
                &["Content-Type: application/json", "Idempotency-Key: k1"],
                "5",
                201,
            ),
            with(
                "POST",
                "/api/tallies/h",
                &["Content-Type: application/json", "Idempotency-Key: k1"],
                "5",
                201,
            ),
            gives("tally/h", "value", "{}", "5"),
            post("/api/tallies/h", r#""five""#, 400),
            post("/api/tallies/h", "", 400),
            with(
                "POST",
                "/api/tallies/h",
                &["Content-Type: text/plain"],
                "5",
                415,
            ),
            ask("GET", "/api", 200),
            ask("GET", "/api/", 200),
            ask("GET", "/api/x/y%20z?n=7&m", 200),
            ask("GET", "/api/x?n=300", 400),
            ask("GET", "/api/x?n=1&n=2", 400),
            ask("HEAD", "/api/x", 200),
            ask("OPTIONS", "/api/x", 204),
            ask("OPTIONS", "/api/tallies/h/value", 204),
            ask("DELETE", "/api/x", 204),
            ask("DELETE", "/api/x/y", 200),
            post("/api/tallies/h/value", "{}", 200),
            ask("POST", "/fail/own", 405),
            with("POST", "/hook", &["Content-Type: text/csv"], "a,b", 200),
            with("POST", "/hook", &[], "", 200),
            with("POST", "/hook", &["Origin: https://evil.example"], "", 403),
            ask("GET", "/hook", 405),
            ask("GET", "/fail/own", 409),
            ask("GET", "/fail/called", 409),
            ask("GET", "/fail/name", 400),
            ask("GET", "/fail/text", 500),
            ask("GET", "/locked", 200),
            with("GET", "/locked", STRANGER, "", 401),
            with("GET", "/scoped", STRANGER, "", 401),
            with("GET", "/api/x", STRANGER, "", 200),
            ask("GET", "/elsewhere", 404),
            ask("GET", "/healthz", 200),
            Step::Padded {
                path: "/api/tallies/h",
                body: "1",
                bytes: 1 << 20,
                status: 201,
            },
            Step::Padded {
                path: "/api/tallies/h",
                body: "1",
                bytes: (1 << 20) + 1,
                status: 413,
            },
        ],
    },
    Scenario {
        name: "methods of the app",
        steps: &[
            post(
                "/rpc",
                r#"{"jsonrpc":"2.0","id":1,"method":"tally.add","params":{"name":"rpc","by":2}}"#,
                200,
            ),
            post(
                "/rpc",
                r#"[{"jsonrpc":"2.0","id":2,"method":"tally.add","params":["rpc",3]},{"jsonrpc":"2.0","method":"tally.add","params":["rpc",4]},{"jsonrpc":"2.0","id":"p","method":"rpc.ping"},{"jsonrpc":"2.0","id":3,"method":"tally.fail"},{"jsonrpc":"2.0","id":4,"method":"tally.ad"},7]"#,
                200,
            ),
            gives("tally/rpc", "value", "{}", "9"),
            post(
                "/rpc",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#,
                200,
            ),
            post(
                "/rpc",
                r#"{"jsonrpc":"2.0","id":1,"method":"tally.add","params":{"name":"rpc"}}"#,
                200,
            ),
            post(
                "/rpc",
                r#"{"jsonrpc":"2.0","method":"tally.add","params":["rpc",1]}"#,
                204,
            ),
            post("/rpc", "[]", 200),
            post("/rpc", "{", 200),
            post("/rpc", "", 200),
            with("POST", "/rpc", &[], "{}", 415),
            with(
                "POST",
                "/rpc",
                &["Content-Type: application/json", "Via: 1.1 elsewhere"],
                r#"{"jsonrpc":"2.0","id":1,"method":"secret"}"#,
                200,
            ),
            ask("GET", "/rpc", 405),
            ask("OPTIONS", "/rpc", 204),
        ],
    },
    Scenario {
        name: "an object answers requests itself",
        steps: &[
            with(
                "PUT",
                "/folder/f/a/b.txt",
                &["Content-Type: text/csv"],
                "a,b",
                201,
            ),
            with(
                "POST",
                "/folder/f/c",
                &["Content-Type: application/x-www-form-urlencoded"],
                "x=1",
                201,
            ),
            with("POST", "/folder/f/d", JSON, "{", 201),
            with("POST", "/folder/f/", &[], "", 201),
            ask("GET", "/folder/f/a/b.txt", 200),
            ask("HEAD", "/folder/f/a/b.txt", 200),
            ask("GET", "/folder/f/c", 200),
            ask("GET", "/folder/f/d", 200),
            ask("GET", "/folder/f/", 200),
            ask("GET", "/folder/f/a/c.txt", 404),
            ask("GET", "/folder/g/a/b.txt", 404),
            ask("DELETE", "/folder/f/c", 204),
            ask("PATCH", "/folder/f/c", 405),
            ask("OPTIONS", "/folder/f/c", 204),
            ask("OPTIONS", "/folder/f/a/b/c", 204),
            with(
                "GET",
                "/folder/f/echo?a=b%20c&d",
                &["X-Seen: me", "X-Request-Id: r1"],
                "",
                200,
            ),
            // What has a name of its own is not the handler's.
            ask("GET", "/folder/f/all/count", 200),
            ask("PUT", "/folder/f/all/count", 405),
            ask("GET", "/folder/f/count", 200),
            ask("PUT", "/folder/f/count", 405),
            ask("GET", "/folder/f", 426),
            ask("GET", "/folder/f/~other", 404),
            post("/folder/f/~fetch", "{}", 404),
            post(
                "/folder/f",
                r#"{"jsonrpc":"2.0","id":1,"method":"~fetch","params":{}}"#,
                200,
            ),
            ask("GET", "/files/x/y", 404),
            with("PUT", "/files/x/y", &[], "root", 201),
            ask("GET", "/folder/root/x/y", 200),
            ask("GET", "/folder/f/switch", 500),
            ask("GET", "/folder/f/panic", 500),
            ask("GET", "/folder/f/all/count", 200),
            Step::Padded {
                path: "/folder/f/big",
                body: "1",
                bytes: 1 << 19,
                status: 201,
            },
            Step::Padded {
                path: "/folder/f/big",
                body: "1",
                bytes: (1 << 20) + 1,
                status: 413,
            },
            with(
                "POST",
                "/folder/f/c",
                &["Origin: https://evil.example"],
                "",
                403,
            ),
        ],
    },
    Scenario {
        name: "a handler that panics ends nobody else",
        steps: &[
            ask("GET", "/api/tallies/h/value", 200),
            Step::Look {
                what: "GET /fail/panic",
                look: |server| {
                    let answer = server.connect().request("GET", "/fail/panic", &[], b"");
                    let answer =
                        answer.map(|answer| (answer.status, answer.json().unwrap_or_default()));
                    let (status, body) = answer.unwrap_or_default();
                    serde_json::json!([status, body.pointer("/error/data/code")])
                },
                gives: r#"[500, "internal"]"#,
            },
            ask("GET", "/api/tallies/h/value", 200),
        ],
    },
];
