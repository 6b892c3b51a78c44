#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
fn room() {}

fn main() {}
