#![allow(unused)]

use stayput::prelude::*;

struct Unknown;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn look(this: Handle<Self>) -> Streaming<Unknown> {
        todo!()
    }
}

fn main() {}
