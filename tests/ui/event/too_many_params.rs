#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(alarm)]
    fn on(&mut self, cx: &mut Context<Self>, alarm: Alarm, more: u8) {}
}

fn main() {}
