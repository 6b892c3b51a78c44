//! Tickets in queries, and credentials in headers.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, &[u8])| stayput::http::fuzz::ticket(data.0, data.1));
