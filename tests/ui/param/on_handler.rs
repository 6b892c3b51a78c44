#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(start)]
    fn on(&mut self, #[param(default = true)] first: bool) {}
}

fn main() {}
