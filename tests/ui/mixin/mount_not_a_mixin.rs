#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {
    #[mixin]
    presence: String,
}

#[durable_object]
impl Room {}

fn main() {}
