//! A request's path and query.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, &str)| stayput::http::fuzz::route(data.0, data.1));
