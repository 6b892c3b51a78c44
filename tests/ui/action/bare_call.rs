#![allow(unused_variables)]
#![deny(unused_must_use)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, text: String) {}

    #[action]
    fn poke(&mut self, cx: &mut Context<Self>) {
        let room = Room::named(cx, "lobby");
        room.say("x");
    }
}

fn main() {}
