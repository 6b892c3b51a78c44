//! The segment of a path that names an object.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|segment: &str| stayput::http::fuzz::name(segment));
