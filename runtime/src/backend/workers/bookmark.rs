//! Points in time, as the platform keeps them.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::externs::text_of;
use super::instance::bridge;
use crate::error::Code;
use crate::object::Ask;
use crate::rpc::WireError;

/// What the platform says on a developer's machine.
const NOT_HERE: &str = "does not implement point-in-time recovery";

/// A bookmark of the object that lives here.
pub(crate) async fn bookmark(what: Ask<'_>) -> Result<String, WireError> {
    match found(what).await {
        Ok(bookmark) => Ok(bookmark.as_string().unwrap_or_default()),
        Err(thrown) => {
            let text = text_of(&thrown);
            let code = if text.contains(NOT_HERE) {
                Code::StorageUnsupported
            } else {
                Code::Storage
            };
            Err(WireError::framework(code, text))
        }
    }
}

async fn found(what: Ask<'_>) -> Result<JsValue, JsValue> {
    let bridge = bridge().ok_or(JsValue::UNDEFINED)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds are far below 2^53"
    )]
    let promise: Promise = match what {
        Ask::Now => bridge.bookmark(None)?,
        Ask::At(time) => bridge.bookmark(Some(time.as_millis() as f64))?,
        Ask::BackTo(bookmark) => bridge.rewind(bookmark)?,
    };
    JsFuture::from(promise).await
}
