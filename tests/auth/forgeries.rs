//! Tokens that somebody made up, changed or kept for too long: none is taken, and none has the server fetch anything.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use support::bounds::Baseline;

use crate::issuer::Issuer;
use crate::place::{Place, SHORT_KEY};
use crate::tokens::{Keys, SECRET, claims, eddsa, eddsa_text, encode, hs256, now, unsigned, with};

/// The header of good tokens.
fn header() -> serde_json::Value {
    json!({ "alg": "EdDSA", "kid": "d1" })
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
pub(crate) fn are_refused(place: &Place, keys: &Keys, issuer: &Issuer) {
    let (before, baseline) = (issuer.asked(), Baseline::take());
    let mut connection = place.server.connect();
    let mut answer = |headers: &[String]| {
        let mut all = vec!["Content-Type: application/json"];
        all.extend(headers.iter().map(String::as_str));
        connection
            .request("POST", "/vault/forged/open", &all, b"{}")
            .unwrap()
    };
    let bearer = |token: &str| vec![format!("Authorization: Bearer {token}")];
    for good in [
        keys.good(&claims()),
        keys.rs256(
            &json!({ "alg": "RS256", "kid": "r1", "typ": "JWT" }),
            &claims(),
        ),
        keys.es256(
            &json!({ "alg": "ES256", "kid": "e1", "typ": "at+jwt" }),
            &claims(),
        ),
        hs256(
            SECRET.as_bytes(),
            &json!({ "alg": "HS256" }),
            &with(json!({ "iss": "https://shared.example" })),
        ),
        keys.good(&with(
            json!({ "aud": ["other", "vault"], "nbf": now() + 5, "iat": now() }),
        )),
    ] {
        let answer = answer(&bearer(&good));
        assert_eq!(answer.status, 200, "{}: {}", place.name, answer.text());
    }
    let mut forged: Vec<(&str, Vec<String>)> = tokens(keys, issuer)
        .into_iter()
        .map(|(what, token)| (what, bearer(&token)))
        .collect();
    let good = keys.good(&claims());
    forged.extend([
        ("two headers", [bearer(&good), bearer(&good)].concat()),
        (
            "a token and a key",
            [
                bearer(&good),
                vec!["X-API-Key: key-of-the-admin-00003".into()],
            ]
            .concat(),
        ),
        (
            "a key nobody has",
            vec!["X-API-Key: key-of-the-admin-00004".into()],
        ),
        ("a short key", vec![format!("X-API-Key: {SHORT_KEY}")]),
        (
            "another scheme",
            vec!["Authorization: Basic YW5uOnB3".into()],
        ),
        ("a token as a key", vec![format!("X-API-Key: {good}")]),
    ]);
    assert!(forged.len() >= 25, "{}", forged.len());
    for (what, headers) in &forged {
        let began = std::time::Instant::now();
        let answer = answer(headers);
        let took = began.elapsed();
        let code = answer.json().unwrap_or_default();
        let code = code
            .pointer("/error/data/code")
            .cloned()
            .unwrap_or_default();
        assert_eq!(
            (answer.status, code.as_str()),
            (401, Some("unauthenticated")),
            "{}: {what}: {}",
            place.name,
            answer.text()
        );
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer error=\"invalid_token\""),
            "{}: {what}",
            place.name
        );
        baseline.assert_within(what, took, Duration::from_millis(20));
    }
    // As long as no head of a request may be, and so refused before it is looked at.
    let huge = format!("Authorization: Bearer {}", "a".repeat(1 << 20));
    let all = ["Content-Type: application/json", &huge];
    let refused = place
        .server
        .connect()
        .request("POST", "/vault/forged/open", &all, b"{}");
    assert!(
        refused.is_err() || refused.is_ok_and(|answer| (400..500).contains(&answer.status)),
        "{}: a token of 1 MiB",
        place.name
    );
    let answer = place.server.connect().get("/vault/forged/look").unwrap();
    assert_eq!(
        answer.text(),
        "5",
        "{}: a forged token changed something",
        place.name
    );
    assert_eq!(
        issuer.asked(),
        before,
        "{}: something was fetched",
        place.name
    );
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn tokens(keys: &Keys, issuer: &Issuer) -> Vec<(&'static str, String)> {
    let good = keys.good(&claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let flipped = {
        let mut bytes = encode_bytes(signature);
        bytes[10] ^= 1;
        format!("{signed}.{}", encode(&bytes))
    };
    let longer = {
        // The last digit holds bits that are not part of the signature.
        let last = signature.chars().last().unwrap();
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = digits.find(last).unwrap();
        let other = digits.chars().nth(at ^ 1).unwrap();
        format!("{signed}.{}{other}", &signature[..signature.len() - 1])
    };
    let rsa_public = {
        // The public key as text, taken for a secret.
        let set = keys.set();
        set["keys"][0]["n"].as_str().unwrap().to_owned()
    };
    let named = |kid: &str| {
        eddsa(
            &keys.stranger,
            &json!({ "alg": "EdDSA", "kid": kid }),
            &claims(),
        )
    };
    let says = |changes| keys.good(&with(changes));
    let text = |members: &str| {
        let claims =
            format!(r#"{{"iss":"https://issuer.example","aud":"vault","sub":"ann",{members}}}"#);
        eddsa_text(&keys.ed, &header().to_string(), &claims)
    };
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(
        ring::signature::KeyPair::public_key(&keys.stranger).as_ref()) });
    vec![
        (
            "alg none",
            format!("{}.", unsigned(&json!({ "alg": "none" }), &claims())),
        ),
        (
            "alg NONE with a signature",
            format!("{}.AA", unsigned(&json!({ "alg": "NONE" }), &claims())),
        ),
        (
            "no alg",
            eddsa(&keys.ed, &json!({ "kid": "d1" }), &claims()),
        ),
        (
            "RS256 taken for HS256",
            hs256(
                rsa_public.as_bytes(),
                &json!({ "alg": "HS256", "kid": "r1" }),
                &claims(),
            ),
        ),
        (
            "a published secret",
            hs256(
                SECRET.as_bytes(),
                &json!({ "alg": "HS256", "kid": "o1" }),
                &claims(),
            ),
        ),
        (
            "another alg than the key's",
            eddsa(&keys.ed, &json!({ "alg": "ES256", "kid": "d1" }), &claims()),
        ),
        (
            "a key for encryption",
            keys.rs256(&json!({ "alg": "RS256", "kid": "enc" }), &claims()),
        ),
        ("expired", says(json!({ "exp": now() - 1 }))),
        ("not valid yet", says(json!({ "nbf": now() + 120 }))),
        ("another audience", says(json!({ "aud": "other" }))),
        (
            "an audience that is a prefix",
            says(json!({ "aud": ["vaul", "vault2"] })),
        ),
        ("no audience", says(json!({ "aud": null }))),
        (
            "another issuer",
            says(json!({ "iss": "https://evil.example" })),
        ),
        (
            "the issuer with a slash",
            says(json!({ "iss": "https://issuer.example/" })),
        ),
        ("no issuer", says(json!({ "iss": null }))),
        ("kid of a path", named("../../etc/passwd")),
        ("kid of SQL", named("' OR 1=1 --")),
        (
            "jku",
            eddsa(
                &keys.stranger,
                &json!({ "alg": "EdDSA", "kid": "d9", "jku": issuer.url() }),
                &claims(),
            ),
        ),
        (
            "x5u",
            eddsa(
                &keys.stranger,
                &json!({ "alg": "EdDSA", "x5u": issuer.url() }),
                &claims(),
            ),
        ),
        (
            "a key of its own",
            eddsa(
                &keys.stranger,
                &json!({ "alg": "EdDSA", "jwk": key }),
                &claims(),
            ),
        ),
        (
            "crit",
            eddsa(
                &keys.ed,
                &json!({ "alg": "EdDSA", "kid": "d1", "crit": ["exp"] }),
                &claims(),
            ),
        ),
        (
            "another purpose",
            eddsa(
                &keys.ed,
                &json!({ "alg": "EdDSA", "kid": "d1", "typ": "logout+jwt" }),
                &claims(),
            ),
        ),
        ("no signature", format!("{signed}.")),
        ("a bit flipped", flipped),
        ("the same signature written otherwise", longer),
        ("padding", format!("{good}=")),
        ("claims of another", {
            let other = unsigned(&header(), &with(json!({ "sub": "root" })));
            format!("{other}.{signature}")
        }),
        (
            "a claim twice",
            text(&format!(r#""sub":"root","exp":{}"#, now() + 60)),
        ),
        (
            "exp in quotes",
            says(json!({ "exp": (now() + 60).to_string() })),
        ),
        (
            "exp with a fraction",
            text(&format!(r#""exp":{}.5"#, now() + 60)),
        ),
        ("exp without end", text(r#""exp":1e308"#)),
        ("exp below zero", text(r#""exp":-1"#)),
        ("no exp", says(json!({ "exp": null }))),
        ("nobody", says(json!({ "sub": "" }))),
        (
            "a name with a line feed",
            says(json!({ "sub": "ann\nroot" })),
        ),
        ("scopes that are none", says(json!({ "scope": 7 }))),
        (
            "encrypted",
            format!(
                "{}.AA.AA.AA.AA",
                encode(br#"{"alg":"dir","enc":"A256GCM"}"#)
            ),
        ),
        ("standard base64", {
            let header = STANDARD.encode(header().to_string());
            format!(
                "{header}.{}.{signature}",
                encode(claims().to_string().as_bytes())
            )
        }),
        (
            "over 8 KiB",
            keys.good(&with(json!({ "pad": "x".repeat(8_192) }))),
        ),
    ]
}

fn encode_bytes(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap()
}
