#![allow(unused)]

use stayput::prelude::*;

struct Opaque;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&self) -> Result<u8, Opaque> {
        Err(Opaque)
    }
}

fn main() {}
