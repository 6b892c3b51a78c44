#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {}

#[durable_object]
impl Room {}

fn main() {}
