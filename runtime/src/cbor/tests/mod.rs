//! The transcoder: against the RFC's own examples, another implementation, and whatever comes.

mod accept;
mod model;
mod refused;
mod vectors;

/// Bytes from hex digits.
fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn json(cbor: &[u8]) -> Result<String, super::Fault> {
    super::to_json(cbor).map(|json| String::from_utf8(json).unwrap())
}
