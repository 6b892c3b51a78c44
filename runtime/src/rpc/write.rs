//! Writing answers: appended to one buffer, no values in between.

use super::{Id, WireError};
use crate::error::Code;

/// What everybody but the log is told of an internal error.
const INTERNAL: &str = "internal error; the server's log has it under the request id";

/// Appends `{"jsonrpc":"2.0","result":..,"id":..}`. An empty `result` stands for `null`.
pub fn write_result(out: &mut Vec<u8>, id: Id<'_>, result: &[u8]) {
    const PARTS: [&str; 3] = ["{\"jsonrpc\":\"2.0\",\"result\":", ",\"id\":", "}"];
    let result = if result.is_empty() { b"null" } else { result };
    let id = id.as_json();
    let size = PARTS.iter().map(|part| part.len()).sum::<usize>() + result.len() + id.len();
    // Exact for a single answer, so that the buffer becomes the body as it is.
    if out.is_empty() {
        out.reserve_exact(size);
    }
    out.extend_from_slice(PARTS[0].as_bytes());
    out.extend_from_slice(result);
    out.extend_from_slice(PARTS[1].as_bytes());
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(PARTS[2].as_bytes());
}

/// Appends `{"jsonrpc":"2.0","error":{..},"id":..}`.
pub fn write_error(out: &mut Vec<u8>, id: Id<'_>, error: &WireError, request_id: &str) {
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"error\":");
    write_error_object(out, error, request_id);
    out.extend_from_slice(b",\"id\":");
    out.extend_from_slice(id.as_json().as_bytes());
    out.push(b'}');
}

/// Appends `{"code":..,"message":..,"data":{"code":..,"details":..,"retryable":..,"maybe_executed":..,"request_id":..}}`.
///
/// An internal error leaves without its text, whatever it is: it may hold what no caller may see.
pub fn write_error_object(out: &mut Vec<u8>, error: &WireError, request_id: &str) {
    let internal = error.is(Code::Internal);
    out.extend_from_slice(b"{\"code\":");
    out.extend_from_slice(error.rpc_code.to_string().as_bytes());
    out.extend_from_slice(b",\"message\":");
    write_string(out, if internal { INTERNAL } else { &error.message });
    out.extend_from_slice(b",\"data\":{\"code\":");
    write_string(out, &error.code);
    if let Some(details) = error.details.as_ref().filter(|_| !internal) {
        out.extend_from_slice(b",\"details\":");
        out.extend_from_slice(details.get().as_bytes());
    }
    out.extend_from_slice(b",\"retryable\":");
    out.extend_from_slice(if error.retryable { b"true" } else { b"false" });
    out.extend_from_slice(b",\"maybe_executed\":");
    out.extend_from_slice(if error.maybe_executed {
        b"true"
    } else {
        b"false"
    });
    out.extend_from_slice(b",\"request_id\":");
    write_string(out, request_id);
    out.extend_from_slice(b"}}");
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    // A string has no part that could not be written, and a `Vec` takes all.
    let _ = serde_json::to_writer(out, text);
}
