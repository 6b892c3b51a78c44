#![allow(unused)]

use stayput::prelude::*;

#[durable_object(class = "room", class = "hall")]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
