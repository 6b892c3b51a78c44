//! The table, continued: plain HTTP, as well and as badly formed as it comes.

use crate::scenarios::gives;
use crate::steps::{JSON, Scenario, Step, ask, post, with};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}"#;
/// Two elements short of the limit.
macro_rules! pings {
    ($($rest:literal)*) => {
        concat!("[", $($rest, ",",)* r#"{"jsonrpc":"2.0","id":7,"method":"increment"}]"#)
    };
}
macro_rules! ten {
    ($ping:literal $($more:literal)*) => {
        pings!(
            $ping $ping $ping $ping $ping $ping $ping $ping $ping $ping
            $ping $ping $ping $ping $ping $ping $ping $ping $ping $ping
            $ping $ping $ping $ping $ping $ping $ping $ping $ping $ping
            $ping $ping $ping $ping $ping $ping $ping $ping $ping $ping
            $ping $ping $ping $ping $ping $ping $ping $ping $ping $($more)*
        )
    };
}
const FIFTY: &str = ten!(r#"{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}"#);
const FIFTY_ONE: &str = ten!(
    r#"{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}"#
    r#"{"jsonrpc":"2.0","id":2,"method":"rpc.ping"}"#
);

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "methods",
        steps: &[
            gives("tally/methods", "increment", "{}", "1"),
            ask("GET", "/tally/methods", 426),
            ask("HEAD", "/tally/methods", 405),
            ask("PUT", "/tally/methods", 405),
            ask("DELETE", "/tally/methods", 405),
            ask("PATCH", "/tally/methods/value", 405),
            ask("OPTIONS", "/tally/methods", 204),
            ask("OPTIONS", "/tally/methods/value", 204),
            ask("OPTIONS", "/tally/methods/increment", 204),
            ask("OPTIONS", "/manifest.json", 204),
            ask("OPTIONS", "/nobody/x", 204),
            ask("GET", "/tally/methods/value", 200),
            ask("HEAD", "/tally/methods/value", 200),
            ask("HEAD", "/tally/methods/nope", 404),
            ask("HEAD", "/healthz", 200),
            ask("HEAD", "/manifest.json", 200),
            ask("GET", "/tally/methods/increment", 405),
            ask("HEAD", "/tally/methods/increment", 405),
            ask("POST", "/healthz", 405),
            ask("POST", "/manifest.json", 405),
            ask("PUT", "/hall/methods/~events", 405),
            gives("tally/methods", "value", "{}", "1"),
        ],
    },
    Scenario {
        name: "routes",
        steps: &[
            ask("GET", "/desk/routes/letters/newest", 200),
            ask("GET", "/desk/routes/letters/1", 404),
            post("/desk/routes/outbox", r#"{"text":"Dear Ada"}"#, 201),
            post("/desk/routes/outbox", r#"{"text":7}"#, 400),
            ask("GET", "/desk/routes/letters?begin=Dear+", 200),
            ask("HEAD", "/desk/routes/letters/1", 200),
            with(
                "GET",
                "/desk/routes/letters",
                &["If-None-Match: *"],
                "",
                304,
            ),
            with(
                "GET",
                "/desk/routes/letters/9",
                &["If-None-Match: *"],
                "",
                404,
            ),
            with("PUT", "/desk/routes/letters/1/007", JSON, "{}", 200),
            with(
                "PUT",
                "/desk/routes/letters/2/a%2Fb%2520c",
                JSON,
                r#"{"more":"!"}"#,
                200,
            ),
            with("PUT", "/desk/routes/letters/2/a", JSON, r#"{"id":3}"#, 400),
            with("PUT", "/desk/routes/letters/two/a", JSON, "{}", 400),
            with("PUT", "/desk/routes/letters/2/a", JSON, "[]", 400),
            with("PUT", "/desk/routes/letters/2/a", &[], "{}", 415),
            gives(
                "desk/routes",
                "letter",
                r#"{"id":2}"#,
                r#"{"id":2,"text":"a/b%20c!"}"#,
            ),
            ask("DELETE", "/desk/routes/letters/2", 204),
            ask("GET", "/desk/routes/letters/2", 404),
            ask("GET", "/desk/routes/letter?id=2", 200),
            with(
                "DELETE",
                "/desk/routes/letters",
                &["Via: 1.1 proxy"],
                "",
                401,
            ),
            ask("PATCH", "/desk/routes/letters/2", 405),
            ask("GET", "/desk/routes/outbox", 405),
            ask("OPTIONS", "/desk/routes/letters/2", 204),
            ask("OPTIONS", "/desk/routes/letters", 204),
            ask("GET", "/desk/routes/letter/2", 404),
            ask("GET", "/desk/routes/letters/", 404),
            ask("GET", "/desk/routes/stamps", 404),
        ],
    },
    Scenario {
        name: "odd paths",
        steps: &[
            ask("GET", "/", 404),
            ask("GET", "//", 404),
            ask("GET", "/tally", 404),
            ask("GET", "/tally/", 426),
            ask("GET", "/tally//value", 400),
            ask("GET", "/tally/a/", 404),
            ask("GET", "/tally/a/value/", 404),
            ask("GET", "/tally/a/b/value", 404),
            ask("GET", "/Tally/a/value", 404),
            ask("GET", "/tally/a/Value", 404),
            ask("GET", "/tally/a%2Fb/name", 200),
            ask("GET", "/tally/a%2fb/name", 200),
            ask("GET", "/tally/a+b/name", 200),
            ask("GET", "/tally/a%20b/name", 200),
            ask("GET", "/tally/a;b,c:d@e!$&'()*=/name", 200),
            ask("GET", "/tally/%C3%A9%F0%9D%84%9E/name", 200),
            ask("GET", "/tally/e%CC%81/name", 200),
            ask("GET", "/tally/%00/name", 200),
            ask("GET", "/tally/%7Ex/name", 400),
            ask("GET", "/tally/~/name", 400),
            ask("GET", "/tally/~abc/name", 400),
            ask("GET", "/tally/%ff/name", 400),
            ask("GET", "/tally/%C3/name", 400),
            ask("GET", "/tally/%ED%A0%80/name", 400),
            ask("GET", "/tally/%/name", 400),
            ask("GET", "/tally/%4/name", 400),
            ask("GET", "/tally/%zz/name", 400),
            ask("GET", "/tally/a%252Fb/name", 200),
            ask("GET", "/tally/a/n%61me", 200),
            ask("GET", "/t%61lly/a/name", 200),
            ask("GET", "/tally/.../name", 200),
            ask("GET", "/tally/.a/name", 200),
            ask("GET", "/tally/a|b/name", 200),
            ask("GET", "/tally/{a}/name", 200),
            ask("GET", "/tally/a\"b/name", 200),
            Step::Look {
                what: "names of 512 and 513 bytes",
                look: long_names,
                gives: "[[200, true], [400, false]]",
            },
        ],
    },
    Scenario {
        name: "queries of URLs",
        steps: &[
            ask("GET", "/chest/url/options?first=1&second=2&third=3", 200),
            ask("GET", "/chest/url/options?third=null", 200),
            ask("GET", "/chest/url/options?third=%22null%22", 200),
            ask("GET", "/chest/url/options?third=a+b%2Bc%20d", 200),
            ask("GET", "/chest/url/options?third=", 200),
            ask("GET", "/chest/url/options?third", 200),
            ask("GET", "/chest/url/options?", 200),
            ask("GET", "/chest/url/options?&&", 200),
            ask("GET", "/chest/url/options?first=x", 400),
            ask("GET", "/chest/url/options?first=1&first=2", 400),
            ask("GET", "/chest/url/options?first=1.0", 400),
            ask("GET", "/chest/url/options?first=01", 400),
            ask("GET", "/chest/url/options?unknown=1", 400),
            ask("GET", "/chest/url/options?third=%ff", 400),
            ask("GET", "/chest/url/options?third=%", 400),
            ask("GET", "/chest/url/options?third=a=b&&second=9", 200),
            ask("GET", "/chest/url/options?third=a%26b%3Dc%23d", 200),
            ask("GET", "/chest/url/options?third='{}|", 200),
            ask("GET", "/chest/url/echo?value=a?b/c", 200),
            ask("GET", "/chest/url/echo?value=%E2%80%A8%00%0A", 200),
            ask("GET", "/chest/url/echo", 400),
            ask("GET", "/shelf/url/between?from=a&to=b", 200),
        ],
    },
    Scenario {
        name: "bodies that are no call",
        steps: &[
            post("/tally/bodies", "", 200),
            post("/tally/bodies", " ", 200),
            post("/tally/bodies", "null", 200),
            post("/tally/bodies", "true", 200),
            post("/tally/bodies", "1", 200),
            post("/tally/bodies", "\"x\"", 200),
            post("/tally/bodies", "{}", 200),
            post("/tally/bodies", "[]", 200),
            post("/tally/bodies", "[1, {}]", 200),
            post("/tally/bodies", "[[]]", 200),
            post(
                "/tally/bodies",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"value\"} x",
                200,
            ),
            post(
                "/tally/bodies",
                "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"value\"}",
                200,
            ),
            post(
                "/tally/bodies",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"value\",}",
                200,
            ),
            post("/tally/bodies", "{'jsonrpc':'2.0'}", 200),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"1.0","id":1,"method":"value"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":2.0,"id":1,"method":"value"}"#,
                200,
            ),
            post("/tally/bodies", r#"{"id":1,"method":"value"}"#, 200),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":{},"method":"value"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":true,"method":"value"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1.50,"method":"value"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"value"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":"\ud834\udd1e\u0000","method":"value"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":"\ud834","method":"value"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":1}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":""}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"value","params":1}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"value","params":null}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"value"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":1,"by":2}}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":1e2}}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":9223372036854775808}}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":-0}}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":1e999}}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"note","params":{"text":"\ud800"}}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.nothing"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#,
                200,
            ),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","id":1,"method":"valeu"}"#,
                200,
            ),
            post("/tally/bodies", r#"{"jsonrpc":"2.0","method":"nope"}"#, 204),
            post(
                "/tally/bodies",
                r#"{"jsonrpc":"2.0","method":"increment"}"#,
                204,
            ),
            post("/tally/bodies/value", "", 200),
            post("/tally/bodies/value", "[]", 200),
            post("/tally/bodies/value", "null", 400),
            post("/tally/bodies/increment", "[1, 2]", 400),
            post("/tally/bodies/increment", "{\"by\":", 400),
            post("/tally/bodies/nope", "{}", 404),
            post("/tally/bodies/fail_after_write", "{}", 409),
            post("/tally/bodies/panic_after_write", "{}", 500),
            post("/hall/bodies/regret", "[\"x\"]", 403),
            post("/caller/bodies/full", "[1]", 429),
        ],
    },
    Scenario {
        name: "batches",
        steps: &[
            post("/tally/batches", FIFTY, 200),
            post("/tally/batches", FIFTY_ONE, 200),
            post(
                "/tally/batches",
                r#"[{"jsonrpc":"2.0","id":1,"method":"increment"}, 7, {"jsonrpc":"2.0","id":2,"method":"fail_after_write"},
                    {"jsonrpc":"2.0","method":"increment"}, {"jsonrpc":"2.0","id":3,"method":"panic_after_write"},
                    {"jsonrpc":"2.0","id":1,"method":"value"}]"#,
                200,
            ),
            post(
                "/tally/batches",
                r#"[{"jsonrpc":"2.0","method":"increment"},{"jsonrpc":"2.0","method":"increment"}]"#,
                204,
            ),
            gives("tally/batches", "value", "{}", "5"),
        ],
    },
    Scenario {
        name: "sizes and depths of bodies",
        steps: &[
            Step::Padded {
                path: "/tally/sizes",
                body: PING,
                bytes: 1_048_576,
                status: 200,
            },
            Step::Padded {
                path: "/tally/sizes",
                body: PING,
                bytes: 1_048_577,
                status: 413,
            },
            Step::Padded {
                path: "/tally/sizes/value",
                body: "{}",
                bytes: 1_048_577,
                status: 413,
            },
            Step::Look {
                what: "126 and 127 levels below params",
                look: depths,
                gives: r#"["invalid_params", "too_deep"]"#,
            },
        ],
    },
    Scenario {
        name: "headers",
        steps: &[
            with(
                "POST",
                "/tally/headers",
                &["Content-Type: application/json; charset=utf-8"],
                PING,
                200,
            ),
            with(
                "POST",
                "/tally/headers",
                &["content-type: APPLICATION/JSON;CHARSET=\"UTF-8\""],
                PING,
                200,
            ),
            with(
                "POST",
                "/tally/headers",
                &["Content-Type: application/json; charset=latin1"],
                PING,
                415,
            ),
            with(
                "POST",
                "/tally/headers",
                &["Content-Type: application/json; q=1"],
                PING,
                415,
            ),
            with(
                "POST",
                "/tally/headers",
                &["Content-Type: application/jsonp"],
                PING,
                415,
            ),
            with(
                "POST",
                "/tally/headers",
                &["Content-Type: text/plain"],
                PING,
                415,
            ),
            with("POST", "/tally/headers", &[], PING, 415),
            with(
                "POST",
                "/tally/headers",
                &["Content-Type: application/json", "Content-Encoding: gzip"],
                PING,
                415,
            ),
            with(
                "POST",
                "/tally/headers",
                &[
                    "Content-Type: application/json",
                    "Content-Encoding: identity",
                ],
                PING,
                200,
            ),
            with(
                "GET",
                "/tally/headers/value",
                &["Origin: https://elsewhere.example"],
                "",
                403,
            ),
            with("GET", "/tally/headers/value", &["Origin: null"], "", 403),
            with(
                "GET",
                "/tally/headers/value",
                &["Origin: nonsense"],
                "",
                400,
            ),
            with(
                "OPTIONS",
                "/tally/headers/value",
                &[
                    "Origin: https://elsewhere.example",
                    "Access-Control-Request-Method: POST",
                ],
                "",
                403,
            ),
            with(
                "GET",
                "/tally/headers/value",
                &["Accept: text/html", "Accept-Encoding: gzip"],
                "",
                200,
            ),
            with(
                "GET",
                "/tally/headers/value",
                &["X-Stayput-Ticket: x", "X-Stayput-Caller: root"],
                "",
                200,
            ),
            with(
                "GET",
                "/tally/headers/value",
                &["If-None-Match: *", "Range: bytes=0-0"],
                "",
                304,
            ),
            with(
                "GET",
                "/shelf/headers/secret",
                &["Authorization: Bearer x"],
                "",
                200,
            ),
            with(
                "GET",
                "/shelf/headers/secret",
                &["X-Forwarded-For: 10.0.0.1"],
                "",
                401,
            ),
            with(
                "GET",
                "/shelf/headers/secret",
                &["Forwarded: for=10.0.0.1"],
                "",
                401,
            ),
            with("GET", "/shelf/headers/secret", &["Via: 1.1 proxy"], "", 401),
            Step::Look {
                what: "request ids",
                look: request_ids,
                gives: r#"["one.of_mine-7", "one.of_mine-7", 32, 32]"#,
            },
        ],
    },
];

fn long_names(server: &support::process::Server) -> serde_json::Value {
    let answer = |length: usize| {
        let name = "é".repeat(length / 2) + &"x".repeat(length % 2);
        let escaped = name.replace('é', "%C3%A9");
        let answer = server
            .connect()
            .get(&format!("/tally/{escaped}/name"))
            .unwrap();
        serde_json::json!([answer.status, answer.json().unwrap() == name])
    };
    serde_json::json!([answer(512), answer(513)])
}

fn depths(server: &support::process::Server) -> serde_json::Value {
    let code = |levels: usize| {
        let deep = "[".repeat(levels) + &"]".repeat(levels);
        let body =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"note","params":{{"text":{deep}}}}}"#);
        let answer = server
            .connect()
            .request("POST", "/tally/depths", JSON, body.as_bytes())
            .unwrap();
        answer.json().unwrap()["error"]["data"]["code"].clone()
    };
    serde_json::json!([code(126), code(127)])
}

/// A request's id is taken from its header if it can be one.
fn request_ids(server: &support::process::Server) -> serde_json::Value {
    let ask = |header: &str| {
        let answer = server
            .connect()
            .request("GET", "/tally/ids/nope", &[header], &[])
            .unwrap();
        let in_body = answer.json().unwrap()["error"]["data"]["request_id"].clone();
        let in_header = answer.header("x-request-id").unwrap_or_default().to_owned();
        (in_body, in_header)
    };
    let (body, header) = ask("X-Request-Id: one.of_mine-7");
    let (made, same) = ask("X-Request-Id: not one");
    let made = made.as_str().map(str::len);
    serde_json::json!([body, header, made, same.len()])
}
