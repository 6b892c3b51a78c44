//! What callers are known by: keys, tokens, and what the app itself asks for.

use serde_json::{Value, json};
use stayput::prelude::*;
use stayput::testing::Harness;

use crate::issuer::Issuer;
use crate::place::Place;
use crate::tokens::{Keys, SECRET, ed_key, eddsa, entry, hs256, now, with};

pub(crate) fn each_is_asked(place: &Place, keys: &Keys) {
    let who = |headers: &[&str]| -> Value {
        let mut all = vec!["Content-Type: application/json"];
        all.extend(headers);
        let mut connection = place.server.connect();
        let answer = connection
            .request("POST", "/vault/sources/whoami", &all, b"{}")
            .unwrap();
        answer.json().unwrap()
    };
    let name = place.name;
    let bearer = |token: String| format!("Authorization: Bearer {token}");

    let key = who(&["X-API-Key: key-of-the-writer-0002"]);
    assert_eq!(key["subject"], "writer", "{name}");
    assert_eq!(
        key["scopes"],
        json!(["vault:read", "vault:write"]),
        "{name}"
    );

    let token = keys.good(&with(json!({
        "scope": "vault:read  b", "scp": ["c", "vault:read"], "permissions": ["a"],
    })));
    let token = who(&[&bearer(token)]);
    assert_eq!(token["subject"], "ann", "{name}");
    assert_eq!(
        token["scopes"],
        json!(["a", "b", "c", "vault:read"]),
        "{name}"
    );

    let shared = with(json!({ "iss": "https://shared.example", "sub": "bob" }));
    let shared = hs256(SECRET.as_bytes(), &json!({ "alg": "HS256" }), &shared);
    assert_eq!(who(&[&bearer(shared)])["subject"], "bob", "{name}");

    let proxy = "X-Proxy-Secret: a long secret of the proxy";
    assert_eq!(
        who(&[proxy, "X-Proxy-User: cid"])["subject"],
        "cid",
        "{name}"
    );
    let wrong = who(&["X-Proxy-Secret: guessed", "X-Proxy-User: cid"]);
    assert_eq!(wrong["error"]["data"]["code"], "unauthenticated", "{name}");
    assert_eq!(
        wrong["error"]["message"], "the proxy's secret is wrong",
        "{name}"
    );

    // Where from: what a client says of itself is not believed; on Workers the platform takes this header away.
    let from = who(&[
        "X-API-Key: key-of-the-writer-0002",
        "X-Forwarded-For: 203.0.113.9",
        "CF-Connecting-IP: 192.0.2.7",
    ]);
    let expected = if name == "native" {
        "127.0.0.1"
    } else {
        "192.0.2.7"
    };
    assert_eq!(from["ip"], expected, "{name}");
    let from = who(&["X-API-Key: key-of-the-writer-0002"]);
    let expected = if name == "native" {
        json!("127.0.0.1")
    } else {
        Value::Null
    };
    assert_eq!(from["ip"], expected, "{name}");
}

/// With the app in the harness, whose clock is turned.
fn harness(issuer: &Issuer, keys: &Keys, test: impl AsyncFnOnce(&Harness)) {
    stayput::testing::Test::new(auth_app::app())
        .start(Timestamp::from_millis(
            i64::try_from(now()).unwrap() * 1_000,
        ))
        .env("API_KEYS", &entry("ann", "a key of somebody", ""))
        .env("AUDIENCE", crate::tokens::AUDIENCE)
        .env("JWKS", &keys.set().to_string())
        .env("JWT_SECRET", SECRET)
        .env("JWKS_URL", &issuer.url())
        .run(test);
}

#[test]
fn new_keys_are_fetched_once_a_minute_and_old_ones_outlive_their_issuer() {
    let (keys, issuer) = (Keys::new(), Issuer::start());
    harness(&issuer, &keys, async |t| {
        let status = async |id: &str, key| {
            let claims = with(json!({ "iss": "https://rotating.example" }));
            let token = eddsa(key, &json!({ "alg": "EdDSA", "kid": id }), &claims);
            let request = ::http::Request::post("/vault/a/whoami")
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {token}"))
                .body(bytes::Bytes::from_static(b"{}"));
            t.http(request).await.status().as_u16()
        };
        // No keys yet: it is not the token's fault, and the issuer is not asked again at once.
        issuer.publish_text("nothing of use");
        assert_eq!(status("k1", &keys.ed).await, 500);
        issuer.publish(&[("k1", &keys.ed)]);
        assert_eq!(status("k1", &keys.ed).await, 503);
        assert_eq!(issuer.asked(), 1);
        t.advance(seconds(5)).await;
        assert_eq!(status("k1", &keys.ed).await, 200);
        assert_eq!(issuer.asked(), 2);
        issuer.publish_text(&json!({ "keys": [ed_key("k2", &keys.stranger)] }).to_string());
        t.advance(seconds(59)).await;
        assert_eq!(status("k2", &keys.stranger).await, 401);
        assert_eq!(issuer.asked(), 2);
        t.advance(seconds(1)).await;
        assert_eq!(status("k2", &keys.stranger).await, 200);
        assert_eq!(status("k1", &keys.ed).await, 401);
        assert_eq!(issuer.asked(), 3);
        // They are old, and the issuer is out of order: the last that are known stay.
        issuer.publish_text("out of order");
        t.advance(minutes(11)).await;
        assert_eq!(status("k2", &keys.stranger).await, 200);
        assert_eq!(issuer.asked(), 4);
        assert_eq!(status("k2", &keys.stranger).await, 200);
        assert_eq!(issuer.asked(), 4);
    });
}
