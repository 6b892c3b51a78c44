#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(public, scope = "room:write")]
    fn say(&self) {}
}

fn main() {}
