//! The rules of requests: addresses, URLs, tries.

mod addresses;
mod retries;
mod urls;
