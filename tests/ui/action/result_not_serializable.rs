#![allow(unused)]

use stayput::prelude::*;

struct Opaque;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&self) -> Opaque {
        Opaque
    }
}

fn main() {}
