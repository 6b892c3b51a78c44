#![allow(unused)]

use stayput::prelude::*;

#[durable_object(binding = "chat-room")]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
