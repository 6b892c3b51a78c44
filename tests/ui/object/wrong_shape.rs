#![allow(unused)]

use stayput::prelude::*;

#[durable_object(class = 5)]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
