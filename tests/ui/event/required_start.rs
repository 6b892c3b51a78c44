#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(start, required)]
    fn on(&mut self) {}
}

fn main() {}
