#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    async fn say(self: Handle<Self>) {}
}

fn main() {}
