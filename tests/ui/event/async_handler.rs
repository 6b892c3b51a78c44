#![allow(unused)]

use stayput::prelude::*;

#[event]
struct Said;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(Said)]
    async fn on(&mut self, event: Said) {}
}

fn main() {}
