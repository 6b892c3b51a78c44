#![allow(unused)]

use stayput::prelude::*;

#[event]
struct Said;

#[event]
struct Heard;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(Said)]
    fn on(&mut self, event: Heard) {}
}

fn main() {}
