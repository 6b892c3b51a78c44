//! Every action by every transport for every role, against what `stayput schema --format access` says.

use serde_json::{Value, json};
use support::process::Server;
use support::websocket::WebSocket;
use support::workers::Built;

use crate::place::{Place, ROLES, Role};

/// What came of a call: whether it ran, else the error's code.
type Outcome = Result<(), String>;

/// 4 roles, 12 actions, 4 transports.
pub(crate) fn walk(place: &Place, built: &Built) {
    let matrix = emitted(built);
    let actions = matrix["classes"]["vault"]["actions"].as_object().unwrap();
    assert_eq!(actions.len(), 12);
    let mut cells = 0;
    for role in &ROLES {
        for (action, entry) in actions {
            let expected = expected(role, entry);
            for (transport, outcome) in [
                ("rest", rest(&place.server, role, action)),
                ("json-rpc", json_rpc(&place.server, role, action)),
                ("batch", batch(&place.server, role, action)),
                ("websocket", websocket(&place.server, role, action)),
            ] {
                let (place, role) = (place.name, role.name);
                assert_eq!(
                    outcome, expected,
                    "{place}: {role} calls {action} by {transport}"
                );
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 192);
}

/// What is no action: requests that a handler of an object's answers, routes before all objects, methods of `POST /rpc`.
pub(crate) fn walk_the_rest(place: &Place, built: &Built) {
    let matrix = emitted(built);
    let mut cells = 0;
    let mut check = |role: &Role, what: &str, entry: &Value, outcome: Outcome| {
        let (place, name) = (place.name, role.name);
        assert_eq!(outcome, expected(role, entry), "{place}: {name}: {what}");
        cells += 1;
    };
    for role in &ROLES {
        for class in ["rack", "shelf"] {
            let entry = &matrix["classes"][class]["fetch"];
            for method in ["GET", "PUT"] {
                let path = format!("/{class}/one/some/thing");
                let outcome = ask(&place.server, role, method, &path);
                check(role, &format!("{method} {path}"), entry, outcome);
            }
        }
        for route in matrix["routes"].as_array().unwrap() {
            let path = route["path"].as_str().unwrap();
            if let Some(class) = route["class"].as_str() {
                // Its actions say who may.
                assert_eq!((path, class), ("/vaults/{name}/*", "vault"));
                for (action, entry) in matrix["classes"][class]["actions"].as_object().unwrap() {
                    let answer = post(
                        &place.server,
                        role,
                        &format!("/vaults/x/{action}"),
                        &json!({}),
                    );
                    check(role, action, entry, outcome(&answer));
                }
            } else {
                let outcome = ask(&place.server, role, route["method"].as_str().unwrap(), path);
                check(role, path, route, outcome);
            }
        }
        for (method, entry) in matrix["rpc"].as_object().unwrap() {
            let answer = post(&place.server, role, "/rpc", &request(method));
            check(role, method, entry, outcome(&answer));
            let batch = json!([request("rpc.ping"), request(method)]);
            let answer = post(&place.server, role, "/rpc", &batch);
            check(role, method, entry, outcome(&answer[1]));
        }
    }
    // 4 roles: 2 handlers by 2 methods, 12 actions behind a route, 3 routes, 3 methods alone and in a batch.
    assert_eq!(cells, 4 * (2 * 2 + 12 + 3 + 3 * 2));
    let answer = place.server.connect().get("/shelf/one/asked").unwrap();
    assert_eq!(answer.json().unwrap(), 6, "what was refused asked nothing");
}

/// A request whose answer need not be JSON.
fn ask(server: &Server, role: &Role, method: &str, path: &str) -> Outcome {
    let key = role.key.map(|key| format!("Authorization: Bearer {key}"));
    let headers: Vec<&str> = key.as_deref().into_iter().collect();
    let answer = server.connect().request(method, path, &headers, b"");
    let answer = answer.unwrap();
    if answer.status == 200 {
        return Ok(());
    }
    outcome(&answer.json().unwrap())
}

/// Nobody but an admin brings a safe to life; then everybody who may turn it does.
pub(crate) fn who_creates(place: &Place, built: &Built) {
    let safe = &emitted(built)["classes"]["safe"];
    assert_eq!(safe["create"], "vault:admin");
    let turn = |role: &Role| outcome(&post(&place.server, role, "/safe/one/turn", &json!({})));
    let [nobody, reader, writer, admin] = &ROLES;
    for (role, expected) in [
        (nobody, Err("unauthenticated")),
        (reader, Err("forbidden")),
        (writer, Err("forbidden")),
        (admin, Ok(())),
        (reader, Ok(())),
        (nobody, Err("unauthenticated")),
    ] {
        let outcome = turn(role);
        assert_eq!(
            outcome,
            expected.map_err(str::to_owned),
            "{}: {}",
            place.name,
            role.name
        );
    }
    let answer = place.server.connect().get("/safe/one/turned").unwrap();
    assert_eq!(answer.json().unwrap(), 2, "what was refused turned nothing");
}

/// The matrix of the program's manifest.
fn emitted(built: &Built) -> Value {
    let manifest = stayput_cli::read_manifest(&built.manifest, "auth-app").unwrap();
    let text = stayput_cli::export(&manifest, stayput_cli::Format::Access, None).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn expected(role: &Role, entry: &Value) -> Outcome {
    let authenticated = role.key.is_some();
    let refused = |code: &str| Err(code.to_owned());
    match entry["auth"].as_str().unwrap() {
        "public" => Ok(()),
        "internal" => refused("method_not_found"),
        _ if !authenticated => refused("unauthenticated"),
        "authenticated" => Ok(()),
        "scope" if role.scopes.contains(&entry["scope"].as_str().unwrap()) => Ok(()),
        "scope" => refused("forbidden"),
        other => panic!("{other} is no kind of permission"),
    }
}

fn rest(server: &Server, role: &Role, action: &str) -> Outcome {
    let answer = post(server, role, &format!("/vault/matrix/{action}"), &json!({}));
    outcome(&answer)
}

fn json_rpc(server: &Server, role: &Role, action: &str) -> Outcome {
    outcome(&post(server, role, "/vault/matrix", &request(action)))
}

fn batch(server: &Server, role: &Role, action: &str) -> Outcome {
    let batch = json!([request("rpc.ping"), request(action)]);
    let answer = post(server, role, "/vault/matrix", &batch);
    assert_eq!(answer[0]["result"], "pong");
    outcome(&answer[1])
}

fn websocket(server: &Server, role: &Role, action: &str) -> Outcome {
    let key = role.key.map(|key| format!("X-API-Key: {key}"));
    let headers: Vec<&str> = key.as_deref().into_iter().collect();
    let mut socket = WebSocket::open_with(server.address(), "vault/matrix", &headers).unwrap();
    socket.text(&request(action).to_string()).unwrap();
    outcome(&socket.json().unwrap())
}

fn request(action: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": action })
}

fn post(server: &Server, role: &Role, path: &str, body: &Value) -> Value {
    let key = role.key.map(|key| format!("Authorization: Bearer {key}"));
    let mut headers = vec!["Content-Type: application/json"];
    headers.extend(key.as_deref());
    let mut connection = server.connect();
    let answer = connection
        .request("POST", path, &headers, body.to_string().as_bytes())
        .unwrap();
    answer.json().unwrap()
}

fn outcome(answer: &Value) -> Outcome {
    match answer.pointer("/error/data/code") {
        None => Ok(()),
        Some(code) => Err(code.as_str().unwrap().to_owned()),
    }
}
