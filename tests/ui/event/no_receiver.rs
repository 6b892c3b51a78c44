#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(start)]
    fn on(cx: &mut Context<Self>) {}
}

fn main() {}
