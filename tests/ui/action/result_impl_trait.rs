#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&self) -> Option<impl Sized> {
        Some(1)
    }
}

fn main() {}
