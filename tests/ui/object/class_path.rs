#![allow(unused)]

use stayput::prelude::*;

#[durable_object(class = "Chat Room")]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
