//! The rules of requests: addresses, dates, URLs, tries.

mod addresses;
mod dates;
mod retries;
mod urls;
