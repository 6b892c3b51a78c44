//! How deep a JSON text is nested, without decoding it.

/// How many objects and arrays may lie in each other in what a client sends.
pub const MAX_JSON_DEPTH: usize = 128;

/// Whether objects and arrays of `json` lie deeper than `limit` in each other.
///
/// A scan without recursion or allocation; `json` must be well-formed, otherwise the answer means nothing.
pub fn deeper_than(json: &[u8], limit: usize) -> bool {
    // Each level costs an opening and a closing byte.
    if json.len() <= 2 * limit {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for &byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
