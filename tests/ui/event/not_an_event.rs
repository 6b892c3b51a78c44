#![allow(unused)]

use stayput::prelude::*;

struct Said;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(Said)]
    fn on(&mut self) {}
}

fn main() {}
