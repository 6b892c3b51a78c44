#![allow(unused)]

use stayput::prelude::*;

#[event]
struct Said;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(Said)]
    fn on(&mut self, cx: &mut Context<Self>, event: &Said) {}
}

fn main() {}
