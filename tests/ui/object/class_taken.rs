#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Mcp {}

#[durable_object]
impl Mcp {}

fn main() {}
