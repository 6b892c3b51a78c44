#![allow(unused)]

use stayput::prelude::*;

#[mixin]
struct Calls {}

#[mixin]
impl Calls {
    #[action]
    fn ping(&self) {}
}

#[durable_object]
struct Room {
    #[mixin]
    rpc: Calls,
}

#[durable_object]
impl Room {}

fn main() {}
