#![allow(unused)]

use stayput::prelude::*;

#[event]
struct Said;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, cx: &mut Context<Self>) {
        cx.emit(Said);
    }
}

fn main() {}
