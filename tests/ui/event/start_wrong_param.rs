#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(start)]
    fn on(&mut self, first: u8) {}
}

fn main() {}
