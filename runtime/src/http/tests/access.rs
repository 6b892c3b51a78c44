//! Authenticators other than the built-in ones, and requests refused while they are read.

use bytes::Bytes;

use super::fake::{Fake, LOCAL, classes, front, now};
use crate::app::App;
use crate::auth::{AuthError, AuthRequest, Guard, Principal};
use crate::error::Code;
use crate::http::{Front, FrontConfig, Request, Response};
use crate::rpc::WireError;

/// Takes the credentials for the one scope the caller has.
async fn scopes(request: &AuthRequest<'_>) -> Result<Option<Principal>, AuthError> {
    match request.header("authorization") {
        None => Ok(None),
        Some("wrong") => Err(AuthError::refused("the token has expired")),
        Some(scope) => Ok(Some(Principal::new("ann").scopes([scope]))),
    }
}

fn call(path: &str, credentials: Option<&str>, body: &'static str, fake: &Fake) -> (u16, String) {
    let config = FrontConfig {
        classes: classes(),
        auth: Guard::of(&App::new("test", "1").auth(scopes)),
        ..FrontConfig::default()
    };
    let mut request = ::http::Request::post(path)
        .header("host", "localhost:8787")
        .header("x-request-id", "r1")
        .header("content-type", "application/json");
    if let Some(credentials) = credentials {
        request = request.header("authorization", credentials);
    }
    let request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
    let front = Front::new(config).unwrap();
    told(&now(front.handle(Request::new(request, LOCAL), fake)))
}

fn told(response: &Response) -> (u16, String) {
    (
        response.status().as_u16(),
        String::from_utf8(response.body().to_vec()).unwrap(),
    )
}

#[test]
fn scopes_are_checked_before_the_object_is_asked() {
    let fake = Fake::new();
    for (action, credentials, expected) in [
        ("value", None, 200),
        ("value", Some("x"), 200),
        ("value", Some("wrong"), 401),
        ("increment", None, 401),
        ("increment", Some("x"), 200),
        ("peek", None, 401),
        ("peek", Some("counter:rea"), 403),
        ("peek", Some("counter:read"), 200),
        ("close", Some("x"), 404),
    ] {
        let (status, body) = call(&format!("/counter/home/{action}"), credentials, "{}", &fake);
        assert_eq!(status, expected, "{action} {credentials:?}: {body}");
        let calls = fake.executed();
        assert_eq!(calls.len(), usize::from(expected == 200));
        if let (Some(call), Some(_)) = (calls.first(), credentials) {
            assert_eq!(call.caller.subject(), "ann");
        }
    }
}

#[test]
fn refusals_of_single_actions_are_json_rpc_errors() {
    let body = r#"[{"jsonrpc":"2.0","method":"peek","id":1},{"jsonrpc":"2.0","method":"value","id":2},
        {"jsonrpc":"2.0","method":"increment"}]"#;
    let fake = Fake::new();
    let expected = concat!(
        r#"[{"jsonrpc":"2.0","error":{"code":1,"message":"`peek` asks for the scope `counter:read`","#,
        r#""data":{"code":"forbidden","details":{"scope":"counter:read"},"retryable":false,"#,
        r#""maybe_executed":false,"request_id":"r1"}},"id":1},{"jsonrpc":"2.0","result":41,"id":2}]"#
    );
    assert_eq!(
        call("/counter/home", Some("x"), body, &fake),
        (200, expected.to_owned())
    );
    assert_eq!(fake.executed().len(), 2);
    // Wrong credentials are refused before the body is looked at.
    let expected = concat!(
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":"the token has expired","data":{"code":"unauthenticated","#,
        r#""retryable":false,"maybe_executed":false,"request_id":"r1"}},"id":null}"#
    );
    assert_eq!(
        call("/counter/home", Some("wrong"), body, &fake),
        (401, expected.to_owned())
    );
    assert!(fake.executed().is_empty());
}

#[test]
fn a_server_refuses_in_our_words() {
    let refuse = |path: &str, origin: Option<&str>| {
        let mut request = ::http::Request::post(path)
            .header("host", "localhost:8787")
            .header("x-request-id", "r1");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let front = front();
        let response = front.refuse(head, LOCAL, front.body_too_large(""), &Fake::new());
        assert_eq!(response.headers()["x-request-id"], "r1");
        told(&response)
    };
    let error = concat!(
        r#""error":{"code":1,"message":"the body is longer than 1048576 bytes","data":{"code":"too_large","#,
        r#""retryable":false,"maybe_executed":false,"request_id":"r1"}}"#
    );
    let rest = refuse("/counter/home/increment", None);
    assert_eq!(rest, (413, format!("{{{error}}}")));
    let rpc = refuse("/counter/home", Some("https://app.example"));
    assert_eq!(
        rpc,
        (413, format!("{{\"jsonrpc\":\"2.0\",{error},\"id\":null}}"))
    );
    assert_eq!(refuse("/counter/home", Some("https://evil.example")).0, 403);
}

#[test]
fn a_status_that_is_no_error_becomes_500() {
    let (head, ()) = ::http::Request::get("/")
        .header("host", "localhost:8787")
        .body(())
        .unwrap()
        .into_parts();
    let error = WireError {
        status: 200,
        ..WireError::framework(Code::Conflict, "no")
    };
    assert_eq!(
        front().refuse(head, LOCAL, error, &Fake::new()).status(),
        500
    );
}
