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
    #[mixin]
    presence: Presence,
}

#[durable_object]
impl Room {
    #[action(name = "presence")]
    fn here(&self) {}
}

fn main() {}
