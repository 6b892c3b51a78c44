#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(connect)]
    fn on(&mut self, name: String) {}
}

fn main() {}
