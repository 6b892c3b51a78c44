#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(message)]
    fn on(&mut self, cx: &mut Context<Self>, message: Incoming, more: u8) {}
}

fn main() {}
