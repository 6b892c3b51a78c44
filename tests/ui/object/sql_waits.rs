#![allow(unused)]

use stayput::prelude::*;

#[durable_object(sql)]
struct Ledger {}

#[durable_object]
impl Ledger {
    #[action]
    async fn enter(&mut self) {}

    #[action]
    async fn total(&self) -> u64 {
        0
    }

    #[action]
    async fn later(this: Handle<Self>) {}

    #[event(alarm)]
    async fn ring(&mut self) {}
}

fn main() {}
