#![allow(unused)]

use stayput::prelude::*;

#[durable_object(scope = "room:write")]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
