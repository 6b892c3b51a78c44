//! An app that calls another app: every way to it, on both backends, and all of them alike.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what goes wrong in a test fails it"
)]

mod harness;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::process::{Launch, Server, scratch};
use support::workers::{Built, Link, both};

/// Calls of the shop, in order, and what each answers: a result, or the code of an error and its details.
fn table() -> Vec<(&'static str, Value, Value)> {
    vec![
        ("pay", json!(["ann", 9]), json!(9)),
        ("pay", json!(["ann", 1_u64 << 60]), json!((1_u64 << 60) + 9)),
        ("ask", json!(["ann"]), json!((1_u64 << 60) + 9)),
        ("pay", json!(["bob", 5]), json!(5)),
        ("sell", json!(["bob", 3]), json!(2)),
        // The error of the other app is known here by its type.
        (
            "sell",
            json!(["bob", 10]),
            json!({"code": "till.poor", "details": {"missing": 8}}),
        ),
        ("ask", json!(["bob"]), json!(2)),
        ("sold", json!([]), json!(1)),
        ("introduce", json!(["ann"]), json!(true)),
        ("by_id", json!(["bob"]), json!(true)),
        ("note", json!(["bob", "one"]), json!(1)),
        ("note", json!(["bob", "two"]), json!(2)),
        ("fall", json!(["bob"]), json!(["internal", false])),
        ("misname", json!([]), json!(["invalid_name", false])),
        ("sneak", json!(["bob"]), json!({"code": "read_only_chain"})),
        ("ask", json!(["bob"]), json!(3)),
        // A name that a URL cannot hold as it is.
        ("pay", json!(["a/b ü?", 1]), json!(1)),
        ("ask", json!(["a/b ü?"]), json!(1)),
    ]
}

#[test]
fn objects_that_are_written_in_javascript_are_called() {
    let shop = both("shop");
    let folder = scratch();
    let script = include_str!("greeter.js");
    let beside = shop.worker.beside_script("GREETER", "Greeter", script);
    let server = beside.start(folder.path());
    let ask = |method: &str, args: Value| {
        let params = json!({"method": method, "args": args});
        let answer = server.connect().call("till/js", "script", &params).unwrap();
        answer.unwrap_or_else(|error| json!([error["data"]["code"], error["message"]]))
    };
    for (method, args, answer) in [
        ("greet", json!(["Ann"]), json!("Hello Ann!")),
        ("greet", json!(["Ann", "?"]), json!("Hello Ann?")),
        ("count", json!([2]), json!({"count": 2, "name": "main"})),
        ("count", json!([3]), json!({"count": 5, "name": "main"})),
        (
            "echo",
            json!([1, "x", null, [true, {"a": 0.5}]]),
            json!([1, "x", null, [true, {"a": 0.5}]]),
        ),
        ("echo", json!(null), json!([])),
        ("nothing", json!([]), json!(null)),
        (
            "fail",
            json!(["no more"]),
            json!(["js_exception", "no more"]),
        ),
        // 64-bit integers are exact, there and back.
        ("wide", json!([]), json!(1_u64 << 60)),
        ("double", json!([u64::MAX]), json!([u64::MAX, "bigint"])),
        ("double", json!([7]), json!([7, "number"])),
        // As `JSON.stringify` has it.
        ("nan", json!([]), json!(null)),
        (
            "missing",
            json!([]),
            json!([
                "js_exception",
                "The RPC receiver does not implement the method \"missing\"."
            ]),
        ),
    ] {
        assert_eq!(ask(method, args.clone()), answer, "{method}{args}");
    }
    let refused = ask("greet", json!("Ann"));
    assert_eq!(refused[0], "invalid_request", "{refused}");
    // An action that failed keeps nothing: three of the calls above failed.
    let sold = server.connect().call("till/js", "sold", &json!([]));
    assert_eq!(sold.unwrap().unwrap(), 11);

    let request = |method: &str, path: &str, body: &str| {
        let params = json!([method, path, body]);
        let answer = server
            .connect()
            .call("till/js", "request", &params)
            .unwrap();
        answer.unwrap_or_else(|error| json!([error["data"]["code"], error["message"]]))
    };
    for (method, path, body) in [
        ("POST", "/a%2Fb?c=d&e", "ü\n\n"),
        ("GET", "/", ""),
        ("DELETE", "/x", ""),
    ] {
        let answer = request(method, path, body);
        let said = json!({"method": method, "path": path, "mark": "m", "body": body});
        let text: Value = serde_json::from_str(answer[2].as_str().unwrap()).unwrap();
        assert_eq!((&answer[0], &text), (&json!(202), &said), "{answer}");
        assert_eq!(answer[1], json!(["a=1", "b=2"]), "{answer}");
    }
    let head = request("HEAD", "/", "");
    assert_eq!((&head[0], &head[2]), (&json!(202), &json!("")), "{head}");
    assert_eq!(request("GET", "/away", "")[0], 302);
    assert_eq!(request("GET", "/long", "")[0], "too_large");
    assert_eq!(
        request("GET", "/fail", ""),
        json!(["js_exception", "no fetch today"])
    );
    assert_eq!(request("GET", "nowhere", "")[0], "invalid_request");

    // Without the binding, and natively, it says what is missing.
    let bare = shop.worker.start(&folder.path().join("bare"));
    let native = native(&shop, &folder.path().join("native"), &[]);
    for (server, says) in [
        (&bare, "the Worker has no binding `GREETER`"),
        (&native, "exist on Workers only"),
    ] {
        let params = json!({"method": "greet", "args": ["Ann"]});
        let error = server
            .connect()
            .call("till/js", "script", &params)
            .unwrap()
            .unwrap_err();
        assert_eq!(error["data"]["code"], "config.binding_missing", "{error}");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
    }
}

#[test]
fn every_way_to_another_app_is_alike() {
    let (users, shop) = (both("user-service"), both("shop"));
    let folder = scratch();
    let at = |name: &str| folder.path().join(name);

    let native_users = native(&users, &at("users"), &[]);
    let url = format!("http://{}", native_users.address());
    let server = native(&shop, &at("shop"), &[("STAYPUT_USERS", &url)]);
    play("native to native", &server);
    asked_by("native to native", &server, &json!("developer"));
    deadlines("native to native", &server, &native_users);

    let link = Link::Class("USERS_ACCOUNT", "Account");
    let server = shop.worker.beside(&users.worker, link).start(&at("class"));
    play("Worker to Worker by the class", &server);
    asked_by(
        "Worker to Worker by the class",
        &server,
        &json!("developer"),
    );
    let server = shop.worker.beside(&users.worker, Link::Service("USERS"));
    let server = server.start(&at("service"));
    play("Worker to Worker by the service", &server);
    // Who is not at this very machine, and has no token, is nobody.
    let nobody = json!({"code": "unauthenticated"});
    asked_by("Worker to Worker by the service", &server, &nobody);

    let fresh = native(&users, &at("fresh"), &[]);
    let url = format!("http://{}", fresh.address());
    let link = Link::Url("STAYPUT_USERS", &url);
    let server = shop.worker.beside(&users.worker, link).start(&at("url"));
    play("Worker to native", &server);
    deadlines("Worker to native", &server, &fresh);

    let worker = users.worker.start(&at("worker"));
    let url = format!("http://{}/", worker.address());
    let server = native(&shop, &at("across"), &[("STAYPUT_USERS", &url)]);
    play("native to Worker", &server);
    deadlines("native to Worker", &server, &worker);

    let nowhere = scratch();
    nothing_leads_there(&users, &shop, nowhere.path());
}

fn native(built: &Built, data: &Path, variables: &[(&str, &str)]) -> Server {
    let launch = Launch {
        variables,
        ..Launch::new(&built.program, data)
    };
    launch.start().0
}

fn asked_by(way: &str, server: &Server, expected: &Value) {
    check(way, server, vec![("who", json!(["ann"]), expected.clone())]);
}

fn play(way: &str, server: &Server) {
    check(way, server, table());
}

fn check(way: &str, server: &Server, calls: Vec<(&'static str, Value, Value)>) {
    let mut connection = server.connect();
    for (action, params, expected) in calls {
        let answer = connection.call("till/one", action, &params).unwrap();
        let answer = answer.unwrap_or_else(|error| {
            let mut told = json!({"code": error["data"]["code"]});
            if !error["data"]["details"].is_null() {
                told["details"] = error["data"]["details"].clone();
            }
            told
        });
        assert_eq!(answer, expected, "{way}: {action} {params}");
    }
}

/// How long the caller waits is known to the one who is called: it does not work on, or hold its object, for nothing.
fn deadlines(way: &str, shop: &Server, users: &Server) {
    let began = Instant::now();
    let short = ["Content-Type: application/json", "X-Timeout-Ms: 700"];
    let answer = shop
        .connect()
        .request("POST", "/till/late/linger", &short, br#"{"at": "slow"}"#)
        .unwrap();
    let error = &answer.json().unwrap()["error"];
    assert_eq!(error["data"]["code"], "timeout", "{way}: {error}");
    assert_eq!(error["data"]["maybe_executed"], true, "{way}: {error}");
    let balance = users.connect().call("account/slow", "balance", &json!([]));
    assert_eq!(balance.unwrap().unwrap(), 0, "{way}");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "{way}: {took:?}");
}

/// What to add is said where nothing leads to the other app, and nothing is sent where nobody is.
fn nothing_leads_there(users: &Built, shop: &Built, data: &Path) {
    let lost = |server: &Server| {
        let told = server.connect().call("till/one", "lost", &json!([]));
        let told = told.unwrap().unwrap();
        assert_eq!(told[0], "config.binding_missing", "{told}");
        told[1].as_str().unwrap().to_owned()
    };
    let told = lost(&native(shop, &data.join("native"), &[]));
    assert!(told.contains("set `STAYPUT_USERS` to its URL"), "{told}");
    let server = shop.worker.beside(&users.worker, Link::Nothing);
    let told = lost(&server.start(&data.join("worker")));
    for line in [
        r#"{ "name": "USERS_ACCOUNT", "class_name": "Account", "script_name": "user-service" }"#,
        r#"{ "binding": "USERS", "service": "user-service" }"#,
        "`STAYPUT_USERS`",
    ] {
        assert!(told.contains(line), "{told}");
    }
    for (url, code) in [
        ("http://127.0.0.1:9", "network"),
        ("nowhere", "config.invalid"),
    ] {
        let server = native(shop, &data.join(code), &[("STAYPUT_USERS", url)]);
        let told = server.connect().call("till/one", "lost", &json!([]));
        assert_eq!(told.unwrap().unwrap()[0], code);
    }
}
