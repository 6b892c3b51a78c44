#![allow(unused)]

use stayput::prelude::*;

#[durable_object(middleware = "RequestLog")]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
