#![allow(unused)]

use stayput::prelude::*;

#[mixin]
struct Audit {}

#[mixin]
impl Audit {}

#[projection]
struct Totals {
    cents: i64,
    #[transient]
    seen: u64,
    #[mixin]
    audit: Audit,
}

fn main() {}
