#![allow(unused)]

use stayput::prelude::*;

#[durable_object(binding = "ROOMS")]
struct Room {}

#[durable_object]
impl Room {}

#[durable_object(binding = "ROOMS")]
struct Hall {}

#[durable_object]
impl Hall {}

stayput::app!(Room, Hall);

fn main() {}
