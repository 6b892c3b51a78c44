//! JSON-RPC 2.0: the examples of the specification's section 7, and sixty frames that are not quite requests.

use super::fake::{Fake, post};

/// An answer without what the specification does not know: `error.data` and the wording of messages.
fn bare(text: &str) -> serde_json::Value {
    let mut answer: serde_json::Value = serde_json::from_str(text).unwrap();
    let all = match &mut answer {
        serde_json::Value::Array(answers) => answers.iter_mut().collect(),
        single => vec![single],
    };
    for answer in all {
        if let Some(error) = answer
            .get_mut("error")
            .and_then(|error| error.as_object_mut())
        {
            error.remove("data");
            error.remove("message");
        }
    }
    answer
}

#[test]
fn examples_of_the_specification() {
    // `error.message` of the specification is its example's wording; codes and ids are its rule.
    let examples = [
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
            r#"{"jsonrpc": "2.0", "result": 19, "id": 1}"#,
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
            r#"{"jsonrpc": "2.0", "result": -19, "id": 2}"#,
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
            r#"{"jsonrpc": "2.0", "result": 19, "id": 3}"#,
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
            r#"{"jsonrpc": "2.0", "result": 19, "id": 4}"#,
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#,
            "",
        ),
        (r#"{"jsonrpc": "2.0", "method": "foobar"}"#, ""),
        (
            r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
            r#"{"jsonrpc": "2.0", "error": {"code": -32601}, "id": "1"}"#,
        ),
        (
            r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
            r#"{"jsonrpc": "2.0", "error": {"code": -32700}, "id": null}"#,
        ),
        (
            r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
            r#"{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}"#,
        ),
        (
            r#"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
             {"jsonrpc": "2.0", "method"
            ]"#,
            r#"{"jsonrpc": "2.0", "error": {"code": -32700}, "id": null}"#,
        ),
        (
            "[]",
            r#"{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}"#,
        ),
        (
            "[1]",
            r#"[{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}]"#,
        ),
        (
            "[1,2,3]",
            r#"[{"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
                {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
                {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null}]"#,
        ),
        (
            r#"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
             {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
             {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
             {"foo": "boo"},
             {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
             {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]"#,
            r#"[{"jsonrpc": "2.0", "result": 7, "id": "1"},
                {"jsonrpc": "2.0", "result": 19, "id": "2"},
                {"jsonrpc": "2.0", "error": {"code": -32600}, "id": null},
                {"jsonrpc": "2.0", "error": {"code": -32601}, "id": "5"},
                {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}]"#,
        ),
        (
            r#"[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
             {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]"#,
            "",
        ),
    ];
    for (request, expected) in examples {
        let (status, body) = post("/calc/x", request, &Fake::new());
        if expected.is_empty() {
            assert_eq!((status, &*body), (204, ""), "{request}");
        } else {
            assert_eq!(status, 200, "{request}");
            assert_eq!(
                bare(&body),
                serde_json::from_str::<serde_json::Value>(expected).unwrap(),
                "{request}"
            );
        }
    }
}

#[test]
fn ids_come_back_as_they_were_written() {
    for id in [
        "0",
        "-1",
        "1.5",
        "1.50",
        "1e400",
        "9223372036854775808",
        "123456789012345678901234567890",
        "-0",
        "null",
        r#""""#,
        r#""x""#,
        r#""\u00e9\/""#,
        r#""\ud800""#,
        r#""a\"b""#,
    ] {
        let request = format!(r#"{{"id":{id},"jsonrpc":"2.0","method":"get_data"}}"#);
        let expected = format!(r#"{{"jsonrpc":"2.0","result":["hello",5],"id":{id}}}"#);
        assert_eq!(post("/calc/x", request, &Fake::new()), (200, expected));
    }
}

/// The frame, the code, the id of the answer.
const MALFORMED: &[(&str, i32, &str)] = &[
    ("", -32700, "null"),
    (" ", -32700, "null"),
    ("{", -32700, "null"),
    ("}", -32700, "null"),
    ("[", -32700, "null"),
    ("[,]", -32700, "null"),
    ("[1,]", -32700, "null"),
    ("{} {}", -32700, "null"),
    ("{}x", -32700, "null"),
    ("[]]", -32700, "null"),
    ("\u{feff}{}", -32700, "null"),
    ("nul", -32700, "null"),
    ("NaN", -32700, "null"),
    ("'a'", -32700, "null"),
    ("01", -32700, "null"),
    ("\"a", -32700, "null"),
    ("{\"id\":1,}", -32700, "null"),
    ("{id:1}", -32700, "null"),
    ("{\"a\":\"\n\"}", -32700, "null"),
    ("{\"a\":1 \"b\":2}", -32700, "null"),
    ("{\"a\":+1}", -32700, "null"),
    ("{\"a\":.5}", -32700, "null"),
    ("{\"a\":1.}", -32700, "null"),
    ("{\"a\":\"\\x\"}", -32700, "null"),
    ("{\"a\":\"\\u12\"}", -32700, "null"),
    ("/**/{}", -32700, "null"),
    ("{}\u{0}", -32700, "null"),
    ("null", -32600, "null"),
    ("true", -32600, "null"),
    ("1", -32600, "null"),
    ("1e400", -32600, "null"),
    ("\"get_data\"", -32600, "null"),
    ("{}", -32600, "null"),
    ("[]", -32600, "null"),
    (" [ ] ", -32600, "null"),
    (r#"{"id":7}"#, -32600, "7"),
    (r#"{"jsonrpc":"2.0","id":7}"#, -32600, "7"),
    (r#"{"method":"get_data","id":7}"#, -32600, "7"),
    (
        r#"{"jsonrpc":"1.0","method":"get_data","id":7}"#,
        -32600,
        "7",
    ),
    (r#"{"jsonrpc":2.0,"method":"get_data","id":7}"#, -32600, "7"),
    (
        r#"{"jsonrpc":"2.00","method":"get_data","id":7}"#,
        -32600,
        "7",
    ),
    (
        r#"{"jsonrpc":null,"method":"get_data","id":7}"#,
        -32600,
        "7",
    ),
    (
        r#"{"JSONRPC":"2.0","method":"get_data","id":7}"#,
        -32600,
        "7",
    ),
    (r#"{"jsonrpc":"2.0","method":null,"id":7}"#, -32600, "7"),
    (
        r#"{"jsonrpc":"2.0","method":["get_data"],"id":7}"#,
        -32600,
        "7",
    ),
    (r#"{"jsonrpc":"2.0","method":"\ud800","id":7}"#, -32600, "7"),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","params":null,"id":7}"#,
        -32600,
        "7",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","params":1,"id":7}"#,
        -32600,
        "7",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","params":"x","id":"7"}"#,
        -32600,
        "\"7\"",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","params":false}"#,
        -32600,
        "null",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","id":true}"#,
        -32600,
        "null",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","id":{}}"#,
        -32600,
        "null",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","id":[1]}"#,
        -32600,
        "null",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","id":1,"id":1}"#,
        -32600,
        "null",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","method":"sum","id":1}"#,
        -32600,
        "1",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","m\u0065thod":"sum","id":1}"#,
        -32600,
        "1",
    ),
    (
        r#"{"jsonrpc":"2.0","jsonrpc":"2.0","method":"get_data","id":1}"#,
        -32600,
        "1",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data","params":{},"params":[],"id":1}"#,
        -32600,
        "1",
    ),
    (r#"{"jsonrpc":"2.0","method":"","id":1}"#, -32601, "1"),
    (
        r#"{"jsonrpc":"2.0","method":"Get_data","id":1}"#,
        -32601,
        "1",
    ),
    (
        r#"{"jsonrpc":"2.0","method":"get_data ","id":1}"#,
        -32601,
        "1",
    ),
    (r#"{"jsonrpc":"2.0","method":"rpc.","id":1}"#, -32601, "1"),
    (
        r#"{"jsonrpc":"2.0","method":"rpc.discover2","id":1}"#,
        -32601,
        "1",
    ),
];

#[test]
fn malformed_frames() {
    assert!(MALFORMED.len() >= 60);
    for (frame, code, id) in MALFORMED {
        let frame = *frame;
        let fake = Fake::new();
        let (status, body) = post("/calc/x", frame, &fake);
        assert_eq!(status, 200, "{frame}");
        let start = format!("{{\"jsonrpc\":\"2.0\",\"error\":{{\"code\":{code},");
        assert!(body.starts_with(&start), "{frame}\n{body}");
        assert!(
            body.ends_with(&format!("\"request_id\":\"r1\"}}}},\"id\":{id}}}")),
            "{frame}\n{body}"
        );
        assert!(fake.executed().is_empty(), "{frame}");
    }
}

#[test]
fn what_is_allowed() {
    for frame in [
        r#"{"jsonrpc":"2.0","method":"get_data","id":1,"extra":[{"id":2}]}"#,
        r#"{"jsonrpc":"2.0","m\u0065thod":"g\u0065t_data","id":1}"#,
        r#"{"jsonrpc":"\u0032.0","method":"get_data","id":1}"#,
        "\r\n\t {\"jsonrpc\":\"2.0\",\"method\":\"get_data\",\"id\":1}\n",
        r#"{"jsonrpc":"2.0","method":"get_data","params":[],"id":1,"extra":1,"extra":2}"#,
    ] {
        let expected = r#"{"jsonrpc":"2.0","result":["hello",5],"id":1}"#;
        assert_eq!(
            post("/calc/x", frame, &Fake::new()),
            (200, expected.to_owned()),
            "{frame}"
        );
    }
}

#[test]
fn a_batch_of_51_executes_nothing() {
    let batch = |count: usize| {
        let element = r#"{"jsonrpc":"2.0","method":"get_data","id":1}"#;
        format!("[{}]", vec![element; count].join(","))
    };
    let fake = Fake::new();
    let (status, body) = post("/calc/x", batch(50), &fake);
    assert_eq!((status, fake.executed().len()), (200, 50));
    assert_eq!(bare(&body).as_array().unwrap().len(), 50);
    for count in [51, 1_000] {
        let (status, body) = post("/calc/x", batch(count), &fake);
        assert_eq!((status, fake.executed().len()), (200, 0));
        assert!(
            body.starts_with(r#"{"jsonrpc":"2.0","error":{"code":-32600,"#),
            "{body}"
        );
        assert!(body.contains("\"batch_too_large\""), "{body}");
    }
}

#[test]
fn depth_is_bounded_without_recursion() {
    let nested = |depth: usize| {
        let params = format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"jsonrpc":"2.0","method":"get_data","id":1,"params":{params}}}"#)
    };
    let fake = Fake::new();
    assert!(post("/calc/x", nested(128), &fake).1.contains("\"result\""));
    assert_eq!(fake.executed().len(), 1);
    for depth in [129, 10_000, 400_000] {
        let (_, body) = post("/calc/x", nested(depth), &fake);
        assert!(
            body.contains("\"code\":-32600,") && body.contains("\"too_deep\""),
            "{body}"
        );
        assert!(fake.executed().is_empty());
    }
    // Brackets in strings are no levels.
    let text = format!(
        r#"{{"jsonrpc":"2.0","method":"get_data","id":1,"params":["\\\"{}"]}}"#,
        "[".repeat(500)
    );
    assert!(post("/calc/x", text, &fake).1.contains("\"result\""));
    for open in ["[".repeat(100_000), "{\"a\":".repeat(200_000)] {
        assert!(post("/calc/x", open, &fake).1.contains("\"code\":-32700,"));
    }
}

#[test]
fn parameters_are_slices_of_the_body() {
    let body =
        bytes::Bytes::from_static(br#"{"jsonrpc":"2.0","method":"sum","params":[1,2,4],"id":1}"#);
    let fake = Fake::new();
    post("/calc/x", body.clone(), &fake);
    let params = fake.executed().remove(0).params;
    assert_eq!(&params[..], b"[1,2,4]");
    assert!(body.as_ptr_range().contains(&params.as_ptr()), "copied");
}

#[test]
fn a_body_over_the_limit() {
    let fake = Fake::new();
    let padded = |length: usize| {
        let call = r#"{"jsonrpc":"2.0","method":"get_data","id":1}"#;
        format!("{call}{}", " ".repeat(length - call.len()))
    };
    assert_eq!(post("/calc/x", padded(1 << 20), &fake).0, 200);
    fake.executed();
    for path in ["/calc/x", "/calc/x/get_data"] {
        let (status, body) = post(path, padded((1 << 20) + 1), &fake);
        assert_eq!(status, 413);
        assert!(
            body.contains("the body is longer than 1048576 bytes"),
            "{body}"
        );
        assert!(fake.executed().is_empty());
    }
}

#[test]
fn a_name_over_the_limit() {
    for (name, status) in [
        ("a".repeat(512), 200),
        ("a".repeat(513), 400),
        ("%41".repeat(512), 200),
        ("%41".repeat(513), 400),
        ("%C3%A9".repeat(256), 200),
        ("%C3%A9a".repeat(171), 400),
        ("x".repeat(10_000), 400),
    ] {
        let (got, body) = post(&format!("/calc/{name}/get_data"), "{}", &Fake::new());
        assert_eq!(got, status, "{name}: {body}");
        assert_eq!(body.contains("\"invalid_name\""), status == 400);
    }
}

#[test]
fn a_front_serves_threads() {
    fn is_shared<T: Send + Sync>(value: T) -> T {
        value
    }
    drop(is_shared(super::fake::front()));
}
