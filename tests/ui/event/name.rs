#![allow(unused)]

use stayput::prelude::*;

#[event(name = "user created")]
struct Said;

fn main() {}
