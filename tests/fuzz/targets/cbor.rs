//! Bodies in CBOR: what is read is JSON, and written again it stays what it is.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| stayput::http::fuzz::cbor(bytes));
