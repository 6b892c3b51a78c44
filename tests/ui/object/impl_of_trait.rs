#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {}

#[durable_object]
impl Clone for Room {
    fn clone(&self) -> Self {
        Self {}
    }
}

fn main() {}
