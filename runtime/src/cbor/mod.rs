//! CBOR (RFC 8949) as a second form of the wire: read into the JSON text that everything inside speaks, and written from it.
//!
//! The edges transcode and nothing else knows: so calls in either form are validated, kept under their idempotency keys
//! and refused by the same code.

mod accept;
mod fault;
mod half;
mod read;
#[cfg(test)]
mod tests;
mod write;

use ::http::HeaderMap;
use bytes::Bytes;

use crate::error::Code;
use crate::http::{Binary, Transcode};
use crate::rpc::WireError;

pub(crate) use fault::{Fault, What};
pub(crate) use read::to_json;
pub(crate) use write::from_json;

/// The form, for an app that asks for it.
pub(crate) const CBOR: Binary = Binary::new(&Cbor);

#[derive(Debug)]
struct Cbor;

impl Transcode for Cbor {
    fn refused_type(&self) -> &'static str {
        "send the body as `Content-Type: application/json` (charset utf-8) or `application/cbor`"
    }

    fn refused_protocol(&self) -> &'static str {
        "of WebSocket subprotocols only `stayput.v1` and `stayput.v1.cbor` are spoken here"
    }

    fn media_type(&self) -> &'static str {
        accept::MEDIA_TYPE
    }

    fn subprotocol(&self) -> &'static str {
        "stayput.v1.cbor"
    }

    fn is_sent(&self, headers: &HeaderMap) -> bool {
        accept::is_sent(headers)
    }

    fn is_wanted(&self, headers: &HeaderMap) -> bool {
        accept::is_wanted(headers)
    }

    fn read(&self, bytes: &[u8]) -> Result<Bytes, Box<WireError>> {
        to_json(bytes).map(Bytes::from).map_err(|fault| {
            let code = match fault.what {
                What::TooDeep => Code::TooDeep,
                _ => Code::ParseError,
            };
            Box::new(WireError::framework(code, fault.to_string()))
        })
    }

    fn write(&self, json: &[u8]) -> Vec<u8> {
        // What is written is JSON of ours; of what were none, nothing could be said.
        from_json(json).unwrap_or_else(|| vec![write::NULL])
    }
}
