//! The platform's Web Crypto and `fetch`. All of it can throw, so all of it is bound with `catch`.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::AuthError;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn digest(algorithm: &str, data: &Uint8Array) -> Result<Promise, JsValue>;
}

pub(super) async fn sha256(bytes: &[u8]) -> Result<[u8; 32], AuthError> {
    let promise = digest("SHA-256", &Uint8Array::from(bytes)).map_err(|_| broken())?;
    let hash = JsFuture::from(promise).await.map_err(|_| broken())?;
    let mut out = [0; 32];
    let hash = Uint8Array::new(&hash);
    if hash.length() != 32 {
        return Err(broken());
    }
    hash.copy_to(&mut out);
    Ok(out)
}

fn broken() -> AuthError {
    AuthError::unavailable("the platform's Web Crypto does not answer")
}
