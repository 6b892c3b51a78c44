//! Signatures by the platform's Web Crypto, keys by its `fetch`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use js_sys::{ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::key::Material;
use crate::auth::AuthError;

/// Requests wait for nothing that another one began: the platform would not let them.
#[derive(Default)]
pub(super) struct Turn(());

/// The longest set of keys.
const MAX_SET: usize = 256 << 10;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &JsValue,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = verify, catch)]
    fn verify_signature(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &Uint8Array,
        data: &Uint8Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch_url(url: &str, init: &JsValue) -> Result<Promise, JsValue>;

    type Answer;

    #[wasm_bindgen(method, getter, catch)]
    fn status(this: &Answer) -> Result<u16, JsValue>;

    #[wasm_bindgen(method, js_name = arrayBuffer, catch)]
    fn array_buffer(this: &Answer) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout, catch)]
    fn abort_after(millis: f64) -> Result<JsValue, JsValue>;
}

#[expect(clippy::unused_async, reason = "elsewhere it waits")]
pub(super) async fn take(turn: &Turn) -> &Turn {
    turn
}

/// Whether a message was signed by a key.
pub(super) async fn verify(
    key: &Material,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, AuthError> {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let (jwk, import, check) = match key {
        Material::Secret(secret) => (
            format!(r#"{{"kty":"oct","k":"{}"}}"#, encode(secret)),
            r#"{"name":"HMAC","hash":"SHA-256"}"#,
            r#"{"name":"HMAC"}"#,
        ),
        Material::Rsa { n, e } => (
            format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, encode(n), encode(e)),
            r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
            r#"{"name":"RSASSA-PKCS1-v1_5"}"#,
        ),
        Material::P256 { x, y } => (
            format!(
                r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}}"#,
                encode(x),
                encode(y)
            ),
            r#"{"name":"ECDSA","namedCurve":"P-256"}"#,
            r#"{"name":"ECDSA","hash":"SHA-256"}"#,
        ),
        Material::Ed25519(x) => (
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, encode(x)),
            r#"{"name":"Ed25519"}"#,
            r#"{"name":"Ed25519"}"#,
        ),
    };
    let verified = async {
        let usages = js_sys::JSON::parse(r#"["verify"]"#)?;
        let key = import_key(
            "jwk",
            &js_sys::JSON::parse(&jwk)?,
            &js_sys::JSON::parse(import)?,
            false,
            &usages,
        )?;
        let key = JsFuture::from(key).await?;
        let (signature, message) = (Uint8Array::from(signature), Uint8Array::from(message));
        let check = js_sys::JSON::parse(check)?;
        JsFuture::from(verify_signature(&check, &key, &signature, &message)?).await
    };
    // A key or signature that the platform does not even take is one that does not fit.
    Ok(verified
        .await
        .is_ok_and(|answer: JsValue| answer == JsValue::TRUE))
}

/// What is at an address: only a plain answer of 200, without redirects.
pub(super) async fn fetch(url: &str) -> Result<Bytes, String> {
    let answer = async {
        let init = js_sys::JSON::parse(r#"{"redirect":"manual"}"#)?;
        js_sys::Reflect::set(&init, &"signal".into(), &abort_after(5_000.0)?)?;
        let answer: Answer = JsFuture::from(fetch_url(url, &init)?)
            .await?
            .unchecked_into();
        let status = answer.status()?;
        let body = JsFuture::from(answer.array_buffer()?).await?;
        Ok::<_, JsValue>((status, body.unchecked_into::<ArrayBuffer>()))
    };
    let (status, body) = answer.await.map_err(|thrown| format!("{thrown:?}"))?;
    if status != 200 {
        return Err(format!("answered {status}"));
    }
    let body = Uint8Array::new(&body);
    if body.length() as usize > MAX_SET {
        return Err("the answer is too long".to_owned());
    }
    Ok(body.to_vec().into())
}

/// A Worker has no files.
pub(super) fn read_file(path: &str) -> Result<Vec<u8>, AuthError> {
    let message = format!("{path}: Workers have no files; use `Jwks::text(include_str!(..))`");
    Err(AuthError::misconfigured(message))
}
