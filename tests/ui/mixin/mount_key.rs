#![allow(unused)]

use stayput::prelude::*;

#[mixin]
struct Presence {}

#[mixin]
impl Presence {
    #[action]
    fn list(&self) {}
}

#[durable_object]
struct Room {
    #[mixin(name = "p")]
    presence: Presence,
}

#[durable_object]
impl Room {}

fn main() {}
